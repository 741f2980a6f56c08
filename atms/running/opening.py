"""The moment before the first bar: warm-up, and data that are too short refused."""

from __future__ import annotations

import backtrader as bt

from atms.engine.warmup import Gate, base_bars, base_of, required_bars
from atms.errors import DataError
from atms.feeds.history import HistoryFeed
from atms.running.plan import FeedPlan, Plan


def prepare(plan: Plan, strategy: bt.Strategy) -> None:
    """Warm up, and refuse data that are too short, before the first bar."""
    if any(plan.before.values()):
        _warm_up(plan, strategy)
    for feed, period in zip(plan.feeds, strategy._minperiods, strict=True):
        if feed.bars is not None:
            check_length(feed, period, feed.data.left)


def check_length(feed: FeedPlan, period: int, bars: int) -> None:
    """Refuse a feed that ends before the strategy's first next(): Backtrader says nothing.

    Raises:
        DataError: with the number of bars that are needed and there.
    """
    if bars < period:
        raise DataError(
            f"{feed.section.name}: the strategy's indicators need {period} bars before its first "
            f"next(), and there are {bars}: give more data, or shorter periods"
        )


def _warm_up(plan: Plan, strategy: bt.Strategy) -> None:
    setting = plan.config.data.warmup
    if setting == "auto":
        needs, why = required_bars(strategy)
        why = f"auto: {why}"
    else:
        needs, why = [setting] * len(strategy.datas), "data.warmup"
    wanted = base_bars(strategy, needs)
    parts = []
    for feed in plan.feeds:
        base = base_of(feed.data)
        if not isinstance(base, HistoryFeed) or base not in wanted:
            continue
        name = feed.section.of or feed.section.name
        want, have = wanted.pop(base), plan.before[name]
        kept = min(want, have)
        base.drop_head(have - kept)
        short = f" (all there are; {want} were wanted)" if kept < want else ""
        parts.append(f"{kept} bars of {name}{short}")
    plan.warmup = f"{', '.join(parts)} before the time range ({why})"
    starts = {feed.data: feed.start for feed in plan.feeds}
    Gate(
        strategy,
        lambda: any(len(data) and data.datetime[0] >= start for data, start in starts.items()),
    )
