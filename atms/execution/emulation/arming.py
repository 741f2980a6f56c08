"""Stops that stand here and belong to no bracket: sent when they are triggered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from atms.execution.core.events import Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.step import Step
from atms.execution.emulation import hows, plans, serving
from atms.execution.emulation.covering import again_at, held, reason_of
from atms.execution.emulation.plan_records import Triggered
from atms.execution.emulation.plans import PlanState
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket

_AGAIN = frozenset({Reason.RATE, Reason.CLOCK})  # says nothing of the order
_ENDS = frozenset({"canceled", "expired"})


def look(step: Step) -> None:
    """Do for each what is due."""
    for plan in step.state.open_plans():
        if not plan.planned.parent:
            _drive(step, plan)


def exit_of(plan: PlanState, units: Decimal, *, worst: bool) -> Ticket:
    """Return the order that carries a triggered one out."""
    assert plan.triggered is not None
    limit = plan.triggered.limit
    return replace(
        plan.ticket, qty=units, limit=limit, trigger=None, trail=None, trail_is_fraction=False,
        kind=Kind.MARKET if limit is None else Kind.LIMIT, tif="gtc", expires=None,
        worst=plan.ticket.worst if worst else None,
    )  # fmt: skip


def _drive(step: Step, plan: PlanState) -> None:
    if serving.is_filled(step, plan):
        if not serving.is_under_way(step, plan):
            serving.close(step, plan, "filled")
    elif plan.withdrawn is not None:
        serving.take_all_back(step, plan)
        if not serving.is_under_way(step, plan):
            serving.close(step, plan, plan.withdrawn.how)
    elif plan.triggered is None:
        _stand(step, plan)
    elif not serving.is_under_way(step, plan):
        _send(step, plan)
    else:
        _take_stops_back(step, plan)


def _stand(step: Step, plan: PlanState) -> None:
    """Let a trailing order stand at the venue as a stop, where it is now."""
    venue = step.core.capabilities
    assert venue is not None
    if hows.held_as(plan.ticket.kind, venue) is None:
        return
    for one in plans.standing(step.state, plan):
        if plans.is_behind(plan, one):
            serving.take_back(step, one)
    if not serving.is_under_way(step, plan):
        _send(step, plan)


def _take_stops_back(step: Step, plan: PlanState) -> None:
    """Let what stood before an order was triggered be no more."""
    for one in plans.standing(step.state, plan):
        if one.ticket.trigger is not None:
            serving.take_back(step, one)


def _send(step: Step, plan: PlanState) -> None:
    core, made = step.core, plans.servants(step.state, plan)
    assert core.capabilities is not None
    if not core.ready or (made and _is_final(step, plan, made[-1])):
        return
    if plan.ticket.instrument not in core.instruments:
        return  # the venue lists it no more
    due = _due(step, plan)
    if due > step.now:
        step.then(Wake(at=due))
        return
    units = plan.ticket.qty - plans.booked(step.state, plan)
    if plan.triggered is None:
        stop = replace(held(plan, core.capabilities), tif="gtc", expires=None, qty=units)
        serving.send(step, [(plan, stop)])
    else:
        serving.send(step, [(plan, exit_of(plan, units, worst=core.capabilities.worst))])


def _is_final(step: Step, plan: PlanState, last: OrderState) -> bool:
    """End an order as the venue's order for it ended; return whether it is over."""
    how, reason = last.closed.how if last.closed else "", reason_of(last)
    if how in _ENDS and last.cancel_asked is None:
        serving.close(step, plan, how, last.closed.why if last.closed else "")
        return True
    if reason is None or reason in _AGAIN:
        return False
    why = last.answered.code if last.answered is not None else ""
    if reason is Reason.WOULD_TRIGGER and plan.triggered is None:
        text = "the market has reached it already"
        step.record(Triggered(key=plan.key, at=step.now, why=text, limit=plan.limit))
        return False
    if reason is Reason.WOULD_TRIGGER:
        return False  # that was before it was triggered
    serving.close(step, plan, "refused", why, code=reason.name)
    return True


def _due(step: Step, plan: PlanState) -> datetime:
    due = step.core.planning.not_before.get(plan.key, step.now)
    return max(due, again_at(step, plans.failures(step.state, plan)) or due)
