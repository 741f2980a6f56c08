"""What the account may ask of Coinbase: orders, fills, wallets, what its key may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from atms.sandbox.coinbase import replies
from atms.sandbox.coinbase.asking import Asked
from atms.sandbox.coinbase.refusals import NotTaken, invalid, unknown_order
from atms.sandbox.coinbase.venue import PORTFOLIO, order_id, order_number, product_id
from atms.sandbox.coinbase.wishes import wish_of
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Fill, Order

Json = dict[str, Any]
Row = TypeVar("Row")
_ORDERS, _FILLS = 1000, 100  # rows that are told when no limit is asked for
_MOST = 100  # orders that may be cancelled at once


def permissions(asked: Asked) -> Json:
    """GET /api/v3/brokerage/key_permissions."""
    assert asked.key is not None
    return {
        "can_view": True, "can_trade": True, "can_transfer": asked.key.may_withdraw,
        "portfolio_uuid": PORTFOLIO, "portfolio_type": "DEFAULT",
    }  # fmt: skip


def wallets(asked: Asked) -> Json:
    """GET /api/v3/brokerage/accounts."""
    wallet = asked.venue.desk.wallet
    rows = [
        replies.wallet_row(asset, free, wallet.locked.get(asset, ZERO))
        for asset, free in wallet.free.items()
    ]
    page, cursor = _page(rows, asked, 49)
    return {"accounts": page, "has_next": bool(cursor), "cursor": cursor, "size": len(page)}


def old_wallets(asked: Asked) -> Json:
    """GET /v2/accounts: the sums alone."""
    wallet = asked.venue.desk.wallet
    rows = [
        {
            "id": f"wallet-{asset.lower()}", "name": f"{asset} Wallet", "primary": False,
            "type": "wallet", "currency": {"code": asset, "name": asset, "type": "crypto"},
            "balance": {
                "amount": replies.number(free + wallet.locked.get(asset, ZERO)), "currency": asset,
            },
        }
        for asset, free in wallet.free.items()
    ]  # fmt: skip
    return {"pagination": {"next_starting_after": None, "next_uri": None}, "data": rows}


def summary(asked: Asked) -> Json:
    """GET /api/v3/brokerage/transaction_summary."""
    rate = replies.number(asked.venue.config.commission)
    tier = {
        "pricing_tier": "Sandbox", "usd_from": "0", "usd_to": "", "taker_fee_rate": rate,
        "maker_fee_rate": rate,
    }  # fmt: skip
    return {"total_volume": 0, "total_fees": 0, "fee_tier": tier}


# ---- orders --------------------------------------------------------------------------------
def place(asked: Asked) -> Json:
    """POST /api/v3/brokerage/orders."""
    venue, body = asked.venue, asked.body
    name = str(body.get("client_order_id") or "")
    if not name:
        raise invalid("client_order_id is required")
    try:
        before = venue.desk.named(name)
        if before is not None and not venue.config.refuses_duplicates:
            return _taken(before)
        venue.strike_order()
        return _taken(venue.exchange.place(wish_of(venue, body)))
    except NotTaken as refusal:
        venue.truth.note("reject", client_id=name, reason=refusal.reason)
        return refusal.body(body.get("order_configuration"))


def _taken(order: Order) -> Json:
    said = {
        "order_id": order_id(order.id), "product_id": product_id(order.symbol),
        "side": order.side, "client_order_id": order.client_id,
    }  # fmt: skip
    return {
        "success": True, "failure_reason": "UNKNOWN_FAILURE_REASON", "order_id": said["order_id"],
        "success_response": said, "order_configuration": replies.configuration(order.wish),
    }  # fmt: skip


def cancel(asked: Asked) -> Json:
    """POST /api/v3/brokerage/orders/batch_cancel."""
    names = asked.body.get("order_ids")
    if not isinstance(names, list) or not 0 < len(names) <= _MOST:
        raise invalid(f"order_ids: between 1 and {_MOST} of them")
    return {"results": [_canceled(asked, name) for name in names]}


def _canceled(asked: Asked, name: str) -> Json:
    venue = asked.venue
    order = venue.desk.orders.get(order_number(name))
    reason = "UNKNOWN_CANCEL_FAILURE_REASON"
    if order is None:
        reason = "UNKNOWN_CANCEL_ORDER"
    elif order.status == "FILLED":
        reason = "ORDER_IS_FULLY_FILLED"
    elif not order.is_open:
        reason = "UNKNOWN_CANCEL_ORDER"
    else:
        venue.exchange.cancel(order)
        return {"success": True, "failure_reason": reason, "order_id": name}
    return {"success": False, "failure_reason": reason, "order_id": name}


def order(asked: Asked) -> Json:
    """GET /api/v3/brokerage/orders/historical/{order_id}."""
    found = asked.venue.desk.orders.get(order_number(asked.place[0]))
    if found is None or not asked.venue.visible(found):
        raise unknown_order()
    return {"order": replies.order_row(found)}


def orders(asked: Asked) -> Json:
    """GET /api/v3/brokerage/orders/historical/batch: the newest first."""
    states = asked.all("order_status")
    if "OPEN" in states and len(states) > 1:
        raise invalid("cannot pair open orders with other order types")
    names = [*asked.all("product_ids"), *asked.all("product_id")]
    wanted, since, until = (
        asked.all("order_ids"),
        _time(asked, "start_date"),
        _time(asked, "end_date"),
    )
    found = [
        order
        for order in asked.venue.desk.orders.values()
        if asked.venue.visible(order)
        and (not names or product_id(order.symbol) in names)
        and (not states or replies.status(order) in states)
        and (not wanted or order_id(order.id) in wanted)
        and (since is None or order.time >= since)
        and (until is None or order.time < until)
    ]
    page, cursor = _page(found[::-1], asked, _ORDERS)
    rows = [replies.order_row(order) for order in page]
    return {"orders": rows, "sequence": "0", "has_next": bool(cursor), "cursor": cursor}


def fills(asked: Asked) -> Json:
    """GET /api/v3/brokerage/orders/historical/fills: the newest first."""
    names = [*asked.all("product_ids"), *asked.all("product_id")]
    wanted = asked.all("order_ids")
    since, until = (_time(asked, f"{end}_sequence_timestamp") for end in ("start", "end"))
    now = asked.venue.clock.now()
    found: list[Fill] = [
        fill
        for own in asked.venue.desk.fills.values()
        for fill in own
        if fill.seen_from <= now
        and (not names or product_id(fill.order.symbol) in names)
        and (not wanted or order_id(fill.order.id) in wanted)
        and (since is None or fill.time > since)
        and (until is None or fill.time < until)
    ]
    found.sort(key=lambda fill: (fill.time, fill.id), reverse=True)
    page, cursor = _page(found, asked, _FILLS)
    return {"fills": [replies.fill_row(fill) for fill in page], "cursor": cursor}


def _page(rows: Sequence[Row], asked: Asked, usual: int) -> tuple[Sequence[Row], str]:
    """Return a page of rows, and the cursor of the next; empty: there is none."""
    start = asked.integer("cursor") or 0
    end = start + (asked.integer("limit") or usual)
    return rows[start:end], str(end) if end < len(rows) else ""


def _time(asked: Asked, name: str) -> float | None:
    """Return a time, milliseconds; None: it was not sent.

    Raises:
        Refused: it is none.
    """
    text = asked.one(name)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp() * 1000
    except ValueError:
        raise invalid(f"{name}: {text!r} is no RFC3339 timestamp") from None


Endpoint = Callable[[Asked], Json]
