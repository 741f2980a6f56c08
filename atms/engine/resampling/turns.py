"""One strategy's turns in a run over resampled feeds."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.engine.resampling.indicators import Computed
from atms.engine.resampling.schedule import Schedule
from atms.engine.resampling.timeline import EventTimeline
from atms.engine.resampling.watching import watch
from atms.engine.timeline import Ticker, Tickers

_GROWN = "an indicator was made during the run"


class Turn:
    """One strategy's turn on a step.

    Args:
        strategy: started.
        timeline: of the run.
        schedule: of the run.
        run: its ``shows_all`` is set where the engine looks at whole lines, its ``retreat`` called
            where only Backtrader's own way goes on.
        computed: the strategy's indicators.

    Attributes:
        own: the ticker of the strategy's own line.
        watching: what stands for its observers and analyzers.
    """

    def __init__(
        self,
        strategy: Any,
        timeline: EventTimeline,
        schedule: Schedule,
        run: Any,
        computed: Computed,
    ) -> None:
        self.strategy = strategy
        self.own = Ticker()
        self.watching = watch(strategy, timeline, schedule, run)
        self._cerebro = strategy.cerebro
        self._main = timeline.main
        self._courses = schedule.courses
        self._status = array("q", _statuses(strategy, schedule).astype(np.int64).tobytes())
        self._attended = self.watching.attended
        self._left = self._is_quick = False
        self._ended = -1
        # Indicators that are computed move together, up to one that is called.
        self._stages: list[tuple[Tickers | None, Any]] = [
            (timeline.tickers(), stage) if isinstance(stage, list) else (None, stage)
            for stage in computed.stages
        ]
        first = self._stages[0][0]
        assert first is not None
        self._first, self._moving = first.main, first.moving
        self._later = self._stages[1:]
        self._indicators = strategy._lineiterators[strategy.IndType]
        self._count = len(self._indicators)
        self._run = run

    def tickers(self) -> Iterator[tuple[Any, Ticker]]:
        """Return each computed indicator with its ticker."""
        for tickers, stage in self._stages:
            if tickers is not None:
                yield from ((node, tickers.of(feed)) for node, feed in stage)

    def quick(self, main: Ticker, moving: Any, lane: Any, step: int) -> int:
        """Call ``next`` from *step* on while nothing else is to be done; return the last step."""
        strategy, watching, cerebro = self.strategy, self.watching, self._cerebro
        own, first, status, attended = self.own, self._first, self._status, self._attended
        moving = [*moving, *self._moving]
        steps, later, indicators = len(status), bool(self._later), self._indicators
        if step >= steps or status[step] >= 0 or watching.every_bar:
            return step - 1
        self._is_quick = not later
        while step < steps and step < lane.asleep_until and not watching.every_bar:
            if attended and attended[step]:
                break
            main.at = own.at = first.at = step
            for ticker, places in moving:
                ticker.at = places[step]
            if later:
                self._move_later(step)
                strategy._minperstatus = status[step]
            strategy.next()
            if len(indicators) != self._count:
                self._run.retreat(_GROWN)
            if self._left:
                self._finish(status[step])
            if cerebro._event_stop or self._left:
                return step
            step += 1
        return step - 1

    def is_inside(self) -> bool:
        """Return whether the strategy is in the middle of its step."""
        return self.own.at == self._main.at != self._ended

    def take(self, step: int) -> None:
        """Do what ``strategy._next`` does."""
        strategy, watching = self.strategy, self.watching
        if len(self._indicators) != self._count:
            self._run.retreat(_GROWN)
            strategy._next()
            return
        self._note_status()
        self.own.at = self._first.at = step
        for ticker, places in self._moving:
            ticker.at = places[step]
        if self._later:
            self._move_later(step)
        if strategy._orderspending or strategy._tradespending or watching.every_bar:
            watching.notify()
        strategy._minperstatus = status = self._status[step]
        if status < 0:
            strategy.next()
        elif status == 0:
            strategy.nextstart()
        else:
            strategy.prenext()
        if len(self._indicators) != self._count:
            self._run.retreat(_GROWN)
        attended = self._attended and self._attended[step]
        if self._left:
            self._finish(status)
        elif strategy._orderspending or strategy._tradespending or watching.every_bar or attended:
            watching.after(status)
            strategy.clear()
        self._ended = step

    def give(self, step: int) -> None:
        """Let Backtrader do it."""
        self.strategy._next()

    def leave(self) -> None:
        """Leave the strategy's own count of its datas' bars."""
        step = self.own.at
        self._left = True
        if step >= 0:
            self._note_status()
            self.strategy._dlens = [int(course.at[step]) + 1 for course in self._courses]

    def _note_status(self) -> None:
        """Set what Backtrader sets on each step, and quick steps have left out."""
        if self._is_quick:
            self._is_quick = False
            self.strategy._minperstatus = self._status[self.own.at]

    def _move_later(self, step: int) -> None:
        """Move or call the indicators behind the first one that is called."""
        for tickers, stage in self._later:
            if tickers is None:
                stage._next()
            elif not self._left:
                tickers.go_to(step)
            else:
                _call_outer(stage, self.strategy)

    def _finish(self, status: int) -> None:
        """Have this step watched, which is the last one that is run here."""
        self.watching.after(status)
        self.strategy.clear()
        self.watching.finish()


def _call_outer(stage: list[tuple[Any, Any]], strategy: Any) -> None:
    """Call the indicators of a stage that are not inside of others."""
    outer = strategy._lineiterators[strategy.IndType]
    for node in outer:
        if any(node is one for one, _ in stage):
            node._next()


def _statuses(strategy: Any, schedule: Schedule) -> NDArray[np.int64]:
    """Return what ``_getminperstatus`` gives at every step, shape (steps,)."""
    pairs = zip(strategy._minperiods, schedule.courses, strict=True)
    left = [period - (course.at + 1) for period, course in pairs]
    found: NDArray[np.int64] = np.maximum.reduce(left)
    return found
