"""One order of the account, and what holds its funds."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.symbols import Symbol

if TYPE_CHECKING:
    from atms.sandbox.venue.lists import OrderList

ALGO = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
WITH_LIMIT = frozenset({"LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
OPEN = frozenset({"NEW", "PARTIALLY_FILLED", "PENDING_NEW"})


@dataclass(slots=True)
class Lock:
    """Funds that are held for one order, or for both legs of an OCO.

    Attributes:
        asset: which.
        amount: units.
        holders: orders that still need it.
    """

    asset: str
    amount: Decimal
    holders: int = 1


@dataclass(slots=True, kw_only=True)
class Wish:
    """An order as it was asked for; what was not sent is None."""

    symbol: Symbol
    side: str
    type: str
    client_id: str
    tif: str = "GTC"
    qty: Decimal | None = None
    quote_qty: Decimal | None = None
    price: Decimal | None = None
    stop: Decimal | None = None
    trailing: int | None = None
    iceberg: Decimal | None = None
    strategy_id: int | None = None
    strategy_type: int | None = None
    stp: str = "EXPIRE_MAKER"


@dataclass(slots=True, kw_only=True, eq=False)
class Fill:
    """One trade of an order.

    Attributes:
        id: the trade's, unique on its symbol.
        seen_from: venue time from which queries tell it, milliseconds.
    """

    id: int
    order: Order
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str
    time: int
    maker: bool
    seen_from: int


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """An order that the matching engine took.

    Attributes:
        qty: units of the base asset; grows while a MARKET order by quote quantity fills.
        cost: quote currency paid or received.
        working: it stands on the book.
        armed_at: a trailing order follows the market since then, milliseconds; -1: not yet.
        extreme: the best price since it follows.
        seen_from: venue time from which queries tell the order, milliseconds.
        rank: place in the queue at its price.
        before: the client id that it went by before it was cancelled; empty: it was not.
    """

    id: int
    wish: Wish
    qty: Decimal
    time: int
    client_id: str
    status: str = "NEW"
    executed: Decimal = ZERO
    cost: Decimal = ZERO
    updated: int = 0
    working: bool = False
    working_time: int = -1
    armed_at: int = -1
    extreme: Decimal | None = None
    lock: Lock | None = None
    group: OrderList | None = None
    fills: list[Fill] = field(default_factory=list)
    amends: list[tuple[int, int, str, str, Decimal, Decimal]] = field(default_factory=list)
    seen_from: int = 0
    counted: bool = True
    rank: int = 0
    before: str = ""

    @property
    def symbol(self) -> Symbol:
        return self.wish.symbol

    @property
    def side(self) -> str:
        return self.wish.side

    @property
    def type(self) -> str:
        return self.wish.type

    @property
    def buys(self) -> bool:
        return self.wish.side == "BUY"

    @property
    def left(self) -> Decimal:
        return self.qty - self.executed

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def own_id(self) -> str:
        """The client id that it was placed or amended with."""
        return self.before or self.client_id

    @property
    def list_id(self) -> int:
        return self.group.id if self.group is not None else -1
