"""Tickets on their way in: whether they are taken, and the orders that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from atms.stores.outcomes import Reason, Refused
from atms.stores.requests import Place, Ticket
from atms.stores.sim.book import Book
from atms.stores.sim.checks import broken
from atms.stores.sim.orders import Order, make_order


def refusal(book: Book, tickets: Sequence[Ticket]) -> Refused | None:
    """Return why a group is not taken, whatever it costs; None: it may be."""
    instrument = book.instruments.get(tickets[0].instrument)
    keys = [ticket.key for ticket in tickets]
    if len(set(keys)) < len(keys) or any(key in book.by_key for key in keys):
        return Refused(code="the key was used before", reason=Reason.DUPLICATE_KEY)
    if instrument is None:
        return Refused(code="no such instrument", reason=Reason.OTHER)
    price = book.prices.get(instrument.id)
    if not instrument.tradable or price is None:
        why = "no bar was seen yet" if instrument.tradable else "it is not traded now"
        return Refused(code=why, reason=Reason.CLOSED_MARKET)
    rules = book.models(instrument.id).rules
    for ticket in tickets:
        why = broken(instrument, rules, ticket, price[1])
        if why:
            return Refused(code=why, reason=Reason.FILTER)
    return None


def made(book: Book, request: Place, moment: datetime) -> list[Order]:
    """Return the orders of a group that is not refused.

    Args:
        moment: the market's time by which they meet bars.
    """
    name, group = request.tickets[0].instrument, len(book.orders) + 1
    clock, close = book.market or moment, float(book.prices[name][1])
    end = book.models(name).session_end
    return [
        make_order(number, group, request.link, ticket, moment, clock, close, end)
        for number, ticket in enumerate(request.tickets, start=group)
    ]
