"""Order lists: one cancels the other, one triggers the other, and both together."""

from __future__ import annotations

from dataclasses import dataclass

from atms.sandbox.venue.orders import Order
from atms.sandbox.venue.symbols import Symbol


@dataclass(slots=True, kw_only=True, eq=False)
class OrderList:
    """Orders that hang together.

    Attributes:
        contingency: OCO, or OTO (an OTOCO is an OTO too).
        orders: in the order that replies have them.
        pair: the two of which only one may trade; empty for a plain OTO.
        first: the working order of an OTO; None for an OCO.
        started: the pending orders were placed.
    """

    id: int
    symbol: Symbol
    contingency: str
    client_id: str
    time: int
    orders: list[Order]
    pair: tuple[Order, ...] = ()
    first: Order | None = None
    started: bool = False
    status_type: str = "EXEC_STARTED"
    order_status: str = "EXECUTING"

    @property
    def pending(self) -> list[Order]:
        """The orders that wait for the first one to fill."""
        return [one for one in self.orders if one is not self.first]

    @property
    def is_open(self) -> bool:
        return any(one.is_open for one in self.orders)

    def rivals(self, order: Order) -> list[Order]:
        """Return what must go when *order* trades or triggers."""
        if not any(one is order for one in self.pair):
            return []
        return [one for one in self.pair if one is not order and one.is_open]
