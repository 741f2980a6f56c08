"""Cerebro's loop over bars that come one by one."""

from __future__ import annotations

from typing import Any, NamedTuple

import backtrader as bt

from atms.engine.event.desks import Desk
from atms.engine.event.rounds import Rounds
from atms.engine.event.run import Run
from atms.engine.explaining import Part
from atms.engine.identity import runs


class EventRun(NamedTuple):
    """How a run was carried out.

    Args:
        parts: how each part of it was, in the order in which that was decided.
        bars: how many rounds brought a bar.
        fast_bars: how many of them were over before the run went over to Backtrader's own code;
            0 where no strategy took its turns on ours.
    """

    parts: list[Part]
    bars: int
    fast_bars: int


def run_next(cerebro: Any, runstrats: list[Any]) -> EventRun:
    """Run strategies over the datas of *cerebro* as its ``_runnext`` does.

    Nothing is left changed on any object but what Backtrader changes, also if the run raises.

    Args:
        cerebro: in a run: datas and strategies are started.
        runstrats: what Cerebro hands to ``_runnext``.

    Raises:
        What Backtrader raises in the same run.
    """
    run = Run(cerebro, runstrats)
    try:
        Loop(cerebro, runstrats, run).go()
    finally:
        run.end()
    return EventRun(run.parts, run.bars, run.fast_bars)


class Loop:
    """One run: rounds of the datas, and the broker's and the strategies' turns after each."""

    def __init__(self, cerebro: Any, runstrats: list[Any], run: Run) -> None:
        self._cerebro = cerebro
        self._strategies = runstrats
        self._rounds = Rounds(cerebro, run)
        self._desk = Desk(cerebro, run)
        self._run, self._turns = run, run.turns
        # Who has one of these of his own is called where there is nothing to do, too.
        self._tells_stores = not runs(cerebro, bt.Cerebro, "_storenotify")
        self._tells_datas = not runs(cerebro, bt.Cerebro, "_datanotify") or run.speaks
        self._checks = not runs(cerebro, bt.Cerebro, "_check_timers")
        self._writes = not runs(cerebro, bt.Cerebro, "_next_writers")

    def go(self) -> None:
        """Run to the end, or until Cerebro is told to stop."""
        step = self._step
        while True:
            more = step()
            if more is None:
                return
            if not more:
                break
        if self._tell_datas():
            self._tell_stores()

    def _step(self) -> bool | None:
        """Do one round; False: it was the last, None: Cerebro was told to stop."""
        rounds = self._rounds
        waits = rounds.waits()
        if not (self._tell_stores() and self._tell_datas()):
            return None
        came = rounds.take(waits)
        bars = came is True
        if came is False:
            bars = rounds.last()
            if not bars:
                return False
        if not (self._tell_datas() and self._take_turns(bars)):
            return None
        return came is not False

    def _take_turns(self, bars: bool) -> bool:
        """Let broker and strategies have their turns; False: Cerebro was told to stop."""
        cerebro, strategies = self._cerebro, self._strategies
        if bars:
            self._run.bars += 1
            if not self._open(cerebro):
                return False
        self._desk.turn()
        if cerebro._event_stop:
            return False
        if not bars:
            return True
        if cerebro._timers or self._checks:
            cerebro._check_timers(strategies, self._rounds.now, cheat=False)
        for index in range(len(strategies)):
            self._turns[index]()
            if cerebro._event_stop:
                return False
            if cerebro.runwriters or self._writes:
                cerebro._next_writers(strategies)
        return True

    def _open(self, cerebro: Any) -> bool:
        """Call those who act before the broker; False: Cerebro was told to stop."""
        if cerebro._timerscheat or self._checks:
            cerebro._check_timers(self._strategies, self._rounds.now, cheat=True)
        if cerebro.p.cheat_on_open:
            for strategy in self._strategies:
                strategy._next_open()
                if cerebro._event_stop:
                    return False
        return True

    def _tell_stores(self) -> bool:
        cerebro = self._cerebro
        if cerebro.stores or self._tells_stores:
            cerebro._storenotify()
        return not cerebro._event_stop

    def _tell_datas(self) -> bool:
        cerebro = self._cerebro
        if self._tells_datas:
            cerebro._datanotify()
        else:
            for data in cerebro.datas:
                if data.notifs:
                    cerebro._datanotify()
                    break
        return not cerebro._event_stop
