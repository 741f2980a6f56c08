"""A run over resampled feeds, from a schedule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import backtrader as bt
from backtrader.linebuffer import LineBuffer
from backtrader.utils.dateintern import num2date

from atms.engine.brokerside import BrokerSide
from atms.engine.explaining import Part
from atms.engine.identity import overridden
from atms.engine.resampling.growing import Shown, grow, settle
from atms.engine.resampling.indicators import Computed
from atms.engine.resampling.planning import plan
from atms.engine.resampling.schedule import Schedule
from atms.engine.resampling.timeline import EventTimeline
from atms.engine.resampling.turns import Turn

# What Backtrader's loop has for the time of a round before the first.
_NO_MOMENT = bt.date2num(datetime.max) - 2
_CEREBRO = (
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


def prepare_resampled(cerebro: Any, strategies: list[Any]) -> ResampledRun | str:
    """Return a run that does what Cerebro's ``_runnext`` does; or why there is none.

    Args:
        cerebro: in a run: datas and strategies are started. Nothing is changed on any object if
            there is no run.
        strategies: what Cerebro hands to ``_runnext``.
    """
    schedule = _why_not(cerebro, strategies) or plan(cerebro)
    if isinstance(schedule, str):
        return schedule
    run = ResampledRun(cerebro, strategies, schedule)
    run.compute()
    return run


def _why_not(cerebro: Any, strategies: list[Any]) -> str:
    if name := overridden(cerebro, bt.Cerebro, _CEREBRO):
        return f"{type(cerebro).__name__} has its own {name}"
    if cerebro._fhistory is not None or cerebro._ohistory:
        return "a history of orders or of the fund"
    if not strategies:
        return "no strategy"
    for strategy in strategies:
        why = _why_not_strategy(strategy, cerebro.datas)
        if why:
            return f"strategy {type(strategy).__name__}: {why}"
    return ""


def _why_not_strategy(strategy: Any, datas: list[Any]) -> str:
    if name := overridden(strategy, bt.Strategy, _STRATEGY):
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

    def end(self) -> list[Part]:
        """Leave nothing."""
        return []


class ResampledRun:
    """One run, all of whose bars are known.

    Args:
        cerebro: in its run.
        strategies: of the run.
        schedule: of its feeds.

    Attributes:
        steps: how many have been run here.
        shows_all: whether the engine itself looks at lines.
    """

    def __init__(self, cerebro: Any, strategies: list[Any], schedule: Schedule) -> None:
        self._cerebro = cerebro
        self._strategies = strategies
        self._schedule = schedule
        self._timeline = EventTimeline(schedule)
        self._broker: Any = _Awake(cerebro)
        self._turns: list[Turn] = []
        self._parts: list[Part] = []
        self._lines: list[Any] = []
        self._shown: list[Shown] = []
        self._live = False
        self._why = ""
        self.steps = 0
        self.shows_all = False

    def compute(self) -> None:
        """Fill the feeds' lines and the indicators'."""
        for course in self._schedule.courses:
            for line, values in zip(course.data.lines.lines, course.values, strict=True):
                if not line.array:  # else it is preloaded
                    line.array.frombytes(values.tobytes())
        for strategy in self._strategies:
            computed = Computed(strategy, self._cerebro.datas)
            self._turns.append(Turn(strategy, self._timeline, self._schedule, self, computed))
            self._parts += computed.parts

    def go(self, rest: Callable[[Any, list[Any]], Any] = bt.Cerebro._runnext) -> None:
        """Run all steps, and the rest.

        Args:
            rest: called with Cerebro and its strategies for what comes after the last step that
                is run here: Backtrader's event loop, or one that does the same.
        """
        if self._timeline.exact:
            self._broker = BrokerSide(self._cerebro, self._timeline)
        self._show()
        try:
            self._steps()
        finally:
            self.steps = self._timeline.main.at + 1
            self.retreat("")
        if not self._cerebro._event_stop:
            self._rest(rest)

    @property
    def parts(self) -> tuple[Part, ...]:
        """How each part is run."""
        loop = Part("loop", "", not self._why, self._why)
        datas = [course.data for course in self._schedule.courses]
        feeds = [Part("resample" if d.resampling else "load", d._name, True) for d in datas]
        watchers = [part for turn in self._turns for part in turn.watching.parts]
        return (loop, *feeds, *self._parts, *watchers)

    # ---- what lines ask -------------------------------------------------------------------------
    def retreat(self, why: str) -> None:
        """Leave everything as Backtrader has it at this moment."""
        if not self._live:
            return
        self._live = False
        self._why = why
        for turn in self._turns:
            if why:
                turn.watching.go_live(why)
            if not (why and turn.is_inside()):
                turn.watching.finish()
        self._parts += self._broker.end()
        step = self._timeline.main.at
        for line in self._lines:
            settle(line)
        for shown in self._shown:
            shown.settle()
        for course in self._schedule.courses:
            course.leave(step)
            course.leave_ticks(step)
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
        for turn in self._turns:
            self._show_indicators(turn)
        self._live = True

    def _show_indicators(self, turn: Turn) -> None:
        for node, ticker in turn.tickers():
            own = [node] if isinstance(node, LineBuffer) else node.lines.lines
            for line in own:
                grow(line, ticker, ticker, self)
            self._lines += own
            if not isinstance(node, LineBuffer):
                self._shown.append(Shown(node, ticker))
        line = turn.strategy.lines.datetime
        line.array.frombytes(self._timeline.stamps.tobytes())
        grow(line, turn.own, turn.own, self)
        self._lines.append(line)

    # ---- the loop -------------------------------------------------------------------------------
    def _steps(self) -> None:
        cerebro, broker, turns = self._cerebro, self._broker, self._turns
        lane, timed = broker.lane, bool(cerebro._timers or cerebro._timerscheat)
        main, moving = self._timeline.feeds.main, self._timeline.feeds.moving
        moving = [*moving, *self._timeline.lasts.moving]
        opens, writes = cerebro.p.cheat_on_open, bool(cerebro.runwriters)
        quick = len(turns) == 1 and not (timed or opens or writes)
        step, steps = -1, self._timeline.steps
        while step + 1 < steps and self._live:
            if quick:
                step = turns[0].quick(main, moving, lane, step + 1)
                if cerebro._event_stop or not self._live or step + 1 >= steps:
                    return
            step += 1
            main.at = step
            for ticker, places in moving:
                ticker.at = places[step]
            if (timed or opens) and not self._open(step):
                return
            if step >= lane.asleep_until or not self._live:
                broker.turn()
                if cerebro._event_stop:
                    return
            if timed:
                cerebro._check_timers(self._strategies, self._moment(step), cheat=False)
            for turn in turns:
                (turn.take if self._live else turn.give)(step)
                if cerebro._event_stop:
                    return
                if writes:
                    cerebro._next_writers(self._strategies)

    def _open(self, step: int) -> bool:
        """Do what comes before the broker's turn; False: Cerebro was told to stop."""
        cerebro = self._cerebro
        cerebro._check_timers(self._strategies, self._moment(step), cheat=True)
        if cerebro.p.cheat_on_open:
            for strategy in self._strategies:
                strategy._next_open()
                if cerebro._event_stop:
                    return False
        return True

    def _moment(self, step: int) -> float:
        return float(self._schedule.moments[step])

    def _rest(self, rest: Callable[[Any, list[Any]], Any]) -> None:
        """Have the rest done; a timer that is checked before a bar comes sees the last moment."""
        cerebro, last = self._cerebro, self._moment(self.steps - 1)
        if not (cerebro._timers or cerebro._timerscheat):
            rest(cerebro, self._strategies)
            return
        check = cerebro._check_timers

        def check_timers(strategies: list[Any], moment: float, cheat: bool = False) -> None:
            check(strategies, last if moment == _NO_MOMENT else moment, cheat=cheat)

        cerebro.__dict__["_check_timers"] = check_timers
        try:
            rest(cerebro, self._strategies)
        finally:
            del cerebro.__dict__["_check_timers"]
