"""Brackets that wait for a limit price: something is pending on most bars."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.bench.bars import walk

SETTINGS: dict[str, Any] = {"stdstats": False}


class LimitBrackets(bt.Strategy):
    """Asks for a price below the market, gives up after a while, and has a stop and a target."""

    params = dict(below=0.002, stop=0.004, target=0.006, patience=60)

    def __init__(self) -> None:
        self.orders: list[bt.Order] = []
        self.since = 0

    def notify_order(self, order: bt.Order) -> None:
        """Forget orders that are done."""
        if not order.alive():
            self.orders = [one for one in self.orders if one.ref != order.ref]

    def next(self) -> None:
        """Place a bracket when none is at work, and take an old one back."""
        if not self.orders:
            price = self.data.close[0] * (1 - self.p.below)
            self.orders = self.buy_bracket(
                price=price,
                exectype=bt.Order.Limit,
                stopprice=price * (1 - self.p.stop),
                limitprice=price * (1 + self.p.target),
            )
            self.since = len(self)
        elif not self.position and len(self) - self.since >= self.p.patience:
            self.cancel(self.orders[0])


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add the feed, the strategy and the account."""
    cerebro.adddata(bt.feeds.PandasData(dataname=walk(bars)))
    cerebro.addstrategy(LimitBrackets)
    cerebro.broker.setcash(1_000_000.0)
    cerebro.broker.setcommission(commission=0.0002)
