"""One instrument as the strategy's side holds it: what was told of it, and what the books say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import backtrader as bt

from atms.stores.market import Instrument

_NOTHING = Decimal(0)


class VenueCommission(bt.CommInfoBase):
    """What Backtrader asks of an instrument: profits and values; fees are what the venue takes.

    Params:
        mult: the instrument's multiplier.
    """

    params = (("stocklike", True), ("commtype", bt.CommInfoBase.COMM_PERC), ("percabs", True))

    def getvaluesize(self, size: float, price: float) -> float:
        """Return what *size* is worth at a price."""
        return size * price * float(self.p.mult)

    def getoperationcost(self, size: float, price: float) -> float:
        """Return what *size* costs at a price."""
        return abs(size) * price * float(self.p.mult)

    def getsize(self, price: float, cash: float) -> int:
        """Return how many whole units *cash* buys."""
        return int(cash // (price * float(self.p.mult)))


class Moved(NamedTuple):
    """What a change of a position did: units opened and closed, and what it had cost before."""

    opened: Decimal
    closed: Decimal
    before: float


@dataclass(eq=False)
class Holding:
    """One instrument of one account.

    Attributes:
        instrument: what.
        data: the feed that shows its price; the finest of several.
        account: whose.
        qty: units, below 0 for a short: what the strategy has been told of.
        position: the same as Backtrader knows it.
        booked: what the account's books hold, with fills that the strategy has not been told of
            because they may be undone; *cost*: what they cost a unit, None where nobody knows it.
        opening: the last close before the first bar; 0 where nobody knows it.
    """

    instrument: Instrument
    data: Any
    account: str
    qty: Decimal = _NOTHING
    position: bt.Position = field(default_factory=bt.Position)
    booked: Decimal = _NOTHING
    cost: Decimal | None = None
    opening: float = 0.0

    def __post_init__(self) -> None:
        self.commission = VenueCommission(mult=float(self.instrument.multiplier))

    @property
    def price(self) -> float:
        """The last close; before the first bar that of before the run, or what units cost."""
        return float(self.data.close[0] if len(self.data) else self.opening or self.position.price)

    def move(self, qty: Decimal, price: float, at: datetime | None = None) -> Moved:
        """Take units in, below 0: out.

        The sums are of decimals, those of floats would leave dust.
        """
        position, held = self.position, self.qty
        after, before = held + qty, float(position.price)
        closed = _NOTHING if held * qty >= 0 else min(abs(held), abs(qty)).copy_sign(qty)
        opened = qty - closed
        if not after:
            position.price = 0.0
        elif opened and held and not closed:
            position.price = (before * float(held) + price * float(qty)) / float(after)
        elif opened:
            position.price = price
        self.qty = after
        position.size, position.price_orig, position.datetime = float(after), before, at
        position.upopened, position.upclosed = float(opened), float(closed)
        return Moved(opened, closed, before)

    def worth(self) -> float:
        """Return what the books' position adds to the cash: its value, or its open profit."""
        if not self.booked:
            return 0.0
        units, multiplier = float(self.booked), float(self.instrument.multiplier)
        if self.instrument.cash == "exchange":
            return units * self.price * multiplier
        if self.cost is None:  # the books close units of an unknown price without profit
            return 0.0
        return units * (self.price - float(self.cost)) * multiplier


def paid_in(instrument: Instrument) -> str:
    """Return the currency that an instrument's fills move."""
    return instrument.quote if instrument.cash == "exchange" else instrument.settle
