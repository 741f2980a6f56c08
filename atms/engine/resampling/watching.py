"""Observers and analyzers in a run over resampled feeds.

In event mode an observer moves with its clock. Those that move with the steps are Watching's; a
BuySell of a feed that has fewer bars is called when there is something that it may do.
"""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
from backtrader import analyzers, observers
from backtrader.lineiterator import LineIterator
from numpy.typing import NDArray

from atms.engine.explaining import Part
from atms.engine.resampling.schedule import Schedule
from atms.engine.resampling.timeline import EventTimeline
from atms.engine.timeline import Timeline
from atms.engine.watching import Watching
from atms.engine.watching.guarding import items

# Those that look at nothing but orders, trades, cash, value and the strategy's own clock.
_ANALYZERS = (
    analyzers.AnnualReturn,
    analyzers.Calmar,
    analyzers.DrawDown,
    analyzers.PeriodStats,
    analyzers.Returns,
    analyzers.SharpeRatio,
    analyzers.SharpeRatio_A,
    analyzers.SQN,
    analyzers.TimeDrawDown,
    analyzers.TimeReturn,
    analyzers.TradeAnalyzer,
    analyzers.Transactions,
    analyzers.VWR,
)
_OBSERVERS = (
    observers.Broker,
    observers.Cash,
    observers.DrawDown,
    observers.DrawDownLength,
    observers.DrawDown_Old,
    observers.FundShares,
    observers.FundValue,
    observers.TimeReturn,
    observers.Trades,
    observers.Value,
)
_TELLS = ("notify_cashvalue", "notify_fund")


def watch(
    strategy: Any, timeline: EventTimeline, schedule: Schedule, run: Any
) -> Nobody | Everybody | Known:
    """Return what stands for what Backtrader's loop does for a strategy's watchers."""
    onlookers = strategy._lineiterators[LineIterator.ObsType]
    listeners = items(strategy.__dict__["analyzers"])
    own = any(getattr(type(strategy), name) is not getattr(bt.Strategy, name) for name in _TELLS)
    if not (onlookers or listeners or strategy._slave_analyzers or own):
        return Nobody(strategy)
    slow = [one for one in onlookers if type(one) is observers.BuySell]
    slow = [one for one in slow if timeline.bars(one._clock) is not None]
    others = [one for one in onlookers if not any(one is other for other in slow)]
    known = all(_is_known_observer(one, strategy, timeline) for one in others)
    known &= all(type(one) in _ANALYZERS for one in (*listeners, *strategy._slave_analyzers))
    # Without the broker's lane there is no curve, and the lane wants an exact timeline.
    if not (known and timeline.exact) or any("next" in vars(one) for one in slow):
        return Everybody(strategy)
    return Known(strategy, timeline, [(one, _course_of(one, schedule)) for one in slow], run)


def _is_known_observer(observer: Any, strategy: Any, timeline: Timeline) -> bool:
    kind, clock = type(observer), observer._clock
    steady = clock is strategy
    steady |= any(clock is data and timeline.bars(data) is None for data in strategy.datas)
    known = kind in (*_OBSERVERS, observers.BuySell) or issubclass(kind, observers.DataTrades)
    children = observer._lineiterators[LineIterator.IndType]
    return steady and known and not children and "next" not in vars(observer)


def _course_of(observer: Any, schedule: Schedule) -> NDArray[np.int64]:
    return next(one.at for one in schedule.courses if one.data is observer._clock)


class Nobody:
    """A strategy that nobody watches."""

    every_bar = False
    attended = b""

    def __init__(self, strategy: Any) -> None:
        self.notify = strategy._notify
        self.parts: tuple[Part, ...] = ()

    def after(self, status: int) -> None:
        """Do nothing."""

    def go_live(self, why: str) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


class Everybody(Nobody):
    """Watchers that are all called on each bar."""

    every_bar = True

    def __init__(self, strategy: Any) -> None:
        super().__init__(strategy)
        self._strategy = strategy
        kinds = [("analyzer", one) for one in items(strategy.__dict__["analyzers"])]
        kinds += [("observer", one) for one in strategy._lineiterators[LineIterator.ObsType]]
        why = "not known in a run over resampled feeds"
        self.parts = tuple(Part(kind, type(one).__name__, False, why) for kind, one in kinds)

    def after(self, status: int) -> None:
        """Call them."""
        self._strategy._next_analyzers(status)
        self._strategy._next_observers(status)


class Known:
    """Watchers that are called where something happens.

    Args:
        slow: each BuySell of a feed that has no bar at each step, and where that feed stands.
        run: is told when lines have to show all of the run's values.

    Attributes:
        attended: for each step whether a slow one's feed has a new bar.
    """

    def __init__(
        self,
        strategy: Any,
        timeline: Timeline,
        slow: list[tuple[Any, NDArray[np.int64]]],
        run: Any,
    ) -> None:
        self._run = run
        self._watching = Watching(strategy, timeline, strategy.broker)
        self._strategy = strategy
        self._onlookers = strategy._lineiterators[LineIterator.ObsType]
        self._every = list(self._onlookers)
        self._slow = [one for one, _ in slow]
        self._shown = False  # whether a slow one shows a price, which it changes on each call
        attended = np.zeros(timeline.steps, dtype=bool)
        for _, at in slow:
            attended |= np.diff(at, prepend=-1) > 0
        self.attended = attended.tobytes()
        self._timeline = timeline
        self._steady = [one for one in self._every if not self._is_slow(one)]

    @property
    def every_bar(self) -> bool:
        """Whether they are to be called on a step without orders and trades."""
        return self._shown or self._watching.every_bar

    @property
    def parts(self) -> tuple[Part, ...]:
        """How each of them is dealt with."""
        slow = [Part("observer", type(one).__name__, True) for one in self._slow]
        return (*self._watching.parts(), *slow)

    def notify(self) -> None:
        """Tell what there is to be told."""
        self._watching.notify()

    def after(self, status: int) -> None:
        """Call those that may have something to do."""
        strategy, watching = self._strategy, self._watching
        busy = strategy._orderspending or strategy._tradespending
        if busy or watching.every_bar:
            self._onlookers[:] = self._steady
            try:
                self._call(watching.after, status)
            finally:
                self._onlookers[:] = self._every
        if busy or self._shown or self.attended[self._timeline.main.at]:
            for one in self._slow:
                one._next()
            shown = [line[0] for one in self._slow if len(one) for line in one.lines]
            self._shown = any(price == price for price in shown)

    def go_live(self, why: str) -> None:
        """Have them be where they are at this moment."""
        self._call(self._watching.go_live, why)

    def finish(self) -> None:
        """Leave them as Backtrader's loop would have left them."""
        self._call(self._watching.finish)

    def _call(self, method: Any, *args: Any) -> None:
        """Call what runs no code of the user's, and may look at the whole run."""
        self._run.shows_all = True
        try:
            method(*args)
        finally:
            self._run.shows_all = False

    def _is_slow(self, observer: Any) -> bool:
        return any(observer is one for one in self._slow)
