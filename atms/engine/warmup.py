"""Warm-up: bars that only feed the indicators, before the strategy's first call.

The strategy is an ordinary one and must not notice. So for the length of the warm-up its
instance, not its class, is given empty methods in the place of those that Backtrader would call,
and they are taken away again when the gate opens: from then on nothing of ours is in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import backtrader as bt
from backtrader.lineseries import LineSeriesStub

from atms.feeds.history import HistoryFeed

RECURSIVE_FACTOR = 10
# Indicators whose value depends on their own previous one, so that a start is felt long after.
_RECURSIVE = (
    bt.ind.ExponentialSmoothing,
    bt.ind.ExponentialSmoothingDynamic,
    bt.ind.ParabolicSAR,
    bt.ind.LaguerreFilter,
    bt.ind.LaguerreRSI,
    bt.ind.ZeroLagIndicator,
    bt.ind.HeikinAshi,
)
_SECONDS = {
    bt.TimeFrame.Seconds: 1,
    bt.TimeFrame.Minutes: 60,
    bt.TimeFrame.Days: 86_400,
    bt.TimeFrame.Weeks: 604_800,
    bt.TimeFrame.Months: 2_678_400,  # the longest month: too much warm-up is safe
}


class Gate:
    """Keeps a strategy from being called until *is_open* says so.

    Args:
        strategy: a started strategy, before its first bar.
        is_open: asked on each bar, after the feeds have moved on to it.
    """

    def __init__(self, strategy: bt.Strategy, is_open: Callable[[], bool]) -> None:
        self._strategy = strategy
        self._is_open = is_open
        self._held: list[str] = []
        self._hold(self._prenext_open, "prenext_open", "nextstart_open", "next_open")
        self._hold(self._pass_when_open("notify_timer"), "notify_timer")
        # Cash and value reach the strategy and its analyzers through _notify.
        self._hold(self._pass_when_open("_notify"), "_notify")
        self._hold(self._first_call, "prenext", "nextstart", "next")
        strategy._next_analyzers = self._first_analysis

    def _hold(self, instead: Callable[..., None], *names: str) -> None:
        for name in names:
            setattr(self._strategy, name, instead)
            self._held.append(name)

    def _release(self) -> None:
        for name in self._held:
            delattr(self._strategy, name)
        self._held.clear()

    def _pass_when_open(self, name: str) -> Callable[..., None]:
        real = getattr(self._strategy, name)

        def call(*args: Any, **kwargs: Any) -> None:
            if self._is_open():
                real(*args, **kwargs)

        return call

    def _prenext_open(self) -> None:
        """Stand for next_open and its kin: before its first bar a strategy has none of its own."""
        if self._is_open():
            type(self._strategy).prenext_open(self._strategy)

    def _nextstart_open(self) -> None:
        """Stand for next_open and its kin, once: on the second bar the strategy starts there."""
        self._release()
        self._strategy.nextstart_open()

    def _first_call(self) -> None:
        """Stand for next and its kin: on the first open bar the strategy starts."""
        if not self._is_open():
            return
        strategy = self._strategy
        self._release()
        if strategy._getminperstatus() > 0:
            strategy.prenext()
            return
        if strategy.cerebro.p.cheat_on_open:
            self._hold(self._nextstart_open, "nextstart_open", "next_open")
        strategy.nextstart()

    def _first_analysis(self, minperstatus: int, once: bool = False) -> None:
        """Stand for _next_analyzers: their first bar is nextstart's, as the strategy's was."""
        if self._is_open():
            del self._strategy._next_analyzers
            self._strategy._next_analyzers(max(minperstatus, 0), once)


def is_held(strategy: bt.Strategy) -> bool:
    """Return whether a gate keeps *strategy* from being called."""
    instead = strategy.__dict__.get("_next_analyzers")
    return isinstance(getattr(instead, "__self__", None), Gate)


def required_bars(strategy: bt.Strategy) -> tuple[list[int], str]:
    """Return the bars that each of the strategy's datas needs before its first call, and why.

    The strategy's minimum period on that data; ten times the period where a recursive indicator
    (exponential averages and what is built on them) hangs on it.
    """
    needs = [int(period) for period in strategy._minperiods]
    why = f"the strategy's minimum period of {max(needs, default=1)}"
    longest = 0
    for indicator in _indicators(strategy):
        if not (isinstance(indicator, _RECURSIVE) or getattr(indicator, "_unstable", False)):
            continue
        need = RECURSIVE_FACTOR * int(indicator._minperiod)
        under = data_under(indicator, strategy.datas)
        for index, data in enumerate(strategy.datas):
            if under is data or under is None:
                needs[index] = max(needs[index], need)
        if need > longest:
            longest = need
            why = f"ten times the {indicator._minperiod} bars of {_label(indicator)}"
    return needs, why


def _label(indicator: bt.Indicator) -> str:
    """Name the outermost indicator that a user would know *indicator* by."""
    owner = getattr(indicator, "_owner", None)
    while isinstance(owner, bt.Indicator):
        indicator, owner = owner, getattr(owner, "_owner", None)
    return str(type(indicator).__name__)


def _indicators(owner: Any) -> Iterator[bt.Indicator]:
    # Line operations and delays count as indicators and have none of their own.
    for indicator in getattr(owner, "_lineiterators", {}).get(bt.LineIterator.IndType, ()):
        yield indicator
        yield from _indicators(indicator)


def data_under(indicator: bt.Indicator, datas: list[Any]) -> Any:
    """Return the data whose bars *indicator* counts, or None; climbs clocks as Backtrader does.

    Backtrader's objects answer ``==`` and ``bool()`` with an indicator, so all is by identity.
    """
    clock: Any = indicator
    while clock is not None:
        for data in datas:
            if clock is data or any(clock is line for line in data.lines):
                return data
        if isinstance(clock, LineSeriesStub) and clock.lines[0] is not clock:
            clock = clock.lines[0]
            continue
        above = getattr(clock, "_clock", None)
        clock = getattr(clock._owner, "_clock", None) if above is None else above
    return None


def seconds_of(data: Any) -> int:
    """Return the length of a bar of a Backtrader data, in seconds."""
    return int(_SECONDS.get(data._timeframe, 1) * data._compression)


def base_of(data: Any) -> Any:
    """Return the feed that a clone (the same feed once more, resampled) is made from."""
    return data.p.dataname if isinstance(data, bt.feed.DataClone) else data


def base_bars(strategy: bt.Strategy, needs: list[int]) -> dict[HistoryFeed, int]:
    """Turn *needs* (bars a data) into bars of the feeds underneath.

    A resampled or replayed data needs as many bars of its source as fit into its own, and one
    bar of its own more, because the first may begin in the middle.
    """
    base: dict[HistoryFeed, int] = {}
    for data, need in zip(strategy.datas, needs, strict=True):
        source = base_of(data)
        if not isinstance(source, HistoryFeed):
            continue
        if data.resampling or data.replaying:
            each = max(1, -(-seconds_of(data) // source.p.bars.timeframe.seconds))
            need = (need + 1) * each
        base[source] = max(base.get(source, 0), need)
    return base
