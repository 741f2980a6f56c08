"""What a simulated account holds: positions by bucket, and balances, to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from atms.sandbox.simulation.venue.records import Charged, Executed, Moved
from atms.stores.facts import Fee
from atms.stores.market import Instrument
from atms.stores.requests import Bucket, Side

ZERO = Decimal(0)
Place = tuple[str, Bucket]  # instrument and bucket


@dataclass
class Position:
    """Units, below 0 for a short, and what they cost: units times price, summed."""

    qty: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def price(self) -> Decimal | None:
        """The average price; None without units."""
        return self.cost / self.qty if self.qty else None

    def add(self, qty: Decimal, price: Decimal) -> Decimal:
        """Take *qty* units at *price* in; return the profit of what this closes, a unit's price
        at a multiplier of 1."""
        if self.qty * qty >= 0:
            self.qty, self.cost = self.qty + qty, self.cost + qty * price
            return ZERO
        closed = min(abs(qty), abs(self.qty)) * (1 if qty > 0 else -1)
        cost = self.cost if -closed == self.qty else -self.cost * closed / self.qty
        self.qty, self.cost = self.qty + closed, self.cost - cost
        profit = -closed * price - cost
        rest = qty - closed
        if rest:
            self.qty, self.cost = rest, rest * price
        return profit


class Holdings:
    """Positions and balances of one account.

    Args:
        opening: balances by asset.
        buckets: one position an instrument, or lots.
    """

    def __init__(self, opening: Mapping[str, Decimal], buckets: Literal["net", "lots"]) -> None:
        self.buckets = buckets
        self.opening = dict(opening)
        self.balances = dict(opening)
        self.positions: dict[Place, Position] = {}

    def qty(self, instrument: str, bucket: Bucket | None = None) -> Decimal:
        """Return the units held of an instrument, in one bucket or all."""
        return sum(
            (
                position.qty
                for (name, place), position in self.positions.items()
                if name == instrument and bucket in (None, place)
            ),
            ZERO,
        )

    def split(
        self, instrument: str, side: Side, qty: Decimal, *, bucket: Bucket, reduces: bool, own: str
    ) -> list[tuple[Bucket, Decimal]]:
        """Return into which buckets a fill falls: lots reduce the oldest first, then open *own*.

        What may only reduce and finds nothing falls into no bucket.
        """
        if self.buckets == "net":
            held = self.qty(instrument, "net")
            able = abs(held) if held * side < 0 else ZERO
            part = min(qty, able) if reduces else qty
            return [("net", part)] if part else []
        parts: list[tuple[Bucket, Decimal]] = []
        for (name, lot), position in self.positions.items():
            if name != instrument or position.qty * side >= 0 or bucket not in ("net", lot):
                continue
            part = min(qty, abs(position.qty))
            if part:
                parts.append((lot, part))
                qty -= part
        if qty and not reduces and bucket == "net":
            parts.append((own, qty))
        return parts

    def book(self, instrument: Instrument, row: Executed) -> None:
        """Take an execution in."""
        position = self.positions.setdefault((row.instrument, row.bucket), Position())
        profit = position.add(row.side * row.qty, row.price) * instrument.multiplier
        if instrument.cash == "exchange":
            self.add(instrument.base, row.side * row.qty)
            self.add(instrument.quote, -row.side * row.qty * row.price * instrument.multiplier)
        else:
            self.add(instrument.settle, profit)
        for fee in row.fees or ():
            self.pay(fee)
        if not position.qty:
            del self.positions[row.instrument, row.bucket]

    def pay(self, fee: Fee) -> None:
        """Take a fee out."""
        self.add(fee.asset, -fee.amount)

    def add(self, asset: str, amount: Decimal) -> None:
        """Change a balance."""
        self.balances[asset] = self.balances.get(asset, ZERO) + amount

    def rebuild(
        self,
        instruments: Mapping[str, Instrument],
        rows: Iterable[Executed],
        others: Iterable[Charged | Moved],
    ) -> None:
        """Make everything anew from what counts."""
        self.balances = dict(self.opening)
        self.positions = {}
        for row in rows:
            self.book(instruments[row.instrument], row)
        for other in others:
            if isinstance(other, Charged):
                self.pay(other.fee)
            else:
                self.add(other.asset, other.amount)
