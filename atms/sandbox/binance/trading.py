"""Endpoints that trade one order: new, test, cancel, cancel and replace, amend (rest-api.md)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance import replies
from atms.sandbox.binance.endpoints import Request
from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.private import which
from atms.sandbox.binance.refusals import (
    INSUFFICIENT,
    WOULD_MATCH,
    WOULD_TRIGGER,
    Refused,
    missing,
    missing_both,
    unknown_order,
)
from atms.sandbox.binance.wishes import read_wish, shape_of
from atms.sandbox.venue.ids import client_id
from atms.sandbox.venue.numbers import ZERO, text
from atms.sandbox.venue.orders import Order, Wish

Json = dict[str, Any]
_RESTRICTIONS = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}
_REASONS = {
    INSUFFICIENT: "INSUFFICIENT_BALANCES",
    WOULD_TRIGGER: "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    WOULD_MATCH: "WOULD_MATCH_IMMEDIATELY",
}


def new_order(request: Request) -> Json:
    """POST /api/v3/order."""
    wish, shape = _read(request)
    request.params.done()
    return replies.placed(request.venue.exchange.place(wish), shape)


def _read(request: Request) -> tuple[Wish, str]:
    symbol = request.venue.symbol(request.params.needed("symbol"))
    wish = read_wish(request.params, symbol)
    return wish, shape_of(request.params, wish.type)


def test_order(request: Request) -> Json:
    """POST /api/v3/order/test."""
    wish, _ = _read(request)
    rates = request.params.text("computeCommissionRates") == "true"
    request.params.done()
    request.venue.exchange.check(wish)
    if not rates:
        return {}
    rate, none = text(request.venue.config.commission), text(ZERO)
    return {
        "standardCommissionForOrder": {"maker": rate, "taker": rate},
        "specialCommissionForOrder": {"maker": none, "taker": none},
        "taxCommissionForOrder": {"maker": none, "taker": none},
        "discount": {
            "enabledForAccount": request.venue.config.fee_asset is not None,
            "enabledForSymbol": True,
            "discountAsset": "BNB",
            "discount": "0.25000000",
        },
    }


def test_weight(params: Params) -> int:
    """Return the weight: commission rates are heavy."""
    return 20 if params.text("computeCommissionRates") == "true" else 1


def cancel_order(request: Request) -> Json:
    """DELETE /api/v3/order."""
    symbol, order_id, name = which(request, "orderId", "origClientOrderId")
    cancel_id = request.params.client_id("newClientOrderId") or client_id()
    restriction = _restriction(request.params)
    request.params.done()
    order = _open_order(request, symbol, order_id, name, restriction)
    request.venue.exchange.cancel(order, cancel_id)
    if order.group is not None:
        return replies.list_canceled(order.group, cancel_id)
    return replies.canceled(order, cancel_id)


def _restriction(params: Params) -> str | None:
    refusal = Refused(-1145, "Invalid cancelRestrictions")
    return params.one_of("cancelRestrictions", _RESTRICTIONS, refusal)


def _open_order(
    request: Request, symbol: str, order_id: int | None, name: str | None, restriction: str | None
) -> Order:
    """Return the open order that is meant.

    Raises:
        Refused: -2011.
    """
    order = request.venue.desk.find(symbol, order_id, name)
    if order is None or not order.is_open:
        raise unknown_order()
    if restriction is not None and order.status != _RESTRICTIONS[restriction]:
        raise Refused(-2011, "Order was not canceled due to cancel restrictions.")
    return order


def cancel_all(request: Request) -> list[Json]:
    """DELETE /api/v3/openOrders."""
    venue = request.venue
    symbol = venue.symbol(request.params.needed("symbol")).name
    request.params.done()
    found = venue.desk.open(symbol)
    if not found:
        raise unknown_order()
    cancel_id = client_id()
    reply = []
    for order in found:
        if not order.is_open:  # its list was cancelled with another order of it
            continue
        venue.exchange.cancel(order, cancel_id)
        if order.group is not None:
            reply.append(replies.list_canceled(order.group, cancel_id))
        else:
            reply.append(replies.canceled(order, cancel_id))
    return reply


def cancel_replace(request: Request) -> Json:
    """POST /api/v3/order/cancelReplace."""
    params, venue = request.params, request.venue
    mode = params.needed("cancelReplaceMode")
    if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
        raise Refused(-1130, "Data sent for parameter 'cancelReplaceMode' is not valid.")
    order_id, name = params.integer("cancelOrderId"), params.text("cancelOrigClientOrderId")
    if order_id is None and name is None:
        raise missing_both("cancelOrigClientOrderId", "cancelOrderId")
    cancel_id = params.client_id("cancelNewClientOrderId") or client_id()
    restriction = _restriction(params)
    params.one_of("orderRateLimitExceededMode", ("DO_NOTHING", "CANCEL_ONLY"))
    wish, shape = _read(request)
    params.done()
    venue.exchange.check(wish)
    canceled = _try_cancel(request, wish.symbol.name, order_id, name, restriction, cancel_id)
    stops = isinstance(canceled, Refused) and mode == "STOP_ON_FAILURE"
    placed = None if stops else _try_place(request, wish, shape, canceled)
    return _both(canceled, placed)


def _try_cancel(
    request: Request,
    symbol: str,
    order_id: int | None,
    name: str | None,
    restriction: str | None,
    cancel_id: str,
) -> Json | Refused:
    try:
        order = _open_order(request, symbol, order_id, name, restriction)
    except Refused as refusal:
        return refusal
    request.venue.exchange.cancel(order, cancel_id)
    return replies.canceled(order, cancel_id)


def _try_place(
    request: Request, wish: Wish, shape: str, canceled: Json | Refused
) -> Json | Refused:
    exchange = request.venue.exchange
    try:
        return replies.placed(exchange.place(wish), shape)
    except Refused as refusal:
        if not isinstance(canceled, Refused):
            exchange.refuse_late(wish, _REASONS.get(refusal.message, "NONE"))
        return refusal


def _both(canceled: Json | Refused, placed: Json | Refused | None) -> Json:
    """Return what became of both halves.

    Raises:
        Refused: -2021 if one of them failed, -2022 if both did.
    """
    reply: Json = {
        "cancelResult": "FAILURE" if isinstance(canceled, Refused) else "SUCCESS",
        "newOrderResult": "NOT_ATTEMPTED" if placed is None
        else "FAILURE" if isinstance(placed, Refused) else "SUCCESS",
        "cancelResponse": canceled.body() if isinstance(canceled, Refused) else canceled,
        "newOrderResponse": placed.body() if isinstance(placed, Refused) else placed,
    }  # fmt: skip
    good = [half is not None and not isinstance(half, Refused) for half in (canceled, placed)]
    if all(good):
        return reply
    if any(good):
        raise Refused(-2021, "Order cancel-replace partially failed.", status=409, data=reply)
    raise Refused(-2022, "Order cancel-replace failed.", data=reply)


def amend_order(request: Request) -> Json:
    """PUT /api/v3/order/amend/keepPriority."""
    params, venue = request.params, request.venue
    symbol, order_id, name = which(request, "orderId", "origClientOrderId")
    new_id = params.client_id("newClientOrderId") or client_id()
    qty = params.decimal("newQty")
    if qty is None:
        raise missing("newQty")
    params.done()
    order = venue.desk.find(symbol, order_id, name)
    if order is None or not order.is_open:
        raise Refused(-2013, "Order does not exist.")
    execution, before = venue.exchange.amend(order, qty, new_id)
    return replies.amended(order, execution, before)
