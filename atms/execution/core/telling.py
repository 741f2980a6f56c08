"""How things stand, in the words of the strategy's side: positions, balances, open orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.execution.core.books import Books
from atms.execution.core.events import Held, OpenOrder, Status, TellBooks, TellOpen
from atms.execution.core.orders import OrderState
from atms.execution.emulation.plans import PlanState, booked, servants

if TYPE_CHECKING:
    from atms.execution.core.core import Core


def books(kept: Books) -> TellBooks:
    """Return what the account holds."""
    positions = tuple(
        Held(
            instrument=instrument, bucket=bucket, qty=one.qty,
            price=one.price if one.known else None,
        )
        for (instrument, bucket), one in sorted(kept.positions().items())
    )  # fmt: skip
    return TellBooks(positions=positions, balances=tuple(sorted(kept.balances().items())))


def open_orders(core: Core) -> TellOpen:
    """Return the orders that may fill; from now on their next status is told from here."""
    orders = tuple(
        _open(core, order) for order in core.state.open_orders() if not order.intended.serves
    )
    orders += tuple(_planned(core, plan) for plan in core.state.open_plans())
    for order in orders:
        core.told.setdefault(order.key, order.status)
    return TellOpen(orders=orders)


def _open(core: Core, order: OrderState) -> OpenOrder:
    intended, ticket = order.intended, order.ticket
    if intended.until is not None:
        ticket = replace(ticket, tif="gtd", expires=intended.until)
    status: Status = "accepted" if order.known else "submitted"
    return OpenOrder(
        key=order.key, ticket=ticket, owner=intended.owner,
        status="partial" if order.booked else status, booked=order.booked,
        average=_average(core, (order,)), how=intended.how,
    )  # fmt: skip


def _planned(core: Core, plan: PlanState) -> OpenOrder:
    filled = booked(core.state, plan)
    return OpenOrder(
        key=plan.key, ticket=plan.ticket, owner=plan.planned.owner,
        status="partial" if filled else "accepted", booked=filled,
        average=_average(core, servants(core.state, plan)), how=plan.planned.how,
    )  # fmt: skip


def _average(core: Core, orders: Iterable[OrderState]) -> Decimal | None:
    rows = core.state.books.rows
    parts = [rows[name] for one in orders for name in sorted(one.executions) if name in rows]
    qty = sum((row.qty for row in parts), Decimal(0))
    spent = sum((row.qty * row.price for row in parts), Decimal(0))
    return spent / qty if qty else None
