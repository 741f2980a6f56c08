"""What one step did at the paper venue, and what goes together: OCO groups and brackets."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from atms.stores.facts import State
from atms.stores.outcomes import Reason
from atms.stores.sim.book import Book
from atms.stores.sim.holdings import Fill
from atms.stores.sim.orders import Order


class Turned(NamedTuple):
    """An order that came to stand differently, as it stood then."""

    order: Order
    state: State
    filled: Decimal


class Changes:
    """Changes orders, and keeps what is to be told and written.

    Attributes:
        told: what happened, in its order.
        touched: by number, the orders that are not as they were.
    """

    def __init__(self, book: Book) -> None:
        self.told: list[Fill | Turned] = []
        self.touched: dict[int, Order] = {}
        self._book = book

    def tell(self, order: Order) -> None:
        """Tell how an order stands."""
        self.touched[order.number] = order
        self.told.append(Turned(order, order.state, order.filled))

    def end(self, order: Order, state: State, reason: Reason | None = None) -> None:
        """End an order that did not complete, and what it takes along."""
        order.state, order.reason = state, reason
        self.tell(order)
        if order.link != "single":
            self._end_others(order)

    def executed(self, order: Order, fill: Fill) -> None:
        """Tell a fill; the first of one of an OCO group ends the others."""
        self.told.append(fill)
        self.tell(order)
        if order.link == "oco":
            self._end_others(order)

    def completed(self, order: Order) -> None:
        """Let an entry's legs work, and a leg end the others."""
        if order.is_leg:
            self._end_others(order)
        for leg in self.others(order) if order.is_entry else ():
            leg.state = State.WORKING
            self.tell(leg)

    def others(self, order: Order) -> list[Order]:
        """Return those that were placed with an order and may still fill."""
        return [
            other
            for other in self._book.resting(order.ticket.instrument)
            if other.group == order.group and other is not order
        ]

    def _end_others(self, order: Order) -> None:
        for other in self.others(order):
            other.state = State.CANCELED
            self.tell(other)
