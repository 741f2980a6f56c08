"""Orders that end at a time, at venues that do not end them by themselves."""

from __future__ import annotations

from datetime import datetime

from atms.execution.core.events import Wake
from atms.execution.core.step import Step
from atms.execution.emulation import serving
from atms.execution.emulation.plan_records import Withdrawn

_WHY = "its time was over"


def look(step: Step) -> None:
    """Take back what has outlived its time; ask to be woken for the others."""
    for order in step.state.open_orders():
        until = order.intended.until
        if until is None or order.over or order.cancel_asked is not None:
            continue
        if _is_over(step, until):
            serving.take_back(step, order)
    for plan in step.state.open_plans():
        until = plan.planned.until
        if until is None or plan.withdrawn is not None or plan.triggered is not None:
            continue
        if _is_over(step, until):
            step.record(Withdrawn(key=plan.key, at=step.now, how="expired", why=_WHY))


def _is_over(step: Step, until: datetime) -> bool:
    if step.now >= until:
        return True
    step.then(Wake(at=until))
    return False
