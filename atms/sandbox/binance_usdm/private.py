"""Endpoints of the account: what it has, its orders, its trades, its income, its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.refusals import Refused, no_such_order
from atms.sandbox.binance_usdm import replies
from atms.sandbox.binance_usdm.asking import Request, which
from atms.sandbox.binance_usdm.orders import Place
from atms.sandbox.binance_usdm.symbols import BRACKETS, Contract
from atms.sandbox.venue.intervals import DAY
from atms.sandbox.venue.numbers import ZERO, text

Json = dict[str, Any]
_KEPT = 90 * DAY  # trades and income are told of so long


# ---- what is held --------------------------------------------------------------------------
def account(request: Request) -> Json:
    """GET /fapi/v3/account, with the sums of v2 beside."""
    request.params.done()
    mine = request.venue.account
    assets = [_asset(request, asset) for asset in mine.wallet]
    first = assets[0]
    return {
        "totalInitialMargin": first["initialMargin"], "totalMaintMargin": first["maintMargin"],
        "totalWalletBalance": first["walletBalance"],
        "totalUnrealizedProfit": first["unrealizedProfit"],
        "totalMarginBalance": first["marginBalance"],
        "totalPositionInitialMargin": first["positionInitialMargin"],
        "totalOpenOrderInitialMargin": first["openOrderInitialMargin"],
        "totalCrossWalletBalance": first["walletBalance"],
        "totalCrossUnPnl": first["unrealizedProfit"],
        "availableBalance": first["availableBalance"],
        "maxWithdrawAmount": first["availableBalance"], "assets": assets,
        "positions": [_held(request, place) for place, _ in mine.held()],
    }  # fmt: skip


def _asset(request: Request, asset: str) -> Json:
    mine, desk = request.venue.account, request.venue.desk
    orders = desk.all_open()
    of_orders = mine.of_orders(orders, asset)
    initial = mine.all_initial(asset)
    free = text(mine.available(asset, orders))
    return {
        "asset": asset, "walletBalance": text(mine.wallet[asset]),
        "unrealizedProfit": text(mine.open_profit(asset)),
        "marginBalance": text(mine.balance(asset)),
        "maintMargin": text(mine.all_maintenance(asset)),
        "initialMargin": text(initial + of_orders), "positionInitialMargin": text(initial),
        "openOrderInitialMargin": text(of_orders),
        "crossWalletBalance": text(mine.wallet[asset]),
        "crossUnPnl": text(mine.open_profit(asset)), "availableBalance": free,
        "maxWithdrawAmount": free, "marginAvailable": True,
        "updateTime": request.venue.clock.now(),
    }  # fmt: skip


def balance(request: Request) -> list[Json]:
    """GET /fapi/v3/balance."""
    request.params.done()
    found = []
    for asset in request.venue.account.wallet:
        row = _asset(request, asset)
        found.append({
            "accountAlias": request.venue.account.alias, "asset": asset,
            "balance": row["walletBalance"], "crossWalletBalance": row["crossWalletBalance"],
            "crossUnPnl": row["crossUnPnl"], "availableBalance": row["availableBalance"],
            "maxWithdrawAmount": row["maxWithdrawAmount"], "marginAvailable": True,
            "updateTime": row["updateTime"],
        })  # fmt: skip
    return found


def coins(request: Request) -> list[Json]:
    """GET /sapi/v1/capital/config/getall: of a spot wallet, which is not here."""
    request.params.done()
    return []


def _held(request: Request, place: Place) -> Json:
    mine = request.venue.account
    one = mine.position(place)
    return {
        "symbol": place[0], "positionSide": place[1], "positionAmt": text(one.qty),
        "unrealizedProfit": text(one.profit_at(mine.mark(place[0]))), "isolatedMargin": text(ZERO),
        "notional": text(mine.notional(place)), "isolatedWallet": text(ZERO),
        "initialMargin": text(mine.initial(place)), "maintMargin": text(mine.maintenance(place)),
        "updateTime": one.updated,
    }  # fmt: skip


def position_risk(request: Request) -> list[Json]:
    """GET /fapi/v3/positionRisk: symbols with a position, or with open orders."""
    name = request.params.text("symbol")
    request.params.done()
    venue, mine = request.venue, request.venue.account
    wanted = [venue.contract(name).name] if name is not None else list(mine.contracts)
    sides = ("LONG", "SHORT") if mine.dual_side else ("BOTH",)
    return [
        _risk(request, (symbol, side))
        for symbol in wanted
        for side in sides
        if mine.position((symbol, side)).qty or venue.desk.open(symbol)
    ]


def _risk(request: Request, place: Place) -> Json:
    mine = request.venue.account
    one, row = mine.position(place), _held(request, place)
    mark = mine.mark(place[0])
    return {
        "symbol": place[0], "positionSide": place[1], "positionAmt": text(one.qty),
        "entryPrice": text(one.entry), "breakEvenPrice": text(one.entry),
        "markPrice": text(mark), "unRealizedProfit": row["unrealizedProfit"],
        "liquidationPrice": "0", "isolatedMargin": text(ZERO), "notional": row["notional"],
        "marginAsset": mine.contracts[place[0]].quote, "isolatedWallet": text(ZERO),
        "initialMargin": row["initialMargin"], "maintMargin": row["maintMargin"],
        "positionInitialMargin": row["initialMargin"], "openOrderInitialMargin": text(ZERO),
        "adl": 2, "bidNotional": "0", "askNotional": "0", "updateTime": one.updated,
    }  # fmt: skip


# ---- settings ------------------------------------------------------------------------------
def account_config(request: Request) -> Json:
    """GET /fapi/v1/accountConfig."""
    request.params.done()
    return {
        "feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True,
        "dualSidePosition": request.venue.account.dual_side, "updateTime": 0,
        "multiAssetsMargin": False, "tradeGroupId": -1,
    }  # fmt: skip


def position_mode(request: Request) -> Json:
    """GET /fapi/v1/positionSide/dual."""
    request.params.done()
    return {"dualSidePosition": request.venue.account.dual_side}


def assets_mode(request: Request) -> Json:
    """GET /fapi/v1/multiAssetsMargin."""
    request.params.done()
    return {"multiAssetsMargin": False}


def symbol_config(request: Request) -> list[Json]:
    """GET /fapi/v1/symbolConfig."""
    mine = request.venue.account
    return [
        {
            "symbol": one.name, "marginType": mine.margin_type[one.name],
            "isAutoAddMargin": "false", "leverage": mine.leverage[one.name],
            "maxNotionalValue": f"{one.most_at(mine.leverage[one.name]):f}",
        }
        for one in _named(request)
    ]  # fmt: skip


def brackets(request: Request) -> list[Json]:
    """GET /fapi/v1/leverageBracket."""
    return [
        {
            "symbol": one.name,
            "brackets": [
                {
                    "bracket": number, "initialLeverage": row.leverage,
                    "notionalCap": int(row.cap), "notionalFloor": int(row.floor),
                    "maintMarginRatio": float(row.maintenance), "cum": float(row.cum),
                }
                for number, row in enumerate(BRACKETS, 1)
            ],
        }
        for one in _named(request)
    ]  # fmt: skip


def commission_rate(request: Request) -> Json:
    """GET /fapi/v1/commissionRate."""
    contract = request.contract()
    request.params.done()
    config = request.venue.usdm
    return {
        "symbol": contract.name, "makerCommissionRate": text(config.maker),
        "takerCommissionRate": text(config.commission),
    }  # fmt: skip


def _named(request: Request) -> list[Contract]:
    name = request.params.text("symbol")
    request.params.done()
    venue = request.venue
    return [venue.contract(name)] if name is not None else list(venue.account.contracts.values())


# ---- orders, trades, income ----------------------------------------------------------------
def query_order(request: Request) -> Json:
    """GET /fapi/v1/order."""
    contract = request.contract()
    number, name = which(request, "orderId", "origClientOrderId")
    request.params.done()
    order = request.venue.desk.find(contract.name, number, name)
    if order is None or not request.venue.visible(order):
        raise no_such_order()
    return replies.queried(order)


def open_orders(request: Request) -> list[Json]:
    """GET /fapi/v1/openOrders."""
    return [
        replies.queried(order)
        for contract in _named(request)
        for order in request.venue.desk.open(contract.name)
        if request.venue.visible(order)
    ]


def one_or_all(one: int, every: int) -> Callable[[Params], int]:
    """Return what weighs a question: of one symbol, or of every one."""
    return lambda params: one if "symbol" in params else every


def all_orders(request: Request) -> list[Json]:
    """GET /fapi/v1/allOrders."""
    params, venue, contract = request.params, request.venue, request.contract()
    first, start, end = (params.integer(name) for name in ("orderId", "startTime", "endTime"))
    limit = params.limit()
    params.done()
    _week(start, end)
    found = [
        order
        for order in venue.desk.every(contract.name)
        if venue.visible(order)
        and (first is None or order.id >= first)
        and (start is None or order.time >= start)
        and (end is None or order.time <= end)
    ]
    kept = found[:limit] if first is not None or start is not None else found[-limit:]
    return [replies.queried(one) for one in kept]


def query_algo(request: Request) -> Json:
    """GET /fapi/v1/algoOrder."""
    number, name = which(request, "algoId", "clientAlgoId")
    request.params.text("symbol")
    request.params.done()
    one = request.venue.desk.conditional(number, name)
    if one is None or one.seen_from > request.venue.clock.now():
        raise no_such_order()
    return replies.conditional(one, full=True)


def open_algos(request: Request) -> list[Json]:
    """GET /fapi/v1/openAlgoOrders."""
    params, venue = request.params, request.venue
    name = params.text("symbol")
    number = params.integer("algoId")
    params.text("algoType")
    params.done()
    symbol = venue.contract(name).name if name is not None else None
    return [
        replies.conditional(one, full=True)
        for one in venue.desk.waiting(symbol)
        if one.seen_from <= venue.clock.now() and number in (None, one.id)
    ]


def all_algos(request: Request) -> list[Json]:
    """GET /fapi/v1/allAlgoOrders."""
    params, contract = request.params, request.contract()
    first, start, end = (params.integer(name) for name in ("algoId", "startTime", "endTime"))
    limit = params.limit()
    params.done()
    _week(start, end)
    found = [
        replies.conditional(one, full=True)
        for one in request.venue.desk.conditionals.values()
        if one.ask.symbol.name == contract.name
        and (first is None or one.id >= first)
        and (start is None or one.time >= start)
        and (end is None or one.time <= end)
    ]
    return found[:limit] if first is not None or start is not None else found[-limit:]


def user_trades(request: Request) -> list[Json]:
    """GET /fapi/v1/userTrades."""
    params, venue, contract = request.params, request.venue, request.contract()
    names = ("orderId", "startTime", "endTime", "fromId")
    of, start, end, first = (params.integer(name) for name in names)
    limit = params.limit()
    params.done()
    if first is not None and (start is not None or end is not None):
        raise Refused(-1128, "Combination of optional parameters invalid.")
    _week(start, end)
    now = venue.clock.now()
    found = [
        fill
        for fill in venue.desk.fills.get(contract.name, ())
        if fill.seen_from <= now
        and fill.time >= now - _KEPT
        and (of is None or fill.order.id == of)
        and (first is None or fill.id >= first)
        and (start is None or fill.time >= start)
        and (end is None or fill.time <= end)
    ]
    kept = found[:limit] if first is not None or start is not None else found[-limit:]
    return [replies.trade(one) for one in kept]


def income(request: Request) -> list[Json]:
    """GET /fapi/v1/income."""
    params = request.params
    symbol, kind = params.text("symbol"), params.text("incomeType")
    start, end = params.integer("startTime"), params.integer("endTime")
    limit = params.limit(100, 1000)
    page = params.integer("page") or 1
    params.done()
    first = request.venue.clock.now() - _KEPT
    found = [
        row
        for row in request.venue.desk.income
        if symbol in (None, row["symbol"])
        and row["time"] >= first
        and kind in (None, row["incomeType"])
        and (start is None or row["time"] >= start)
        and (end is None or row["time"] <= end)
    ]
    return found[(page - 1) * limit : page * limit]


def _week(start: int | None, end: int | None) -> None:
    """Refuse a time range of more than seven days.

    Raises:
        Refused: -4165.
    """
    if start is not None and end is not None and end - start > 7 * DAY:
        raise Refused(-4165, "Maximum time interval is 7 days")
