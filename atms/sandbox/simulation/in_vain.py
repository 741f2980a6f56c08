"""Orders that were to protect a position, and did not."""

from __future__ import annotations

from atms.execution.core.orders import OrderState
from atms.sandbox.simulation.venue.orders import STOPS
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind

_OF_ITS_OWN = frozenset({Reason.WOULD_TRIGGER, Reason.FILTER, Reason.OTHER})


def brought_nothing(order: OrderState) -> bool:
    """Return whether an order was refused, found nobody to trade with, or was not seen yet."""
    how = order.closed.how if order.closed is not None else ""
    vain = how == "refused" or (how == "expired" and order.ticket.kind is Kind.MARKET)
    return not order.booked and (vain or not order.known)


def is_no_stop(order: OrderState) -> bool:
    """Return whether a venue has refused a stop for what it is."""
    if order.ticket.kind not in STOPS or order.closed is None or order.closed.how != "refused":
        return False
    told = order.stands.reason if order.stands is not None else None
    return (told or (order.answered and order.answered.reason)) in _OF_ITS_OWN
