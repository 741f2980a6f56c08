"""Cerebro's loop over bars that come one by one."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.engine.event.rounds import Rounds
from atms.engine.event.run import Run
from atms.engine.explaining import Part

_HOOKS = ("_storenotify", "_datanotify", "_brokernotify", "_next_writers", "_check_timers")


def run_next(cerebro: Any, runstrats: list[Any]) -> list[Part]:
    """Run strategies over the datas of *cerebro* as its ``_runnext`` does.

    Nothing is left changed on any object but what Backtrader changes, also if the run raises.

    Args:
        cerebro: in a run: datas and strategies are started.
        runstrats: what Cerebro hands to ``_runnext``.

    Returns:
        How each part was run, in the order in which that was decided.
    """
    run = Run(cerebro, runstrats)
    try:
        Loop(cerebro, runstrats, run).go()
    finally:
        run.end()
    return run.parts


class Loop:
    """One run: rounds of the datas, and the broker's and the strategies' turns after each."""

    def __init__(self, cerebro: Any, runstrats: list[Any], run: Run) -> None:
        self._cerebro = cerebro
        self._strategies = runstrats
        self._run = run
        self._rounds = Rounds(cerebro, run)

    def go(self) -> None:
        """Run to the end, or until Cerebro is told to stop."""
        more = True
        while more:
            more = self._step()
            if more is None:
                return
        self._tell_datas() and self._tell_stores()

    def _step(self) -> bool | None:
        """Do one round; False: it was the last, None: Cerebro was told to stop."""
        rounds = self._rounds
        waits = rounds.waits()
        if not (self._tell_stores() and self._tell_datas()):
            return None
        came = rounds.take(waits)
        late = False
        if came is False:
            late = rounds.last()
            if not late:
                return False
        if not self._tell_datas() or not self._turns(bool(came or late)):
            return None
        return came is not False

    def _turns(self, bars: bool) -> bool:
        """Let broker and strategies have their turns; False: Cerebro was told to stop."""
        cerebro, strategies = self._cerebro, self._strategies
        if bars:
            if cerebro._timerscheat:
                cerebro._check_timers(strategies, self._rounds.now, cheat=True)
            if cerebro.p.cheat_on_open:
                for strategy in strategies:
                    strategy._next_open()
                    if cerebro._event_stop:
                        return False
        cerebro._brokernotify()
        if cerebro._event_stop:
            return False
        if not bars:
            return True
        if cerebro._timers:
            cerebro._check_timers(strategies, self._rounds.now, cheat=False)
        for take in self._run.turns:
            take()
            if cerebro._event_stop:
                return False
            if cerebro.runwriters:
                cerebro._next_writers(strategies)
        return True

    def _tell_stores(self) -> bool:
        cerebro = self._cerebro
        if cerebro.stores:
            cerebro._storenotify()
        return not cerebro._event_stop

    def _tell_datas(self) -> bool:
        cerebro = self._cerebro
        if self._run.hears(cerebro.datas):
            cerebro._datanotify()
        return not cerebro._event_stop


def stock_hooks(cerebro: Any) -> bool:
    """Return whether *cerebro* runs the steps of its loop as Backtrader does."""
    return all(hasattr(bt.Cerebro, name) for name in _HOOKS)
