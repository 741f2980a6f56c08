"""Orders and executions of a live account as columns of the ledger's tables; pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atms.execution.core.orders import OrderState
from atms.execution.core.records import Booked
from atms.execution.core.state import AccountState
from atms.execution.emulation.plans import PlanState, booked
from atms.stores.facts import State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind

# The words that a backtest has for them.
_TYPES = {
    Kind.MARKET: "market", Kind.LIMIT: "limit", Kind.STOP: "stop", Kind.STOP_LIMIT: "stoplimit",
    Kind.TRAIL: "stoptrail", Kind.TRAIL_LIMIT: "stoptraillimit", Kind.ON_CLOSE: "close",
}  # fmt: skip
_CLOSED = {
    "filled": "completed", "canceled": "canceled", "expired": "expired", "vanished": "canceled",
    "refused": "rejected", "not_placed": "rejected", "not_sent": "rejected",
}  # fmt: skip
_STANDS = {
    State.FILLED: "completed", State.CANCELED: "canceled", State.EXPIRED: "expired",
    State.REFUSED: "rejected",
}  # fmt: skip


def symbol_of(instrument: str) -> str:
    """Return what an instrument's id says behind the account."""
    return instrument.partition(":")[2]


def order_row(order: OrderState, executions: Mapping[str, Booked]) -> dict[str, Any]:
    """Return an order's columns but for run, account, venue and the time of its last change."""
    ticket, intended = order.ticket, order.intended
    price = ticket.limit if ticket.kind is Kind.LIMIT else ticket.trigger
    child = intended.link == "bracket" and intended.group != order.key
    return {
        "order_id": order.key,
        "symbol": symbol_of(ticket.instrument),
        "side": "buy" if ticket.side > 0 else "sell",
        "type": _TYPES[ticket.kind],
        "size": ticket.qty,
        "price": price,
        "limit_price": None if ticket.kind is Kind.LIMIT else ticket.limit,
        "parent_id": intended.serves or (intended.group if child else None),
        "status": status_of(order),
        "created_ts": intended.at,
        "filled": order.booked,
        "average_price": _average(order, executions),
        "reason": _reason(order),
        "names": " ".join(sorted(order.names)) or None,
    }


def plan_row(plan: PlanState, state: AccountState) -> dict[str, Any]:
    """Return the columns of an order that works by others, which have it for their parent."""
    ticket, filled = plan.ticket, booked(state, plan)
    orders = [state.orders[key] for key in plan.servants]
    names = {name for order in orders for name in order.executions}
    rows = [state.books.rows[name] for name in names if name in state.books.rows]
    units = sum((row.qty for row in rows), Decimal(0))
    spent = sum((row.qty * row.price for row in rows), Decimal(0))
    status = "partial" if filled else "accepted"
    if plan.closed is not None:
        status = _CLOSED[plan.closed.how]
    return {
        "order_id": plan.key,
        "symbol": symbol_of(ticket.instrument),
        "side": "buy" if ticket.side > 0 else "sell",
        "type": _TYPES[ticket.kind],
        "size": ticket.qty,
        "price": ticket.limit if ticket.kind is Kind.LIMIT else plan.trigger,
        "limit_price": None if ticket.kind is Kind.LIMIT else plan.limit,
        "parent_id": plan.planned.parent or None,
        "status": status,
        "created_ts": plan.planned.at,
        "filled": filled,
        "average_price": spent / units if units else None,
        "reason": plan.closed.why or None if plan.closed is not None else None,
        "names": None,
    }


def status_of(order: OrderState) -> str:
    """Return how an order stands: what the venue shows, once the strategy has heard the end."""
    if order.closed is None or order.revived:
        if order.booked:
            return "partial"
        return "accepted" if order.known else "submitted"
    if order.booked >= order.ticket.qty:
        return "completed"
    status = _CLOSED[order.closed.how]
    if order.over and order.stands is not None:  # a later word than the one it was closed by
        status = _STANDS[order.stands.state]
    return "margin" if status == "rejected" and _refusal(order) is Reason.FUNDS else status


def fill_row(row: Booked, venue: str) -> dict[str, Any]:
    """Return an execution's columns but for run and account; fees stand in a table of their own."""
    swaps = len(row.moves) == 2  # the base asset's, then the quote's
    return {
        "venue": venue,
        "symbol": symbol_of(row.instrument),
        "trade_id": row.exec,
        "order_id": row.key,
        "ts": row.at,
        "side": "buy" if row.side > 0 else "sell",
        "size": row.qty,
        "price": row.price,
        "currency": row.moves[1].asset if swaps else row.settle,
        "base": row.moves[0].asset if swaps else None,
        "multiplier": row.multiplier,
        "settlement": "cash" if swaps else "margin",
        "reference_price": None,
    }


def fees_of(row: Booked) -> dict[str, Decimal] | None:
    """Return asset -> amount; None while the venue has not told them."""
    if row.fees is None:
        return None
    found: dict[str, Decimal] = {}
    for fee in row.fees:
        found[fee.asset] = found.get(fee.asset, Decimal(0)) + fee.amount
    return found


def _average(order: OrderState, executions: Mapping[str, Booked]) -> Decimal | None:
    parts = [executions[name] for name in sorted(order.executions) if name in executions]
    size = sum((part.qty for part in parts), Decimal(0))
    spent = sum((part.qty * part.price for part in parts), Decimal(0))
    return spent / size if size else None


def _refusal(order: OrderState) -> Reason | None:
    if order.answered is not None and order.answered.reason is not None:
        return order.answered.reason
    return order.stands.reason if order.stands is not None else None


def _reason(order: OrderState) -> str | None:
    """Return why it ended as it did, and what is not known of it."""
    if order.closed is None:
        unsure = order.answered is not None and order.answered.outcome == "unknown"
        return "no answer" if unsure and order.unresolved else None
    refusal = _refusal(order)
    words = [refusal.name if refusal else "", order.closed.why]
    return ": ".join(dict.fromkeys(word for word in words if word)) or None
