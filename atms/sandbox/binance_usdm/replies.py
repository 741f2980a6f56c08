"""Orders, conditional orders and trades as REST replies them."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance_usdm.orders import Conditional, Fill, Order
from atms.sandbox.venue.numbers import ZERO, text

Json = dict[str, Any]


def order(one: Order) -> Json:
    """Return an order, new, cancelled or asked for."""
    wish = one.wish
    return {
        "avgPrice": text(one.average), "clientOrderId": one.client_id,
        "cumQuote": text(one.cost), "cumQty": text(one.executed),
        "executedQty": text(one.executed), "orderId": one.id, "origQty": text(one.qty),
        "origType": one.type, "price": text(wish.price or ZERO), "reduceOnly": wish.reduces,
        "side": one.side, "positionSide": wish.side_of, "status": one.status,
        "stopPrice": text(ZERO), "closePosition": False, "symbol": one.symbol.name,
        "timeInForce": wish.tif, "type": one.type, "updateTime": one.updated,
        "workingType": "CONTRACT_PRICE", "priceProtect": False, "priceMatch": "NONE",
        "selfTradePreventionMode": wish.stp, "goodTillDate": 0,
    }  # fmt: skip


def queried(one: Order) -> Json:
    """Return an order as a query has it: with the time that it was placed."""
    told = order(one)
    del told["cumQty"]
    return told | {"time": one.time}


def placed(one: Order, shape: str) -> Json:
    """Return a new order; ACK does not tell yet what became of it."""
    told = order(one)
    if shape == "ACK":
        nothing = text(ZERO)
        told |= {"status": "NEW", "executedQty": nothing, "cumQty": nothing, "cumQuote": nothing,
                 "avgPrice": nothing}  # fmt: skip
    return told


def conditional(one: Conditional, *, full: bool = False) -> Json:
    """Return a conditional order; *full*: with the order that it made, as a query has it."""
    ask, made = one.ask, one.order
    told: Json = {
        "algoId": one.id, "clientAlgoId": one.client_id, "algoType": "CONDITIONAL",
        "orderType": one.kind, "symbol": ask.symbol.name, "side": ask.side,
        "positionSide": ask.side_of, "timeInForce": ask.tif, "quantity": text(ask.qty or ZERO),
        "algoStatus": one.status,
    }  # fmt: skip
    if full:
        told["actualOrderId"] = str(made.id) if made is not None else ""
        told["actualPrice"] = text(made.average if made is not None else ZERO)
    if full and made is not None:
        told |= {"actualQty": text(made.executed), "actualType": made.type}
    return told | {
        "triggerPrice": text(one.trigger), "price": text(ask.price or ZERO),
        "icebergQuantity": None, "selfTradePreventionMode": ask.stp, "workingType": one.working,
        "priceMatch": "NONE", "closePosition": False, "priceProtect": False,
        "reduceOnly": ask.reduces, "createTime": one.time, "updateTime": one.updated,
        "triggerTime": one.fired, "goodTillDate": 0,
    }  # fmt: skip


def trade(fill: Fill) -> Json:
    """Return a trade of the account."""
    made = fill.order
    assert isinstance(made, Order)
    return {
        "buyer": made.buys, "commission": text(fill.fee), "commissionAsset": fill.fee_asset,
        "id": fill.id, "maker": fill.maker, "orderId": made.id, "price": text(fill.price),
        "qty": text(fill.qty), "quoteQty": text(fill.price * fill.qty),
        "realizedPnl": text(fill.profit), "side": made.side,
        "positionSide": made.wish.side_of, "symbol": made.symbol.name, "time": fill.time,
    }  # fmt: skip
