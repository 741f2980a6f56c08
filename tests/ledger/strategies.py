"""Strategies that fill a ledger; a module without other imports, because a run hashes them too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import backtrader as bt

from atms.explain import Explain


class Busy(Explain, bt.Strategy):
    """Makes every kind of row: reversals, limits, a bracket, refusals, an open trade, cash."""

    params = dict(raise_at=0, stop_at=0, raise_on_order=0)

    def next(self) -> None:
        step, close = len(self), self.data.close[0]
        if step == self.p.raise_at:
            raise RuntimeError("enough")
        if step == self.p.stop_at:
            raise KeyboardInterrupt
        if step == 2:
            self.signal("long", confidence=0.1 + 0.2, level=close, none=None, word="ü\t\\")
            self.gate("trend", True, close, 1 / 3)
            self.gate("a\tgate\\", True)
            self.buy(size=0.1 + 0.2, reason="first\tof\\all", tag="one")
        elif step == 5:
            self.sell(size=1.7)  # reverses
        elif step == 8:
            self.buy(size=1e9)  # no such cash
        elif step == 9:
            self.gate("cooldown", False, 1, 5)
        elif step == 10:
            self.buy(size=1, exectype=bt.Order.Limit, price=close * 0.5)
        elif step == 12:
            self.buy_bracket(size=3, exectype=bt.Order.Market,
                             stopprice=close * 0.99, limitprice=close * 1.01)  # fmt: skip
        elif step == 25:
            self.broker.add_cash(123.45)
        elif step == 30:
            self.buy(size=1, exectype=bt.Order.StopLimit, price=close * 0.9, plimit=close)
        elif step > 40 and step % 7 == 0:
            self.buy(size=1 / 3) if self.position.size < 0 else self.sell(size=2 / 3)

    def notify_order(self, order: bt.Order) -> None:
        if len(self) == self.p.raise_on_order:
            raise RuntimeError("no more orders")


class Trading(bt.Strategy):
    """Buys, adds, sells part, turns round and closes, again and again, each data in turn.

    Params: costs, given to setcommission as they are; short, whether it sells what it has not;
    filler, the share of a bar's volume that fills, in percent; add, cash to add on each 13th bar
    and to take again on each 17th; size, of an order; raise_at, stop_at, raise_on_order: the bar
    on which it breaks off.
    """

    params = dict(
        costs=(), short=True, filler=0.0, add=0.0, size=3.0, raise_at=0, stop_at=0, raise_on_order=0
    )

    def __init__(self) -> None:
        for costs in self.p.costs:
            self.broker.setcommission(**costs)
        if self.p.filler:
            self.broker.set_filler(bt.fillers.FixedBarPerc(perc=self.p.filler))

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        if len(self) == self.p.raise_at:
            raise RuntimeError("enough")
        if len(self) == self.p.stop_at:
            raise KeyboardInterrupt
        if self.p.add:
            self.move_cash()
        for place, data in enumerate(data for data in self.datas if len(data)):
            self.trade(data, (len(self) + 5 * place) % 20)

    def move_cash(self) -> None:
        if len(self) % 13 == 0:
            self.broker.add_cash(self.p.add)
        if len(self) % 17 == 0:
            self.broker.add_cash(-self.p.add / 3)

    def trade(self, data: Any, step: int) -> None:
        size = self.p.size
        if step == 1:
            self.buy(data, size=size)
        elif step == 4:
            self.buy(data, size=size / 3, exectype=bt.Order.Limit, price=data.close[0] * 1.01)
        elif step == 7:
            self.sell(data, size=size / 2)
        elif step == 10:
            self.close(data)
        elif self.p.short and step == 12:
            self.sell(data, size=size)
        elif self.p.short and step == 15:
            self.buy(data, size=2 * size)  # turns round
        elif self.p.short and step == 18:
            self.sell(data, size=size, exectype=bt.Order.Stop, price=data.close[0] * 0.999,
                      valid=timedelta(hours=5))  # fmt: skip

    def notify_order(self, order: bt.Order) -> None:
        if len(self) == self.p.raise_on_order:
            raise RuntimeError("no more orders")


class AtTheOpen(Trading):
    """The same, decided on the open."""

    def next(self) -> None:
        pass

    def next_open(self) -> None:
        super().next()


class DayInterest(bt.CommInfoBase):
    """Shares on which a year's interest of 30% is charged, of shorts and, if asked, of longs."""

    params = (
        ("stocklike", True), ("commtype", bt.CommInfoBase.COMM_PERC), ("percabs", True),
        ("commission", 0.001), ("interest", 0.3),
    )  # fmt: skip


class AutoMargin(bt.CommInfoBase):
    """A future whose margin is a share of its price."""

    params = (
        ("stocklike", False), ("commtype", bt.CommInfoBase.COMM_FIXED), ("commission", 1.7),
        ("mult", 5.0), ("automargin", 0.5),
    )  # fmt: skip


class WithInfo(Trading):
    """Trades by a commission scheme of its own."""

    params = dict(info=None, options={})

    def __init__(self) -> None:
        super().__init__()
        self.broker.addcommissioninfo(self.p.info(**self.p.options))
