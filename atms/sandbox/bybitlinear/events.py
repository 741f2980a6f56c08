"""The account's events: orders, executions, funding, positions, wallet."""

from __future__ import annotations

from atms.sandbox.bybit.account import AccountEvents
from atms.sandbox.bybitlinear.venue import BybitLinearVenue
from atms.sandbox.venue.futures.desk import CashRow
from atms.sandbox.venue.orders import Fill, Order


class LinearEvents(AccountEvents):
    """Told by the desk of each change, and tells it on."""

    def __init__(self, venue: BybitLinearVenue) -> None:
        super().__init__(venue)
        self._linear = venue
        venue.desk.cash_watchers.append(self._paid)
        venue.desk.position_watchers.append(self._held)

    def _changed(self, order: Order, kind: str, fill: Fill | None) -> None:
        conditional = order.wish.stop is not None
        if kind == "NEW" and conditional and order.working:
            self._tell("order", self._linear.rows.order(order) | {"orderStatus": "Triggered"})
            if order.wish.price is None:
                return  # like one that never waited: it is told when it trades, or is over
        super()._changed(order, kind, fill)

    def _paid(self, row: CashRow) -> None:
        if row.kind == "FUNDING":
            self._tell("execution", self._linear.rows.funding_event(row))

    def _held(self, symbol: str) -> None:
        self._tell("position", self._linear.rows.position_event(symbol))
