"""One position over time: entries in the order of time, whenever they came."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

_MARK = 256  # entries between two states that are kept: what a late entry has made again at most


@dataclass
class Position:
    """Units, below 0 for a short, and their average price.

    Attributes:
        known: whether that price is: nobody knows what units cost that were adopted.
    """

    qty: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    known: bool = True

    def add(self, qty: Decimal, price: Decimal | None) -> Decimal:
        """Take *qty* units at *price* in; return the profit a unit of what that closed, times it.

        What adds averages, what turns begins anew. Units of an unknown price close without profit.
        """
        if price is None:
            self.known, price = False, self.price
        after = self.qty + qty
        closed = Decimal(0) if self.qty * qty >= 0 else min(abs(self.qty), abs(qty))
        profit = closed * (price - self.price) * (1 if self.qty > 0 else -1)
        if not self.known:
            profit = Decimal(0)
        if not self.qty or (self.qty > 0) == (qty > 0):
            self.price = (self.qty * self.price + qty * price) / after if after else Decimal(0)
        elif after and (after > 0) != (self.qty > 0):
            self.price, self.known = price, True
        self._set(after)
        return profit

    def shift(self, qty: Decimal) -> None:
        """Take units in, below 0: out, that a fee moved: what the others cost stays."""
        self._set(self.qty + qty)

    def split(self, qty: Decimal) -> None:
        """Take units in that cost nothing: all of them cost what they did before, together."""
        after = self.qty + qty
        if after:
            self.price = self.price * self.qty / after
        self._set(after)

    def _set(self, qty: Decimal) -> None:
        self.qty = qty
        if not qty:
            self.price, self.known = Decimal(0), True


class Entry(NamedTuple):
    """What changed a position.

    Attributes:
        name: among the entries of one time, those of shorter names come first, so that numbers
            stand in their order.
        price: None: nobody knows it.
        shift: units that fees moved; *splits*: they cost nothing.
        settle: the asset that profits are paid in; empty: there are none.
    """

    at: datetime
    name: str
    qty: Decimal = Decimal(0)
    price: Decimal | None = None
    shift: Decimal = Decimal(0)
    splits: bool = False
    settle: str = ""
    multiplier: Decimal = Decimal(1)

    @property
    def place(self) -> tuple[datetime, int, str]:
        """Where it stands among the others."""
        return self.at, len(self.name), self.name


@dataclass
class _Sum:
    done: int = 0
    position: Position = field(default_factory=Position)
    profits: dict[str, Decimal] = field(default_factory=dict)

    def copy(self) -> _Sum:
        return _Sum(self.done, replace(self.position), dict(self.profits))

    def take(self, entry: Entry) -> None:
        position = self.position
        if entry.qty:
            profit = position.add(entry.qty, entry.price) * entry.multiplier
            if entry.settle and profit:
                self.profits[entry.settle] = self.profits.get(entry.settle, Decimal(0)) + profit
        if entry.shift and entry.splits:
            position.split(entry.shift)
        elif entry.shift:
            position.shift(entry.shift)
        self.done += 1


class Track:
    """The entries of one position.

    One that is the newest costs the same however many there are; one that comes late has those
    after it counted again, from the last state that was kept before it.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._places: list[tuple[datetime, int, str]] = []
        self._marks: list[_Sum] = []
        self._sum = _Sum()

    def put(self, entry: Entry) -> None:
        """Take an entry in."""
        place = entry.place
        index = len(self._places)
        if self._places and place < self._places[-1]:
            index = bisect_left(self._places, place)
            self._back_to(index)
        self._entries.insert(index, entry)
        self._places.insert(index, place)

    def drop(self, entry: Entry) -> None:
        """Take an entry out again, of which time and name are enough."""
        index = bisect_left(self._places, entry.place)
        self._back_to(index)
        del self._entries[index], self._places[index]

    def position(self) -> Position:
        """Return how it stands."""
        return self._count().position

    def profits(self) -> dict[str, Decimal]:
        """Return the profits that were realised, by the asset that they were paid in."""
        return self._count().profits

    def _count(self) -> _Sum:
        for index in range(self._sum.done, len(self._entries)):
            self._sum.take(self._entries[index])
            if self._sum.done % _MARK == 0:
                self._marks.append(self._sum.copy())
        return self._sum

    def _back_to(self, index: int) -> None:
        """Count from an entry on anew."""
        if index >= self._sum.done:
            return
        while self._marks and self._marks[-1].done > index:
            self._marks.pop()
        self._sum = self._marks[-1].copy() if self._marks else _Sum()
