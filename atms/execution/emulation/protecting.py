"""Brackets that no venue holds: what an entry opens is protected, part by part, or closed."""

from __future__ import annotations

from atms.execution.core import resolving
from atms.execution.core.records import Booked
from atms.execution.core.step import Step
from atms.execution.emulation import covering, leaving, plans, serving
from atms.execution.emulation.bracket import Bracket, bracket_of
from atms.execution.emulation.plan_records import Withdrawn
from atms.execution.emulation.plans import PlanState
from atms.stores.outcomes import Reason
from atms.stores.requests import Key


def look(step: Step) -> None:
    """Do for each bracket what is due."""
    _tell_late_fills(step)
    entries = dict.fromkeys(
        plan.planned.parent for plan in step.state.open_plans() if plan.planned.parent
    )
    for entry in entries:
        again = True
        while again:
            bracket = bracket_of(step, entry)
            again = bracket is not None and _drive(step, bracket)


def _tell_late_fills(step: Step) -> None:
    """Tell of what an entry opened when its legs were over: nobody protects that."""
    for row in step.records:
        if not isinstance(row, Booked) or row.key not in step.state.legs:
            continue
        legs = [step.state.plans[key] for key in step.state.legs[row.key]]
        if all(leg.closed is not None for leg in legs):
            text = f"order {row.key} has filled {row.qty:f} after its legs were over"
            step.notice("unprotected", row.instrument, text)


def not_prepared(step: Step, key: Key, served: Key, reason: Reason | None, why: str) -> None:
    """Take in that an order for a planned one could not be prepared: *reason*: it never can."""
    planning, plan = step.core.planning, step.state.plans[served]
    planning.preparing.pop(key, None)
    paired = key in planning.paired
    planning.paired.discard(key)
    entry = plan.planned.parent or plan.key
    if reason is None or plan.triggered is not None:
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
    if bracket.is_under_way():
        return
    if bracket.exited > bracket.opened:
        more = f"{bracket.exited - bracket.opened:f}"
        text = f"the legs of order {bracket.entry} have closed {more} more than it opened"
        step.notice("closed_twice", bracket.instrument.id, text)
    done = _filled_last(step, bracket.legs)
    for leg in bracket.legs:
        if leg is done:
            serving.close(step, leg, "filled")
    for leg in bracket.legs:
        if leg is not done:
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


def _filled_last(step: Step, legs: list[PlanState]) -> PlanState | None:
    """Return the leg with the newest execution: that one has closed the bracket."""
    rows = step.state.books.rows
    newest = {
        leg.key: max(rows[name].at for one in found for name in one.executions)
        for leg in legs
        if (found := [one for one in plans.servants(step.state, leg) if one.executions])
    }
    if not newest:
        return None
    return max((leg for leg in legs if leg.key in newest), key=lambda leg: newest[leg.key])
