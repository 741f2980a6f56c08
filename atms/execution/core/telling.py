"""How things stand, in the words of the strategy's side: positions, balances, open orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.execution.core.books import Books
from atms.execution.core.events import Held, OpenOrder, Status, TellBooks, TellFee, TellOpen
from atms.execution.core.orders import OrderState
from atms.execution.core.records import Closed
from atms.execution.emulation.plans import PlanState, booked, servants
from atms.stores.facts import FeeFact
from atms.stores.requests import Key

if TYPE_CHECKING:
    from atms.execution.core.core import Core

ENDED: dict[str, Status] = {  # how an order was closed -> what its strategy hears
    "filled": "completed", "canceled": "canceled", "expired": "expired", "refused": "rejected",
    "not_placed": "rejected", "not_sent": "rejected", "vanished": "canceled",
}  # fmt: skip


def books(kept: Books, hushed: Iterable[str]) -> TellBooks:
    """Return what the account holds; *hushed*: executions that the strategy has not heard of."""
    positions = tuple(
        Held(
            instrument=instrument, bucket=bucket, qty=one.qty,
            price=one.price if one.known else None,
        )
        for (instrument, bucket), one in sorted(kept.positions().items())
    )  # fmt: skip
    balances = tuple(sorted(kept.balances().items()))
    return TellBooks(positions=positions, balances=balances, untold=_units(kept, hushed))


def _units(kept: Books, executions: Iterable[str]) -> tuple[tuple[str, Decimal], ...]:
    """Return what executions have done to positions, by instrument."""
    found: dict[str, Decimal] = {}
    for row in (kept.rows[name] for name in sorted(executions)):
        found[row.instrument] = found.get(row.instrument, Decimal(0)) + row.side * row.qty
        for shift in row.shifts:
            found[shift.instrument] = found.get(shift.instrument, Decimal(0)) + shift.qty
    return tuple(sorted((name, qty) for name, qty in found.items() if qty))


def fees(core: Core) -> list[TellFee]:
    """Return the fees that came by themselves and whose fills were told; each once."""
    books = core.state.books
    due = [
        one
        for one in core.fees
        if one.exec is None
        or (one.exec not in core.hushed and (one.exec in books.rows or one.exec in books.gone))
    ]
    core.fees = [one for one in core.fees if one not in due]
    return [
        TellFee(
            key=_payer(core, one), exec=one.exec, asset=one.fee.asset, amount=one.fee.amount
        )
        for one in due
    ]  # fmt: skip


def _payer(core: Core, fact: FeeFact) -> Key | None:
    """Return the key of the order that a fee is of, as the strategy knows it."""
    row = core.state.books.rows.get(fact.exec or "")
    if row is not None:
        return core.voiced(row).key
    plan = core.state.plan_of(fact.key)
    return plan.key if plan is not None else fact.key


def open_orders(core: Core) -> TellOpen:
    """Return the orders that may fill; from now on their next status is told from here."""
    orders = tuple(
        _open(core, order) for order in core.state.open_orders() if not order.intended.serves
    )
    orders += tuple(_planned(core, plan) for plan in core.state.open_plans())
    for order in orders:
        core.told.setdefault(order.key, order.status)
    return TellOpen(orders=orders, entries=_entries(core, orders))


def adopted(core: Core, plan: PlanState) -> TellOpen:
    """Return an order that the strategy has not made, as one of its own."""
    orders = (_planned(core, plan),)
    core.told[plan.key] = orders[0].status
    return TellOpen(orders=orders, entries=_entries(core, orders))


def _entries(core: Core, orders: Iterable[OpenOrder]) -> tuple[OpenOrder, ...]:
    """Return the entries that are over of what is open."""
    shown = {order.key for order in orders}
    parents = dict.fromkeys(order.parent for order in orders if order.parent)
    plans, found = core.state.plans, core.state.orders
    return tuple(
        _planned(core, plans[key]) if key in plans else _open(core, found[key])
        for key in parents
        if key not in shown and (key in plans or key in found)
    )


def _open(core: Core, order: OrderState) -> OpenOrder:
    intended, ticket = order.intended, order.ticket
    if intended.until is not None:
        ticket = replace(ticket, tif="gtd", expires=intended.until)
    status: Status = "accepted" if order.known else "submitted"
    status = _ended(order.closed) or ("partial" if order.booked else status)
    leg = intended.link == "bracket" and intended.group != order.key
    return OpenOrder(
        key=order.key, ticket=ticket, owner=intended.owner, status=status, booked=order.booked,
        average=_average(core, (order,)), how=intended.how,
        group=_pair(core, order.key) or intended.group, parent=intended.group if leg else "",
    )  # fmt: skip


def _planned(core: Core, plan: PlanState) -> OpenOrder:
    filled, planned = booked(core.state, plan), plan.planned
    return OpenOrder(
        key=plan.key, ticket=plan.ticket, owner=planned.owner,
        status=_ended(plan.closed) or ("partial" if filled else "accepted"), booked=filled,
        average=_average(core, servants(core.state, plan)), how=planned.how,
        group=_pair(core, plan.key) or planned.group, parent=planned.parent,
    )  # fmt: skip


def _pair(core: Core, key: Key) -> Key:
    """Return the first of the orders of which an order is one that is to be; empty: there is none.

    One that came later was sent as a group of its own.
    """
    return core.state.pairs.get(key, ("",))[0]


def _ended(closed: Closed | None) -> Status | None:
    return None if closed is None else ENDED[closed.how]


def _average(core: Core, orders: Iterable[OrderState]) -> Decimal | None:
    rows = core.state.books.rows
    parts = [rows[name] for one in orders for name in sorted(one.executions) if name in rows]
    qty = sum((row.qty for row in parts), Decimal(0))
    spent = sum((row.qty * row.price for row in parts), Decimal(0))
    return spent / qty if qty else None
