"""Moving-average crossover, long only."""

from __future__ import annotations

import backtrader as bt


class MovingAverageCross(bt.Strategy):
    """Long while the fast moving average of the close is above the slow one.

    Rules: at a close where the fast average crosses above the slow one, buy at the next open,
    with the size that the sizer gives; where it crosses below, close the position at the next
    open.

    Params:
        fast: period of the fast average, in bars.
        slow: period of the slow average, in bars; longer than fast.
        average: "sma", simple, or "ema", exponential.
    """

    params = dict(fast=10, slow=30, average="sma")

    def __init__(self) -> None:
        kinds = {"sma": bt.ind.SMA, "ema": bt.ind.EMA}
        if self.p.average not in kinds:
            raise ValueError(f"average is {self.p.average!r}; it must be 'sma' or 'ema'")
        if not 0 < self.p.fast < self.p.slow:
            raise ValueError(f"fast ({self.p.fast}) must be shorter than slow ({self.p.slow})")
        average = kinds[self.p.average]
        fast = average(self.data, period=self.p.fast)
        slow = average(self.data, period=self.p.slow)
        self.cross = bt.ind.CrossOver(fast, slow)

    def next(self) -> None:
        if self.cross[0] > 0 and not self.position:
            self.buy()
        elif self.cross[0] < 0 and self.position:
            self.close()
