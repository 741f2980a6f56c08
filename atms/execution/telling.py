"""How things stand, in the words of the strategy's side: positions, balances, open orders."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from atms.execution.books import Books
from atms.execution.events import Held, OpenOrder, Status, TellBooks, TellOpen
from atms.execution.orders import OrderState

if TYPE_CHECKING:
    from atms.execution.core import Core


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
    orders = tuple(_open(core, order) for order in core.state.open_orders())
    for order in orders:
        core.told.setdefault(order.key, order.status)
    return TellOpen(orders=orders)


def _open(core: Core, order: OrderState) -> OpenOrder:
    rows = core.state.books.rows
    parts = [rows[name] for name in sorted(order.executions) if name in rows]
    qty = sum((row.qty for row in parts), Decimal(0))
    spent = sum((row.qty * row.price for row in parts), Decimal(0))
    status: Status = "accepted" if order.known else "submitted"
    return OpenOrder(
        key=order.key, ticket=order.ticket, owner=order.intended.owner,
        status="partial" if order.booked else status, booked=order.booked,
        average=spent / qty if qty else None,
    )  # fmt: skip
