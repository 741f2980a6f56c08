"""Orders that a simulated venue holds together: one cancels another, legs protect an entry."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.sandbox.simulation.venue import matching
from atms.sandbox.simulation.venue.orders import STOPS, Order
from atms.stores.facts import State
from atms.stores.outcomes import Reason

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.truth import Venue


def enliven(venue: Venue, order: Order) -> None:
    """Let an order work, and take what it can have at once."""
    order.state = State.WORKING
    venue.tell(order)
    leg = order.parent is not None
    if leg and order.ticket.kind in STOPS and venue.chance.hit("refuse_stop"):  # F34
        venue.end(order, State.REFUSED, Reason.WOULD_TRIGGER)
        return
    if venue.chance.hit("order_vanishes"):
        venue.lose(order)
        return
    if venue.chance.hit("reject_after_accept"):  # F08
        order.rejects_later = True
        when = venue.now() + venue.chance.time(venue.delays.late_reject)
        venue.at(when, lambda: venue.end(order, State.REFUSED, Reason.OTHER))
        return
    matching.take(venue, order)


def after_fill(venue: Venue, order: Order, done: Decimal) -> None:
    """Let the others of a group follow a fill."""
    if venue.manners.legs_scale:
        for leg in venue.open_orders(order.ticket.instrument):
            if leg.parent is not None and leg.open:
                _follow_lot(venue, leg)
        return
    others = siblings(venue, order) if order.link == "oco" or order.parent is not None else []
    if done and others and not venue.chance.hit("oco_breaks"):  # F40
        for other in others:
            _reduce(venue, other, done)
    if order.link == "bracket" and order.parent is None and order.state is State.FILLED:
        for leg in legs(venue, order):
            if leg.state is State.HELD:  # the one before it may have ended it
                enliven(venue, leg)


def after_end(venue: Venue, order: Order) -> None:
    """Let the others of a group follow an end without a fill."""
    if order.link == "bracket" and order.parent is None:
        for leg in legs(venue, order):
            if leg.state is State.HELD:
                venue.end(leg, State.CANCELED)
    if order.link == "oco" and venue.manners.cancels_together:
        for other in siblings(venue, order):
            if other.open:
                venue.end(other, order.state)


def legs(venue: Venue, entry: Order) -> list[Order]:
    """Return what protects an entry, and is not over."""
    orders = venue.open_orders()
    return [one for one in orders if one.parent is not None and one.group == entry.group]


def siblings(venue: Venue, order: Order) -> list[Order]:
    """Return the open orders that one of them cancels."""
    return [
        one
        for one in venue.open_orders()
        if one is not order and one.group == order.group and one.link == order.link
        and (one.parent is None) == (order.parent is None)
    ]  # fmt: skip


def _reduce(venue: Venue, order: Order, done: Decimal) -> None:
    if not order.open:
        return
    if venue.manners.oco == "cancel" or order.left <= done:
        venue.end(order, State.CANCELED)
    else:
        order.ticket = replace(order.ticket, qty=order.ticket.qty - done)
        venue.tell(order)


def _follow_lot(venue: Venue, leg: Order) -> None:
    """A lot's legs are as large as the lot, and end with it."""
    entry = venue.orders[leg.parent or ""]
    lot = entry.lot or ""
    held = abs(venue.holdings.qty(leg.ticket.instrument, lot))
    if held:
        scaled = replace(leg.ticket, qty=leg.filled + held, bucket=lot)
        changed, leg.ticket = scaled != leg.ticket, scaled
        if leg.state is State.HELD:
            enliven(venue, leg)
        elif changed:
            venue.tell(leg)
    elif leg.state is State.WORKING or not entry.open:
        venue.end(leg, State.CANCELED)
        if entry.open:  # nothing would protect what it opened next
            venue.end(entry, State.CANCELED)
