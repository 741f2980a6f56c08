"""Whether the paper venue takes a ticket: its words, the source's filters, the config's rules."""

from __future__ import annotations

import string
from decimal import Decimal

from atms.simulation.rules import Rules, refusal
from atms.stores.capabilities import Capabilities
from atms.stores.market import Instrument
from atms.stores.requests import Amend, Kind, Place, Request, Ticket

KEY_LENGTH = 64
KEY_ALPHABET = string.ascii_letters + string.digits + "-_.:/"
_NAMED = {
    Kind.LIMIT: ("limit",),
    Kind.STOP: ("trigger",),
    Kind.STOP_LIMIT: ("trigger", "limit"),
}
_NEEDED = {**_NAMED, Kind.TRAIL: ("trail",), Kind.TRAIL_LIMIT: ("trail", "limit")}


def unfit(can: Capabilities, request: Request) -> str:
    """Return why the venue has no words for a request; empty: it has."""
    if isinstance(request, Amend):
        return "orders cannot be changed here"
    if not isinstance(request, Place):
        return ""
    if request.link != "single" and request.link not in can.links:
        return f"no {request.link} here"
    if len({ticket.instrument for ticket in request.tickets}) != 1:
        return "a group is of one instrument"
    return next(filter(None, (_unfit_ticket(can, ticket) for ticket in request.tickets)), "")


def _unfit_ticket(can: Capabilities, ticket: Ticket) -> str:
    if ticket.kind not in can.kinds or ticket.tif not in can.tifs:
        return f"no {ticket.kind.value} order with {ticket.tif} here"
    if len(ticket.key) > KEY_LENGTH or set(ticket.key) - set(KEY_ALPHABET):
        return f"key {ticket.key!r} is not of the venue's form"
    if ticket.post_only or ticket.worst is not None:
        return "neither post-only nor a worst price here"
    missing = [name for name in _NEEDED.get(ticket.kind, ()) if getattr(ticket, name) is None]
    if missing:
        return f"a {ticket.kind.value} order needs {' and '.join(missing)}"
    return "" if ticket.bucket == "net" else "positions are net here"


def broken(
    instrument: Instrument, rules: Rules | None, ticket: Ticket, close: Decimal
) -> str:  # fmt: skip
    """Return which filter a ticket breaks, with the numbers; empty: none.

    Args:
        close: the instrument's last, by which the value of a market order is measured.
    """
    named = [getattr(ticket, name) for name in _NAMED.get(ticket.kind, ())]
    worth = named[-1] if named else close
    if why := _broken_size(instrument, ticket):
        return why
    for price in named:
        step = max((one for one in instrument.price_steps if one[0] <= price), default=None)
        if step is not None and price % step[1]:
            return f"price {price:f} is no multiple of the tick {step[1]:f}"
    least, value = instrument.min_notional, ticket.qty * worth * instrument.multiplier
    if least is not None and value < least:
        return f"a value of {value:f} is under the minimum of {least:f}"
    if rules is None:
        return ""
    return refusal(rules, float(ticket.qty), [float(price) for price in named], float(worth))


def _broken_size(instrument: Instrument, ticket: Ticket) -> str:
    if ticket.qty <= 0 or ticket.qty % instrument.qty_step:
        return f"size {ticket.qty:f} is no multiple of the step {instrument.qty_step:f}"
    if ticket.qty < instrument.min_qty:
        return f"size {ticket.qty:f} is under the minimum of {instrument.min_qty:f}"
    most = instrument.max_market_qty if ticket.kind is Kind.MARKET else None
    most = most or instrument.max_qty
    if most is not None and ticket.qty > most:
        return f"size {ticket.qty:f} is over the maximum of {most:f}"
    return ""
