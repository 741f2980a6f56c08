"""The bars that a trial's market goes along: the config's own, a bundled sample's, or a walk."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from atms.config import FeedSection
from atms.errors import ConfigError, DataError
from atms.feeds.bars import PRICES
from atms.feeds.raw import RawBars, finished, mended, within
from atms.model import Timeframe, TimeRange
from atms.running.sources import read_feed, read_source

# What a live config trades -> bundled bars of it.
_SAMPLES = {
    "BTC": "sample:BTCUSD_1h", "XBT": "sample:BTCUSD_1h", "EUR": "sample:EURUSD_1h",
    "ETH": "sample:WETHUSDC_1m", "WETH": "sample:WETHUSDC_1m", "SPY": "sample:SPY_1d",
    "MSFT": "sample:MSFT_1d", "GLD": "sample:GLD_1d", "GDX": "sample:GDX_1d",
}  # fmt: skip
_WALK = 20_000  # bars
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGINS = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class History:
    """A feed's bars, oldest first.

    Attributes:
        opens: when each begins, microseconds since 1970 UTC, int64, shape (n,), rising.
        values: open, high, low, close, volume (NaN: unknown), float64, shape (5, n).
        timeframe: the length of each.
        source: where they are from, for people.
        gaps: whether some are missing in between: nights, weekends.
    """

    opens: NDArray[np.int64]
    values: NDArray[np.float64]
    timeframe: Timeframe
    source: str

    def __len__(self) -> int:
        return len(self.opens)

    @property
    def step(self) -> int:
        """The length of a bar in microseconds."""
        return self.timeframe.seconds * 1_000_000

    @property
    def gaps(self) -> bool:
        """Whether bars are missing in between."""
        return bool((np.diff(self.opens) > self.step).any())


def moment(micros: int) -> datetime:
    """Return a stamp as an aware time."""
    return _EPOCH + timedelta(microseconds=int(micros))


def read_history(
    feed: FeedSection, url: str, timerange: TimeRange | None, data: str | None
) -> History:
    """Return the bars that stand for a feed's market.

    Args:
        url: the ledger's.
        timerange: of the config.
        data: a source in the place of what is taken for a feed without one.

    Raises:
        ConfigError: the feed's bars have no length, or one of months.
        DataError: what cannot be read.
    """
    if feed.timeframe is not None and feed.timeframe.unit == "M":
        raise ConfigError(f"data.feeds.{feed.name}: bars of months cannot be tried")
    if feed.source is not None or feed.sql is not None:
        return _of_raw(read_feed(feed, url), feed, timerange, feed.source or "its query")
    if feed.timeframe is None:
        raise ConfigError(f"data.feeds.{feed.name}: say timeframe: the length of its bars")
    source = data or _SAMPLES.get((feed.symbol or "").partition("/")[0])
    if source is None:
        return _walk(feed)
    raw = read_source(_path(source), feed.name, url)
    found = _of_raw(raw, feed.model_copy(update={"timeframe": None}), None, source)
    return _restamped(found, feed.timeframe)


def _path(source: str) -> str | Path:
    return source if source.startswith(("sample:", "ledger:")) else Path(source)


def _of_raw(raw: RawBars, feed: FeedSection, timerange: TimeRange | None, source: str) -> History:
    raw = mended(within(raw, timerange))
    bars = finished(raw, stamp=feed.stamp, adjust=feed.adjust)
    length = feed.timeframe or bars.timeframe
    back = length.seconds * 1_000_000 if (feed.stamp or raw.stamp) == "end" else 0
    values = np.array([bars.columns[name] for name in (*PRICES, "volume")])
    if not (values[:4] > 0).all():
        raise DataError(f"{feed.name}: has prices of 0 or less, which no simulated venue trades at")
    return History(bars.stamps - back, values, length, source)


def _restamped(found: History, timeframe: Timeframe) -> History:
    """Return the same bars as those of another length, one after the other."""
    if found.timeframe.seconds == timeframe.seconds:
        return found
    opens = (_BEGINS - _EPOCH) // timedelta(microseconds=1) + np.arange(
        len(found), dtype=np.int64
    ) * timeframe.seconds * 1_000_000
    return History(opens, found.values, timeframe, f"{found.source}, as bars of {timeframe}")


def _walk(feed: FeedSection) -> History:
    """Return a walk from 100: about 1 % a bar, the same for the same symbol."""
    assert feed.timeframe is not None
    chance = random.Random(f"walk/{feed.symbol}")
    rows, close = [], 100.0
    for _ in range(_WALK):
        first = close
        close = first * math.exp(chance.gauss(0, 0.01))
        high = max(first, close) * (1 + abs(chance.gauss(0, 0.003)))
        low = min(first, close) * (1 - abs(chance.gauss(0, 0.003)))
        close = min(max(close, 20.0), 500.0)
        rows.append((first, max(high, close), min(low, close), close, chance.uniform(100, 5000)))
    step = feed.timeframe.seconds * 1_000_000
    opens = (_BEGINS - _EPOCH) // timedelta(microseconds=1) + np.arange(
        _WALK, dtype=np.int64
    ) * step
    return History(opens, np.array(rows).T, feed.timeframe, "a walk")
