"""What an account holds: sums over rows that are only ever added, no I/O."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal

from atms.execution.records import Booked, Opened
from atms.stores.requests import Bucket, Key

Place = tuple[str, Bucket]  # instrument and bucket


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
        self.qty = after
        if not after:
            self.price, self.known = Decimal(0), True
        return profit


@dataclass
class Books:
    """Positions and cash of one account.

    Attributes:
        rows: exec -> the row that counts.
        gone: exec -> the highest version that was undone: it may not come again.
        finals: exec -> the version that is final, and is not in the books yet.
        seen: fees and cash facts that are booked: what it was, and its id.
    """

    rows: dict[str, Booked] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    finals: dict[str, int] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    cash: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    openings: list[Opened] = field(default_factory=list)

    def is_news(self, exec_: str, version: int) -> bool:
        """Return whether an execution is not in the books in this version or a later one."""
        row = self.rows.get(exec_)
        if row is not None and row.version >= version:
            return False
        return self.gone.get(exec_, -1) < version

    def book(self, row: Booked) -> Booked:
        """Take an execution in; return it, final if that was said before it came."""
        if self.finals.get(row.exec) == row.version:
            row = replace(row, final=True)
            del self.finals[row.exec]
        self.rows[row.exec] = row
        self._move(row, 1)
        return row

    def reverse(self, exec_: str) -> Booked:
        """Take an execution out again; return it."""
        row = self.rows.pop(exec_)
        self.forget(exec_, row.version)
        self._move(row, -1)
        return row

    def forget(self, exec_: str, version: int) -> None:
        """Let a version of an execution never be booked."""
        self.gone[exec_] = max(self.gone.get(exec_, -1), version)

    def finalise(self, exec_: str, version: int) -> Booked | None:
        """Let an execution be final, now or when it comes; return it if it is here."""
        row = self.rows.get(exec_)
        if row is None or row.version != version:
            self.finals[exec_] = version
            return None
        self.rows[exec_] = replace(row, final=True)
        return self.rows[exec_]

    def link(self, exec_: str, key: Key) -> Booked:
        """Let an execution belong to an order; return it."""
        self.rows[exec_] = replace(self.rows[exec_], key=key)
        return self.rows[exec_]

    def qty(self, instrument: str, bucket: Bucket | None = None) -> Decimal:
        """Return what is held of an instrument, in one bucket or all."""
        places = self.positions()
        return sum(
            (
                position.qty
                for (name, held_in), position in places.items()
                if name == instrument and bucket in (None, held_in)
            ),
            Decimal(0),
        )

    def positions(self) -> dict[Place, Position]:
        """Return every position that is not nothing."""
        return {place: one for place, one in self._held()[0].items() if one.qty}

    def balances(self) -> dict[str, Decimal]:
        """Return what is held of each asset, profits that were realised included."""
        found = dict(self.cash)
        for asset, profit in self._held()[1].items():
            found[asset] = found.get(asset, Decimal(0)) + profit
        return found

    def _held(self) -> tuple[dict[Place, Position], dict[str, Decimal]]:
        """Go through the rows in the order of time, whenever they came: prices need it."""
        profits: dict[str, Decimal] = defaultdict(Decimal)
        found: dict[Place, Position] = defaultdict(Position)
        for opened in self.openings:
            found[opened.instrument, opened.bucket].add(opened.qty, opened.price)
        for row in sorted(self.rows.values(), key=lambda row: (row.at, row.exec)):
            profit = found[row.instrument, row.bucket].add(row.side * row.qty, row.price)
            if row.settle:
                profits[row.settle] += profit * row.multiplier
        return found, profits

    def _move(self, row: Booked, sign: int) -> None:
        for move in row.moves:
            self.cash[move.asset] += sign * move.amount
        for fee in row.fees or ():
            self.cash[fee.asset] -= sign * fee.amount
