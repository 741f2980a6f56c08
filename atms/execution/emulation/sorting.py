"""What a strategy wants -> requests of the venue, and what stands here because it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from atms.execution.core.events import Prepare, Wish
from atms.execution.core.step import Step
from atms.execution.emulation import hows
from atms.execution.emulation.plan_records import Paired, Planned
from atms.execution.emulation.planning import Wanted
from atms.execution.emulation.plans import is_over
from atms.stores.capabilities import Capabilities
from atms.stores.outcomes import Reason, Refused
from atms.stores.requests import Key, Place, Prepared, Ticket

Refusal = tuple[str, str]
_FITS: Refusal = ("", "")


def refusal_of(step: Step, wish: Wish) -> Refusal:
    """Return why a wish cannot be carried out at all, a code and words; empty ones if it can."""
    core = step.core
    assert core.capabilities is not None
    for ticket in wish.tickets:
        refusal = hows.refusal_of(ticket, core.capabilities, consent=core.terms.emulated_protection)
        if refusal[0]:
            return refusal
    if wish.sibling is None:
        return _FITS
    if wish.link == "bracket":
        return "UNSUPPORTED", "a bracket cannot be in an OCO group"
    sibling = sibling_of(step, wish)
    waits = sibling in core.wanted
    if sibling is None or (not waits and is_over(step.state, sibling)):
        return "NO_SIBLING", "its OCO order is over, or was not sent"
    return _FITS


def sibling_of(step: Step, wish: Wish) -> Key | None:
    """Return the key of the order that a wish's are to be one of."""
    if isinstance(wish.sibling, int):
        tags = step.core.tags.items()
        return next((key for key, tag in tags if tag == wish.sibling), None)
    return wish.sibling


def requests_of(step: Step, wish: Wish) -> list[Place]:
    """Give a wish's orders keys; return the requests to prepare.

    What no venue holds is durable at once, or with the order that it belongs to.
    """
    core = step.core
    venue = core.capabilities
    assert venue is not None
    tickets = tuple(replace(ticket, key=core.new_key()) for ticket in wish.tickets)
    for ticket, tag in zip(tickets, wish.tags, strict=True):
        core.tags[ticket.key] = tag
    if wish.link == "bracket" and not _holds(wish, venue):
        return _bracket(step, wish, tickets)
    if (wish.link == "oco" and not _holds(wish, venue)) or wish.sibling is not None:
        return _pair(step, wish, tickets)
    if any(hows.how_of_kind(ticket.kind, venue) != hows.NATIVE for ticket in tickets):
        return _pair(step, wish, tickets)
    for ticket in tickets:
        how = hows.how_of(ticket, venue, core.instruments[ticket.instrument], wish.link)
        core.wanted[ticket.key] = Wanted(owner=wish.owner, how=how, until=_until(ticket, venue))
    sent = tuple(_plain(ticket, venue) for ticket in tickets)
    return [Place(tickets=sent, link=wish.link)]  # type: ignore[arg-type]


def falls_apart(
    step: Step, request: Place, prepared: Prepared | Refused | None,
    wanted: Mapping[Key, Wanted],
) -> bool:  # fmt: skip
    """Go on with an OCO group, order by order, that the store has no words for; return whether."""
    serves = any(about.serves for about in wanted.values())
    if request.link != "oco" or not isinstance(prepared, Refused) or serves:
        return False
    if prepared.reason is Reason.FUNDS:
        return False
    keys = tuple(wanted)
    for key, about in wanted.items():
        step.core.wanted[key] = replace(about, pair=keys, how=hows.CANCEL)
    singles = tuple(Place(tickets=(ticket,)) for ticket in request.tickets)
    step.then(Prepare(requests=singles))
    return True


def plan(step: Step, about: Wanted) -> None:
    """Make durable what belongs to an order that is durable now."""
    for leg in about.legs:
        step.record(leg)
        step.tell_plan(step.state.plans[leg.ticket.key], "submitted")
    if about.pair and any(set(about.pair) - {*step.state.pairs.get(one, ())} for one in about.pair):
        step.record(Paired(keys=about.pair))


def _holds(wish: Wish, venue: Capabilities) -> bool:
    """Return whether the venue holds a group together by itself."""
    native = all(ticket.kind in venue.kinds for ticket in wish.tickets)
    return hows.holds(wish.link, venue) and native


def _bracket(step: Step, wish: Wish, tickets: tuple[Ticket, ...]) -> list[Place]:
    """Let an entry go, and what protects it be durable with it."""
    core, (entry, *rest) = step.core, tickets
    venue = core.capabilities
    assert venue is not None
    legs = tuple(_planned(step, wish, ticket, entry.key, leg=True) for ticket in rest)
    if entry.kind not in venue.kinds:
        _arm(step, _planned(step, wish, entry, entry.key))
        for leg in legs:
            _arm(step, leg)
        return []
    core.wanted[entry.key] = Wanted(
        owner=wish.owner, legs=legs, until=_until(entry, venue),
        how=hows.how_of(entry, venue, core.instruments[entry.instrument]),
    )  # fmt: skip
    return [Place(tickets=(_plain(entry, venue),))]


def _planned(step: Step, wish: Wish, ticket: Ticket, group: Key, *, leg: bool = False) -> Planned:
    core, venue = step.core, step.core.capabilities
    assert venue is not None
    instrument = core.instruments[ticket.instrument]
    link = "bracket" if leg else "single"
    return Planned(
        ticket=ticket, at=step.now, epoch=step.state.epoch, group=group,
        parent=group if leg else "", owner=wish.owner, until=_until(ticket, venue),
        how=hows.how_of(ticket, venue, instrument, link, leg=leg),
    )  # fmt: skip


def _arm(step: Step, planned: Planned) -> None:
    """Let an order stand here."""
    step.record(planned)
    plan = step.state.plans[planned.ticket.key]
    step.tell_plan(plan, "submitted")
    step.tell_plan(plan, "accepted")


def _pair(step: Step, wish: Wish, tickets: tuple[Ticket, ...]) -> list[Place]:
    """Let orders go one by one: what begins to fill of them ends the others."""
    core, venue = step.core, step.core.capabilities
    assert venue is not None
    sibling = sibling_of(step, wish)
    others = step.state.pairs.get(sibling, (sibling,)) if sibling is not None else ()
    waiting = core.wanted.get(sibling or "", Wanted()).pair
    pair = tuple(dict.fromkeys((*waiting, *others, *(ticket.key for ticket in tickets))))
    pair = pair if len(pair) > 1 else ()
    closes = venue.reduces != "no" and _close_a_position(step, tickets)
    places: list[Place] = []
    for ticket in tickets:
        if ticket.kind in venue.kinds:
            core.wanted[ticket.key] = Wanted(
                owner=wish.owner, how=hows.CANCEL, until=_until(ticket, venue), pair=pair
            )
            reduces = ticket.reduces or closes
            places.append(Place(tickets=(replace(_plain(ticket, venue), reduces=reduces),)))
    for ticket in tickets:
        if ticket.kind not in venue.kinds:
            _arm(step, _planned(step, wish, ticket, tickets[0].key))
            plan(step, Wanted(pair=pair))
    return places


def _close_a_position(step: Step, tickets: tuple[Ticket, ...]) -> bool:
    """Return whether each of these orders would make its position smaller, and not turn it."""
    books = step.state.books
    held = {one.key: books.qty(one.instrument, one.bucket) for one in tickets}
    return all(held[one.key] * one.side < 0 and one.qty <= abs(held[one.key]) for one in tickets)


def _plain(ticket: Ticket, venue: Capabilities) -> Ticket:
    """Return an order as the venue can have it: one that it cannot end stays until it is ended."""
    if hows.ends_here(ticket, venue):
        return replace(ticket, tif="gtc", expires=None)
    return ticket


def _until(ticket: Ticket, venue: Capabilities) -> datetime | None:
    return ticket.expires if hows.ends_here(ticket, venue) else None
