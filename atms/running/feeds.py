"""The config's feeds -> Backtrader's datas, checked together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from atms import registry
from atms.config import FeedSection
from atms.errors import ConfigError, DataError
from atms.feeds.bars import Bars, select
from atms.feeds.flow import checked
from atms.feeds.history import backtrader_timeframe, history_feed
from atms.feeds.raw import finished, raw_of
from atms.feeds.stamps import to_days
from atms.running.auditing import audit_together, audited
from atms.running.plan import FeedPlan, Plan
from atms.running.sources import read_feed

_OURS = (None, "history")  # what is read by our own feed


def add_feeds(plan: Plan, given: Mapping[str, Any]) -> None:
    """Read every feed of the config and put it into Cerebro; *given* takes a source's place."""
    read = {
        feed.name: _read(feed, plan, given.get(feed.name))
        for feed in plan.config.data.feeds
        if not feed.of and feed.feed in _OURS
    }
    _check_together(plan, read)
    audit_together(plan, {name: raw_of(bars) for name, bars in read.items()})
    for feed in plan.config.data.feeds:
        plan.feeds.append(_add(feed, plan, read.get(feed.name)))


def _add(feed: FeedSection, plan: Plan, bars: Bars | None) -> FeedPlan:
    data, base, start = _made(feed, plan, bars)
    longer = feed.resample or feed.replay
    if longer is None:
        plan.cerebro.adddata(data, name=feed.name)
        return FeedPlan(feed, data, bars, base, start)
    add = plan.cerebro.resampledata if feed.resample else plan.cerebro.replaydata
    data = add(data, name=feed.name, **backtrader_timeframe(longer))
    _check_longer(feed, plan, base)
    return FeedPlan(feed, data, None, base, start)


def _made(feed: FeedSection, plan: Plan, bars: Bars | None) -> tuple[Any, Bars | None, float]:
    """Return a feed's data, the bars that it is made of, and where the time range starts in it."""
    if feed.of:
        other = next(other for other in plan.feeds if other.section.name == feed.of)
        return other.data, other.base, other.start
    if bars is None:
        return _own_feed(feed, plan), None, float("-inf")
    data = history_feed(
        bars, name=feed.name, zone="UTC" if bars.labels else plan.config.run.timezone
    )
    if plan.config.run.timerange is None:
        return data, bars, float("-inf")
    first = plan.before[feed.name]
    return data, bars, float(to_days(bars.seen[first : first + 1])[0])


def _read(feed: FeedSection, plan: Plan, frame: Any) -> Bars:
    if frame is None and feed.source is None and feed.sql is None:
        raise ConfigError(
            f"data.feeds: {feed.name!r} has only a store, and a backtest reads a source: give it "
            "a file, or sample:BTCUSD_1h"
        )
    if isinstance(frame, Bars):
        audited(raw_of(frame), feed, plan)
        bars = frame
    else:
        raw = audited(read_feed(feed, plan.config.ledger.url, frame), feed, plan)
        bars = finished(raw, stamp=feed.stamp, adjust=feed.adjust, zone=plan.config.run.timezone)
    bars = _with_wanted(bars, feed, plan)
    bars, before = select(bars, plan.config.run.timerange)
    plan.before[feed.name] = before
    plan.warnings.extend(bars.notes)
    return bars


def _with_wanted(bars: Bars, feed: FeedSection, plan: Plan) -> Bars:
    """Return bars with every line that the config wants: of those not in the source, NaN."""
    missing = [
        name
        for name in checked(feed.lines, f"data.feeds.{feed.name}.lines")
        if name not in bars.columns
    ]
    if not missing:
        return bars
    plan.warnings.append(
        f"{feed.name}: the source has no {', '.join(missing)}: NaN here, filled by paper and live"
    )
    empty = {name: np.full(len(bars), np.nan) for name in missing}
    return replace(bars, columns={**bars.columns, **empty})


def _own_feed(feed: FeedSection, plan: Plan) -> Any:
    kind = registry.load("feeds", feed.feed or "")
    plan.classes.append(kind)
    if plan.config.run.timerange is not None:
        raise ConfigError(
            f"data.feeds.{feed.name}: run.timerange works with source alone; give the feed class "
            "its own fromdate and todate"
        )
    params = dict(feed.params)
    if feed.source is not None:
        params["dataname"] = feed.source
    if feed.timeframe is not None:
        params.update(backtrader_timeframe(feed.timeframe))
    return kind(**params)


def _check_together(plan: Plan, read: Mapping[str, Bars]) -> None:
    """Refuse feeds that never overlap, and a longer bar that would be seen before it is over."""
    spans = {name: (bars.stamps[plan.before[name]], bars.stamps[-1]) for name, bars in read.items()}
    for one in read:
        for other in read:
            if spans[one][1] < spans[other][0]:
                raise DataError(
                    f"{one} and {other} have no time in common: {one} covers {read[one].span}, "
                    f"{other} {read[other].span}"
                )
    silent = [name for name, bars in read.items() if not bars.ends]
    if silent and len(silent) < len(read):
        raise ConfigError(
            f"data.feeds.{silent[0]}: say whether its stamps are bar starts or ends (stamp: start, "
            "or stamp: end), as another feed does: else one would be seen before the other"
        )
    currencies = dict.fromkeys(feed.currency for feed in plan.config.data.feeds)
    if len(currencies) > 1:
        plan.warnings.append(
            f"the feeds are in {' and '.join(currencies)}: cash, value and every figure add them "
            "up as if they were one currency"
        )
    for name, bars in read.items():
        shorter = [n for n, b in read.items() if b.timeframe.seconds < bars.timeframe.seconds]
        if shorter and name in silent:
            raise ConfigError(
                f"data.feeds.{name}: is of {bars.timeframe}, beside {shorter[0]} of "
                f"{read[shorter[0]].timeframe}: say whether its stamps are bar starts or ends "
                "(stamp: start, or stamp: end), else a bar might be seen before it is over"
            )


def _check_longer(feed: FeedSection, plan: Plan, made_of: Bars | None) -> None:
    base = next(f for f in plan.config.data.feeds if f.name == (feed.of or feed.name))
    longer = feed.resample or feed.replay
    if made_of is not None and longer and longer.seconds <= made_of.timeframe.seconds:
        raise ConfigError(
            f"data.feeds.{feed.name}: {longer} is not longer than the bars that it is made of "
            f"({made_of.timeframe})"
        )
    if not (base.stamp or (made_of is not None and made_of.ends)):
        word = "resampled" if feed.resample else "replayed"
        plan.warnings.append(
            f"data.feeds.{base.name}: {word}, and its stamps are taken as bar ends; if they are "
            "starts, say stamp: start, else each longer bar holds one bar of the next"
        )
