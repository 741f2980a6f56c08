"""Facts -> books and orders: each once, whatever their order, repetition or correction."""

from __future__ import annotations

from collections.abc import Set
from decimal import Decimal

from atms.execution.core import filling, resolving
from atms.execution.core.events import TellFill
from atms.execution.core.orders import FINAL, OrderState
from atms.execution.core.records import Closed, Linked, Named, Stood
from atms.execution.core.step import Step
from atms.execution.core.telling import ENDED
from atms.stores.facts import (
    CashFact,
    Fact,
    FeeFact,
    FillFact,
    FillFinal,
    FillVoid,
    HeadFact,
    LinkFact,
    OrderFact,
    State,
)

_HOW = {
    State.FILLED: "filled",
    State.CANCELED: "canceled",
    State.EXPIRED: "expired",
    State.REFUSED: "refused",
}


def hear(step: Step, fact: Fact) -> None:
    """Take a fact in."""
    match fact:
        case OrderFact():
            _order(step, fact)
        case FillFact():
            filling.fill(step, fact)
        case FillVoid():
            filling.void(step, fact)
        case FillFinal():
            filling.final(step, fact.exec, fact.version)
        case FeeFact():
            filling.fee(step, fact)
        case CashFact():
            filling.cash(step, fact)
        case LinkFact():
            step.notice("link", text=f"{'up' if fact.up else 'down'} {fact.why}".strip())
            if fact.up:
                step.core.asking.answered()  # it may be asked again at once
                step.core.asking.log_again = None
                step.core.asking.log_wanted = True
                step.core.asking.snapshot_wanted |= not fact.lossless
        case HeadFact():
            if fact.head != step.state.cursor:
                step.core.asking.log_wanted = True
        case _:
            pass  # balances and positions are compared with a snapshot's alone


def accept(step: Step, order: OrderState) -> None:
    """Tell that the venue has an order, once."""
    if step.core.told.get(order.key) == "submitted":
        step.tell(order, "accepted")


def learn(step: Step, order: OrderState, names: Set[str]) -> None:
    """Give an order names, and the executions that came before its names were known."""
    if names <= order.names:
        return
    step.record(Named(key=order.key, names=tuple(sorted(names - order.names))))
    for row in step.state.books.unowned(order.names):
        step.record(Linked(exec=row.exec, key=order.key))
        if order.closed is None and row.exec not in step.core.hushed:
            why = f"it belongs to order {order.key}"
            step.then(TellFill(row=row, sign=-1, why=why))  # and is told with the order
            filling.tell_fill(step, order, row)
        settle(step, order)


def settle(step: Step, order: OrderState) -> None:
    """Close an order when the venue says that it is over and its fills are all booked."""
    if order.closed is not None:
        return
    stood = order.stands
    if order.booked < order.whole:
        if stood is None or not order.over:
            step.core.waiting.pop(order.key, None)
            return
        enough = stood.filled is not None and order.accounted >= stood.filled
        if not enough or (stood.state is State.FILLED and order.accounted < order.whole):
            step.core.waiting.setdefault(order.key, step.now)
            step.core.asking.log_wanted = True
            return
    if blocked(step, order):
        step.core.waiting.pop(order.key, None)
    else:
        end(step, order)


def end(step: Step, order: OrderState) -> None:
    """Close an order as it stands, or as filled if it is."""
    stood = order.stands
    if stood is None or order.booked >= order.whole:
        close(step, order, "filled")
    else:
        why = stood.reason.name if stood.reason else ""
        how = _HOW[stood.state]
        if how == "canceled" and order.outlived:
            how, why = "expired", "its time was over"
        if how == "filled" and order.busted:
            taken = sum(order.busted.values(), Decimal(0))
            how, why = "canceled", f"it was filled, and the venue took {taken:f} of it back"
        close(step, order, how, why, code=why if stood.state is State.REFUSED else "")


def close(step: Step, order: OrderState, how: str, why: str = "", code: str = "") -> None:
    """Let an order be over for the strategy, once."""
    step.core.waiting.pop(order.key, None)
    step.core.asking.looks.pop(order.key, None)
    step.core.asking.unseen.pop(order.key, None)
    step.record(Closed(key=order.key, how=how, at=step.now, why=why))  # type: ignore[arg-type]
    status = "margin" if code == "FUNDS" else ENDED[how]
    if status == "rejected":
        code = code or how.upper()
    step.tell(order, status, code=code, why=why)


def tell_if_revived(step: Step, order: OrderState, was: bool) -> None:
    """Tell, once, that an order stands of which the strategy heard that it was rejected."""
    if order.revived and not was:
        told = "canceled" if order.closed and order.closed.how == "vanished" else "rejected"
        text = f"order {order.key} stands though it was told as {told}"
        step.notice("revived", order.ticket.instrument, text)


def blocked(step: Step, order: OrderState) -> bool:
    """Return whether an order has fills that may be undone: it is not told as over."""
    return bool(order.pending) and step.core.undoable(final=False)


def _order(step: Step, fact: OrderFact) -> None:
    order = step.state.find(fact.key, fact.refs | fact.replaces)
    if order is None:
        _foreign(step, fact)
        return
    was = order.revived
    learn(step, order, fact.refs)
    if order.lost and fact.via in ("stream", "reply") and fact.state not in FINAL:
        resolving.look_at_once(step, order)  # it may be from before it vanished
        return
    stood = Stood(
        key=order.key, state=fact.state, at=fact.at, filled=fact.filled, reason=fact.reason,
        qty=fact.ticket.qty if fact.ticket is not None else None,
    )  # fmt: skip
    if order.takes(stood):
        step.record(stood)
    if fact.via in ("poll", "snapshot"):
        step.core.asking.unseen.pop(order.key, None)
    if order.closed is None and fact.state not in (State.PENDING, State.REFUSED):
        accept(step, order)
    tell_if_revived(step, order, was)
    settle(step, order)


def _foreign(step: Step, fact: OrderFact) -> None:
    names = {*fact.refs, fact.key or ""}
    names = names - {""} or {""}
    told = names & step.core.noticed
    step.core.noticed |= names
    if told:
        return
    ours = (fact.key or "").startswith(step.core.key_start)
    whose = "has our key and is not in the journal" if ours else "is not ours"
    name = fact.key or "/".join(sorted(fact.refs))
    step.notice("foreign_order", fact.instrument, f"order {name} {whose}: {fact.state.value}")
