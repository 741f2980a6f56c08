"""What a strategy does on a step: its turn, in Backtrader's words or without what does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
from numpy.typing import NDArray

from atms.engine.identity import runs
from atms.engine.timeline import Tickers, Timeline


class StockTurn:
    """A strategy's turn in Backtrader's own words.

    Args:
        strategy: started.
        tickers: of those of its indicators that ask tickers; None: none does.
    """

    def __init__(self, strategy: Any, tickers: Tickers | None) -> None:
        self.strategy = strategy
        self._tickers = tickers

    def take(self, step: int, stamp: float) -> None:
        """Let Backtrader do it."""
        if self._tickers is not None:
            self._tickers.go_to(step)
        self.strategy._oncepost(stamp)


class HeldTurn(StockTurn):
    """The turn of a strategy that is still warming up, in Backtrader's words.

    Args:
        opened: makes the turn that it has from the step after the gate's opening on.
    """

    def __init__(self, strategy: Any, tickers: Tickers, opened: Callable[[], Any]) -> None:
        super().__init__(strategy, tickers)
        self.opened = opened


class FastTurn:
    """A strategy's turn without what does nothing.

    Args:
        strategy: started; its indicators and its own clock ask tickers.
        timeline: of the run.
        tickers: of its indicators and its own clock: Backtrader moves them after timers, the
            broker's turn and ``next_open``.
        watching: what stands for its observers and analyzers.
        acting: of the steps of ``next``, those on which it is called though nothing was told,
            shape (steps,); None: all.

    Attributes:
        starts_at: the first step on which anything of the strategy's own is called.
        next_at: the first step of ``next``.
    """

    def __init__(
        self,
        strategy: Any,
        timeline: Timeline,
        tickers: Tickers,
        watching: Any,
        acting: NDArray[np.bool_] | None,
    ) -> None:
        self.strategy = strategy
        self.tickers = tickers
        self.watching = watching
        self._acting = None if acting is None else acting.tolist()
        self._telling = False
        self._status = _statuses(strategy, timeline)
        idle = runs(strategy, bt.Strategy, "prenext")
        self.starts_at = int(np.searchsorted(-self._status, 0, side="left")) if idle else 0
        self.next_at = int(np.searchsorted(-self._status, 1, side="left"))

    def take(self, step: int, stamp: float) -> None:
        """Tell what there is to tell, call the strategy, and have it watched."""
        strategy, watching = self.strategy, self.watching
        self.tickers.go_to(step)
        told = bool(strategy._orderspending or strategy._tradespending)
        if told or watching.every_bar:
            self._telling = True
            watching.notify()
            self._telling = False
        strategy._minperstatus = status = int(self._status[step])
        if status < 0:
            if told or self._acting is None or self._acting[step]:
                strategy.next()
        elif status == 0:
            strategy.nextstart()
        else:
            strategy.prenext()
        if strategy._orderspending or strategy._tradespending or watching.every_bar:
            watching.after(status)
            strategy.clear()

    def calls(self) -> list[int] | None:
        """Return the steps on which ``next`` is called whatever is told, rising; None: all."""
        if self._acting is None:
            return None
        return [step for step, acts in enumerate(self._acting) if acts]

    def finish(self) -> None:
        """Leave what is watched, and the strategy, as Backtrader would after this step."""
        at = self.tickers.main.at - self._telling  # what raised there came before the status
        if at >= 0:
            self.strategy._minperstatus = int(self._status[at])
        self.watching.finish()


def _statuses(strategy: Any, timeline: Timeline) -> Any:
    """Return ``_getminperstatus`` for every step, shape (steps,)."""
    missing = None
    for data, period in zip(strategy.datas, strategy._minperiods, strict=True):
        bars = timeline.bars(data)
        count = np.arange(timeline.steps, dtype=np.int32) if bars is None else bars
        left = period - (count + 1)
        missing = left if missing is None else np.maximum(missing, left)
    return missing
