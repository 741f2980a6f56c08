"""What planned orders have in common: their servants sent and taken back, their ends told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from atms.execution.core import resolving
from atms.execution.core.events import Prepare, Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.records import Closed
from atms.execution.core.step import Step
from atms.execution.core.telling import ENDED
from atms.execution.emulation.planning import Wanted
from atms.execution.emulation.plans import PlanState, booked, servants, standing
from atms.stores.requests import Place, Ticket

PROBE = timedelta(seconds=2.5)  # at most between two tries with a venue that could not be asked


def send(step: Step, parts: Sequence[tuple[PlanState, Ticket]], link: str = "single") -> None:
    """Have orders for planned ones prepared, as one group of the venue's, if it can be asked."""
    core = step.core
    if not core.planning.may_try(step.now, PROBE):
        assert core.planning.hold is not None
        step.then(Wake(at=core.planning.hold))
        return
    tickets: list[Ticket] = []
    for plan, ticket in parts:
        key = core.new_key()
        tickets.append(replace(ticket, key=key))
        core.tags[key] = 0  # of this process, and no strategy's
        core.wanted[key] = Wanted(owner=plan.planned.owner, how=plan.planned.how, serves=plan.key)
        core.planning.preparing[key] = (plan.key, ticket.qty)
        if link == "oco":
            core.planning.paired.add(key)
    place = Place(tickets=tuple(tickets), link=link)  # type: ignore[arg-type]
    step.then(Prepare(requests=(place,)))


def take_back(step: Step, order: OrderState) -> None:
    """Have an order's cancellation prepared, once: from then on it is seen to until it is over."""
    planning = step.core.planning
    if order.over or order.cancel_asked is not None or order.key in planning.backing:
        return
    planning.backing.add(order.key)
    resolving.ask_back(step, order)


def take_all_back(step: Step, plan: PlanState) -> None:
    """Take back everything that works for a planned order."""
    for one in standing(step.state, plan):
        take_back(step, one)


def is_under_way(step: Step, plan: PlanState) -> bool:
    """Return whether something may still come of a planned order's servants."""
    if step.core.planning.coming(plan.key) or standing(step.state, plan):
        return True
    pending = any(one.pending for one in servants(step.state, plan))
    return pending and step.core.undoable(final=False)


def close(step: Step, plan: PlanState, how: str, why: str = "", code: str = "") -> None:
    """Let a planned order be over for the strategy, once."""
    if how != "filled" and not why and plan.withdrawn is not None:
        why = plan.withdrawn.why
    step.record(Closed(key=plan.key, how=how, at=step.now, why=why))  # type: ignore[arg-type]
    status = "margin" if code == "FUNDS" else ENDED[how]
    step.tell_plan(plan, status, code=code, why=why)


def tell_news(step: Step) -> None:
    """Tell the executions of planned orders that are not over."""
    for plan in step.state.open_plans():
        if step.core.untold.get(plan.key):
            accept(step, plan)
            step.tell_plan(plan, "partial")


def accept(step: Step, plan: PlanState) -> None:
    """Tell that a planned order stands, once."""
    if step.core.told.get(plan.key) == "submitted":
        step.tell_plan(plan, "accepted")


def waits(step: Step, name: str, wait: timedelta) -> bool:
    """Return whether less than *wait* has passed since this was first asked of *name*."""
    due: datetime = step.core.planning.since.setdefault(name, step.now) + wait
    if step.now < due:
        step.then(Wake(at=due))
        return True
    return False


def is_filled(step: Step, plan: PlanState) -> bool:
    """Return whether all of a planned order has filled."""
    return booked(step.state, plan) >= plan.ticket.qty
