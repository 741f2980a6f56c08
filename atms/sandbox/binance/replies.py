"""Orders, trades and lists as REST and the websocket API reply them (rest-api.md)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.venue.lists import OrderList
from atms.sandbox.venue.numbers import ZERO, text
from atms.sandbox.venue.orders import ALGO, Fill, Order

Json = dict[str, Any]


def placed(order: Order, shape: str) -> Json:
    """Return a new order in the *shape* asked for: ACK, RESULT or FULL."""
    reply: Json = {
        "symbol": order.symbol.name,
        "orderId": order.id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "transactTime": order.time,
    }
    if shape == "ACK":
        return reply
    reply |= _state(order)
    reply |= _conditional(order) | {"workingTime": order.working_time}
    if shape == "FULL":
        reply["fills"] = [_fill(fill) for fill in order.fills]
    return reply | {"selfTradePreventionMode": order.wish.stp}


def canceled(order: Order, cancel_id: str) -> Json:
    """Return an order that was cancelled by the request with *cancel_id*."""
    return {
        "symbol": order.symbol.name,
        "origClientOrderId": order.own_id,
        "orderId": order.id,
        "orderListId": order.list_id,
        "clientOrderId": cancel_id,
        "transactTime": order.updated,
        **_state(order),
        **_conditional(order),
        "selfTradePreventionMode": order.wish.stp,
    }


def queried(order: Order) -> Json:
    """Return an order as a query has it."""
    wish = order.wish
    return {
        "symbol": order.symbol.name,
        "orderId": order.id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        **_state(order),
        "stopPrice": text(wish.stop or ZERO),
        "icebergQty": text(wish.iceberg or ZERO),
        **_trailing(order),
        **_strategy(order),
        "time": order.time,
        "updateTime": order.updated,
        "isWorking": order.working,
        "workingTime": order.working_time,
        "selfTradePreventionMode": wish.stp,
    }


def amended(order: Order, execution: int, before: str) -> Json:
    """Return an order that was reduced, with the client id that it had before."""
    reply: Json = {
        "transactTime": order.updated,
        "executionId": execution,
        "amendedOrder": {
            "symbol": order.symbol.name,
            "orderId": order.id,
            "orderListId": order.list_id,
            "origClientOrderId": before,
            "clientOrderId": order.client_id,
            "price": text(order.wish.price or ZERO),
            "qty": text(order.qty),
            "executedQty": text(order.executed),
            "preventedQty": text(ZERO),
            "quoteOrderQty": text(order.wish.quote_qty or ZERO),
            "cumulativeQuoteQty": text(order.cost),
            "status": order.status,
            "timeInForce": order.wish.tif,
            "type": order.type,
            "side": order.side,
            **({"workingTime": order.working_time} if order.working else {}),
            **_conditional(order),
            "selfTradePreventionMode": order.wish.stp,
        },
    }
    if order.group is not None:
        reply["listStatus"] = _list_head(order.group, full=False)
    return reply


def trade(fill: Fill) -> Json:
    """Return a trade of the account."""
    order = fill.order
    return {
        "symbol": order.symbol.name,
        "id": fill.id,
        "orderId": order.id,
        "orderListId": order.list_id,
        "price": text(fill.price),
        "qty": text(fill.qty),
        "quoteQty": text(fill.price * fill.qty),
        "commission": text(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time,
        "isBuyer": order.buys,
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def order_list(group: OrderList) -> Json:
    """Return an order list as a query has it."""
    return _list_head(group, full=True)


def list_placed(group: OrderList, shape: str) -> Json:
    """Return a new order list with its orders in the *shape* asked for."""
    reports = [placed(order, "RESULT" if shape == "FULL" else shape) for order in group.orders]
    return order_list(group) | {"orderReports": reports}


def list_canceled(group: OrderList, cancel_id: str) -> Json:
    """Return an order list that was cancelled."""
    return order_list(group) | {
        "orderReports": [canceled(order, cancel_id) for order in group.orders]
    }


def _list_head(group: OrderList, *, full: bool) -> Json:
    return {
        "orderListId": group.id,
        "contingencyType": group.contingency,
        **({"listStatusType": group.status_type} if full else {}),
        "listOrderStatus": group.order_status,
        "listClientOrderId": group.client_id,
        **({"transactionTime": group.time} if full else {}),
        "symbol": group.symbol.name,
        "orders": [
            {"symbol": one.symbol.name, "orderId": one.id, "clientOrderId": one.own_id}
            for one in group.orders
        ],
    }


def _state(order: Order) -> Json:
    return {
        "price": text(order.wish.price or ZERO),
        "origQty": text(order.qty),
        "executedQty": text(order.executed),
        "origQuoteOrderQty": text(order.wish.quote_qty or ZERO),
        "cummulativeQuoteQty": text(order.cost),
        "status": order.status,
        "timeInForce": order.wish.tif,
        "type": order.type,
        "side": order.side,
    }


def _conditional(order: Order) -> Json:
    """Return the fields that a reply has only of some orders."""
    wish = order.wish
    found: Json = {}
    if order.type in ALGO:
        found["stopPrice"] = text(wish.stop or ZERO)
    if wish.iceberg is not None:
        found["icebergQty"] = text(wish.iceberg)
    return found | _trailing(order) | _strategy(order)


def _trailing(order: Order) -> Json:
    if order.wish.trailing is None:
        return {}
    return {"trailingDelta": order.wish.trailing, "trailingTime": order.armed_at}


def _strategy(order: Order) -> Json:
    pairs = {"strategyId": order.wish.strategy_id, "strategyType": order.wish.strategy_type}
    return {name: value for name, value in pairs.items() if value is not None}


def _fill(fill: Fill) -> Json:
    return {
        "price": text(fill.price),
        "qty": text(fill.qty),
        "commission": text(fill.fee),
        "commissionAsset": fill.fee_asset,
        "tradeId": fill.id,
    }
