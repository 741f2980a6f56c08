"""Whether a simulated venue takes a ticket: filters, keys, funds, the market."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.sandbox.simulation.venue.holdings import ZERO
from atms.sandbox.simulation.venue.orders import STOPS, Declined, Order
from atms.stores.facts import State
from atms.stores.market import Instrument
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.truth import Venue


def refusal(venue: Venue, tickets: Sequence[Ticket], link: str) -> Declined | None:
    """Return why a group of tickets is refused; None: it is not."""
    if venue.chance.hit("refuse_order"):  # F13
        return Declined("refused", Reason.OTHER)
    for index, ticket in enumerate(tickets):
        waits = link == "bracket" and index > 0  # a leg meets the market when it comes alive
        declined = _of_ticket(venue, ticket) or (None if waits else _of_market(venue, ticket))
        if declined is not None:
            return declined
    return _of_funds(venue, tickets if link == "single" else tickets[:1])


def filters(instrument: Instrument, ticket: Ticket, price: Decimal | None) -> Declined | None:
    """Return what a ticket's numbers break of its instrument's rules; None: nothing."""
    low, step = instrument.min_qty, instrument.qty_step
    most = instrument.max_market_qty if ticket.kind is Kind.MARKET else None
    most = most or instrument.max_qty
    wrong = ticket.qty < low or bool(ticket.qty % step) or (most is not None and ticket.qty > most)
    for told in (ticket.limit, ticket.trigger):
        wrong = wrong or (told is not None and bool(told % price_step(instrument, told)))
    worth = ticket.limit or ticket.trigger or price
    least = instrument.min_notional
    if least is not None and worth is not None:
        wrong = wrong or ticket.qty * worth * instrument.multiplier < least
    return Declined("filter", Reason.FILTER) if wrong else None


def price_step(instrument: Instrument, price: Decimal) -> Decimal:
    """Return the step of prices in the band of *price*."""
    return max((start, step) for start, step in instrument.price_steps if start <= price)[1]


def passed(ticket: Ticket, trigger: Decimal | None, price: Decimal) -> bool:
    """Return whether a price is at or beyond a trigger."""
    return trigger is not None and (price - trigger) * ticket.side >= 0


def crosses(ticket: Ticket, price: Decimal) -> bool:
    """Return whether a limit can be had at a price."""
    return ticket.limit is None or (ticket.limit - price) * ticket.side >= 0


def lacks_funds(venue: Venue, order: Order, price: Decimal) -> bool:
    """Return whether an order that just triggered cannot be paid at a price.

    What is of its group binds the same units, and ends with it.
    """
    asset, needed = _needs(venue, order.ticket, order.left, price)
    others = (one for one in venue.open_orders() if one.group != order.group)
    return needed > venue.holdings.balances.get(asset, ZERO) - _locked(venue, asset, others)


def free(venue: Venue, asset: str) -> Decimal:
    """Return what of a balance no open order binds."""
    bound = _locked(venue, asset, venue.open_orders())
    return venue.holdings.balances.get(asset, ZERO) - bound


def _of_ticket(venue: Venue, ticket: Ticket) -> Declined | None:
    instrument = venue.instruments.get(ticket.instrument)
    if instrument is None or not instrument.tradable:  # F64
        return Declined("no such instrument", Reason.OTHER)
    if ticket.instrument in venue.closed or ticket.instrument not in venue.prices:  # F59
        return Declined("market closed", Reason.CLOSED_MARKET)
    rule = venue.manners.unique  # F10
    same = venue.by_key.get(ticket.key, [])
    if rule != "none" and any(one.open or rule == "forever" for one in same):
        return Declined("duplicate key", Reason.DUPLICATE_KEY)
    return filters(instrument, ticket, venue.prices[ticket.instrument])  # F09


def _of_market(venue: Venue, ticket: Ticket) -> Declined | None:
    price = venue.prices[ticket.instrument]
    if ticket.kind in STOPS and venue.chance.hit("refuse_stop"):  # F34
        return Declined("would trigger", Reason.WOULD_TRIGGER)
    if ticket.kind in STOPS and venue.manners.refuses_passed:
        if passed(ticket, ticket.trigger, price):
            return Declined("would trigger", Reason.WOULD_TRIGGER)
    elif ticket.post_only and crosses(ticket, price):
        return Declined("would take", Reason.WOULD_TAKE)
    split = venue.holdings.split(
        ticket.instrument, ticket.side, ticket.qty, bucket=ticket.bucket, reduces=ticket.reduces,
        own="?",
    )  # fmt: skip
    return None if split else Declined("nothing to reduce", Reason.REDUCE_ONLY)


def _of_funds(venue: Venue, tickets: Sequence[Ticket]) -> Declined | None:
    for ticket in tickets:
        price = ticket.limit or ticket.trigger or venue.prices[ticket.instrument]
        asset, needed = _needs(venue, ticket, ticket.qty, price)
        if needed and needed > free(venue, asset):  # F15
            return Declined("insufficient balance", Reason.FUNDS)
    return None


def _needs(venue: Venue, ticket: Ticket, qty: Decimal, price: Decimal) -> tuple[str, Decimal]:
    """Return the asset that a ticket binds, and how much of it."""
    instrument = venue.instruments[ticket.instrument]
    value = qty * price * instrument.multiplier
    if instrument.cash == "margin":
        held = venue.holdings.qty(ticket.instrument)
        grows = abs(held + ticket.side * qty) - abs(held)
        return instrument.settle, max(ZERO, grows) * value / qty * venue.manners.margin
    if ticket.side < 0:
        return instrument.base, qty
    in_quote = venue.manners.fee_asset is None and venue.manners.fee_lag is None
    return instrument.quote, value * (1 + venue.manners.taker) if in_quote else value


def _locked(venue: Venue, asset: str, orders: Iterable[Order]) -> Decimal:
    groups: dict[str, Decimal] = {}  # of a group whose orders take each other back, the most
    for order in orders:
        if order.state is not State.WORKING or order.left <= 0:
            continue
        ticket = replace(order.ticket, trigger=order.trigger)
        price = ticket.limit or ticket.trigger or venue.prices[ticket.instrument]
        bound, needed = _needs(venue, ticket, order.left, price)
        if bound == asset:
            name = order.id if order.link == "single" else order.group
            groups[name] = max(groups.get(name, ZERO), needed)
    return sum(groups.values(), ZERO)
