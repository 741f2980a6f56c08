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
    if leg and link == "bracket" and not holds(link, venue):
        return LEGS
    if link == "oco" and not holds(link, venue):
        return CANCEL
    return PROCESS if ends_here(ticket, venue) else NATIVE


def how_of_kind(kind: Kind, venue: Capabilities) -> str:
    """Return how orders of a kind are done at a venue."""
    if kind in venue.kinds:
        return NATIVE
    if held_as(kind, venue) is not None:
        return AMEND
    return PROCESS if kind in WATCHED else UNSUPPORTED


def table(venue: Capabilities, *, consent: bool) -> dict[str, str]:
    """Return how everything that a strategy may use is done at a venue: a word of it, or a code.

    Its keys are the kinds of orders, ``oco``, ``bracket``, and ``valid``: an order's time to end.
    A kind that cannot be used is told by the code with which it is refused.

    Args:
        consent: whether orders may be taken that stand only as long as this process does.
    """
    found = {}
    for kind in Kind:
        refusal = _refusal(kind, venue, consent=consent)
        found[kind.value] = refusal[0] or how_of_kind(kind, venue)
    found["oco"] = NATIVE if holds("oco", venue) else CANCEL
    stop = _refusal(Kind.STOP, venue, consent=consent)[0]  # which a bracket has unless it is told
    found["bracket"] = stop or (NATIVE if holds("bracket", venue) else LEGS)
    found["valid"] = NATIVE if "gtd" in venue.tifs else PROCESS
    return found


def holds(link: str, venue: Capabilities) -> bool:
    """Return whether a venue holds a group together by itself, whatever part of it fills.

    Legs that do not follow a part of their entry leave it bare until it is whole, or close more
    than it has opened: such a bracket is done here. What a backtest does is done by a venue that
    stands for one.
    """
    if link == "bracket":
        fits = venue.protection_scales or not venue.partial_fills or venue.as_backtest
        return link in venue.links and fits
    return link in venue.links


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
    return _refusal(ticket.kind, venue, consent=consent)


def _refusal(kind: Kind, venue: Capabilities, *, consent: bool) -> tuple[str, str]:
    how = how_of_kind(kind, venue)
    if how == UNSUPPORTED:
        if kind is Kind.ON_CLOSE:
            why = "the venue has no orders for the close; make a market order on the last bar"
        else:
            why = f"the venue has no {kind.value} orders"
        return "UNSUPPORTED", why
    if how == PROCESS and not consent:
        return "NEEDS_CONSENT", _CONSENT.format(kind=kind.value)
    return "", ""
