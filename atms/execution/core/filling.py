"""Executions, fees and cash -> rows of the books: each once, and undone where it is undone."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from atms.execution.core import hearing
from atms.execution.core.events import TellFill
from atms.execution.core.orders import OrderState
from atms.execution.core.records import (
    Booked,
    CashBooked,
    FeeBooked,
    Finalised,
    Move,
    Reversed,
    Shift,
)
from atms.execution.core.step import Step
from atms.stores.facts import CashFact, Fee, FeeFact, FillFact, FillVoid
from atms.stores.market import Instrument
from atms.stores.requests import Bucket

if TYPE_CHECKING:
    from atms.execution.core.core import Core

_TAKEN = ("liquidation", "margin", "assignment")  # fills that nobody here ordered


def fill(step: Step, fact: FillFact) -> None:
    """Book an execution, unless it is in the books, in this version or a later one."""
    books = step.state.books
    if not books.is_news(fact.exec, fact.version):
        if fact.final:
            final(step, fact.exec, fact.version)
        return
    order, at = step.state.find(fact.key, fact.refs), fact.at
    if fact.exec in books.rows:
        old = books.rows[fact.exec]
        order = order or step.state.find(old.key, frozenset())
        at = old.at  # its place among the others: a correction may be told weeks later
        undo(step, fact.exec, fact.version - 1, "corrected")
    instrument = step.core.instruments.get(fact.instrument)
    margin = instrument is not None and instrument.cash == "margin"
    row = Booked(
        exec=fact.exec, version=fact.version, key=order.key if order else None,
        names=tuple(sorted(fact.refs)), instrument=fact.instrument, bucket=fact.bucket,
        side=fact.side, qty=fact.qty, price=fact.price, at=at, fees=fact.fees,
        final=fact.final, moves=_moves(instrument, fact), cause=fact.cause, witness=fact.witness,
        settle=instrument.settle if instrument and margin else "",
        multiplier=instrument.multiplier if instrument else Decimal(1),
        shifts=_shifts(step.core, fact.fees or (), fact.instrument, fact.bucket),
    )  # fmt: skip
    step.record(row)
    if order is None and fact.cause in _TAKEN:
        side = "bought" if fact.side == 1 else "sold"
        text = f"{fact.cause}: the venue {side} {fact.qty:f} at {fact.price:f}"
        step.notice("taken", fact.instrument, text)
    _brought(step, row)
    row = books.rows[fact.exec]
    if step.core.undoable(row.final):
        step.core.hushed.add(row.exec)
    else:
        tell_fill(step, order, row)
    if order is not None:
        if order.closed is None:
            hearing.accept(step, order)
        hearing.learn(step, order, fact.refs)
        hearing.settle(step, order)


def tell_fill(step: Step, order: OrderState | None, row: Booked) -> None:
    """Tell the strategy of an execution: with its order, or by itself."""
    row = step.state.books.rows[row.exec]
    plan = step.state.plans.get(order.intended.serves) if order is not None else None
    if order is None:
        step.then(TellFill(row=row, sign=1, why="of no order of ours that is known yet"))
    elif plan is not None and plan.closed is None:
        step.core.untold.setdefault(plan.key, []).append(row.exec)  # told when the step is done
    elif plan is not None:
        row = step.core.voiced(row)
        step.then(TellFill(row=row, sign=1, why=f"after order {plan.key} was over"))
    elif order.closed is not None:
        step.then(TellFill(row=row, sign=1, why=f"after order {order.key} was over"))
    else:
        hearing.accept(step, order)
        step.core.untold.setdefault(order.key, []).append(row.exec)
        if order.booked < order.whole or hearing.blocked(step, order):
            step.tell(order, "partial")


def final(step: Step, exec_: str, version: int) -> None:
    """Let an execution be one that can no longer be undone."""
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
        tell_fill(step, order, row)
    if order is not None:
        hearing.settle(step, order)


def void(step: Step, fact: FillVoid) -> None:
    """Let an execution be undone, though it may never have been told."""
    row = step.state.books.rows.get(fact.exec)
    if row is not None and row.version <= fact.version:
        undo(step, fact.exec, fact.version, fact.why)
        if row.key is not None:
            hearing.settle(step, step.state.orders[row.key])
    elif row is None and step.state.books.gone.get(fact.exec, -1) < fact.version:
        order = step.state.find(fact.key, fact.refs)
        step.record(
            Reversed(
                exec=fact.exec, version=fact.version, at=fact.at, why=fact.why,
                key=order.key if order else None, qty=fact.qty,
            )
        )  # fmt: skip
        if order is not None:
            hearing.settle(step, order)


def undo(step: Step, exec_: str, version: int, why: str) -> None:
    """Take an execution out, and let no version up to this one come again."""
    row = step.state.books.rows[exec_]
    step.record(Reversed(exec=exec_, version=max(version, row.version), at=step.now, why=why))
    _brought(step, row)
    if row.key in step.core.waiting:
        step.core.waiting[row.key] = step.now  # what comes in its place may take its time again
    untold = step.core.untold.get(step.core.voiced(row).key or "", [])
    if exec_ in step.core.hushed:
        step.core.hushed.discard(exec_)
    elif exec_ in untold:
        untold.remove(exec_)
    else:
        step.then(TellFill(row=step.core.voiced(row), sign=-1, why=why))


def _moves(instrument: Instrument | None, fact: FillFact) -> tuple[Move, ...]:
    if instrument is None or instrument.cash != "exchange":
        return ()
    value: Decimal = fact.qty * fact.price * instrument.multiplier
    return (
        Move(asset=instrument.base, amount=fact.side * fact.qty),
        Move(asset=instrument.quote, amount=-fact.side * value),
    )


def fee(step: Step, fact: FeeFact) -> None:
    """Book a fee that comes by itself, once."""
    if ("fee", fact.id) in step.state.books.seen:
        return
    row = step.state.books.rows.get(fact.exec or "")
    order = step.state.orders.get(fact.key or "")
    place = ("", "net")
    if row is not None:
        place = (row.instrument, row.bucket)
    elif order is not None:
        place = (order.ticket.instrument, order.ticket.bucket)
    step.core.asking.brought.add(fact.fee.asset)
    step.record(
        FeeBooked(
            id=fact.id, exec=fact.exec, key=fact.key, asset=fact.fee.asset, amount=fact.fee.amount,
            at=fact.at, shifts=_shifts(step.core, (fact.fee,), *place),
        )
    )  # fmt: skip
    if step.core.ready:  # else it is told with how things stand
        step.core.fees.append(fact)


def cash(step: Step, fact: CashFact) -> None:
    """Book cash that no fill has moved, once; a split changes positions."""
    if ("cash", fact.id) in step.state.books.seen:
        return
    step.core.asking.brought |= {fact.asset, fact.instrument or fact.asset}
    asset, shifts = fact.asset, ()
    if fact.kind == "split" and fact.instrument is not None:
        shifts = _spread(step, fact.instrument, fact.amount)  # type: ignore[assignment]
        instrument = step.core.instruments.get(fact.instrument)
        if instrument is not None and instrument.cash == "margin":
            asset = ""  # its units are no balance
    step.record(
        CashBooked(
            id=fact.id, asset=asset, amount=fact.amount, instrument=fact.instrument,
            kind=fact.kind, at=fact.at, shifts=shifts,
        )
    )  # fmt: skip


def _shifts(
    core: Core, fees: tuple[Fee, ...], instrument: str, bucket: Bucket
) -> tuple[Shift, ...]:
    """Return what fees take from positions: those that are paid in an asset that is one.

    The instrument's own asset comes first; what an instrument is paid in is cash.
    """
    own, stocks = core.instruments.get(instrument), core.stocks()
    found = []
    for one in fees:
        if own is not None and own.cash == "exchange" and own.base == one.asset:
            place = (instrument, bucket)
        elif one.asset in stocks and (own is None or one.asset not in (own.quote, own.settle)):
            place = (stocks[one.asset].id, "net")
        else:
            continue
        if one.amount:
            found.append(Shift(instrument=place[0], bucket=place[1], qty=-one.amount))
    return tuple(found)


def _spread(step: Step, instrument: str, units: Decimal) -> tuple[Shift, ...]:
    """Return the shares of a position's buckets in units that a split brings."""
    held = {
        bucket: one.qty
        for (name, bucket), one in sorted(step.state.books.positions().items())
        if name == instrument
    }
    whole = sum(held.values(), Decimal(0))
    if not whole:
        return (Shift(instrument=instrument, bucket="net", qty=units),)
    shares = {bucket: units * qty / whole for bucket, qty in held.items()}
    last = list(shares)[-1]
    shares[last] += units - sum(shares.values(), Decimal(0))
    return tuple(
        Shift(instrument=instrument, bucket=bucket, qty=share) for bucket, share in shares.items()
    )


def _brought(step: Step, row: Booked) -> None:
    """Keep in mind what a row has changed: it is not compared with what was read before it."""
    brought = step.core.asking.brought
    brought.add(row.instrument)
    brought.update(move.asset for move in row.moves)
    brought.update(one.asset for one in row.fees or ())
    if row.settle:
        brought.add(row.settle)
