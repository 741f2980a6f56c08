"""A leg that is to be executed now: what stands is taken back, and the position is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from atms.execution.core.events import Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.step import Step
from atms.execution.emulation import plans, serving, unseen
from atms.execution.emulation.arming import exit_of
from atms.execution.emulation.bracket import Bracket
from atms.execution.emulation.covering import again_at, reason_of
from atms.execution.emulation.plans import PlanState
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket


def leave(step: Step, bracket: Bracket, leg: PlanState) -> None:
    """Close what is open, once nothing else can close it: two exits would close others' units."""
    core = step.core
    others = [one for one in bracket.standing() if not _leaves(one, leg)]
    for one in others:
        serving.take_back(step, one)
    waits = any(one not in bracket.unseen and not _has_told(one) for one in others)
    if waits or not core.ready or core.planning.coming(leg.key):
        return
    exits = _exits(step, leg)
    known = (one for one in exits if one not in bracket.unseen)
    under_way = sum((plans.may_fill(one) for one in known), Decimal(0))
    if leg.late and serving.is_filled(step, leg):
        if not bracket.is_under_way():
            serving.close(step, leg, "filled")
        return
    told = sum((plans.may_fill(one) for one in others if _has_told(one)), Decimal(0))
    units = min(bracket.rest, _held(bracket, leg)) - under_way - told
    refused = bool(exits) and reason_of(exits[-1]) is Reason.REDUCE_ONLY
    gone = not under_way and bracket.can_be_closed and not bracket.fits(units, [leg])
    if (refused or gone) and not bracket.is_under_way():
        why = "there is nothing left to close"
        for own in bracket.legs:
            serving.close(step, own, "canceled", why)
        return
    if not bracket.fits(units, [leg]):
        return
    due = _due(step, bracket, leg)
    if unseen.are_many(bracket.unseen):
        return
    if due > step.now:
        step.then(Wake(at=due))
        return
    serving.send(step, [(leg, _exit(step, bracket, leg, units))])


def _has_told(order: OrderState) -> bool:
    """Return whether an order is over and how much it filled is known, its executions or not.

    They may be long in coming, and the position is open for as long.
    """
    return order.over and order.stands is not None and order.stands.filled is not None


def _leaves(order: OrderState, leg: PlanState) -> bool:
    """Return whether an order is an exit that was made for the trigger."""
    own = order.intended.serves == leg.key
    exits = order.ticket.kind in (Kind.MARKET, Kind.LIMIT)
    return own and exits and (leg.stops or leg.late)


def _held(bracket: Bracket, leg: PlanState) -> Decimal:
    """Return the most that can be closed: somebody may have sold what no leg has locked.

    Where units are lent another strategy may hold the other side; there nobody can tell.
    """
    state, ticket = bracket.step.state, leg.ticket
    most = ticket.qty - plans.booked(state, leg) if leg.late else bracket.rest
    if bracket.instrument.cash == "exchange" and ticket.side < 0:
        held = state.books.qty(ticket.instrument, ticket.bucket) * -ticket.side
        most = min(most, plans.on_step(held, bracket.instrument))
    return most


def _exits(step: Step, leg: PlanState) -> list[OrderState]:
    return [one for one in plans.servants(step.state, leg) if _leaves(one, leg)]


def _exit(step: Step, bracket: Bracket, leg: PlanState, units: Decimal) -> Ticket:
    assert leg.triggered is not None
    assert step.core.capabilities is not None
    at_market = leg.triggered.limit is None
    most = bracket.instrument.max_market_qty if at_market else bracket.instrument.max_qty
    units = units if most is None else min(units, most)
    return replace(exit_of(leg, units, worst=step.core.capabilities.worst), reduces=True)


def _due(step: Step, bracket: Bracket, leg: PlanState) -> datetime:
    """Return when the next exit may be made: one that was refused is not hurried."""
    due = step.core.planning.not_before.get(bracket.entry, step.now)
    failed = [one for one in plans.failures(step.state, leg) if _leaves(one, leg)]
    made = [one for one in bracket.unseen_lately if _leaves(one, leg)]
    return max(due, again_at(step, failed) or due, unseen.due(step, made) or due)
