"""A run over resampled feeds, from a schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import backtrader as bt
import numpy as np
from backtrader.linebuffer import LineBuffer
from backtrader.lineiterator import LineIterator
from backtrader.utils.dateintern import num2date
from numpy.typing import NDArray

from atms.engine.brokerside import BrokerSide
from atms.engine.explaining import Part
from atms.engine.resampling.growing import Shown, grow, settle
from atms.engine.resampling.indicators import Computed, RefusedError
from atms.engine.resampling.planning import plan
from atms.engine.resampling.schedule import Schedule
from atms.engine.resampling.timeline import EventTimeline
from atms.engine.timeline import Tickers
from atms.engine.watching.guarding import items

_CEREBRO = (
    "_runnext",
    "_brokernotify",
    "_storenotify",
    "_datanotify",
    "_check_timers",
    "_next_writers",
)
_STRATEGY = (
    "_next",
    "_next_open",
    "_clk_update",
    "_notify",
    "_getminperstatus",
    "_next_analyzers",
    "_next_observers",
    "_addnotification",
    "clear",
    "forward",
    "__len__",
)


@dataclass(frozen=True)
class Resampled:
    """What became of a run.

    Args:
        why: why it was not begun; "": it was run.
        parts: how each part was run.
        steps: how many of its steps were run here.
    """

    why: str
    parts: tuple[Part, ...]
    steps: int


def run_resampled(
    cerebro: Any,
    strategies: list[Any],
    rest: Callable[[Any, list[Any]], Any] = bt.Cerebro._runnext,
) -> Resampled:
    """Do what Cerebro's ``_runnext`` does, if all of it is known before its first bar.

    Args:
        cerebro: in a run: datas and strategies are started.
        strategies: what Cerebro hands to ``_runnext``.
        rest: called with *cerebro* and *strategies* for what comes after the last step that is
            run here: Backtrader's event loop, or one that does the same.
    """
    why = _why_not(cerebro, strategies)
    schedule = why or plan(cerebro)
    if isinstance(schedule, str):
        return Resampled(schedule, (), 0)
    run = _Run(cerebro, strategies, schedule)
    try:
        run.compute()
    except RefusedError as error:
        return Resampled(str(error), (), 0)
    return run.go(rest)


def _why_not(cerebro: Any, strategies: list[Any]) -> str:
    for name in _CEREBRO[1:]:
        if name in vars(cerebro) or getattr(type(cerebro), name) is not getattr(bt.Cerebro, name):
            return f"{type(cerebro).__name__} has its own {name}"
    if cerebro._timers or cerebro._timerscheat or cerebro.p.cheat_on_open or cerebro.runwriters:
        return "timers, cheat-on-open or writers"
    if cerebro._fhistory is not None or cerebro._ohistory or cerebro.p.quicknotify:
        return "a history of orders or of the fund, or quick notifications"
    if not strategies:
        return "no strategy"
    for strategy in strategies:
        why = _why_not_strategy(strategy, cerebro.datas)
        if why:
            return f"strategy {type(strategy).__name__}: {why}"
    return ""


def _why_not_strategy(strategy: Any, datas: list[Any]) -> str:
    kind = type(strategy)
    for name in _STRATEGY:
        if name in vars(strategy) or getattr(kind, name) is not getattr(bt.Strategy, name):
            return f"has its own {name}"
    if strategy.lines.fullsize() != 1 or len(strategy.lines.datetime.array):
        return "declares lines, or has had bars"
    if len(strategy.datas) != len(datas) or any(
        one is not other for one, other in zip(strategy.datas, datas, strict=True)
    ):
        return "has other datas than Cerebro"
    return ""


class _Awake:
    """Stands for a broker's side whose orders run on Backtrader's own code."""

    asleep_until = 0

    def __init__(self, cerebro: Any) -> None:
        self.lane = self
        self.turn = cerebro._brokernotify

    def wake(self) -> None:
        """Be awake."""

    def end(self) -> None:
        """Leave nothing."""


class _Run:
    def __init__(self, cerebro: Any, strategies: list[Any], schedule: Schedule) -> None:
        self._cerebro = cerebro
        self._strategies = strategies
        self._schedule = schedule
        self._timeline = EventTimeline(schedule)
        self._broker: Any = _Awake(cerebro)
        self._turns: list[_Turn] = []
        self._parts: list[Part] = []
        self._lines: list[Any] = []
        self._shown: list[Shown] = []
        self._feed_lines: set[int] = set()
        self._live = False

    def compute(self) -> None:
        """Fill the feeds' lines and the indicators'."""
        lines = [line for course in self._schedule.courses for line in course.data.lines.lines]
        done: list[Computed] = []
        for course in self._schedule.courses:
            for line, values in zip(course.data.lines.lines, course.values, strict=True):
                line.array.frombytes(values.tobytes())
        try:
            for strategy in self._strategies:
                done.append(Computed(strategy, self._cerebro.datas))
        except RefusedError:
            for computed in done:
                computed.undo()
            for line in lines:
                line.reset()
            raise
        for strategy, computed in zip(self._strategies, done, strict=True):
            self._turns.append(_Turn(strategy, self._timeline, self._schedule))
            self._parts += computed.parts
            self._computed = done

    def go(self, rest: Callable[[Any, list[Any]], Any]) -> Resampled:
        """Run all steps, and the rest."""
        if self._timeline.exact:
            self._broker = BrokerSide(self._cerebro, self._timeline)
        self._show()
        why = ""
        try:
            self._steps()
        finally:
            steps = self._timeline.main.at + 1
            why = self._why
            self.retreat("")
        if not self._cerebro._event_stop:
            rest(self._cerebro, self._strategies)
        parts = [Part("loop", "", not why, why), *self._parts]
        parts += [Part("resample", one.data._name, True) for one in self._schedule.courses]
        return Resampled("", tuple(parts), steps)

    # ---- what lines ask -------------------------------------------------------------------------
    def wrote(self, line: Any) -> None:
        """Hear that somebody wrote to a line."""
        if id(line) in self._feed_lines:
            self._broker.wake()

    _why = ""

    def retreat(self, why: str) -> None:
        """Leave everything as Backtrader has it at this moment."""
        if not self._live:
            return
        self._live = False
        self._why = why
        self._broker.end()
        step = self._timeline.main.at
        for line in self._lines:
            settle(line)
        for course in self._schedule.courses:
            course.leave(step)
        for shown, course in zip(self._shown, self._schedule.courses, strict=False):
            shown.settle()
            _leave_ticks(course, step)
        for shown in self._shown[len(self._schedule.courses) :]:
            shown.settle()
        for turn in self._turns:
            turn.leave()
        self._name_master(step)

    def _name_master(self, step: int) -> None:
        """Note the feed whose bar set the time, as the loop does in each round."""
        moment = float(self._schedule.moments[step])
        for master in self._schedule.masters:
            if len(master) and master.lines.datetime[0] == moment:
                self._cerebro._dtmaster = master.num2date(moment)
                self._cerebro._udtmaster = num2date(moment)
                return

    def _show(self) -> None:
        timeline = self._timeline
        for course in self._schedule.courses:
            ticker = timeline.ticker(course.data)
            more = {"_course": course, "_run": self}
            self._shown.append(Shown(course.data, ticker, more))
            for line in course.data.lines.lines:
                grow(line, ticker, timeline.last(course.data), self)
                self._lines.append(line)
                self._feed_lines.add(id(line))
        for turn, computed in zip(self._turns, self._computed, strict=True):
            self._show_indicators(turn, computed)
        self._live = True

    def _show_indicators(self, turn: _Turn, computed: Computed) -> None:
        for node, feed in computed.nodes:
            ticker = turn.tickers.of(feed)
            own = [node] if isinstance(node, LineBuffer) else node.lines.lines
            for line in own:
                grow(line, ticker, ticker, self)
            self._lines += own
            if not isinstance(node, LineBuffer):
                self._shown.append(Shown(node, ticker))
        line = turn.strategy.lines.datetime
        line.array.frombytes(self._timeline.stamps.tobytes())
        grow(line, turn.tickers.main, turn.tickers.main, self)
        self._lines.append(line)

    # ---- the loop -------------------------------------------------------------------------------
    def _steps(self) -> None:
        cerebro, broker, turns = self._cerebro, self._broker, self._turns
        lane = broker.lane
        feeds = self._timeline.feeds
        main, moving = feeds.main, [*feeds.moving, *self._timeline.lasts.moving]
        turn = turns[0] if len(turns) == 1 and not turns[0].every_bar else None
        for step in range(self._timeline.steps):
            main.at = step
            for ticker, places in moving:
                ticker.at = places[step]
            if step >= lane.asleep_until:
                broker.turn()
                if cerebro._event_stop:
                    return
            if not self._live:
                for one in turns:
                    one.strategy._next()
                    if cerebro._event_stop:
                        return
                return
            if turn is not None:
                turn.take(step)
                if cerebro._event_stop:
                    return
            else:
                for one in turns:
                    one.take(step)
                    if cerebro._event_stop:
                        return
            if not self._live:
                return


class _Turn:
    """One strategy's turn on a step."""

    def __init__(self, strategy: Any, timeline: EventTimeline, schedule: Schedule) -> None:
        self.strategy = strategy
        self.tickers: Tickers = timeline.tickers()
        self._main, self._moving = self.tickers.main, self.tickers.moving
        self._courses = schedule.courses
        self._status: list[int] = _statuses(strategy, schedule).tolist()
        self.every_bar = bool(
            items(strategy.__dict__["analyzers"])
            or strategy._slave_analyzers
            or strategy._lineiterators[LineIterator.ObsType]
            or type(strategy).notify_cashvalue is not bt.Strategy.notify_cashvalue
            or type(strategy).notify_fund is not bt.Strategy.notify_fund
        )

    def take(self, step: int) -> None:
        """Do what ``strategy._next`` does."""
        strategy, every = self.strategy, self.every_bar
        self._main.at = step
        for ticker, places in self._moving:
            ticker.at = places[step]
        if every or strategy._orderspending or strategy._tradespending:
            strategy._notify()
        strategy._minperstatus = status = self._status[step]
        if status < 0:
            strategy.next()
        elif status == 0:
            strategy.nextstart()
        else:
            strategy.prenext()
        if every:
            strategy._next_analyzers(status)
            strategy._next_observers(status)
            strategy.clear()
        elif strategy._orderspending or strategy._tradespending:
            strategy.clear()

    def leave(self) -> None:
        """Leave the strategy's own count of its datas' bars."""
        step = self._main.at
        if step >= 0:
            self.strategy._dlens = [int(course.at[step]) + 1 for course in self._courses]


def _statuses(strategy: Any, schedule: Schedule) -> NDArray[np.int64]:
    """Return what ``_getminperstatus`` gives at every step, shape (steps,)."""
    pairs = zip(strategy._minperiods, schedule.courses, strict=True)
    left = [period - (course.at + 1) for period, course in pairs]
    found: NDArray[np.int64] = np.maximum.reduce(left)
    return found


def _leave_ticks(course: Any, step: int) -> None:
    data, at = course.data, int(course.at[step])
    if at < 0:
        return
    for index, name in enumerate(data.getlinealiases()):
        if name != "datetime":
            data.__dict__[f"tick_{name}"] = float(course.values[index][at])
    data.__dict__["tick_last"] = float(course.values[0][at])


