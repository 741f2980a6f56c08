"""Endpoints of the account: what it has, its orders and its trades (rest-api.md)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance import replies
from atms.sandbox.binance.endpoints import Request
from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.refusals import Refused, missing_both, no_such_order
from atms.sandbox.binance.venue import UID
from atms.sandbox.venue.intervals import DAY
from atms.sandbox.venue.numbers import ZERO, text
from atms.sandbox.venue.orders import Order

Json = dict[str, Any]


def account(request: Request) -> Json:
    """GET /api/v3/account."""
    omit = request.params.text("omitZeroBalances") == "true"
    request.params.done()
    wallet, rate = request.venue.desk.wallet, request.venue.config.commission
    bips = int(rate * 10_000)
    return {
        "makerCommission": bips,
        "takerCommission": bips,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": text(rate), "taker": text(rate), "buyer": text(ZERO), "seller": text(ZERO),
        },
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": request.venue.clock.now(),
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": text(free), "locked": text(wallet.locked[asset])}
            for asset, free in wallet.free.items()
            if not omit or free or wallet.locked[asset]
        ],
        "permissions": ["SPOT"],
        "uid": UID,
    }  # fmt: skip


def query_order(request: Request) -> Json:
    """GET /api/v3/order."""
    symbol, order_id, client_id = which(request, "orderId", "origClientOrderId")
    request.params.done()
    order = request.venue.desk.find(symbol, order_id, client_id)
    if order is None or not request.venue.visible(order):
        raise no_such_order()
    return replies.queried(order)


def which(request: Request, id_name: str, client_name: str) -> tuple[str, int | None, str | None]:
    """Return the symbol, and the order's id or client id, one of which must be sent.

    Raises:
        Refused: -1102, -1121.
    """
    params = request.params
    symbol = request.venue.symbol(params.needed("symbol")).name
    order_id, client_id = params.integer(id_name), params.text(client_name)
    if order_id is None and client_id is None:
        raise missing_both(client_name, id_name)
    return symbol, order_id, client_id


def open_orders(request: Request) -> list[Json]:
    """GET /api/v3/openOrders."""
    venue, name = request.venue, request.params.text("symbol")
    request.params.done()
    names = [venue.symbol(name).name] if name is not None else list(venue.markets)
    return [
        replies.queried(order)
        for one in names
        for order in venue.desk.open(one)
        if venue.visible(order)
    ]


def open_orders_weight(params: Params) -> int:
    """Return the weight: that of all symbols is heavy."""
    return 6 if "symbol" in params else 80


def all_orders(request: Request) -> list[Json]:
    """GET /api/v3/allOrders."""
    params, venue = request.params, request.venue
    symbol = venue.symbol(params.needed("symbol")).name
    first, start, end = (params.integer(name) for name in ("orderId", "startTime", "endTime"))
    limit = params.limit()
    params.done()
    check_span(start, end)
    found = [
        order
        for order in venue.desk.every(symbol)
        if venue.visible(order)
        and (first is None or order.id >= first)
        and (start is None or order.time >= start)
        and (end is None or order.time <= end)
    ]
    oldest = first is not None or start is not None
    return [replies.queried(one) for one in (found[:limit] if oldest else found[-limit:])]


def check_span(start: int | None, end: int | None) -> None:
    """Refuse a time range of more than a day.

    Raises:
        Refused: -1127.
    """
    if start is not None and end is not None and end - start > DAY:
        raise Refused(-1127, "More than 24 hours between startTime and endTime.")


_COMBINATIONS: tuple[set[str], ...] = (
    set(), {"orderId"}, {"startTime"}, {"endTime"}, {"fromId"}, {"startTime", "endTime"},
    {"orderId", "fromId"},
)  # fmt: skip


def my_trades(request: Request) -> list[Json]:
    """GET /api/v3/myTrades."""
    params, venue = request.params, request.venue
    symbol = venue.symbol(params.needed("symbol")).name
    sent = params.names() - {"symbol", "limit"}
    names = ("orderId", "startTime", "endTime", "fromId")
    of, start, end, first = (params.integer(name) for name in names)
    limit = params.limit()
    params.done()
    if sent not in _COMBINATIONS:
        raise Refused(-1128, "Combination of optional parameters invalid.")
    check_span(start, end)
    now = venue.clock.now()
    found = [
        fill
        for fill in _fills(request, symbol, of)
        if fill.seen_from <= now
        and (first is None or fill.id >= first)
        and (start is None or fill.time >= start)
        and (end is None or fill.time <= end)
    ]
    oldest = first is not None or start is not None
    return [replies.trade(one) for one in (found[:limit] if oldest else found[-limit:])]


def _fills(request: Request, symbol: str, order_id: int | None) -> list[Any]:
    desk = request.venue.desk
    if order_id is None:
        return desk.fills.get(symbol, [])
    order: Order | None = desk.find(symbol, order_id, None)
    return order.fills if order is not None else []


def my_trades_weight(params: Params) -> int:
    """Return the weight: less for one order's trades."""
    return 5 if "orderId" in params else 20


def order_usage(request: Request) -> list[Json]:
    """GET /api/v3/rateLimit/order."""
    request.params.done()
    return order_counts(request.venue.meter.counts(), request.venue.config.limits)


def order_counts(counts: tuple[int, int], limits: Any) -> list[Json]:
    """Return the unfilled orders of both intervals as the venue tells them."""
    rows = (("SECOND", 10, limits.orders_10s), ("DAY", 1, limits.orders_day))
    return [
        {
            "rateLimitType": "ORDERS", "interval": unit, "intervalNum": n, "limit": limit,
            "count": count,
        }
        for (unit, n, limit), count in zip(rows, counts, strict=True)
    ]  # fmt: skip


def commission(request: Request) -> Json:
    """GET /api/v3/account/commission."""
    symbol = request.venue.symbol(request.params.needed("symbol"))
    request.params.done()
    rate, none = text(request.venue.config.commission), text(ZERO)
    nothing = {"maker": none, "taker": none, "buyer": none, "seller": none}
    return {
        "symbol": symbol.name,
        "standardCommission": nothing | {"maker": rate, "taker": rate},
        "specialCommission": nothing,
        "taxCommission": nothing,
        "discount": {
            "enabledForAccount": request.venue.config.fee_asset is not None,
            "enabledForSymbol": True,
            "discountAsset": "BNB",
            "discount": "0.25000000",
        },
    }


def amendments(request: Request) -> list[Json]:
    """GET /api/v3/order/amendments."""
    params, venue = request.params, request.venue
    symbol = venue.symbol(params.needed("symbol")).name
    order_id = int(params.needed("orderId"))
    params.integer("fromExecutionId")
    limit = params.limit()
    params.done()
    order = venue.desk.find(symbol, order_id, None)
    if order is None:
        raise no_such_order()
    return [
        {
            "symbol": symbol, "orderId": order.id, "executionId": execution,
            "origClientOrderId": before, "newClientOrderId": after,
            "origQty": text(was), "newQty": text(now), "time": at,
        }
        for at, execution, before, after, was, now in order.amends[:limit]
    ]  # fmt: skip
