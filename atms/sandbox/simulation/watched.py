"""What strategies of a trial share: they note all that they see and hear."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import backtrader as bt

from atms.sandbox.simulation.diary import Diary, Noted, Seen


@dataclass(frozen=True)
class Means:
    """What can be done with a data.

    Attributes:
        unit: a size that orders may have; they are of some of them.
        shorts: whether more may be sold than is held.
        reduces: whether the venue holds orders to reducing.
    """

    kinds: tuple[str, ...]
    links: tuple[str, ...]
    unit: float
    shorts: bool
    reduces: bool


@dataclass(frozen=True)
class Surroundings:
    """What a strategy of a trial is given.

    Attributes:
        seed: everything it does is drawn from it.
        means: by the name of a data.
        diary: takes what it sees.
        now: the clock.
        calm: from when on it makes no orders.
        compute: takes so many seconds.
    """

    seed: str
    means: dict[str, Means]
    diary: Diary
    now: Callable[[], datetime]
    calm: datetime
    compute: Callable[[float], object]


class Watched(bt.Strategy):
    """Notes all that it sees; what it does is in :meth:`decide` and :meth:`hear`."""

    params: tuple[tuple[str, Any], ...] = (("given", None), ("place", 0))

    def __init__(self) -> None:
        given: Surroundings = self.p.given
        self.name = f"{type(self).__name__}#{self.p.place}"
        self.chance = random.Random(f"{given.seed}/{self.name}")
        self.diary = given.diary
        self.statuses: dict[str, str] = {}
        self.mine: list[Any] = []
        self._lens = dict.fromkeys(self.getdatanames(), 0)

    # ---- what Backtrader tells ------------------------------------------------------------------
    def prenext(self) -> None:
        """Note a bar that comes before all datas have one."""
        self._look()

    def next(self) -> None:
        """Note the bars, and decide."""
        self._look()
        if self.p.given.now() < self.p.given.calm:
            self.decide()

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        """Note how a feed is."""
        self.statuses[data._name] = data._getstatusname(status)
        self.diary.write("data", self.name, data._name, self.statuses[data._name])

    def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Note what feeds and accounts say."""
        self.diary.write("store", self.name, msg, kwargs.get("text", ""))

    def notify_trade(self, trade: bt.Trade) -> None:
        """Note a trade."""
        words = (trade.data._name, trade.size, trade.price, trade.pnl, trade.commission)
        self.diary.write("trade", self.name, *words)

    def notify_order(self, order: bt.Order) -> None:
        """Note what became of an order."""
        noted = self.diary.heard(order)
        if order.info.get("adopted") and all(one.ref != order.ref for one in self.mine):
            self.mine += [one for one in self.broker.orders if one.ref == order.ref]
        if self.p.given.now() < self.p.given.calm:
            self.hear(noted, order)

    # ---- for the others -------------------------------------------------------------------------
    def decide(self) -> None:
        """Do something on a bar."""

    def hear(self, noted: Noted, order: bt.Order) -> None:
        """Do something about an order's news."""

    def make(self, order: Any) -> Any:
        """Keep an order, or a group of them, that was made."""
        for one in order if isinstance(order, list) else [order]:
            if one is not None:
                self.diary.made(one, bool(one.data.live))
                self.mine.append(one)
        return order

    def alive(self, data: Any = None) -> list[Any]:
        """Return the own orders that may fill."""
        self.mine = [one for one in self.mine if one.alive()]
        return [one for one in self.mine if data in (None, one.data)]

    def means(self, data: Any) -> Means:
        """Return what can be done with a data."""
        found: Means = self.p.given.means[data._name]
        return found

    def drop(self, order: Any) -> None:
        """Take an order back."""
        self.diary.drops(order)
        self.cancel(order)

    def _look(self) -> None:
        for data in self.datas:
            name = data._name
            grown = len(data) - self._lens[name]
            self._lens[name] = len(data)
            if grown:
                at = bt.num2date(data.datetime[0]).replace(tzinfo=UTC)
                values = (data.open[0], data.high[0], data.low[0], data.close[0])
                status, now = self.statuses.get(name, ""), self.p.given.now()
                seen = Seen(at, values, data.live, status, now, data.datetime.datetime(0))
                for _ in range(grown):  # more than one at once would be told as one twice
                    self.diary.saw(self.name, name, seen)
