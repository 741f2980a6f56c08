"""Orders of which one is to be, where the venue does not see to it, or forgets it."""

from __future__ import annotations

from atms.execution.core.orders import OrderState
from atms.execution.core.step import Step
from atms.execution.emulation import serving
from atms.execution.emulation.plan_records import Withdrawn
from atms.execution.emulation.plans import booked, stands
from atms.stores.requests import Key


def look(step: Step) -> None:
    """Take back what another order has made needless: a fill of one, or its end, ends the rest."""
    state = step.state
    for order in state.open_orders():
        pair = state.pairs.get(order.key, ())
        if not pair and order.intended.link == "single":
            continue  # most are: nothing ends them
        if order.over or order.cancel_asked is not None:
            continue
        others = [key for key in pair if key != order.key]
        if any(_has_begun(step, key) for key in others) or _is_forgotten(step, order):
            serving.take_back(step, order)

    for plan in state.open_plans():
        others = [key for key in state.pairs.get(plan.key, ()) if key != plan.key]
        if plan.withdrawn is None and any(_has_begun(step, key) for key in others):
            why = "another order of its group has filled or ended"
            step.record(Withdrawn(key=plan.key, at=step.now, how="canceled", why=why))


def _has_begun(step: Step, key: Key) -> bool:
    """Return whether an order has begun to fill or ended: the others are to be no more."""
    state = step.state
    plan, order = state.plans.get(key), state.orders.get(key)
    if plan is not None:
        begun = plan.triggered is not None or plan.withdrawn is not None
        return begun or plan.closed is not None or booked(state, plan) > 0
    if order is None:
        return key not in step.core.wanted  # it never came
    return bool(order.booked or order.claimed) or not stands(order)


def _is_forgotten(step: Step, order: OrderState) -> bool:
    """Return whether the venue held a group, and one filled long enough ago to end the others."""
    intended = order.intended
    if intended.link == "single" or (intended.link == "bracket" and intended.group == order.key):
        return False
    for key in step.state.groups.get(intended.group, ()):
        other = step.state.orders[key]
        entry = intended.link == "bracket" and key == intended.group
        if key == order.key or entry or other.closed is None or other.closed.how != "filled":
            continue
        return not serving.waits(step, f"ends:{order.key}", step.core.terms.patience)
    return False
