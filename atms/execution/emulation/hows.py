"""How an order is done: by the venue itself, or here and with what; a pure table."""

from __future__ import annotations

from atms.stores.capabilities import Capabilities
from atms.stores.market import Instrument
from atms.stores.requests import Kind, Ticket

NATIVE = "native"
LEGS = "emulated:legs"  # the venue's own orders, placed here as the entry fills
CANCEL = "emulated:cancel"  # the venue's own orders, of which this process takes the others back
AMEND = "emulated:amend"  # a stop of the venue's that this process moves
PROCESS = "emulated:process"  # nothing at the venue: it happens only while this process lives
UNSUPPORTED = "unsupported"

TRAILING = {Kind.TRAIL: Kind.STOP, Kind.TRAIL_LIMIT: Kind.STOP_LIMIT}
WATCHED = frozenset({Kind.STOP, Kind.STOP_LIMIT, Kind.TRAIL, Kind.TRAIL_LIMIT})
_CONSENT = (
    "the venue holds no {kind} orders, and this process would have to live to carry it out; set "
    "execution.emulated_protection: true"
)


def how_of(
    ticket: Ticket, venue: Capabilities, instrument: Instrument, link: str = "single", *,
    leg: bool = False,
) -> str:  # fmt: skip
    """Return how an order is done at a venue, in a word; ``unsupported``: it is not.

    Args:
        link: of its group: single, oco or bracket.
        leg: whether it protects what another opens.
    """
    kind = how_of_kind(ticket.kind, venue)
    if kind != NATIVE:
        return kind
    if leg and link == "bracket" and "bracket" not in venue.links:
        return LEGS
    if link == "oco" and "oco" not in venue.links:
        return CANCEL
    return PROCESS if ends_here(ticket, venue) else NATIVE


def how_of_kind(kind: Kind, venue: Capabilities) -> str:
    """Return how orders of a kind are done at a venue."""
    if kind in venue.kinds:
        return NATIVE
    if held_as(kind, venue) is not None:
        return AMEND
    return PROCESS if kind in WATCHED else UNSUPPORTED


def held_as(kind: Kind, venue: Capabilities) -> Kind | None:
    """Return as what the venue holds orders of a kind; None: it does not.

    A trailing stop may be a stop that is moved.
    """
    plain = TRAILING.get(kind)
    if kind in venue.kinds:
        return kind
    return plain if plain in venue.kinds else None


def ends_here(ticket: Ticket, venue: Capabilities) -> bool:
    """Return whether the venue cannot end an order at its time by itself."""
    return ticket.tif == "gtd" and "gtd" not in venue.tifs


def refusal_of(ticket: Ticket, venue: Capabilities, *, consent: bool) -> tuple[str, str]:
    """Return why an order cannot be taken, a code and words; empty ones if it can.

    Args:
        consent: whether orders may be taken that stand only as long as this process does.
    """
    how = how_of_kind(ticket.kind, venue)
    if how == UNSUPPORTED:
        if ticket.kind is Kind.ON_CLOSE:
            why = "the venue has no orders for the close; make a market order on the last bar"
        else:
            why = f"the venue has no {ticket.kind.value} orders"
        return "UNSUPPORTED", why
    if how == PROCESS and not consent:
        return "NEEDS_CONSENT", _CONSENT.format(kind=ticket.kind.value)
    return "", ""
