"""What the account may ask: orders, executions, balances, its key."""

from __future__ import annotations

from typing import Any

from atms.sandbox.bybit.asked import Asked
from atms.sandbox.bybit.refusals import Refused, no_order, wrong
from atms.sandbox.bybit.venue import UID
from atms.sandbox.venue.orders import Order, Wish

_KEPT = 500  # orders that are over, and are still told with those that are open
_SPAN = 7 * 86_400_000
TIFS = {"": "GTC", "GTC": "GTC", "IOC": "IOC", "FOK": "FOK", "PostOnly": "GTC"}


# ---- writes --------------------------------------------------------------------------------
def create(asked: Asked) -> dict[str, Any]:
    """POST /v5/order/create: answered when it is taken in."""
    asked.venue.strike_order()
    order = asked.venue.exchange.place(_wish(asked))
    return {"orderId": str(order.id), "orderLinkId": order.client_id}


def _wish(asked: Asked) -> Wish:
    market = asked.market()
    side, kind, tif = asked.text("side"), asked.text("orderType"), asked.text("timeInForce")
    if side not in ("Buy", "Sell"):
        raise Refused(170117, "Invalid side.")
    if kind not in ("Market", "Limit"):
        raise Refused(170116, "Invalid orderType.")
    if tif not in TIFS:
        raise Refused(170115, "Invalid timeInForce.")
    if asked.text("orderFilter") not in ("", "Order") or asked.text("triggerPrice"):
        raise Refused(170227, "This feature is not supported.")
    qty, price = asked.number("qty"), asked.number("price")
    if qty is None:
        raise Refused(170105, "Parameter 'qty' was empty.")
    if kind == "Limit" and price is None:
        raise Refused(170105, "Parameter 'price' was empty.")
    unit = asked.text("marketUnit") or ("quoteCoin" if side == "Buy" else "baseCoin")
    by_quote = kind == "Market" and unit == "quoteCoin"
    name = "LIMIT_MAKER" if kind == "Limit" and tif == "PostOnly" else kind.upper()
    return Wish(
        symbol=market.symbol, side=side.upper(), type=name, client_id=asked.link(),
        tif="IOC" if kind == "Market" else TIFS[tif], qty=None if by_quote else qty,
        quote_qty=qty if by_quote else None, price=price if kind == "Limit" else None,
    )  # fmt: skip


def cancel(asked: Asked) -> dict[str, Any]:
    """POST /v5/order/cancel."""
    market, order = asked.market(), named(asked)
    if order is None or order.symbol is not market.symbol:
        raise no_order()
    if not order.is_open:
        filled = order.status == "FILLED"
        raise Refused(*((170139, "Order has been filled.") if filled else _CANCELED))
    asked.venue.exchange.cancel(order)
    return {"orderId": str(order.id), "orderLinkId": order.client_id}


_CANCELED = (170142, "Order has been canceled")


def named(asked: Asked) -> Order | None:
    """Return an order by the venue's number, else by the client's own id."""
    number, link, desk = asked.text("orderId"), asked.text("orderLinkId"), asked.venue.desk
    if number:
        return desk.orders.get(int(number)) if number.isdigit() else None
    if not link:
        raise wrong("orderId")
    return desk.named(link)


# ---- orders --------------------------------------------------------------------------------
def realtime(asked: Asked) -> dict[str, Any]:
    """GET /v5/order/realtime: open orders, and one that is over if it is asked for by a name."""
    asked.own()
    if asked.text("orderId") or asked.text("orderLinkId"):
        order = named(asked)
        late = [one.id for one in asked.venue.desk.orders.values() if not one.is_open][-_KEPT:]
        found = [order] if order is not None and (order.is_open or order.id in late) else []
    else:
        over = asked.text("openOnly") == "1"
        found = [one for one in asked.venue.desk.orders.values() if one.is_open is not over]
    return _orders(asked, found)


def history(asked: Asked) -> dict[str, Any]:
    """GET /v5/order/history: orders that are over."""
    asked.own()
    if asked.text("orderId") or asked.text("orderLinkId"):
        order = named(asked)
        found = [order] if order is not None and not order.is_open else []
    else:
        found = [one for one in asked.venue.desk.orders.values() if not one.is_open]
    return _orders(asked, found)


def _orders(asked: Asked, found: list[Order]) -> dict[str, Any]:
    symbol = asked.text("symbol")
    shown = [one for one in found if asked.venue.visible(one)]
    shown = [one for one in shown if symbol in ("", one.symbol.name)]
    shown.sort(key=lambda one: one.id, reverse=True)  # newest first
    part, following = asked.page([(one.id, one) for one in shown], 20, 50)
    listed = [asked.venue.rows.order(one) for one in part]
    return {"category": asked.venue.category, "list": listed, "nextPageCursor": following}


# ---- executions ----------------------------------------------------------------------------
def executions(asked: Asked) -> dict[str, Any]:
    """GET /v5/execution/list: newest first."""
    asked.own()
    every = asked.venue.executions()
    if asked.text("orderId") or asked.text("orderLinkId"):
        order = named(asked)
        every = [one for one in every if one.order is not None and one.order is order]
    else:
        low, high = span(asked)
        symbol, kind = asked.text("symbol"), asked.text("execType")
        every = [one for one in every if low <= one.time <= high]
        every = [one for one in every if symbol in ("", one.symbol)]
        if kind:
            every = [one for one in every if one.row()["execType"] == kind]
    every.sort(key=lambda one: (one.time, one.id), reverse=True)
    part, following = asked.page([(one.id, one) for one in every], 50, 100)
    listed = [one.row() for one in part]
    return {"category": asked.venue.category, "list": listed, "nextPageCursor": following}


def span(asked: Asked) -> tuple[int, int]:
    """Return from when to when: seven days at most."""
    start, end, now = asked.time("startTime"), asked.time("endTime"), asked.venue.clock.now()
    if start is None:
        high = now if end is None else end
        return high - _SPAN, high
    high = start + _SPAN if end is None else end
    if high - start > _SPAN or high < start:
        raise wrong("the time range between startTime and endTime cannot exceed 7 days")
    return start, high


# ---- the account ---------------------------------------------------------------------------
def wallet(asked: Asked) -> dict[str, Any]:
    """GET /v5/account/wallet-balance."""
    if asked.text("accountType") != "UNIFIED":
        raise wrong("accountType only support UNIFIED.")
    own, wanted = asked.venue.desk.wallet, asked.text("coin")
    named = wanted.split(",") if wanted else [one for one in own.free if _held(asked, one)]
    return {"list": [asked.venue.rows.wallet([one for one in named if one in own.free])]}


def _held(asked: Asked, asset: str) -> bool:
    own = asked.venue.desk.wallet
    return bool(own.free[asset] or own.locked[asset])


def query_api(asked: Asked) -> dict[str, Any]:
    """GET /v5/user/query-api."""
    assert asked.key is not None
    withdraws = ["Withdraw"] if asked.key.may_withdraw else []
    return {
        "id": "13770661", "note": "sandbox", "apiKey": asked.key.key, "readOnly": 0, "secret": "",
        "permissions": {
            "ContractTrade": [], "Spot": ["SpotTrade"], "Wallet": ["AccountTransfer", *withdraws],
            "Options": [], "Derivatives": [], "CopyTrading": [], "BlockTrade": [], "Exchange": [],
            "NFT": [], "Affiliate": [], "Earn": [],
        },
        "ips": ["*"], "type": 1, "deadlineDay": 83, "unified": 0,
        "uta": int(asked.venue.config.unified), "userID": UID, "inviterID": 0,
        "vipLevel": "No VIP", "mktMakerLevel": "0", "affiliateID": 0, "rsaPublicKey": "",
        "isMaster": True, "parentUid": "0",
    }  # fmt: skip


def account_info(asked: Asked) -> dict[str, Any]:
    """GET /v5/account/info."""
    return {
        "marginMode": "REGULAR_MARGIN", "updatedTime": str(asked.venue.clock.now()),
        "unifiedMarginStatus": 6 if asked.venue.config.unified else 1, "dcpStatus": "OFF",
        "timeWindow": 10, "smpGroup": 0, "isMasterTrader": False, "spotHedgingStatus": "OFF",
    }  # fmt: skip


def coins(asked: Asked) -> dict[str, Any]:
    """GET /v5/asset/coin/query-info: no coin can be moved in or out here."""
    listed = [
        {"name": asset, "coin": asset, "remainAmount": "0", "chains": []}
        for asset in asked.venue.desk.wallet.free
    ]
    return {"rows": listed}
