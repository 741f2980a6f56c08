"""What sending gave -> what is known of an order then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atms.execution.core import hearing, resolving
from atms.execution.core.events import Sent, Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.records import Answered
from atms.execution.core.step import Step
from atms.stores.outcomes import Acked, NotSent, Outcome, Reason, Refused, Unknown
from atms.stores.requests import Cancel, Key, Place

if TYPE_CHECKING:
    from atms.execution.core.core import Core


def sent(step: Step, event: Sent) -> None:
    """Take what came of a request, and the facts that came with it."""
    request, outcome = event.prepared.request, event.outcome
    if isinstance(request, Cancel):
        _cancel_sent(step, request.key, event)
    elif isinstance(request, Place):
        for ticket in request.tickets:
            step.core.asking.queued.pop(ticket.key, None)
            _place_sent(step, step.state.orders[ticket.key], event)
    for fact in getattr(outcome, "facts", ()):
        hearing.hear(step, fact)


def _cancel_sent(step: Step, key: Key, event: Sent) -> None:
    """Whatever came of it, the order's own state decides: it is asked for until it is over."""
    asking, later = step.core.asking, step.now + step.core.terms.retry
    if _was_not_heard(event.outcome):
        asking.not_heard(key, step.now, step.core.terms.retry, step.core.terms.longest)
        asking.looks.setdefault(key, later)
        step.then(Wake(at=later))
    else:
        asking.unheard.pop(key, None)
        asking.looks[key] = later if isinstance(event.outcome, Acked) else step.now


def _was_not_heard(outcome: Outcome) -> bool:
    """Return whether a request has not come to be judged: it says nothing of the order."""
    passing = isinstance(outcome, Refused) and outcome.reason in (Reason.CLOCK, Reason.RATE)
    return passing or isinstance(outcome, NotSent)


def _place_sent(step: Step, order: OrderState, event: Sent) -> None:
    outcome = event.outcome
    if isinstance(outcome, Acked):
        _acked(step, order, outcome)
    elif order.closed is not None:
        return
    elif isinstance(outcome, Refused | NotSent) and _proves(step.core, order, outcome):
        _rejected(step, order, outcome)
    elif order.unresolved:
        _unanswered(step, order, getattr(outcome, "why", "") or getattr(outcome, "code", ""))
    elif not isinstance(outcome, Unknown):
        resolving.look_at_once(step, order)  # it was seen: the venue contradicts itself


def _acked(step: Step, order: OrderState, outcome: Acked) -> None:
    names = {name for owner, name in outcome.refs if owner == order.key}
    was = order.revived
    step.record(Answered(key=order.key, outcome="acked", at=step.now))
    if order.closed is None:
        hearing.accept(step, order)
    hearing.learn(step, order, names)
    hearing.tell_if_revived(step, order, was)


def _rejected(step: Step, order: OrderState, outcome: Refused | NotSent) -> None:
    refused = isinstance(outcome, Refused)
    how = "refused" if refused else "not_sent"
    why = outcome.code if isinstance(outcome, Refused) else outcome.why
    reason = outcome.reason if isinstance(outcome, Refused) else None
    step.record(
        Answered(key=order.key, outcome=how, at=step.now, code=why, reason=reason)  # type: ignore[arg-type]
    )
    hearing.close(step, order, how, why, code=reason.name if reason else "")
    if order.releases:
        resolving.ask_back(step, order)


def _unanswered(step: Step, order: OrderState, why: str) -> None:
    first = order.answered is None
    step.record(Answered(key=order.key, outcome="unknown", at=step.now, code=why))
    step.core.asking.looks[order.key] = step.now
    if first:
        step.notice("frozen", order.ticket.instrument, f"order {order.key}: no answer: {why}")


def _proves(core: Core, order: OrderState, outcome: Refused | NotSent) -> bool:
    """Return whether an answer shows that the venue does not have the order.

    That a second sending failed says nothing of the first.
    """
    if order.stood or order.key in core.asking.again or order.key not in core.tags:
        return False
    return isinstance(outcome, NotSent) or outcome.reason is not Reason.DUPLICATE_KEY
