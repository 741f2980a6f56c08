"""Facts -> books and orders: each once, whatever their order, repetition or correction."""

from __future__ import annotations

from collections.abc import Set
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.execution.events import TellFill
from atms.execution.orders import OrderState
from atms.execution.records import (
    Booked,
    CashBooked,
    Closed,
    FeeBooked,
    Finalised,
    Linked,
    Move,
    Named,
    Reversed,
    Stood,
)
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
from atms.stores.market import Instrument

if TYPE_CHECKING:
    from atms.execution.core import Step

_HOW = {
    State.FILLED: "filled",
    State.CANCELED: "canceled",
    State.EXPIRED: "expired",
    State.REFUSED: "refused",
}
_TOLD = {
    "filled": "completed",
    "canceled": "canceled",
    "expired": "expired",
    "refused": "rejected",
    "not_placed": "rejected",
    "not_sent": "rejected",
}


def hear(step: Step, fact: Fact) -> None:
    """Take a fact in."""
    match fact:
        case OrderFact():
            _order(step, fact)
        case FillFact():
            _fill(step, fact)
        case FillVoid():
            _void(step, fact)
        case FillFinal():
            _final(step, fact.exec, fact.version)
        case FeeFact():
            _fee(step, fact)
        case CashFact():
            _cash(step, fact)
        case LinkFact():
            step.notice("link", text=f"{'up' if fact.up else 'down'} {fact.why}".strip())
            if fact.up:
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
    for row in list(step.state.books.rows.values()):
        if row.key is None and order.names & set(row.names):
            step.record(Linked(exec=row.exec, key=order.key))
            if order.closed is None and row.exec not in step.core.hushed:
                why = f"it belongs to order {order.key}"
                step.then(TellFill(row=row, sign=-1, why=why))  # and is told with the order
                _tell_fill(step, order, row)
            settle(step, order)


def settle(step: Step, order: OrderState) -> None:
    """Close an order when the venue says that it is over and its fills are all booked."""
    if order.closed is not None:
        return
    stood = order.stands
    if order.booked < order.ticket.qty:
        if stood is None or not order.over:
            step.core.waiting.pop(order.key, None)
            return
        enough = stood.filled is not None and order.booked >= stood.filled
        if not enough or stood.state is State.FILLED:
            step.core.waiting.setdefault(order.key, step.now)
            step.core.asking.log_wanted = True
            return
    if _blocked(step, order):
        step.core.waiting.pop(order.key, None)
    else:
        end(step, order)


def end(step: Step, order: OrderState) -> None:
    """Close an order as it stands, or as filled if it is."""
    stood = order.stands
    if stood is None or order.booked >= order.ticket.qty:
        close(step, order, "filled")
    else:
        why = stood.reason.name if stood.reason else ""
        close(step, order, _HOW[stood.state], why, code=why if stood.state is State.REFUSED else "")


def close(step: Step, order: OrderState, how: str, why: str = "", code: str = "") -> None:
    """Let an order be over for the strategy, once."""
    step.core.waiting.pop(order.key, None)
    step.core.asking.looks.pop(order.key, None)
    step.record(Closed(key=order.key, how=how, at=step.now, why=why))  # type: ignore[arg-type]
    status = "margin" if code == "FUNDS" else _TOLD[how]
    if status == "rejected":
        code = code or how.upper()
    step.tell(order, status, code=code, why=why)


def tell_if_revived(step: Step, order: OrderState, was: bool) -> None:
    """Tell, once, that an order stands of which the strategy heard that it was rejected."""
    if order.revived and not was:
        text = f"order {order.key} stands though it was told as rejected"
        step.notice("revived", order.ticket.instrument, text)


def _blocked(step: Step, order: OrderState) -> bool:
    """Return whether an order has fills that may be undone: it is not told as over."""
    return bool(order.pending) and step.core.undoable(final=False)


def _order(step: Step, fact: OrderFact) -> None:
    order = step.state.find(fact.key, fact.refs | fact.replaces)
    if order is None:
        _foreign(step, fact)
        return
    was = order.revived
    learn(step, order, fact.refs)
    stood = Stood(
        key=order.key, state=fact.state, at=fact.at, filled=fact.filled, reason=fact.reason
    )
    if order.takes(stood):
        step.record(stood)
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
    ours = (fact.key or "").startswith(f"{step.core.terms.journal}-")
    whose = "has our key and is not in the journal" if ours else "is not ours"
    name = fact.key or "/".join(sorted(fact.refs))
    step.notice("foreign_order", fact.instrument, f"order {name} {whose}: {fact.state.value}")


def _fill(step: Step, fact: FillFact) -> None:
    books = step.state.books
    if not books.is_news(fact.exec, fact.version):
        if fact.final:
            _final(step, fact.exec, fact.version)
        return
    order = step.state.find(fact.key, fact.refs)
    if fact.exec in books.rows:
        order = order or step.state.find(books.rows[fact.exec].key, frozenset())
        _undo(step, fact.exec, fact.version - 1, "corrected")
    instrument = step.core.instruments.get(fact.instrument)
    margin = instrument is not None and instrument.cash == "margin"
    row = Booked(
        exec=fact.exec, version=fact.version, key=order.key if order else None,
        names=tuple(sorted(fact.refs)), instrument=fact.instrument, bucket=fact.bucket,
        side=fact.side, qty=fact.qty, price=fact.price, at=fact.at, fees=fact.fees,
        final=fact.final, moves=_moves(instrument, fact), cause=fact.cause, witness=fact.witness,
        settle=instrument.settle if instrument and margin else "",
        multiplier=instrument.multiplier if instrument else Decimal(1),
    )  # fmt: skip
    step.record(row)
    step.core.asking.brought.add(fact.instrument)
    row = books.rows[fact.exec]
    if step.core.undoable(row.final):
        step.core.hushed.add(row.exec)
    else:
        _tell_fill(step, order, row)
    if order is not None:
        if order.closed is None:
            accept(step, order)
        learn(step, order, fact.refs)
        settle(step, order)


def _tell_fill(step: Step, order: OrderState | None, row: Booked) -> None:
    row = step.state.books.rows[row.exec]
    if order is None:
        step.then(TellFill(row=row, sign=1, why="of no order of ours that is known yet"))
    elif order.closed is not None:
        step.then(TellFill(row=row, sign=1, why=f"after order {order.key} was over"))
    else:
        accept(step, order)
        step.core.untold.setdefault(order.key, []).append(row.exec)
        if order.booked < order.ticket.qty or _blocked(step, order):
            step.tell(order, "partial")


def _final(step: Step, exec_: str, version: int) -> None:
    books = step.state.books
    row = books.rows.get(exec_)
    if row is None or row.version != version:
        if books.is_news(exec_, version) and books.finals.get(exec_, -1) < version:
            step.record(Finalised(exec=exec_, version=version))
        return
    if row.final:
        return
    step.record(Finalised(exec=exec_, version=version))
    order = step.state.orders[row.key] if row.key is not None else None
    if exec_ in step.core.hushed:
        step.core.hushed.discard(exec_)
        _tell_fill(step, order, row)
    if order is not None:
        settle(step, order)


def _void(step: Step, fact: FillVoid) -> None:
    row = step.state.books.rows.get(fact.exec)
    if row is not None and row.version <= fact.version:
        _undo(step, fact.exec, fact.version, fact.why)
        if row.key is not None:
            settle(step, step.state.orders[row.key])
    elif row is None and step.state.books.gone.get(fact.exec, -1) < fact.version:
        step.record(Reversed(exec=fact.exec, version=fact.version, at=fact.at, why=fact.why))


def _undo(step: Step, exec_: str, version: int, why: str) -> None:
    """Take an execution out, and let no version up to this one come again."""
    row = step.state.books.rows[exec_]
    step.record(Reversed(exec=exec_, version=max(version, row.version), at=step.now, why=why))
    step.core.asking.brought.add(row.instrument)
    if row.key in step.core.waiting:
        step.core.waiting[row.key] = step.now  # what comes in its place may take its time again
    untold = step.core.untold.get(row.key or "", [])
    if exec_ in step.core.hushed:
        step.core.hushed.discard(exec_)
    elif exec_ in untold:
        untold.remove(exec_)
    else:
        step.then(TellFill(row=row, sign=-1, why=why))


def _moves(instrument: Instrument | None, fact: FillFact) -> tuple[Move, ...]:
    if instrument is None or instrument.cash != "exchange":
        return ()
    value: Decimal = fact.qty * fact.price * instrument.multiplier
    return (
        Move(asset=instrument.base, amount=fact.side * fact.qty),
        Move(asset=instrument.quote, amount=-fact.side * value),
    )


def _fee(step: Step, fact: FeeFact) -> None:
    if ("fee", fact.id) not in step.state.books.seen:
        step.core.asking.brought.add(fact.fee.asset)
        step.record(
            FeeBooked(
                id=fact.id, exec=fact.exec, key=fact.key, asset=fact.fee.asset,
                amount=fact.fee.amount, at=fact.at,
            )
        )  # fmt: skip


def _cash(step: Step, fact: CashFact) -> None:
    if ("cash", fact.id) not in step.state.books.seen:
        step.core.asking.brought.add(fact.asset)
        step.record(
            CashBooked(
                id=fact.id, asset=fact.asset, amount=fact.amount, instrument=fact.instrument,
                kind=fact.kind, at=fact.at,
            )
        )  # fmt: skip
