"""Orders of futures: what was asked for, what became of it, and conditional ones beside them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from atms.sandbox.venue import orders as spot

Cause = Literal["order", "liquidation", "adl"]
Ended = Literal["", "reduce_only", "margin", "liquidation"]


@dataclass(slots=True, kw_only=True)
class Ask(spot.Wish):
    """An order of futures as it was asked for; its stop waits for the last price."""

    reduces: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Order(spot.Order):
    """An order that the matching engine took.

    Attributes:
        cause: whose it is: the account's, or one that the venue made by itself.
        ended: why the venue took it back, if it did.
        rate: of its fees; None: a maker's or a taker's.
    """

    wish: Ask
    cause: Cause = "order"
    ended: Ended = ""
    rate: Decimal | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Fill(spot.Fill):
    """One trade, the profit that it realised in the quote asset, and the units that it closed."""

    profit: Decimal
    closed: Decimal


@dataclass(slots=True, kw_only=True, eq=False)
class Conditional:
    """What waits for a price under a number of its own, and then makes an ordinary order.

    For venues where that is another thing than the order; where it is the same one, it is an `Ask`
    with a stop.

    Attributes:
        ask: the ordinary order that it will make, under the client id that this one will have.
        trigger: the price that it waits for; *rises*: from below.
        by_mark: it waits for the mark price, and not for the last one.
        status: NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED or REJECTED.
        order: what it made; None: nothing yet.
        reason: why it made none.
    """

    id: int
    client_id: str
    ask: Ask
    trigger: Decimal
    rises: bool
    time: int
    by_mark: bool = False
    seen_from: int = 0
    status: str = "NEW"
    updated: int = 0
    fired: int = 0
    order: Order | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.status == "NEW"

    def met(self, price: Decimal) -> bool:
        """Return whether a price meets its trigger."""
        return price >= self.trigger if self.rises else price <= self.trigger
