"""What an entry has opened is covered by its legs' orders at the venue: as much, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile

from atms.execution.core.events import Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.step import Step
from atms.execution.emulation import plans, serving, unseen
from atms.execution.emulation.bracket import Bracket
from atms.execution.emulation.hows import held_as
from atms.execution.emulation.plan_records import Triggered
from atms.execution.emulation.plans import PlanState
from atms.stores.capabilities import Capabilities
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket

PAUSE = timedelta(seconds=0.5)  # before what could not be placed is tried again; longer each time
LONGEST = timedelta(seconds=5)
MOST = 3  # parts that are protected one by one; a venue holds only so many stops
_PASSES = frozenset({Reason.RATE, Reason.CLOCK})  # says nothing of the order
_SHUT = frozenset({Reason.CLOSED_MARKET, Reason.NO_PERMISSION})  # what would close is refused too
_KEY = timedelta(seconds=15)  # by then reads have told whether the key is taken
_MAY_PASS = frozenset({Reason.FUNDS, Reason.OTHER})  # a venue may know of a fill later than we do


def cover(step: Step, bracket: Bracket) -> bool:
    """Place what is missing, take back what is too much; return whether a leg was given up."""
    needs = {leg.key: bracket.need(leg) for leg in bracket.placed}
    lacking = [leg for leg in bracket.placed if needs[leg.key] > 0]
    if _is_refused(step, bracket, lacking):
        return True
    _shrink(step, bracket, needs)
    if not (bracket.renews and lacking):
        _follow(step, bracket)
    if not lacking:
        step.core.planning.bare.pop(bracket.entry, None)
        return False
    since = step.core.planning.bare.setdefault(bracket.entry, step.now)
    due = _due(step, bracket, lacking, since)
    if unseen.are_many(bracket.unseen):
        return False
    if due > step.now:
        step.then(Wake(at=due))
    elif not _makes_room(step, bracket, lacking, needs) or _hurries(step, bracket, needs, since):
        _place(step, bracket, lacking, needs)
    return False


def refused(step: Step, leg: PlanState, reason: Reason, why: str) -> None:
    """Take in that the venue will not have a leg: without its stop a position is closed."""
    if not leg.stops:
        serving.close(step, leg, "refused", why, code=reason.name)
        return
    text = f"the stop of order {leg.key} was refused: {reason.name} {why}".strip()
    step.record(Triggered(key=leg.key, at=step.now, why=text))
    step.notice("unprotected", leg.ticket.instrument, f"{text}; the position is closed")


def _is_refused(step: Step, bracket: Bracket, lacking: list[PlanState]) -> bool:
    """Give a leg up that the venue refuses; return whether the bracket has changed by it."""
    excused = step.core.planning.excused
    for leg in sorted(lacking, key=lambda one: not one.stops):
        row = [one for one in plans.failures(step.state, leg) if reason_of(one) is not None]
        if bracket.unseen:  # which may hold the units
            excused |= {one.key for one in row if reason_of(one) is Reason.FUNDS}
        row = [one for one in row if one.key not in excused]
        in_part = not leg.stops and bool(plans.standing(step.state, leg))
        if not row or in_part or not bracket.can_be_closed:
            continue  # what stands of a limit stays, and the rest is tried again
        reason = reason_of(row[-1])
        assert reason is not None
        first = step.past(row[0].closed.at) if row[0].closed else step.now
        bound = first + step.core.terms.naked
        if reason in _MAY_PASS and step.now < bound:
            step.then(Wake(at=bound))
            continue
        if reason in _PASSES:
            continue
        answer = row[-1].answered
        code = answer.code if answer is not None else ""
        if reason in _SHUT and _waits(step, leg, reason, code, first + _KEY):
            continue
        refused(step, leg, reason, code)
        return True
    return False


def _waits(step: Step, leg: PlanState, reason: Reason, code: str, bound: datetime) -> bool:
    """Return whether a leg is tried again because nothing is taken now; it is told once.

    A key that is refused for this order alone is one that reads are answered with.
    """
    unread = step.core.asking.failed > 0
    if reason is Reason.NO_PERMISSION and not unread and step.now >= bound:
        return False
    told = step.core.planning.told
    if leg.stops and leg.key not in told:
        told.add(leg.key)
        text = f"the stop of order {leg.key} was refused: {reason.name} {code}".strip()
        step.notice("unprotected", leg.ticket.instrument, f"{text}; it is tried again")
    step.then(Wake(at=max(bound, step.now + LONGEST)))
    return True


def reason_of(order: OrderState) -> Reason | None:
    """Return why the venue refused an order; None: it did not."""
    if order.closed is None or order.closed.how != "refused":
        return None
    if order.stands is not None and order.stands.reason is not None:
        return order.stands.reason
    answer = order.answered
    return (answer.reason if answer is not None else None) or Reason.OTHER


def again_at(step: Step, failed: Sequence[OrderState]) -> datetime | None:
    """Return when the next order may be made after those that brought nothing, the last ones.

    Each waits longer than the one before; but what the venue has taken and ended by itself is
    missed for half of the time that a position may be naked, for the next one may stay. Nor does it
    make a refusal wait for longer.
    """
    last = failed[-1] if failed else None
    if last is None or last.closed is None:
        return None
    stood = _stood(last)
    alike = sum(1 for _ in takewhile(lambda one: _stood(one) == stood, reversed(failed)))
    longest = step.core.terms.naked / 2 if stood else LONGEST
    pause: timedelta = min(PAUSE * 2 ** min(alike - 1, 10), longest)
    return step.past(last.closed.at) + pause


def _stood(order: OrderState) -> bool:
    """Return whether the venue had taken an order that is over."""
    how = order.closed.how if order.closed is not None else ""
    nobody = how == "expired" and order.ticket.kind is Kind.MARKET
    return reason_of(order) is None and not nobody


def _shrink(step: Step, bracket: Bracket, needs: dict[str, Decimal]) -> None:
    """Take back what would close more than is open: it would close others' units."""
    for leg in bracket.placed:
        if needs[leg.key] >= 0 or step.core.planning.coming(leg.key):
            continue
        standing = plans.standing(step.state, leg)
        left = [one for one in standing if plans.gave_way(step.state, one)]
        for one in (left or standing)[-1:]:
            pair = one in left and one.intended.link == "oco"  # the venue ends it by itself
            if not pair or not serving.waits(step, f"ends:{one.key}", step.core.terms.patience):
                serving.take_back(step, one)


def _follow(step: Step, bracket: Bracket) -> None:
    """Take back what stands where a trailing stop stood before, with what is its pair."""
    behind = bracket.behind()
    groups = {one.intended.group for one in behind}
    coming = any(step.core.planning.coming(leg.key) for leg in bracket.placed)
    fresh = [one for one in bracket.standing() if one not in behind and not one.known]
    if bracket.renews and (coming or fresh):
        return  # the new one does not stand for sure yet
    for one in bracket.standing():
        if one.intended.group in groups:
            serving.take_back(step, one)


def _makes_room(
    step: Step, bracket: Bracket, lacking: list[PlanState], needs: dict[str, Decimal]
) -> bool:
    """Take back what has to be placed anew together with what is missing; return whether."""
    if step.core.planning.backing & {one.key for one in bracket.standing()}:
        return True
    alone = _alone(bracket, lacking, needs)
    crowded = len(bracket.tranches()) >= MOST
    tail = bracket.is_over and not bracket.fits(min(needs[one.key] for one in lacking), lacking)
    if not alone and (crowded or tail) and bracket.tranches():
        alone = bracket.tranches()[-1]
    for one in alone:
        serving.take_back(step, one)
    return bool(alone)


def _hurries(step: Step, bracket: Bracket, needs: dict[str, Decimal], since: datetime) -> bool:
    """Return whether what every leg lacks is placed though not all that was to make room has.

    What is taken back may be long in coming; nothing that stands is covered twice by it.
    """
    due = since + step.core.terms.naked / 2
    if step.now < due:
        step.then(Wake(at=due))
        return False
    return bracket.fits(min(needs.values()), bracket.placed)


def _alone(
    bracket: Bracket, lacking: list[PlanState], needs: dict[str, Decimal]
) -> list[OrderState]:
    """Return what holds units that its other half, which is over, would have to hold too."""
    if not _is_locked(bracket) or not _holds_pairs(bracket.step, bracket):
        return []
    if len({needs[leg.key] for leg in bracket.placed}) == 1:
        return []
    if not bracket.fits(max(needs[leg.key] for leg in lacking), lacking):
        return []
    return [group[0] for group in bracket.tranches() if len(group) == 1]


def _due(step: Step, bracket: Bracket, lacking: list[PlanState], since: datetime) -> datetime:
    """Return when missing orders may be made: parts are gathered, what failed is not hurried.

    A stop that is missing waits for its own failures alone: for those of its limit order the
    position would be naked.
    """
    hurried = bracket.is_over or bool(bracket.unseen)
    due = step.now if hurried else since + step.core.terms.gather
    due = max(due, unseen.due(step, bracket.unseen_lately) or due)
    later = step.core.planning.not_before.get(bracket.entry)
    if later is not None:
        due = max(due, later)
    for leg in [leg for leg in lacking if leg.stops] or bracket.placed:
        due = max(due, again_at(step, plans.failures(step.state, leg)) or due)
    return due


def _place(
    step: Step, bracket: Bracket, lacking: list[PlanState], needs: dict[str, Decimal]
) -> None:
    whole, locked = _holds_pairs(step, bracket), _is_locked(bracket)
    units = min(needs[leg.key] for leg in lacking)
    if whole and len(lacking) == 2 and (locked or needs[lacking[0].key] == units):
        if bracket.fits(units, lacking):
            serving.send(step, [(leg, _ticket(step, leg, units)) for leg in lacking], link="oco")
        return
    if whole and locked:
        return  # what stands alone locks the units, and is being taken back
    for leg in sorted(lacking, key=lambda one: not one.stops):
        if not leg.stops and locked:
            if not plans.standing(step.state, leg):
                why = "the venue holds no stop and limit order for the same units"
                serving.close(step, leg, "refused", why, code="UNSUPPORTED")
        elif bracket.fits(needs[leg.key], [leg]):
            serving.send(step, [(leg, _ticket(step, leg, needs[leg.key]))])


def _holds_pairs(step: Step, bracket: Bracket) -> bool:
    """Return whether the venue holds two legs as one pair."""
    assert step.core.capabilities is not None
    apart = bracket.entry in step.core.planning.apart
    return "oco" in step.core.capabilities.links and not apart


def _is_locked(bracket: Bracket) -> bool:
    """Return whether a stop locks the units that a limit order would need."""
    stops = any(leg.stops for leg in bracket.placed)
    return bracket.instrument.cash == "exchange" and stops and len(bracket.placed) > 1


def _ticket(step: Step, leg: PlanState, qty: Decimal) -> Ticket:
    assert step.core.capabilities is not None
    ticket = replace(held(leg, step.core.capabilities), qty=qty, reduces=True)
    if leg.planned.until is not None:
        ticket = replace(ticket, tif="gtc", expires=None)
    return ticket


def held(plan: PlanState, venue: Capabilities) -> Ticket:
    """Return an order as the venue holds it: of a trailing one a stop where it is now."""
    kind = held_as(plan.ticket.kind, venue)
    assert kind is not None
    if kind is plan.ticket.kind:
        return plan.ticket
    return replace(
        plan.ticket, kind=kind, trigger=plan.trigger, limit=plan.limit, trail=None,
        trail_is_fraction=False,
    )  # fmt: skip
