"""What a strategy saw and heard, line by line, in words that are the same in every process."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import backtrader as bt

FINAL = ("Completed", "Canceled", "Expired", "Margin", "Rejected")


@dataclass
class Seen:
    """A bar as a strategy saw it; *live*: whether orders could be made on it.

    Attributes:
        status: what the strategy had been told last of the feed before it.
        now: the clock.
        local: its time as the strategy read it; None: it was not looked at.
    """

    at: datetime
    values: tuple[float, float, float, float]
    live: bool
    status: str
    now: datetime
    local: datetime | None = None


@dataclass
class Noted:
    """One order of a strategy's and what was told of it.

    Attributes:
        number: counts a life's orders; Backtrader's own go on from life to life.
        data: the name of its data; *live*: whether that showed a live bar when it was made.
        made: whether this strategy made it: else it was adopted, or adjusts another one.
        told: (status, executed size), in the order of telling.
        code: of its refusal.
        dropped: whether the strategy has taken it back.
        instead: Backtrader's number of the order, over before, in whose stead it tells of a fill.
    """

    number: int
    order: Any
    data: str
    live: bool
    made: bool
    told: list[tuple[str, float]] = field(default_factory=list)
    code: str = ""
    dropped: bool = False
    instead: int | None = None

    @property
    def key(self) -> str:
        """Our key of it; empty where it was never sent."""
        return str(self.order.info.get("key") or "")


class Diary:
    """One life's: of all its strategies.

    Args:
        life: its number.

    Attributes:
        orders: by Backtrader's number.
        bars: strategy and data -> what it saw.
        lines: everything, for the trace.
    """

    def __init__(self, life: int) -> None:
        self.life = life
        self.orders: dict[int, Noted] = {}
        self.bars: dict[tuple[str, str], list[Seen]] = {}
        self.lines: list[str] = []

    def made(self, order: bt.Order, live: bool) -> None:
        """Note an order that a strategy has made, or tells to have made."""
        if order.ref not in self.orders:
            self._add(order, live, made=True)
        else:  # it was told before its maker had it in hand
            noted = self.orders[order.ref]
            noted.order, noted.made, noted.live = order, True, live

    def heard(self, order: bt.Order) -> Noted:
        """Note what was told of an order."""
        noted = self.orders.get(order.ref) or self._add(order, live=True, made=False)
        old = self.orders.get(order.info.get("adjusts"))
        if old is not None and old.told and old.told[-1][0] in FINAL:  # else it has told itself
            noted.instead = old.order.ref
        status, size = order.getstatusname(), float(order.executed.size)
        noted.told.append((status, size))
        noted.code = str(order.info.get("code") or noted.code)
        self.write("order", noted.number, status, size, order.executed.price, noted.code)
        return noted

    def drops(self, order: bt.Order) -> None:
        """Note that a strategy takes an order back."""
        noted = self.orders.get(order.ref) or self._add(order, live=True, made=False)
        noted.order, noted.dropped = order, True  # what was heard of one that was adopted is a copy
        self.write("drops", noted.number, order.getstatusname())

    def saw(self, strategy: str, data: str, seen: Seen) -> None:
        """Note a bar."""
        self.bars.setdefault((strategy, data), []).append(seen)
        self.write("bar", strategy, data, seen.at, *seen.values, seen.live)

    def seen(self) -> Counter[str]:
        """Return how often each thing happened."""
        found: Counter[str] = Counter()
        for noted in self.orders.values():
            order = noted.order
            found[f"made {order.getordername()}" if noted.made else "not made"] += 1
            found["adopted"] += bool(order.info.get("adopted"))
            found["adjusts"] += bool(order.info.get("adjusts"))
            found["leg"] += order.parent is not None
            found["oco"] += order.oco is not None
            found["taken back"] += noted.dropped
            found.update(f"told {status}" for status, _ in noted.told)
            found[f"refused {noted.code}"] += bool(noted.code)
        for seen in self.bars.values():
            found["bars live"] += sum(one.live for one in seen)
            found["bars past"] += sum(not one.live for one in seen)
        return +found

    def write(self, *words: object) -> None:
        """Write a line."""
        self.lines.append(" ".join(str(word) for word in (self.life, *words)))

    def _add(self, order: bt.Order, live: bool, made: bool) -> Noted:
        noted = Noted(len(self.orders) + 1, order, order.data._name, live, made)
        self.orders[order.ref] = noted
        if made:
            size, kind = order.created.size, order.getordername()
            self.write("makes", noted.number, noted.data, kind, size, order.created.price)
        return noted
