"""Orders of futures: what was asked for, what became of it, and conditional ones beside them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atms.sandbox.venue import orders as spot
from atms.sandbox.venue.numbers import ZERO

BOTH = "BOTH"
Place = tuple[str, str]  # symbol and position side: BOTH, or LONG and SHORT in hedge mode
LIQUIDATION, ADL = "autoclose-", "adl_autoclose"  # what the venue's own orders' ids begin with


@dataclass(slots=True, kw_only=True)
class Ask(spot.Wish):
    """An order of futures as it was asked for."""

    reduces: bool = False
    side_of: str = BOTH

    @property
    def place(self) -> Place:
        """Which position it is for."""
        return self.symbol.name, self.side_of


@dataclass(slots=True, kw_only=True, eq=False)
class Order(spot.Order):
    """An order that the matching engine took.

    Attributes:
        expiry: why it expired, by the venue's number; 0: it did not.
        liquidates: the venue made it because there was too little margin.
    """

    wish: Ask
    expiry: int = 0
    liquidates: bool = False

    @property
    def average(self) -> Decimal:
        """The average price of its fills; 0 without any."""
        return self.cost / self.executed if self.executed else ZERO


@dataclass(slots=True, kw_only=True, eq=False)
class Fill(spot.Fill):
    """One trade, and the profit that it realised in the quote asset."""

    profit: Decimal
    calculated: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Conditional:
    """An order of the algo service: it waits for a price, then makes an ordinary order.

    Attributes:
        ask: the ordinary order that it will make.
        kind: STOP, STOP_MARKET, TAKE_PROFIT or TAKE_PROFIT_MARKET.
        trigger: the price that it waits for; *working*: CONTRACT_PRICE or MARK_PRICE.
        status: NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, EXPIRED or REJECTED.
        order: what it made; None: nothing yet.
    """

    id: int
    client_id: str
    ask: Ask
    kind: str
    trigger: Decimal
    working: str
    time: int
    rank: int
    seen_from: int = 0
    status: str = "NEW"
    updated: int = 0
    fired: int = 0
    order: Order | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.status == "NEW"

    @property
    def buys(self) -> bool:
        return self.ask.side == "BUY"

    @property
    def rises(self) -> bool:
        """Whether its trigger lies above the market."""
        return self.buys == self.kind.startswith("STOP")

    def met(self, price: Decimal) -> bool:
        """Return whether a price meets its trigger."""
        return price >= self.trigger if self.rises else price <= self.trigger
