"""Endpoints that trade: ordinary orders, conditional ones, and the account's settings."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.refusals import Refused, missing, unknown_order
from atms.sandbox.binance_usdm import refusals, replies
from atms.sandbox.binance_usdm.asking import Request, read_ask, which
from atms.sandbox.binance_usdm.orders import Conditional
from atms.sandbox.binance_usdm.symbols import CONDITIONAL

Json = dict[str, Any]
MOST_AT_ONCE = 5


def new_order(request: Request) -> Json:
    """POST /fapi/v1/order."""
    params, contract = request.params, request.contract()
    if params.needed("type") in (*CONDITIONAL, "TRAILING_STOP_MARKET"):
        raise refusals.for_algo()
    ask, _ = read_ask(params, contract, "newClientOrderId")
    shape = params.one_of(
        "newOrderRespType", ("ACK", "RESULT"), Refused(-1136, "Invalid newOrderRespType.")
    )
    params.done()
    return replies.placed(request.venue.exchange.place(ask), shape or "ACK")


def new_orders(request: Request) -> list[Json]:
    """POST /fapi/v1/batchOrders: each is taken or refused for itself."""
    text = request.params.needed("batchOrders")
    request.params.done()
    try:
        rows = json.loads(text)
    except ValueError:
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(-1130, "Data sent for parameter 'batchOrders' is not valid.")
    if not 1 <= len(rows) <= MOST_AT_ONCE:
        raise Refused(-4082, "Invalid number of batch place orders.")
    return [_one_of_several(request, row) for row in rows]


def _one_of_several(request: Request, row: Json) -> Json:
    params = Params({name: str(value) for name, value in row.items()})
    try:
        return new_order(replace(request, params=params))
    except Refused as refusal:
        request.venue.truth.note(
            "reject", code=refusal.code, message=refusal.message, name="POST /fapi/v1/batchOrders"
        )
        return refusal.body()


def cancel_order(request: Request) -> Json:
    """DELETE /fapi/v1/order."""
    contract = request.contract()
    number, name = which(request, "orderId", "origClientOrderId")
    request.params.done()
    order = request.venue.desk.find(contract.name, number, name)
    if order is None or not order.is_open:
        raise unknown_order()
    request.venue.exchange.cancel(order)
    return replies.order(order)


def cancel_all(request: Request) -> Json:
    """DELETE /fapi/v1/allOpenOrders."""
    contract = request.contract()
    request.params.done()
    for order in request.venue.desk.open(contract.name):
        request.venue.exchange.cancel(order)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


# ---- conditional orders --------------------------------------------------------------------
def new_algo(request: Request) -> Json:
    """POST /fapi/v1/algoOrder."""
    params, venue, contract = request.params, request.venue, request.contract()
    if params.needed("algoType") != "CONDITIONAL":
        raise Refused(-1130, "Data sent for parameter 'algoType' is not valid.")
    ask, kind = read_ask(params, contract, "clientAlgoId")
    if kind not in CONDITIONAL:
        raise Refused(-1116, "Invalid orderType.")
    trigger = params.decimal("triggerPrice")
    working = params.one_of(
        "workingType", ("CONTRACT_PRICE", "MARK_PRICE"),
        Refused(-4031, "Invalid parameter working type."),
    )  # fmt: skip
    for name in ("priceProtect", "newOrderRespType"):
        params.text(name)
    params.done()
    if trigger is None:
        raise missing("triggerprice")
    level = trigger

    def make(number: int) -> Conditional:
        return Conditional(
            id=number, client_id=ask.client_id, ask=ask, kind=kind, trigger=level,
            working=working or "CONTRACT_PRICE", time=venue.clock.now(), rank=venue.ids.rank(),
            seen_from=venue.desk.hidden_until,
        )  # fmt: skip

    return replies.conditional(venue.algos.place(make))


def cancel_algo(request: Request) -> Json:
    """DELETE /fapi/v1/algoOrder."""
    number, name = which(request, "algoId", "clientAlgoId")
    request.params.text("symbol")
    request.params.done()
    one = request.venue.desk.conditional(number, name)
    if one is None or not one.is_open:
        raise unknown_order()
    request.venue.algos.cancel(one)
    return {
        "algoId": one.id, "clientAlgoId": one.client_id, "code": "200", "msg": "success",
    }  # fmt: skip


def cancel_all_algos(request: Request) -> Json:
    """DELETE /fapi/v1/algoOpenOrders."""
    contract = request.contract()
    request.params.done()
    for one in request.venue.desk.waiting(contract.name):
        request.venue.algos.cancel(one)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


# ---- settings ------------------------------------------------------------------------------
def set_leverage(request: Request) -> Json:
    """POST /fapi/v1/leverage."""
    contract, leverage = request.contract(), request.params.integer("leverage")
    request.params.done()
    if leverage is None:
        raise missing("leverage")
    request.venue.exchange.set_leverage(contract.name, leverage)
    most = contract.most_at(leverage)
    return {"leverage": leverage, "maxNotionalValue": f"{most:f}", "symbol": contract.name}


def set_margin_type(request: Request) -> Json:
    """POST /fapi/v1/marginType."""
    contract, kind = request.contract(), request.params.needed("marginType")
    request.params.done()
    if kind not in ("CROSSED", "ISOLATED"):
        raise Refused(-1130, "Data sent for parameter 'marginType' is not valid.")
    request.venue.exchange.set_margin_type(contract.name, kind)
    return {"code": 200, "msg": "success"}


def set_position_mode(request: Request) -> Json:
    """POST /fapi/v1/positionSide/dual."""
    dual = request.params.needed("dualSidePosition")
    request.params.done()
    request.venue.exchange.set_dual_side(dual.lower() == "true")
    return {"code": 200, "msg": "success"}
