"""A cross of two simple averages: long above, flat below; market orders, 0.1 % commission."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.bench.bars import walk

SETTINGS: dict[str, Any] = {"stdstats": False}
CASH = 100_000_000.0  # the fees of ten million bars are paid from it


class Cross(bt.Strategy):
    """Buys when the fast average crosses above the slow one, and closes when it crosses back."""

    params = dict(fast=10, slow=30)

    def __init__(self) -> None:
        fast = bt.ind.SMA(self.data.close, period=self.p.fast)
        slow = bt.ind.SMA(self.data.close, period=self.p.slow)
        self.cross = bt.ind.CrossOver(fast, slow)

    def next(self) -> None:
        """Trade on this bar's cross."""
        if self.cross[0] > 0:
            self.buy()
        elif self.cross[0] < 0 and self.position:
            self.close()


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add the feed, the strategy and the account."""
    cerebro.adddata(bt.feeds.PandasData(dataname=walk(bars)))
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=0.001)
