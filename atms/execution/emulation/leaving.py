"""A leg that is to be executed now: what stands is taken back, and the position is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from atms.execution.core.events import Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.step import Step
from atms.execution.emulation import plans, serving
from atms.execution.emulation.arming import exit_of
from atms.execution.emulation.bracket import Bracket
from atms.execution.emulation.covering import PAUSE, reason_of
from atms.execution.emulation.plans import PlanState
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket


def leave(step: Step, bracket: Bracket, leg: PlanState) -> None:
    """Close what is open, once nothing else can close it: two exits would close others' units."""
    core = step.core
    others = [one for one in bracket.standing() if not _leaves(one, leg)]
    for one in others:
        serving.take_back(step, one)
    if others or not core.ready or core.planning.coming(leg.key):
        return
    exits = _exits(step, leg)
    under_way = sum((plans.may_fill(one) for one in exits), Decimal(0))
    units = bracket.rest - under_way
    if not bracket.fits(units, [leg]):
        return
    if exits and reason_of(exits[-1]) is Reason.REDUCE_ONLY and not bracket.is_under_way():
        why = "there is nothing left to close"
        for own in bracket.legs:
            serving.close(step, own, "canceled", why)
        return
    due = _due(step, bracket, leg)
    if due > step.now:
        step.then(Wake(at=due))
        return
    serving.send(step, [(leg, _exit(step, bracket, leg, units))])


def _leaves(order: OrderState, leg: PlanState) -> bool:
    """Return whether an order is an exit that was made for the trigger."""
    own = order.intended.serves == leg.key
    return own and leg.stops and order.ticket.kind in (Kind.MARKET, Kind.LIMIT)


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
    if failed and failed[-1].closed is not None:
        due = max(due, failed[-1].closed.at + PAUSE * 2 ** min(len(failed) - 1, 4))
    return due
