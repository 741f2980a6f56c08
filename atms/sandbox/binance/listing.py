"""Endpoints of order lists: OCO, OTO and OTOCO, their queries and their cancel (rest-api.md)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance import replies
from atms.sandbox.binance.endpoints import Request
from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.private import check_span
from atms.sandbox.binance.refusals import Refused, missing, missing_both, unknown_order
from atms.sandbox.binance.symbols import ORDER_TYPES, STP_MODES
from atms.sandbox.binance.wishes import SHAPES, SIDES, read_leg
from atms.sandbox.venue.ids import client_id
from atms.sandbox.venue.lists import OrderList
from atms.sandbox.venue.orders import ALGO, Wish
from atms.sandbox.venue.symbols import Symbol

Json = dict[str, Any]
_LIMITS = frozenset({"LIMIT_MAKER", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
_STOPS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT"})
_SIDES = {  # (side, which leg) that a kind of order must not be: code and message of errors.md
    ("BUY", "above", "LIMIT_MAKER"): (-1165, "A limit order in a buy OCO must be below."),
    ("SELL", "below", "LIMIT_MAKER"): (-1166, "A limit order in a sell OCO must be above."),
    ("BUY", "below", "STOP"): (-1196, "A stop loss order in a buy OCO must be above."),
    ("SELL", "above", "STOP"): (-1197, "A stop loss order in a sell OCO must be below."),
    ("BUY", "above", "TAKE"): (-1198, "A take profit order in a buy OCO must be below."),
    ("SELL", "below", "TAKE"): (-1199, "A take profit order in a sell OCO must be above."),
}


def new_oco(request: Request) -> Json:
    """POST /api/v3/orderList/oco."""
    params = request.params
    symbol = request.venue.symbol(params.needed("symbol"))
    name, shape, stp = _common(params)
    side = _side(params, "side")
    above, below = _legs(params, symbol, side, "above", "below")
    qty = _quantity(params, "quantity")
    params.done()
    for leg in (above, below):
        leg.qty, leg.stp = qty, stp
    return _place_pair(request, [above, below], name, shape)


def old_oco(request: Request) -> Json:
    """POST /api/v3/order/oco, the deprecated form."""
    params = request.params
    symbol = request.venue.symbol(params.needed("symbol"))
    name, shape, stp = _common(params)
    side, qty = _side(params, "side"), _quantity(params, "quantity")
    price, stop = params.decimal("price"), params.decimal("stopPrice")
    if price is None or stop is None:
        raise missing("price" if price is None else "stopPrice")
    limit_price, tif = params.decimal("stopLimitPrice"), params.text("stopLimitTimeInForce")
    if limit_price is not None and tif is None:
        raise missing("stopLimitTimeInForce")
    kind = "STOP_LOSS" if limit_price is None else "STOP_LOSS_LIMIT"
    legs = [
        Wish(
            symbol=symbol, side=side, type=kind, price=limit_price, stop=stop, tif=tif or "GTC",
            client_id=params.client_id("stopClientOrderId") or client_id(),
            trailing=params.integer("trailingDelta"), qty=qty, stp=stp,
        ),
        Wish(
            symbol=symbol, side=side, type="LIMIT_MAKER", price=price, qty=qty, stp=stp,
            client_id=params.client_id("limitClientOrderId") or client_id(),
        ),
    ]  # fmt: skip
    params.done()
    return _place_pair(request, legs, name, shape)


def new_oto(request: Request) -> Json:
    """POST /api/v3/orderList/oto."""
    params = request.params
    symbol = request.venue.symbol(params.needed("symbol"))
    name, shape, stp = _common(params)
    working = _working(params, symbol)
    kind = params.one_of("pendingType", ORDER_TYPES, Refused(-1116, "Invalid orderType."))
    if kind is None:
        raise missing("pendingType")
    pending = read_leg(params, symbol, "pending", _side(params, "pendingSide"), kind)
    pending.qty = _quantity(params, "pendingQuantity")
    params.done()
    return _place_chain(request, working, [pending], stp, name, shape)


def new_otoco(request: Request) -> Json:
    """POST /api/v3/orderList/otoco."""
    params = request.params
    symbol = request.venue.symbol(params.needed("symbol"))
    name, shape, stp = _common(params)
    working = _working(params, symbol)
    side = _side(params, "pendingSide")
    above, below = _legs(params, symbol, side, "pendingAbove", "pendingBelow")
    above.qty = below.qty = _quantity(params, "pendingQuantity")
    params.done()
    return _place_chain(request, working, _sorted([above, below]), stp, name, shape)


def _place_pair(request: Request, legs: list[Wish], name: str, shape: str) -> Json:
    group = request.venue.chains.place_pair(_sorted(legs), name, lambda _: None)
    return replies.list_placed(group, shape)


def _place_chain(
    request: Request, working: Wish, pending: list[Wish], stp: str, name: str, shape: str
) -> Json:
    """Place; the reply tells the pending orders as pending though the first may have filled."""
    for wish in (working, *pending):
        wish.stp = stp
    waiting: list[Json] = []

    def taken(group: OrderList) -> None:
        waiting.extend(replies.list_placed(group, shape)["orderReports"][1:])

    group = request.venue.chains.place_chain(working, pending, name, taken)
    reply = replies.list_placed(group, shape)
    started = {"listStatusType": "EXEC_STARTED", "listOrderStatus": "EXECUTING"}
    return reply | started | {"orderReports": [reply["orderReports"][0], *waiting]}


def _sorted(legs: list[Wish]) -> list[Wish]:
    """Return the legs as replies have them: the stop first."""
    return sorted(legs, key=lambda leg: leg.type not in _STOPS)


def _common(params: Params) -> tuple[str, str, str]:
    name = params.client_id("listClientOrderId") or client_id()
    shape = params.one_of("newOrderRespType", SHAPES) or "RESULT"
    stp = params.one_of("selfTradePreventionMode", STP_MODES) or "EXPIRE_MAKER"
    return name, shape, stp


def _side(params: Params, name: str) -> str:
    side = params.needed(name)
    if side not in SIDES:
        raise Refused(-1117, "Invalid side.")
    return side


def _quantity(params: Params, name: str) -> Any:
    qty = params.decimal(name)
    if qty is None:
        raise missing(name)
    return qty


def _working(params: Params, symbol: Symbol) -> Wish:
    kind = params.needed("workingType")
    if kind not in ("LIMIT", "LIMIT_MAKER"):
        raise Refused(-1116, "Invalid orderType.")
    wish = read_leg(params, symbol, "working", _side(params, "workingSide"), kind)
    wish.qty = _quantity(params, "workingQuantity")
    return wish


def _legs(params: Params, symbol: Symbol, side: str, above: str, below: str) -> tuple[Wish, Wish]:
    """Read the two legs of an OCO and check that each is what its place allows."""
    kinds = {"above": params.needed(f"{above}Type"), "below": params.needed(f"{below}Type")}
    for place, kind in kinds.items():
        if kind not in ALGO | {"LIMIT_MAKER"}:
            raise Refused(-1158, "Order type not supported in OCO.")
        word = "STOP" if kind in _STOPS else "TAKE" if kind in ALGO else kind
        if (side, place, word) in _SIDES:
            raise Refused(*_SIDES[side, place, word])
    if not _STOPS & set(kinds.values()):
        raise Refused(-1168, "At least one OCO order must be contingent.")
    return (
        read_leg(params, symbol, above, side, kinds["above"]),
        read_leg(params, symbol, below, side, kinds["below"]),
    )


def query_list(request: Request) -> Json:
    """GET /api/v3/orderList."""
    group = _which(request, "origClientOrderId")
    request.params.done()
    if group is None:
        raise Refused(-2018, "Order list does not exist.")
    return replies.order_list(group)


def _which(request: Request, name: str) -> OrderList | None:
    number, text = request.params.integer("orderListId"), request.params.text(name)
    if number is None and text is None:
        raise missing_both(name, "orderListId")
    desk = request.venue.desk
    if number is None:
        return desk.list_by_name(text or "")
    group = desk.lists.get(number)
    return group if group is not None and text in (None, group.client_id) else None


def open_lists(request: Request) -> list[Json]:
    """GET /api/v3/openOrderList."""
    request.params.done()
    return [replies.order_list(one) for one in request.venue.desk.lists.values() if one.is_open]


def all_lists(request: Request) -> list[Json]:
    """GET /api/v3/allOrderList."""
    params = request.params
    first, start, end = (params.integer(name) for name in ("fromId", "startTime", "endTime"))
    limit = params.limit()
    params.done()
    if first is not None and (start is not None or end is not None):
        raise Refused(-1128, "Combination of optional parameters invalid.")
    check_span(start, end)
    found = [
        one
        for one in request.venue.desk.lists.values()
        if (first is None or one.id >= first)
        and (start is None or one.time >= start)
        and (end is None or one.time <= end)
    ]
    oldest = first is not None or start is not None
    return [replies.order_list(one) for one in (found[:limit] if oldest else found[-limit:])]


def cancel_list(request: Request) -> Json:
    """DELETE /api/v3/orderList."""
    params = request.params
    symbol = request.venue.symbol(params.needed("symbol"))
    group = _which(request, "listClientOrderId")
    cancel_id = params.client_id("newClientOrderId") or client_id()
    params.done()
    if group is None or group.symbol is not symbol or not group.is_open:
        raise unknown_order()
    still = next(one for one in group.orders if one.is_open)
    request.venue.exchange.cancel(still, cancel_id)
    return replies.list_canceled(group, cancel_id)
