"""Brackets that no venue holds: what an entry opens is protected, part by part, or closed."""

from __future__ import annotations

from atms.execution.core import resolving
from atms.execution.core.orders import OrderState
from atms.execution.core.step import Step
from atms.execution.emulation import covering, leaving, plans, serving, straying
from atms.execution.emulation.bracket import Bracket, bracket_of
from atms.execution.emulation.plan_records import Withdrawn
from atms.execution.emulation.plans import PlanState
from atms.stores.outcomes import Reason
from atms.stores.requests import Key


def look(step: Step) -> None:
    """Do for each bracket what is due."""
    open_ = step.state.open_plans()
    for entry in dict.fromkeys(plan.planned.parent for plan in open_ if plan.planned.parent):
        _look_at(step, entry)
    for entry in straying.look(step):
        _look_at(step, entry)


def _look_at(step: Step, entry: Key) -> None:
    again = True
    while again:
        bracket = bracket_of(step, entry)
        again = bracket is not None and _drive(step, bracket)


def not_prepared(step: Step, key: Key, served: Key, reason: Reason | None, why: str) -> None:
    """Take in that an order for a planned one could not be prepared: *reason*: it never can."""
    planning, plan = step.core.planning, step.state.plans[served]
    planning.preparing.pop(key, None)
    paired = key in planning.paired
    planning.paired.discard(key)
    entry = plan.planned.parent or plan.key
    if reason is None:
        planning.fail(step.now, covering.PAUSE, serving.PROBE)
    elif plan.triggered is not None:
        planning.not_before[entry] = step.now + covering.PAUSE
    elif paired:
        planning.apart.add(entry)
    elif plan.closed is None:
        covering.refused(step, plan, reason, why)


def _drive(step: Step, bracket: Bracket) -> bool:
    """Do what is due for one; return whether it stands otherwise now."""
    _accept(step, bracket)
    _ask_what_filled(step, bracket)
    triggered = next((leg for leg in bracket.legs if leg.triggered is not None), None)
    if triggered is not None or any(leg.withdrawn is not None for leg in bracket.legs):
        _end_the_others(step, bracket, triggered)
    if triggered is not None or bracket.exited > 0:
        _take_entry_back(step, bracket)
    if bracket.is_done:
        _end(step, bracket)
    elif triggered is not None:
        leaving.leave(step, bracket, triggered)
    elif bracket.legs[0].withdrawn is not None:
        _withdraw(step, bracket)
    elif step.core.ready:
        return covering.cover(step, bracket)
    return False


def _accept(step: Step, bracket: Bracket) -> None:
    entry = step.state.orders.get(bracket.entry)
    if entry is None or entry.known:
        for leg in bracket.legs:
            serving.accept(step, leg)


def _end_the_others(step: Step, bracket: Bracket, triggered: PlanState | None) -> None:
    """Let all legs go with one, and what has not opened yet with them."""
    why = "its bracket is being closed" if triggered else "another order of its bracket ended"
    for leg in bracket.legs:
        if leg is not triggered and leg.withdrawn is None:
            step.record(Withdrawn(key=leg.key, at=step.now, how="canceled", why=why))
    _take_entry_back(step, bracket)


def _ask_what_filled(step: Step, bracket: Bracket) -> None:
    """Ask at once for what is over and has not told all its fills: what is open hangs on it."""
    for one in bracket.standing():
        if one.over and one.closed is None and one.key not in step.core.planning.asked:
            step.core.planning.asked.add(one.key)
            resolving.look_at_once(step, one)


def _take_entry_back(step: Step, bracket: Bracket) -> None:
    plan = step.state.plans.get(bracket.entry)
    if plan is not None and plan.closed is None and plan.withdrawn is None:
        why = "its bracket is being closed"
        step.record(Withdrawn(key=plan.key, at=step.now, how="canceled", why=why))
    entry = step.state.orders.get(bracket.entry)
    if entry is not None and plans.stands(entry):
        serving.take_back(step, entry)


def _withdraw(step: Step, bracket: Bracket) -> None:
    """Take back what stands; the legs are over when all of it is."""
    for leg in bracket.legs:
        serving.take_all_back(step, leg)
    if not bracket.is_under_way():
        for leg in bracket.legs:
            assert leg.withdrawn is not None
            serving.close(step, leg, leg.withdrawn.how)


def _end(step: Step, bracket: Bracket) -> None:
    """End the legs of a bracket that is closed, or has opened nothing."""
    for one in bracket.standing():
        pair = one.intended.link == "oco" and bracket.exited > 0  # the venue ends it by itself
        if not pair or not serving.waits(step, f"ends:{one.key}", step.core.terms.patience):
            serving.take_back(step, one)
    done = _filled_last(step, bracket)
    if done is not None and not serving.is_under_way(step, done):
        serving.close(step, done, "filled")  # what it has done is told though the others stand yet
        bracket.legs.remove(done)
    if bracket.is_under_way():
        return
    if bracket.exited > bracket.opened:
        more = f"{bracket.exited - bracket.opened:f}"
        text = f"the legs of order {bracket.entry} have closed {more} more than it opened"
        step.notice("closed_twice", bracket.instrument.id, text)
    for leg in bracket.legs:
        how = leg.withdrawn.how if leg.withdrawn is not None else "canceled"
        serving.close(step, leg, how, _why(bracket))


def _why(bracket: Bracket) -> str:
    if not bracket.opened:
        return "its entry has opened nothing"
    if bracket.exited:
        return ""
    bracket.step.notice(
        "unprotected", bracket.instrument.id,
        f"order {bracket.entry} has opened {bracket.opened:f}, which is too few for an order",
    )  # fmt: skip
    return "what its entry has opened is too few for an order"


def _filled_last(step: Step, bracket: Bracket) -> PlanState | None:
    """Return the leg with the newest execution, which has closed the bracket; None: it is over."""
    rows = step.state.books.rows
    newest = {
        key: max(rows[name].at for one in found for name in one.executions)
        for key in step.state.legs[bracket.entry]
        if (found := _executed(step, key))
    }
    is_open = {leg.key: leg for leg in bracket.legs}
    last = max(newest, key=lambda key: (newest[key], key in is_open), default="")
    return is_open.get(last)


def _executed(step: Step, leg: Key) -> list[OrderState]:
    served = plans.servants(step.state, step.state.plans[leg])
    return [one for one in served if one.executions]
