"""The market meets an account's orders: by price, then by time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.sandbox.simulation.venue import booking, groups
from atms.sandbox.simulation.venue.checks import crosses, lacks_funds, passed
from atms.sandbox.simulation.venue.orders import Order
from atms.stores.facts import State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.truth import Venue


def meet(venue: Venue, instrument: str, price: Decimal, qty: Decimal) -> None:
    """Let a trade of others at a price trigger stops, and fill resting limits from its quantity."""
    for order in venue.open_orders(instrument):
        if order.matchable and order.waits_for_trigger:
            _trail(order, price)
            if passed(order.ticket, order.trigger, price):
                trigger(venue, order, price)
    met: set[str] = set()
    while qty > 0:
        resting = [
            order
            for order in venue.open_orders(instrument)
            if order.matchable and not order.waits_for_trigger and order.id not in met
            and order.ticket.limit is not None and crosses(order.ticket, price)
        ]  # fmt: skip
        if not resting:
            return
        best = max(resting, key=lambda order: (_limit(order) * order.ticket.side, -int(order.id)))
        met.add(best.id)
        part = min(qty, best.left)
        qty -= part
        execute(venue, best, part, _limit(best), maker=True)


def take(venue: Venue, order: Order) -> None:
    """Let an order that comes to the market take what it can have at once."""
    ticket, price = order.ticket, venue.prices[order.ticket.instrument]
    if not order.matchable:
        return
    if order.waits_for_trigger:
        _trail(order, price)
        if passed(ticket, order.trigger, price):
            if venue.manners.refuses_passed:
                venue.end(order, State.REFUSED, Reason.WOULD_TRIGGER)
            else:
                trigger(venue, order, price)
        return
    if ticket.kind is Kind.MARKET or crosses(ticket, price):
        fill(venue, order, price)
    if order.open and ticket.tif in ("ioc", "fok"):
        venue.end(order, State.EXPIRED)


def trigger(venue: Venue, order: Order, price: Decimal) -> None:
    """Let a stop's trigger be reached."""
    order.triggered = True
    if lacks_funds(venue, order, price):
        venue.end(order, State.CANCELED, Reason.FUNDS)
        return
    if venue.manners.renames_stops or venue.chance.hit("stop_renamed"):  # F36
        kind = Kind.LIMIT if order.ticket.kind is Kind.STOP_LIMIT else Kind.MARKET
        order = venue.go_on(order, replace(order.ticket, kind=kind, trigger=None))
    if order.ticket.limit is None or crosses(order.ticket, price):
        fill(venue, order, price)


def fill(venue: Venue, order: Order, price: Decimal) -> None:
    """Fill the whole of an order at a price, in a number of parts that is drawn.

    Where nobody is in the book nothing fills, and what has no limit ends with that.
    """
    if order.ticket.instrument in venue.empty:  # F64
        if order.ticket.limit is None:
            venue.end(order, State.EXPIRED)
        return
    step = venue.instruments[order.ticket.instrument].qty_step
    steps = int(order.left / step)
    parts = min(venue.chance.whole(1, venue.manners.parts), steps)
    for later in range(parts - 1, -1, -1):
        if not order.matchable:
            return
        share = venue.chance.whole(1, steps - later) if later else steps
        steps -= share
        execute(venue, order, order.left if not later else share * step, price, maker=False)


def execute(venue: Venue, order: Order, qty: Decimal, price: Decimal, *, maker: bool) -> None:
    """Fill a part of an order: one execution a bucket."""
    ticket = order.ticket
    order.lot = order.lot or f"lot:{order.id}"
    parts = venue.holdings.split(
        ticket.instrument, ticket.side, qty, bucket=ticket.bucket,
        reduces=ticket.reduces or (order.parent is not None and venue.manners.legs_scale),
        own=order.lot,
    )  # fmt: skip
    venue.transaction += 1
    for bucket, part in parts:
        booking.book(venue, order, bucket, part, price, maker=maker)
    done = sum((part for _, part in parts), Decimal(0))
    order.filled += done
    if order.left <= 0:
        order.state = State.FILLED
        venue.tell(order)
    elif done < qty:
        venue.end(order, State.CANCELED, Reason.REDUCE_ONLY)
    else:
        venue.tell(order)
    groups.after_fill(venue, order, done)


def _trail(order: Order, price: Decimal) -> None:
    if order.ticket.kind is Kind.TRAIL:
        best = order.best if order.best is not None else price
        order.best = max(best, price) if order.ticket.side < 0 else min(best, price)


def _limit(order: Order) -> Decimal:
    assert order.ticket.limit is not None
    return order.ticket.limit
