"""Balances and positions in exact decimals, as an account's owner counts them: from the fills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from atms.stores.facts import Fee, FillFact
from atms.stores.market import Instrument
from atms.stores.requests import Side

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Fill:
    """One execution.

    Attributes:
        exec: its name, which sorts in the order of time.
        order: the number of the order.
        fee: in *fee_asset*; below 0: received.
    """

    exec: str
    at: datetime
    order: int
    key: str
    instrument: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str

    def fact(self, via: str, refs: frozenset[str]) -> FillFact:
        """Return it as the seam tells it."""
        fees = (Fee(asset=self.fee_asset, amount=self.fee),) if self.fee else ()
        return FillFact(
            at=self.at, via=via, exec=self.exec, version=1, key=self.key,  # type: ignore[arg-type]
            refs=refs, instrument=self.instrument, bucket="net", side=self.side, qty=self.qty,
            price=self.price, fees=fees,
        )  # fmt: skip


@dataclass
class Held:
    """Units, below 0 for a short, and their average price."""

    qty: Decimal = ZERO
    price: Decimal = ZERO

    def add(self, qty: Decimal, price: Decimal) -> Decimal:
        """Take units in; return the profit of what that closed, at a multiplier of 1."""
        after = self.qty + qty
        closed = ZERO if self.qty * qty >= 0 else min(abs(self.qty), abs(qty))
        profit = closed * (price - self.price) * (1 if self.qty > 0 else -1)
        if not after:
            self.price = ZERO
        elif self.qty * qty >= 0:
            self.price = (self.qty * self.price + qty * price) / after
        elif (after > 0) != (self.qty > 0):
            self.price = price
        self.qty = after
        return profit


@dataclass
class Holdings:
    """Of one account.

    Attributes:
        balances: total by asset; profits that were realised are in it, open ones are not.
        positions: by instrument.
    """

    balances: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    positions: defaultdict[str, Held] = field(default_factory=lambda: defaultdict(Held))

    @classmethod
    def of(cls, cash: Mapping[str, Decimal]) -> Holdings:
        """Return those of a new account."""
        return cls(balances=defaultdict(Decimal, cash))

    def book(self, fill: Fill, instrument: Instrument) -> None:
        """Take an execution in."""
        qty = fill.side * fill.qty
        profit = self.positions[fill.instrument].add(qty, fill.price)
        if instrument.cash == "exchange":
            self.balances[instrument.base] += qty
            self.balances[instrument.quote] -= qty * fill.price * instrument.multiplier
        else:
            self.balances[instrument.settle] += profit * instrument.multiplier
        self.balances[fill.fee_asset] -= fill.fee

    def qty(self, instrument: str) -> Decimal:
        """Return what is held, below 0 for a short."""
        return self.positions[instrument].qty if instrument in self.positions else ZERO


def paid_in(instrument: Instrument) -> str:
    """Return the asset in which an instrument's fills and fees are paid."""
    return instrument.quote if instrument.cash == "exchange" else instrument.settle
