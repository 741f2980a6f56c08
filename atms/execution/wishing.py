"""What the strategy wants -> requests that are prepared, durable, then sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atms.execution import hearing, resolving
from atms.execution.events import Prepare, Ready, TellOrder, Transmit, Wishes
from atms.execution.records import CancelAsked, Intended
from atms.execution.step import Step
from atms.stores.outcomes import Reason, Refused
from atms.stores.requests import Cancel, Key, Place, Prepared, Request, Ticket

if TYPE_CHECKING:
    from atms.execution.core import Core


def wish(step: Step, event: Wishes) -> None:
    """Have everything prepared that is not refused at once."""
    requests: list[Request] = []
    for wanted in event.wishes:
        code, why = _refusal(step.core, wanted.tickets)
        if code:
            for tag in wanted.tags:
                step.then(
                    TellOrder(
                        key="", tag=tag, status="rejected", code=code, why=why, owner=wanted.owner
                    )
                )
            continue
        tickets = tuple(replace(ticket, key=step.core.new_key()) for ticket in wanted.tickets)
        for ticket, tag in zip(tickets, wanted.tags, strict=True):
            step.core.tags[ticket.key] = tag
            step.core.owners[ticket.key] = wanted.owner
        requests.append(Place(tickets=tickets, link=wanted.link))  # type: ignore[arg-type]
    if requests:
        step.then(Prepare(requests=tuple(requests)))


def wish_cancel(step: Step, key: Key) -> None:
    """Have an order's cancellation prepared."""
    order = step.state.orders.get(key)
    if order is None or not order.live or order.over:
        return  # what is over will be told, or was
    resolving.ask_back(step, order)


def ready(step: Step, event: Ready) -> None:
    """Make what was prepared durable, and send it."""
    for request, prepared, why in event.results:
        if isinstance(request, Cancel):
            _ready_to_cancel(step, request, prepared)
        elif isinstance(request, Place):
            _ready_to_place(step, request, prepared, why)


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
    owners = {ticket.key: core.owners.pop(ticket.key, "") for ticket in request.tickets}
    if not isinstance(prepared, Prepared):
        _reject(step, request, owners, prepared, why)
        return
    code, why = _refusal(core, request.tickets)  # what was learned while it was prepared
    if code and not prepared.repeatable:
        _reject(step, request, owners, None, why, code)
        return
    names: dict[Key, tuple[str, ...]] = {}
    for key, name in prepared.refs:
        names[key] = (*names.get(key, ()), name)
    for ticket in request.tickets:
        step.record(
            Intended(
                ticket=ticket, at=step.now, epoch=step.state.epoch, group=request.tickets[0].key,
                link=request.link, names=names.get(ticket.key, ()), payload=prepared.payload,
                repeatable=prepared.repeatable, owner=owners[ticket.key],
            )
        )  # fmt: skip
        order = step.state.orders[ticket.key]
        if code:  # what was signed has a place that later ones would wait for
            hearing.close(step, order, "not_sent", why, code=code)
            resolving.ask_back(step, order)
        else:
            step.tell(order, "submitted")
    if not code:
        step.then(Transmit(prepared=prepared))


def _reject(
    step: Step, request: Place, owners: dict[Key, str], refused: Refused | None, why: str,
    code: str = "NOT_SENT",
) -> None:  # fmt: skip
    funds = False
    if refused is not None:
        code, why = refused.reason.name, refused.code
        funds = refused.reason is Reason.FUNDS
    for ticket in request.tickets:
        step.then(
            TellOrder(
                key=ticket.key, tag=step.core.tags.get(ticket.key), code=code, why=why,
                status="margin" if funds else "rejected", owner=owners[ticket.key],
            )
        )  # fmt: skip
