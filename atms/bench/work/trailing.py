"""A trailing stop that is always live: the broker follows the price on every bar."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.bench.bars import walk

SETTINGS: dict[str, Any] = {"stdstats": False}


class Trailing(bt.Strategy):
    """Is always long, behind a stop that trails by a share of the price."""

    params = dict(trail=0.01)

    def __init__(self) -> None:
        self.bought = False

    def notify_order(self, order: bt.Order) -> None:
        """Trail what was bought; buy again when the stop was hit."""
        if order.status == order.Completed:
            if order.isbuy():
                self.sell(exectype=bt.Order.StopTrail, trailpercent=self.p.trail)
            else:
                self.bought = False

    def next(self) -> None:
        """Buy when nothing is held."""
        if not self.bought:
            self.buy()
            self.bought = True


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add the feed, the strategy and the account."""
    cerebro.adddata(bt.feeds.PandasData(dataname=walk(bars)))
    cerebro.addstrategy(Trailing)
    cerebro.broker.setcash(1_000_000.0)
    cerebro.broker.setcommission(commission=0.0002)
