"""What the account may ask about contracts: orders, positions, cash, settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from atms.sandbox.bybit import private
from atms.sandbox.bybit.asked import Asked
from atms.sandbox.bybit.private import span
from atms.sandbox.bybit.refusals import Refused, wrong
from atms.sandbox.bybitlinear.venue import BybitLinearVenue
from atms.sandbox.venue.futures.contracts import Contract
from atms.sandbox.venue.futures.orders import Ask

_MODES = {"cross": "REGULAR_MARGIN", "isolated": "ISOLATED_MARGIN"}
_ORDER_GONE = "order not exists or too late to cancel"


def _venue(asked: Asked) -> BybitLinearVenue:
    return cast(BybitLinearVenue, asked.venue)


# ---- writes --------------------------------------------------------------------------------
def create(asked: Asked) -> dict[str, Any]:
    """POST /v5/order/create: answered when it is taken in."""
    asked.venue.strike_order()
    order = _venue(asked).exchange.place(_ask(asked))
    return {"orderId": str(order.id), "orderLinkId": order.client_id}


def _ask(asked: Asked) -> Ask:
    market = asked.market()
    side, kind, tif = asked.text("side"), asked.text("orderType"), asked.text("timeInForce")
    if side not in ("Buy", "Sell"):
        raise Refused(10001, "params error: side invalid")
    if kind not in ("Market", "Limit"):
        raise Refused(10001, "params error: orderType invalid")
    if tif not in private.TIFS:
        raise Refused(10001, "params error: timeInForce invalid")
    if _venue(asked).account.hedge == (asked.text("positionIdx") in ("", "0")):
        raise Refused(10001, "position idx not match position mode")
    for name in ("takeProfit", "stopLoss", "closeOnTrigger"):
        if asked.text(name) not in ("", "0", "false", "False"):
            raise Refused(110057, "Conditional order or limit order contains TP/SL related params")
    qty, price = _number(asked, "qty"), _number(asked, "price")
    if qty is None or (kind == "Limit" and price is None):
        raise Refused(10001, "params error: price or qty invalid")
    limited = kind == "Limit"
    stop = _number(asked, "triggerPrice")
    name = "LIMIT" if limited else "MARKET"
    if limited and tif == "PostOnly":
        name = "LIMIT_MAKER"
    if stop is not None:
        name = _conditional(asked, side == "Buy", limited)
    return Ask(
        symbol=market.symbol, side=side.upper(), type=name, client_id=asked.link(),
        tif=private.TIFS[tif] if limited else "IOC", qty=qty, price=price if limited else None,
        stop=stop, reduces=asked.text("reduceOnly") in ("true", "True"),
    )  # fmt: skip


def _conditional(asked: Asked, buys: bool, limited: bool) -> str:
    """Return the kind of an order that waits for the last price."""
    direction = asked.text("triggerDirection")
    if direction not in ("1", "2"):
        raise Refused(10001, "params error: triggerDirection invalid")
    if asked.text("triggerBy") not in ("", "LastPrice"):
        raise Refused(10001, "params error: triggerBy invalid")
    stops = buys == (direction == "1")
    return f"{'STOP_LOSS' if stops else 'TAKE_PROFIT'}{'_LIMIT' if limited else ''}"


def _number(asked: Asked, name: str) -> Decimal | None:
    """Return a number above 0; None: it was not sent, or is 0."""
    if asked.text(name) in ("", "0"):
        return None
    try:
        return asked.number(name)
    except Refused as refusal:
        raise Refused(10001, f"params error: {name} invalid") from refusal


def cancel(asked: Asked) -> dict[str, Any]:
    """POST /v5/order/cancel."""
    market, order = asked.market(), private.named(asked)
    if order is None or order.symbol is not market.symbol or not order.is_open:
        raise Refused(110001, _ORDER_GONE)
    asked.venue.exchange.cancel(order)
    return {"orderId": str(order.id), "orderLinkId": order.client_id}


# ---- positions, cash -----------------------------------------------------------------------
def positions(asked: Asked) -> dict[str, Any]:
    """GET /v5/position/list: of a symbol, held or not; else those that are held."""
    venue, name = _venue(asked), asked.text("symbol")
    if asked.category() != venue.category:
        return {"category": asked.category(), "list": [], "nextPageCursor": ""}
    if not name and not asked.text("settleCoin"):
        raise Refused(10001, "params error: symbol or settleCoin required")
    slots = (1, 2) if venue.account.hedge else (0,)
    names = [asked.market().symbol.name] if name else venue.account.held()
    listed = [venue.rows.position(one, slot) for one in names for slot in slots]
    return {"category": venue.category, "list": listed, "nextPageCursor": ""}


def transactions(asked: Asked) -> dict[str, Any]:
    """GET /v5/account/transaction-log: newest first."""
    venue = _venue(asked)
    low, high = span(asked)
    kind, coin, category = (asked.text(name) for name in ("type", "currency", "category"))
    found = [(row.id, venue.rows.cash(row)) for row in venue.desk.cash if low <= row.time <= high]
    wanted = {"type": kind, "currency": coin, "category": category}
    found = [
        (number, row)
        for number, row in found
        if all(value in ("", row[name]) for name, value in wanted.items())
    ]
    part, following = asked.page(list(reversed(found)), 20, 50)
    return {"list": part, "nextPageCursor": following}


# ---- settings ------------------------------------------------------------------------------
def account_info(asked: Asked) -> dict[str, Any]:
    """GET /v5/account/info."""
    venue = _venue(asked)
    mode = "PORTFOLIO_MARGIN" if venue.config.portfolio else _MODES[venue.account.margin_mode]
    return private.account_info(asked) | {"marginMode": mode}


def set_leverage(asked: Asked) -> dict[str, Any]:
    """POST /v5/position/set-leverage."""
    contract = cast(Contract, asked.market().symbol)
    account = _venue(asked).account
    buys, sells = asked.number("buyLeverage"), asked.number("sellLeverage")
    if buys is None or buys != sells or not 1 <= buys <= contract.most_leverage:
        raise wrong("leverage")
    if buys == account.leverage[contract.name]:
        raise Refused(110043, "Set leverage has not been modified.")
    account.leverage[contract.name] = buys
    return {}


def switch_mode(asked: Asked) -> dict[str, Any]:
    """POST /v5/position/switch-mode."""
    asked.own()
    account, mode = _venue(asked).account, asked.text("mode")
    if mode not in ("0", "3"):
        raise wrong("mode")
    if account.hedge == (mode == "3"):
        raise Refused(110025, "Position mode has not been modified.")
    if account.held():
        raise Refused(110024, "You have an existing position.")
    account.hedge = mode == "3"
    return {}


def set_margin_mode(asked: Asked) -> dict[str, Any]:
    """POST /v5/account/set-margin-mode."""
    wanted = {word: name for name, word in _MODES.items()}.get(asked.text("setMarginMode"))
    if wanted is None:
        raise wrong("setMarginMode")
    _venue(asked).account.margin_mode = wanted
    return {"reasons": []}
