"""Strategies that trade in a trial: plain Backtrader, each drawn from a seed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import backtrader as bt

from atms.sandbox.simulation.diary import FINAL, Noted
from atms.sandbox.simulation.watched import Watched

Order = bt.Order
_KINDS = {
    "market": Order.Market, "limit": Order.Limit, "stop": Order.Stop,
    "stop_limit": Order.StopLimit, "trail": Order.StopTrail,
}  # fmt: skip
MOST_ALIVE = 8


class Broken(Exception):  # noqa: N818 - a strategy's own
    """A strategy has raised in next()."""


class Restless(Watched):
    """Makes orders of every kind at random, and takes them back at random."""

    def decide(self) -> None:
        """Do something with each data, sometimes on a bar of the past too."""
        for data in self.datas:
            if not data.live and self.chance.random() > 0.03:
                continue
            for order in self.alive(data):
                if self.chance.random() < (0.15 if len(self.mine) < MOST_ALIVE else 0.6):
                    self.drop(order)
            if self.chance.random() < 0.6 and len(self.alive(data)) < MOST_ALIVE:
                self.act(data)

    def hear(self, noted: Noted, order: bt.Order) -> None:
        """Take another one back, or make one, in the midst of the news."""
        draw, alive = self.chance.random(), self.alive()
        if draw < 0.06 and alive:
            self.drop(self.chance.choice(alive))
        elif draw < 0.1 and len(alive) < MOST_ALIVE and len(order.data):
            self.act(order.data)

    def act(self, data: Any) -> None:
        """Make one order, or a group."""
        means, draw = self.means(data), self.chance.random()
        held = self.getposition(data).size
        size = self.chance.randint(1, 5) * means.unit
        buys = self.chance.random() < 0.55 if abs(held) < 12 else held < 0
        if not buys and not means.shorts:
            size = min(size, held) if held > 0 or self.chance.random() < 0.9 else size
            buys = size <= 0
            size = size if size > 0 else self.chance.randint(1, 5) * means.unit
        if draw < 0.1 and held:
            self.make(self.close(data=data))
        elif draw < 0.25 and ("bracket" in means.links or draw < 0.11):
            self._bracket(data, buys, size)
        elif draw < 0.4 and ("oco" in means.links or draw < 0.26):
            self._oco(data, buys, size)
        elif draw < 0.42:
            self.make(self._sided(buys)(data=data, size=size, exectype=Order.StopTrailLimit))
        elif draw < 0.45 and means.unit == 1:
            self.make(self._sided(buys)(data=data, size=0.3))  # less than there is
        else:
            self._single(data, buys, size)

    def _single(self, data: Any, buys: bool, size: float) -> None:
        kind = self.chance.choice(("market", *self.means(data).kinds))
        close, side = data.close[0], 1 if buys else -1
        away = self.chance.choice((0.2, 0.5, 1.0, 2.0))
        asked: dict[str, Any] = {"data": data, "size": size, "exectype": _KINDS[kind]}
        if kind == "limit":
            asked["price"] = close - side * self.chance.choice((away, away, -away))
        elif kind in ("stop", "stop_limit"):
            asked["price"] = close + side * away
            asked["plimit"] = close + side * (away + 0.5) if kind == "stop_limit" else None
        elif kind == "trail":
            asked["trailamount"] = away
        if kind == "limit" and self.chance.random() < 0.1:
            now: datetime = self.p.given.now().replace(tzinfo=None)
            asked["valid"] = now + timedelta(seconds=self.chance.randint(5, 90))
        self.make(self._sided(buys)(**asked))

    def _bracket(self, data: Any, buys: bool, size: float) -> None:
        make = self.buy_bracket if buys else self.sell_bracket
        close, side = data.close[0], 1 if buys else -1
        market = self.chance.random() < 0.7
        self.make(
            make(
                data=data, size=size, exectype=Order.Market if market else Order.Limit,
                price=None if market else close - side * self.chance.choice((-0.3, 0.3)),
                stopprice=close - side * self.chance.choice((0.8, 2.0)),
                limitprice=close + side * self.chance.choice((0.8, 2.0)),
            )
        )  # fmt: skip

    def _oco(self, data: Any, buys: bool, size: float) -> None:
        make, close, side = self._sided(buys), data.close[0], 1 if buys else -1
        asked: dict[str, Any] = {"data": data, "size": size}
        first = make(exectype=Order.Limit, price=close - side * 0.7, **asked)
        self.make(first)
        self.make(make(exectype=Order.Stop, price=close + side * 0.9, oco=first, **asked))

    def _sided(self, buys: bool) -> Any:
        return self.buy if buys else self.sell


class Guarded(Watched):
    """Keeps one position with a stop that protects it, for a while; then closes it, and again."""

    def __init__(self) -> None:
        super().__init__()
        self.stop_order: Any = None
        self.entry: Any = None

    def decide(self) -> None:
        """Enter where nothing is held, and leave at random."""
        data = self.datas[0]
        if not data.live:
            return
        held = self.getposition(data).size
        alive = self.alive(data)
        if held <= 0 and not alive and self.chance.random() < 0.5:
            self._enter(data)
        elif held > 0 and self.chance.random() < 0.2:
            for order in alive:
                self.drop(order)
            self.make(self.close(data=data))

    def _enter(self, data: Any) -> None:
        means, close = self.means(data), data.close[0]
        size = self.chance.randint(2, 6) * means.unit
        if "bracket" in means.links:
            stop, limit = close - 1.5, close + 2.5
            orders = self.buy_bracket(
                data=data, size=size, exectype=Order.Market, stopprice=stop, limitprice=limit
            )
            self.make(orders)
        else:
            self.entry = self.make(self.buy(data=data, size=size))

    def hear(self, noted: Noted, order: bt.Order) -> None:
        """Protect what was bought, by hand where the venue has no bracket."""
        status = order.getstatusname()
        means = self.means(order.data)
        is_entry = self.entry is not None and order.ref == self.entry.ref
        if is_entry and status == "Completed" and "stop" in means.kinds:
            self.entry, held = None, self.getposition(order.data).size
            if held > 0:
                price = order.data.close[0] - 1.5
                stop = self.sell(data=order.data, size=held, exectype=Order.Stop, price=price)
                self.stop_order = self.make(stop)
        is_stop = self.stop_order is not None and order.ref == self.stop_order.ref
        if is_stop and status in FINAL:
            self.stop_order = None
            if status in ("Rejected", "Margin") and self.getposition(order.data).size > 0:
                self.make(self.close(data=order.data))


class Paired(Watched):
    """Holds as much of one data as of another, as far as it can."""

    def decide(self) -> None:
        """Buy what there is less of, or sell what there is more of."""
        first, second = self.datas[0], self.datas[-1]
        if not (first.live and second.live) or self.alive():
            return
        draw = self.chance.random()
        if draw < 0.3:
            for data in (first, second):
                unit = self.means(data).unit
                self.make(self.order_target_size(data=data, target=unit * self._wanted()))
        elif draw < 0.4:
            for data in (first, second):
                if self.getposition(data).size:
                    self.make(self.close(data=data))

    def _wanted(self) -> int:
        return self.chance.randint(0, 6)


class Breaking(Restless):
    """Raises in next() at random."""

    def decide(self) -> None:
        """Raise, before or after having made orders."""
        if self.datas[0].live and self.chance.random() < 0.02:
            raise Broken("before")
        super().decide()
        if self.datas[0].live and self.chance.random() < 0.02:
            raise Broken("after")


class Slow(Restless):
    """Computes for long, while the world goes on."""

    def decide(self) -> None:
        """Compute before or after making orders."""
        if self.chance.random() < 0.3:
            self.p.given.compute(self.chance.uniform(0.1, 40))
        super().decide()
        if self.chance.random() < 0.3:
            self.p.given.compute(self.chance.uniform(0.1, 20))
        elif self.alive() and self.chance.random() < 0.4:  # what is on its way just now
            self.p.given.compute(self.chance.uniform(0.002, 0.09))
            self.drop(self.mine[-1])


STRATEGIES: dict[str, type[Watched]] = {
    one.__name__: one for one in (Restless, Guarded, Paired, Breaking, Slow)
}
