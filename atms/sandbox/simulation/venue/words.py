"""Whether a venue has words for what it is asked."""

from __future__ import annotations

from atms.stores.capabilities import Capabilities
from atms.stores.requests import Amend, Place, Request


def unfit(can: Capabilities, request: Request) -> str:
    """Return why a request cannot be put into a venue's words; empty: it can."""
    if isinstance(request, Amend) and can.amend == "no":
        return "orders cannot be changed here"
    if isinstance(request, Place) and request.link != "single" and request.link not in can.links:
        return f"no {request.link} here"
    rule = can.keys
    for ticket in request.tickets if isinstance(request, Place) else ():
        if ticket.kind not in can.kinds or ticket.tif not in can.tifs:
            return f"no {ticket.kind.value} order with {ticket.tif} here"
        wrong = len(ticket.key) > rule.max_len or set(ticket.key) - set(rule.alphabet)
        if rule.kinds and wrong:
            return f"key {ticket.key!r} is not of the venue's form"
    return ""
