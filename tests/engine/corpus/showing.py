"""Values as text that is equal only where bits and types are equal.

A float is shown so that it reads back as the same float; NaN bits apart. Process counters are
renumbered by first appearance.
"""

from __future__ import annotations

import datetime
import enum
import math
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

import backtrader as bt
import numpy as np

# Addresses, and a number that Backtrader counts up for each line class that it makes.
ADDRESS = re.compile(r"(?<=0x)[0-9a-f]{6,}|(?<=LinesCoupler_)\d+")
ORDER = (
    "status", "ordtype", "exectype", "size", "price", "pricelimit", "plimit", "valid", "tradeid",
    "trailamount", "trailpercent", "transmit", "triggered", "dteos", "plen", "position",
)  # fmt: skip
CREATED = (
    "dt", "size", "remsize", "price", "pricelimit", "plimit", "pclose", "trailamount",
    "trailpercent",
)  # fmt: skip
EXECUTED = (
    "dt", "size", "remsize", "price", "value", "comm", "margin", "pnl", "psize", "pprice", "p1",
    "p2",
)  # fmt: skip
BIT = (
    "dt", "size", "price", "closed", "opened", "closedvalue", "openedvalue", "closedcomm",
    "openedcomm", "value", "comm", "pnl", "psize", "pprice",
)  # fmt: skip
TRADE = (
    "status", "tradeid", "size", "price", "value", "commission", "pnl", "pnlcomm", "isopen",
    "isclosed", "justopened", "baropen", "dtopen", "barclose", "dtclose", "barlen", "long",
    "historyon",
)  # fmt: skip
POSITION = (
    "size", "price", "price_orig", "upopened", "upclosed", "adjbase", "datetime", "updt",
)  # fmt: skip


class Shower:
    """Shows values; remembers which order and trade it has seen as which number."""

    def __init__(self) -> None:
        self._orders: dict[int, int] = {}
        self._trades: dict[int, int] = {}
        self.names: dict[int, str] = {}

    def name(self, thing: Any, called: str) -> None:
        """Let *thing* be shown by a name."""
        self.names[id(thing)] = called

    def ref(self, number: int) -> str:
        """Show an order's number."""
        return f"o{self._orders.setdefault(number, len(self._orders) + 1)}"

    def __call__(self, value: Any) -> str:
        """Return *value* as text."""
        kind = type(value)
        if kind is float:
            return "nan" if value != value else repr(value)
        if kind in (int, bool, str, type(None)):
            return repr(value)
        return self._other(value, kind)

    def _other(self, value: Any, kind: type) -> str:
        if id(value) in self.names:
            return self.names[id(value)]
        if isinstance(value, np.generic):
            return f"{kind.__name__}:{value!r}"
        if isinstance(value, (list, tuple, deque)):
            return f"{kind.__name__}[{', '.join(map(self, value))}]"
        if isinstance(value, Mapping):
            inner = ", ".join(f"{self(key)}: {self(one)}" for key, one in value.items())
            return f"{kind.__name__}{{{inner}}}"
        if isinstance(value, bt.Order):
            return self.ref(value.ref)
        if isinstance(value, bt.Position):
            return self.position(value)
        if isinstance(value, (datetime.date, datetime.time, datetime.timedelta, enum.Enum)):
            return repr(value)
        if isinstance(value, float) and math.isnan(value):
            return f"{kind.__name__}:nan"
        return f"<{kind.__module__}.{kind.__qualname__}>"

    def fields(self, thing: Any, names: tuple[str, ...]) -> str:
        """Show some attributes."""
        missing = "absent"
        return " ".join(f"{name}={self(getattr(thing, name, missing))}" for name in names)

    def order(self, order: Any) -> str:
        """Show all of an order."""
        parts = [self.ref(order.ref), stock_class(order), self.fields(order, ORDER)]
        parts.append("alive=" + self(order.alive()))
        parts.append("info=" + self(order.info))
        parts.append("parent=" + self(order.parent) + " data=" + self(order.data))
        parts.append("comminfo=" + self(order.comminfo))
        parts.append("created: " + self.fields(order.created, CREATED))
        parts.append("executed: " + self.fields(order.executed, EXECUTED))
        parts.extend("bit: " + self.fields(bit, BIT) for bit in order.executed.exbits)
        parts.append(f"pending: {sum(1 for _ in order.executed.iterpending())}")
        return " ".join(parts)

    def trade(self, trade: Any) -> str:
        """Show all of a trade."""
        number = self._trades.setdefault(trade.ref, len(self._trades) + 1)
        parts = [f"t{number}", stock_class(trade), self.fields(trade, TRADE)]
        parts.append("data=" + self(trade.data))
        parts.extend("history: " + self(note) for note in trade.history)
        return " ".join(parts)

    def position(self, position: Any) -> str:
        """Show all of a position."""
        return "position(" + self.fields(position, POSITION) + ")"


def stock_class(thing: Any) -> str:
    """Return the full name of the class that users see."""
    cls = type(thing)
    return f"{cls.__module__}.{cls.__qualname__}"


def without_addresses(text: str) -> str:
    """Return *text* without what another process would have elsewhere."""
    return ADDRESS.sub("", text)
