"""What the account is told on the user data stream (user-data-stream.md)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from atms.sandbox.venue.lists import OrderList
from atms.sandbox.venue.numbers import ZERO, text
from atms.sandbox.venue.orders import Fill, Order

Json = dict[str, Any]


def execution_report(
    order: Order,
    kind: str,
    *,
    now: int,
    execution: int,
    fill: Fill | None = None,
    original: str = "",
    reason: str = "NONE",
) -> Json:
    """Return an executionReport.

    Args:
        kind: the execution type: NEW, CANCELED, REPLACED, REJECTED, TRADE, EXPIRED.
        original: the order's client id before the request that made the event.
    """
    wish = order.wish
    qty, price = (fill.qty, fill.price) if fill is not None else (ZERO, ZERO)
    report: Json = {
        "e": "executionReport", "E": now, "s": order.symbol.name,
        "c": order.client_id,
        "S": order.side, "o": order.type, "f": wish.tif, "q": text(order.qty),
        "p": text(wish.price or ZERO), "P": text(wish.stop or ZERO),
        "F": text(wish.iceberg or ZERO), "g": order.list_id, "C": original,
        "x": kind, "X": order.status, "r": reason, "i": order.id,
        "l": text(qty), "z": text(order.executed), "L": text(price),
        "n": text(fill.fee) if fill is not None else "0",
        "N": fill.fee_asset if fill is not None else None,
        "T": order.updated, "t": fill.id if fill is not None else -1,
        "I": execution, "w": order.working and order.is_open,
        "m": fill.maker if fill is not None else False, "M": fill is not None,
        "O": order.time, "Z": text(order.cost), "Y": text(qty * price),
        "Q": text(wish.quote_qty or ZERO), "V": wish.stp,
    }  # fmt: skip
    if order.working_time >= 0:
        report["W"] = order.working_time
    if wish.trailing is not None:
        report["d"] = wish.trailing
        if order.armed_at >= 0:
            report["D"] = order.armed_at
    if wish.strategy_id is not None:
        report["j"] = wish.strategy_id
    if wish.strategy_type is not None:
        report["J"] = wish.strategy_type
    return report


def account_position(
    assets: Iterable[str],
    free: dict[str, Decimal],
    locked: dict[str, Decimal],
    now: int,
) -> Json:
    """Return an outboundAccountPosition of *assets*."""
    return {
        "e": "outboundAccountPosition",
        "E": now,
        "u": now,
        "B": [{"a": one, "f": text(free[one]), "l": text(locked[one])} for one in assets],
    }


def balance_update(asset: str, delta: Decimal, now: int) -> Json:
    """Return a balanceUpdate: a deposit, or a withdrawal where *delta* is negative."""
    return {"e": "balanceUpdate", "E": now, "a": asset, "d": text(delta), "T": now}


def list_status(group: OrderList, now: int, reason: str = "NONE") -> Json:
    """Return a listStatus."""
    return {
        "e": "listStatus", "E": now, "s": group.symbol.name, "g": group.id,
        "c": group.contingency, "l": group.status_type, "L": group.order_status, "r": reason,
        "C": group.client_id, "T": group.time,
        "O": [{"s": one.symbol.name, "i": one.id, "c": one.own_id} for one in group.orders],
    }  # fmt: skip


def stream_terminated(now: int) -> Json:
    """Return an eventStreamTerminated."""
    return {"e": "eventStreamTerminated", "E": now}


def server_shutdown(now: int) -> Json:
    """Return a serverShutdown."""
    return {"e": "serverShutdown", "E": now}
