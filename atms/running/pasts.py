"""The config's ``history: source`` -> stores whose feeds begin with a source's bars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np

from atms.config import Config, FeedSection
from atms.errors import ConfigError, DataError
from atms.feeds.audit import examine
from atms.feeds.bars import PRICES
from atms.feeds.raw import RawBars, mended
from atms.feeds.times import commonest_step
from atms.ledger.types import moment
from atms.running.sources import read_feed
from atms.stores.base import Store
from atms.stores.elsewhere import HistoryElsewhere, Past


def with_pasts(config: Config, name: str, store: Store, told: Callable[[str], None]) -> Store:
    """Return a store, with the sources that its feeds' history is read from.

    Args:
        name: the store's in the config.
        told: hears what is wrong, and not so wrong that it is refused.

    Raises:
        DataError: a source cannot be read, its audit fails, or its bars are of another length.
        ConfigError: a source does not say where its stamps stand.
        LedgerError: the ledger cannot be read.
    """
    feeds = [one for one in config.data.feeds if one.store == name and one.history == "source"]
    pasts = [_past(config, feed, told) for feed in feeds]
    return HistoryElsewhere(store, pasts, told) if pasts else store


def _past(config: Config, feed: FeedSection, told: Callable[[str], None]) -> Past:
    where = f"data.feeds.{feed.name}"
    raw = read_feed(feed, config.ledger.url)
    stamp = feed.stamp or raw.stamp
    if stamp is None:
        raise ConfigError(
            f"{where}: history: source needs to know whether the source's stamps are bar starts or "
            "ends: say stamp: start, or stamp: end"
        )
    _check(config, feed, raw, stamp, told)
    raw = mended(raw)
    assert feed.timeframe is not None
    step = timedelta(seconds=feed.timeframe.seconds)
    if len(raw) > 1 and commonest_step(raw.stamps).seconds != feed.timeframe.seconds:
        raise DataError(
            f"{where}: its source has bars of {commonest_step(raw.stamps)}, and the store's are of "
            f"{feed.timeframe}: history: source needs both alike"
        )
    back = step if stamp == "end" else timedelta(0)
    volumes = [None if np.isnan(one) else one for one in raw.columns["volume"].tolist()]
    columns = (raw.columns[name].tolist() for name in PRICES)
    return Past(
        feed=feed.name, source=feed.source or "its query", symbol=feed.symbol or feed.name,
        timeframe=str(feed.timeframe), step=step, limit=feed.history_tolerance,
        opens=[moment(one) - back for one in raw.stamps.tolist()],
        prices=list(zip(*columns, volumes, strict=True)),
    )  # fmt: skip


def _check(
    config: Config, feed: FeedSection, raw: RawBars, stamp: str, told: Callable[[str], None]
) -> None:
    """Refuse what a backtest of the source would refuse."""
    audit = examine(raw, calendar=feed.calendar, stamp=stamp)
    for one in audit.problems():
        line = f"{raw.where}: {one.check}: {one.detail}, first at {one.first}"
        if one.verdict == "fail" and config.data.audit == "fail":
            raise DataError(f"{line}; mend the source, or run on it all the same: data.audit: warn")
        if one.verdict == "fail":
            told(line)
