"""What the strategy wants -> requests that are prepared, durable, then sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from atms.execution.core import hearing, resolving
from atms.execution.core.events import Prepare, Ready, TellOrder, Transmit, Wishes
from atms.execution.core.orders import OrderState
from atms.execution.core.records import Answered, CancelAsked, Intended
from atms.execution.core.step import Step
from atms.execution.emulation import protecting, sorting
from atms.execution.emulation.plan_records import Withdrawn
from atms.execution.emulation.planning import Wanted
from atms.stores.outcomes import Reason, Refused
from atms.stores.requests import Cancel, Key, Place, Prepared, Ticket

if TYPE_CHECKING:
    from atms.execution.core.core import Core

_DROPPED = "it was asked back before it was sent"


def wish(step: Step, event: Wishes) -> None:
    """Have everything prepared that is not refused at once."""
    requests: list[Place] = []
    for wanted in event.wishes:
        code, why = _refusal(step.core, wanted.tickets)
        if not code:
            code, why = sorting.refusal_of(step, wanted)
        if code:
            for tag in wanted.tags:
                step.then(
                    TellOrder(
                        key="", tag=tag, status="rejected", code=code, why=why, owner=wanted.owner
                    )
                )
            continue
        requests += sorting.requests_of(step, wanted)
    if requests:
        step.then(Prepare(requests=tuple(requests)))


def wish_cancel(step: Step, key: Key) -> None:
    """Have an order's cancellation prepared; one that is being prepared itself is not sent."""
    plan = step.state.plan_of(key)
    if plan is not None:
        closing = plan.triggered is not None and bool(plan.planned.parent)
        if plan.closed is None and plan.withdrawn is None and not closing:
            step.record(Withdrawn(key=plan.key, at=step.now, how="canceled"))
        return
    order = step.state.orders.get(key)
    if order is None and _is_coming(step.core, key):
        step.core.dropped.add(key)
    if order is None or not order.live or order.over:
        return  # what is over will be told, or was
    step.core.planning.backing.add(key)
    resolving.ask_back(step, order)


def _is_coming(core: Core, key: Key) -> bool:
    """Return whether an order is being prepared, or waits for the one that opens its position."""
    legs = (leg.ticket.key for about in core.wanted.values() for leg in about.legs)
    return key in core.wanted or key in legs


def ready(step: Step, event: Ready) -> None:
    """Make what was prepared durable, and send it."""
    lost = _lost_pairs(step, event)
    for request, prepared, why in event.results:
        if isinstance(request, Cancel):
            _ready_to_cancel(step, request, prepared)
        elif isinstance(request, Place):
            first = request.tickets[0].key
            if isinstance(prepared, Prepared) and first in lost and not prepared.repeatable:
                prepared, why = None, "another of its OCO group cannot be sent"
            _ready_to_place(step, request, prepared, why)


def _lost_pairs(step: Step, event: Ready) -> set[Key]:
    """Return the keys of orders of which one of the same group could not be prepared."""
    lost: set[Key] = set()
    for request, prepared, _ in event.results:
        if isinstance(request, Place) and not isinstance(prepared, Prepared):
            for ticket in request.tickets:
                lost.update(step.core.wanted.get(ticket.key, Wanted()).pair)
    return lost


def _refusal(core: Core, tickets: tuple[Ticket, ...]) -> tuple[str, str]:
    """Return why a group is refused, a code and words; empty ones if it is not."""
    if not core.ready:
        return "NOT_READY", "the account is still being reconciled"
    for ticket in tickets:
        if ticket.instrument not in core.instruments:
            return "UNKNOWN_INSTRUMENT", f"the venue does not trade {ticket.instrument}"
        if ticket.reduces:
            continue
        if ticket.instrument in core.halted:
            return "HALTED", core.halted[ticket.instrument]
        if ticket.instrument in core.doubted:
            return "FROZEN", f"{ticket.instrument}: books and venue are still being compared"
        unknown = core.frozen(ticket.instrument)
        if unknown is not None:
            return "FROZEN", f"nobody knows yet whether order {unknown.key} stands"
    return "", ""


def _ready_to_cancel(step: Step, request: Cancel, prepared: Prepared | Refused | None) -> None:
    order = step.state.orders[request.key]
    step.core.planning.backing.discard(order.key)
    if not (order.live or order.releases):
        return
    if isinstance(prepared, Prepared):
        step.record(
            CancelAsked(
                key=order.key, at=step.now, names=tuple(name for _, name in prepared.refs),
                payload=prepared.payload, repeatable=prepared.repeatable,
            )
        )  # fmt: skip
        step.then(Transmit(prepared=prepared))
        return
    step.record(CancelAsked(key=order.key, at=step.now))  # it is prepared again while it stands
    pause = step.core.terms.retry if prepared is None else step.core.terms.patience
    step.core.asking.looks[order.key] = step.now + pause


def _ready_to_place(
    step: Step, request: Place, prepared: Prepared | Refused | None, why: str
) -> None:
    core = step.core
    wanted = {ticket.key: core.wanted.pop(ticket.key, Wanted()) for ticket in request.tickets}
    dropped = _dropped(core, wanted)
    drops = _drops(request, dropped)
    signed = isinstance(prepared, Prepared) and prepared.repeatable
    if drops and not signed:
        _drop(step, wanted)
        return
    if sorting.falls_apart(step, request, prepared, wanted):
        return
    if not isinstance(prepared, Prepared):
        _reject(step, request, wanted, prepared, why)
        return
    code, why = _refusal(core, request.tickets)  # what was learned while it was prepared
    if code and not prepared.repeatable:
        _reject(step, request, wanted, None, why, code)
        return
    names: dict[Key, tuple[str, ...]] = {}
    for key, name in prepared.refs:
        names[key] = (*names.get(key, ()), name)
    for ticket in request.tickets:
        about = wanted[ticket.key]
        core.planning.prepared(ticket.key)
        step.record(
            Intended(
                ticket=ticket, at=step.now, epoch=step.state.epoch, group=request.tickets[0].key,
                link=request.link, names=names.get(ticket.key, ()), payload=prepared.payload,
                repeatable=prepared.repeatable, owner=about.owner, serves=about.serves,
                until=about.until, how=about.how,
            )
        )  # fmt: skip
        order = step.state.orders[ticket.key]
        if code:  # what was signed has a place that later ones would wait for
            hearing.close(step, order, "not_sent", why, code=code)
            resolving.ask_back(step, order)
        else:
            step.tell(order, "submitted")
        if drops and not code:
            _free(step, order)
        sorting.plan(step, about)
    if not code and not drops:
        step.then(Transmit(prepared=prepared))
        for key in sorted(dropped):
            wish_cancel(step, key)


def _dropped(core: Core, wanted: Mapping[Key, Wanted]) -> set[Key]:
    """Return which of some orders, and of their legs, were asked back meanwhile."""
    legs = {leg.ticket.key for about in wanted.values() for leg in about.legs}
    dropped = core.dropped & (wanted.keys() | legs)
    core.dropped -= dropped
    return dropped


def _drops(request: Place, dropped: set[Key]) -> bool:
    """Return whether nothing of a request is to be sent: all of it was asked back, or its entry.

    Legs that no venue holds take their entry along, as they do when it stands.
    """
    keys = {ticket.key for ticket in request.tickets}
    entry = request.link == "bracket" and request.tickets[0].key in dropped
    return entry or dropped >= keys or bool(dropped - keys)


def _drop(step: Step, wanted: Mapping[Key, Wanted]) -> None:
    """Tell of orders that were asked back before anything of them was durable, and are not sent."""
    for key, about in wanted.items():
        for one in (key, *(leg.ticket.key for leg in about.legs)):
            step.then(
                TellOrder(
                    key=one, tag=step.core.tags.get(one), status="canceled", why=_DROPPED,
                    owner=about.owner,
                )
            )  # fmt: skip


def _free(step: Step, order: OrderState) -> None:
    """Have the place of signed bytes given free that are never sent; the order is over then."""
    key, now = order.key, step.now
    step.record(
        Answered(key=key, outcome="not_sent", at=now, code=_DROPPED), CancelAsked(key=key, at=now)
    )
    resolving.ask_back(step, order)


def _reject(
    step: Step, request: Place, wanted: dict[Key, Wanted], refused: Refused | None, why: str,
    code: str = "NOT_SENT",
) -> None:  # fmt: skip
    reason = refused.reason if refused is not None else None
    if refused is not None:
        code, why = refused.reason.name, refused.code
    for ticket in request.tickets:
        about = wanted[ticket.key]
        if about.serves:
            protecting.not_prepared(step, ticket.key, about.serves, reason, why)
            continue
        for key in (ticket.key, *(leg.ticket.key for leg in about.legs)):
            step.then(
                TellOrder(
                    key=key, tag=step.core.tags.get(key), code=code, why=why,
                    status="margin" if reason is Reason.FUNDS else "rejected", owner=about.owner,
                )
            )  # fmt: skip
