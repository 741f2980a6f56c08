"""Executions of a simulated account, and what happens to its money otherwise."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Literal

from atms.sandbox.simulation.venue.holdings import ZERO
from atms.sandbox.simulation.venue.orders import Order
from atms.sandbox.simulation.venue.records import (
    Cause,
    Charged,
    Executed,
    Finalised,
    Moved,
    Voided,
)
from atms.stores.facts import Fee
from atms.stores.market import Instrument
from atms.stores.requests import Bucket, Side

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.truth import Venue

CashKind = Literal[
    "funding", "financing", "dividend", "interest", "deposit", "withdrawal", "conversion",
    "pnl", "split", "other",
]  # fmt: skip


def book(
    venue: Venue, order: Order, bucket: Bucket, qty: Decimal, price: Decimal, *, maker: bool
) -> Executed:
    """Record an execution of an order."""
    return _book(
        venue, order.ticket.instrument, bucket, order.ticket.side, qty, price, maker=maker,
        order=order, cause=order.cause,
    )  # fmt: skip


def liquidate(venue: Venue, instrument: str) -> None:
    """Close everything that is held of an instrument, by the venue's will (F29)."""
    venue.turn()
    places = [place for place in venue.holdings.positions if place[0] == instrument]
    for name, bucket in places:
        held = venue.holdings.qty(name, bucket)
        side: Side = -1 if held > 0 else 1
        venue.transaction += 1
        price = venue.prices[name]
        _book(venue, name, bucket, side, abs(held), price, maker=False, cause="liquidation")


def move(
    venue: Venue, asset: str, amount: Decimal, kind: CashKind, instrument: str | None = None
) -> Moved:
    """Let cash come or go by something that is no fill (F15, F30)."""
    venue.turn()
    venue.transaction += 1
    venue.holdings.add(asset, amount)
    return venue.record(
        Moved, id=f"cash:{venue.transaction}", asset=asset, amount=amount, instrument=instrument,
        kind=kind,
    )  # fmt: skip


def correct(venue: Venue, exec_: str, qty: Decimal, price: Decimal) -> Executed:
    """Let a higher version replace an execution; what was charged for it stays (F18)."""
    venue.turn()
    old = venue.executions[exec_]
    _adjust(venue, old, qty - old.qty)
    row = venue.record(
        Executed, exec=exec_, version=old.version + 1, number=old.number, order=old.order,
        key=old.key, instrument=old.instrument, bucket=old.bucket, side=old.side, qty=qty,
        price=price, maker=old.maker, fees=old.fees, final=old.final, cause=old.cause,
    )  # fmt: skip
    venue.executions[exec_] = row  # keeps its place in time
    rebuild(venue)
    return row


def bust(venue: Venue, exec_: str) -> None:
    """Take an execution away for good, with what was charged for it (F18)."""
    venue.turn()
    row = void(venue, exec_, "bust")
    name = f"fee:{exec_}"
    for charged in [one for one in venue.history if isinstance(one, Charged) and one.id == name]:
        charge(
            venue, Fee(asset=charged.fee.asset, amount=-charged.fee.amount), f"{name}:back",
            row.instrument, exec_=exec_,
        )  # fmt: skip


def void(venue: Venue, exec_: str, why: Literal["reorg", "bust"]) -> Executed:
    """Undo an execution."""
    row = venue.executions.pop(exec_)
    _adjust(venue, row, -row.qty)
    venue.record(
        Voided, exec=exec_, version=row.version, instrument=row.instrument, why=why,
        witness=row.witness, order=row.order, key=row.key, qty=row.qty,
    )  # fmt: skip
    rebuild(venue)
    return row


def finalise(venue: Venue, row: Executed) -> None:
    """Let an execution be final."""
    venue.record(Finalised, exec=row.exec, version=row.version, instrument=row.instrument)


def charge(
    venue: Venue, fee: Fee, name: str, instrument: str, *, exec_: str | None = None,
    order: Order | None = None, final: bool = True,
) -> Charged:  # fmt: skip
    """Take a fee apart from a fill; an amount below 0 is given back."""
    venue.holdings.pay(fee)
    row = venue.executions.get(exec_ or "")
    key = order.key if order is not None else row.key if row is not None else None
    number = order.id if order is not None else row.order if row is not None else None
    return venue.record(
        Charged, id=name, exec=exec_, order=number, key=key, instrument=instrument, fee=fee,
        final=final,
    )  # fmt: skip


def rebuild(venue: Venue) -> None:
    """Make positions and balances anew from what counts."""
    others = [one for one in venue.history if isinstance(one, Charged | Moved)]
    venue.holdings.rebuild(venue.instruments, venue.executions.values(), others)


def mined(
    venue: Venue, order: Order, qty: Decimal, price: Decimal, exec_: str, witness: str
) -> Executed:
    """Record an execution that may still be undone; it has its own name on every try."""
    tries = [one for one in venue.history if isinstance(one, Executed) and one.exec == exec_]
    return _book(
        venue, order.ticket.instrument, "net", order.ticket.side, qty, price, maker=False,
        order=order, exec_=exec_, version=len(tries) + 1, final=False, witness=witness, fees=(),
    )  # fmt: skip


def _book(
    venue: Venue, name: str, bucket: Bucket, side: Side, qty: Decimal, price: Decimal, *,
    maker: bool, order: Order | None = None, cause: Cause = "order", exec_: str = "",
    version: int = 1, final: bool = True, witness: str = "", fees: tuple[Fee, ...] | None = None,
) -> Executed:  # fmt: skip
    instrument = venue.instruments[name]
    number = venue.numbers[name] = venue.numbers.get(name, 0) + 1
    exec_ = exec_ or _exec_name(venue, instrument, bucket, number)
    if fees is None:
        fees = _fees(venue, instrument, side, qty, price, maker=maker)
    later = venue.manners.fee_lag
    row = venue.record(
        Executed, exec=exec_, version=version, number=number, key=order.key if order else None,
        order=order.id if order else None, instrument=name, bucket=bucket, side=side, qty=qty,
        price=price, maker=maker, fees=fees if later is None else None, final=final, cause=cause,
        witness=witness,
    )  # fmt: skip
    venue.executions[exec_] = row
    venue.holdings.book(instrument, row)
    if later is not None:
        for fee in fees:
            venue.at(venue.now() + later, partial(_charge_late, venue, row, fee))
    return row


def _charge_late(venue: Venue, row: Executed, fee: Fee) -> None:
    if row.exec in venue.executions:  # else it was busted before its fee came
        charge(venue, fee, f"fee:{row.exec}", row.instrument, exec_=row.exec)


def _exec_name(venue: Venue, instrument: Instrument, bucket: Bucket, number: int) -> str:
    if venue.manners.execs == "instrument":
        return f"{instrument.id.partition(':')[2]}:{number}"
    if venue.manners.buckets == "lots":
        return f"{venue.transaction}:{bucket}"
    return f"{venue.transaction}"


def _fees(
    venue: Venue, instrument: Instrument, side: Side, qty: Decimal, price: Decimal, *, maker: bool
) -> tuple[Fee, ...]:
    manners = venue.manners
    rate, value = manners.maker if maker else manners.taker, qty * price * instrument.multiplier
    amount = value * rate
    if not amount:
        return ()
    if manners.fee_asset is not None:
        other = amount / manners.fee_price
        if venue.holdings.balances.get(manners.fee_asset, ZERO) >= other:
            return (Fee(asset=manners.fee_asset, amount=other),)
    if manners.fee_in == "received" and side > 0:
        return (Fee(asset=instrument.base, amount=qty * rate),)
    asset = instrument.quote if instrument.cash == "exchange" else instrument.settle
    return (Fee(asset=asset, amount=amount),)


def _adjust(venue: Venue, row: Executed, qty: Decimal) -> None:
    order = venue.orders.get(row.order or "")
    if order is not None and qty:
        order.filled += qty
        venue.tell(order)
