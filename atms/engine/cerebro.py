"""Our Cerebro: Backtrader's results to the last bit, without what takes its time."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.engine.explaining import Explanation
from atms.engine.optimising import OptimisingCerebro
from atms.engine.run import FastRun
from atms.engine.sparse import check_same, orders_of
from atms.engine.stock import StockCerebro


class Cerebro(OptimisingCerebro):
    """A drop-in for ``bt.Cerebro``: the same results, faster.

    What it does not know runs on Backtrader's own code, part by part; :meth:`explain` says which.

    Params:
        sparse: True: strategies with ``act_on`` are called on those bars only; False: on every
            bar; "verify": both, and StrategyError if their orders differ.
    """

    params = (("sparse", True),)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fast: FastRun | None = None
        self._explanation = Explanation((), 0, 0)

    def explain(self) -> Explanation:
        """Return what ran fast in the last run, what on Backtrader's own code, and why.

        Of trials in a pool it says how they were given out; the workers keep what else there was.
        """
        last = self._explanation
        return Explanation((*self.trial_parts, *last.parts), last.bars, last.fast_bars)

    def runstrategies(self, iterstrat: Any, predata: bool = False) -> Any:
        """Run one set of strategies, as Backtrader's method of this name."""
        if self.p.sparse != "verify":
            return self._run_set(iterstrat, predata)
        dense = self._dense_orders(iterstrat, predata)
        result = self._run_set(iterstrat, predata)
        check_same(dense, orders_of(self.broker))
        return result

    def _dense_orders(self, iterstrat: Any, predata: bool) -> list[Any]:
        before, self.p.sparse = self.p.sparse, False
        try:
            self._run_set(iterstrat, predata)
        finally:
            self.p.sparse = before
        return orders_of(self.broker)

    def _run_set(self, iterstrat: Any, predata: bool) -> Any:
        self._fast = run = FastRun(self)
        try:
            return super().runstrategies(run.begin(iterstrat, predata), predata=predata)
        finally:
            run.end()
            self._fast = None
            self._explanation = run.explanation()

    def _runonce(self, runstrats: list[bt.Strategy]) -> None:
        self._announce(runstrats)
        assert self._fast is not None
        if not self._fast.run_once(runstrats):
            super(StockCerebro, self)._runonce(runstrats)

    def _runnext(self, runstrats: list[bt.Strategy]) -> None:
        self._announce(runstrats)
        assert self._fast is not None
        if not self._fast.run_next(runstrats):
            super(StockCerebro, self)._runnext(runstrats)
