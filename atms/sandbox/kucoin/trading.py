"""Placing and cancelling, as KuCoin's pro endpoints do it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from atms.sandbox.kucoin.refusals import NOT_THERE, Refused
from atms.sandbox.kucoin.replies import sync_row
from atms.sandbox.kucoin.venue import KucoinVenue, order_id
from atms.sandbox.venue.matching import facts
from atms.sandbox.venue.orders import Order, Wish

Json = dict[str, Any]
_CLIENT = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TIFS = ("GTC", "IOC", "FOK")


def place(venue: KucoinVenue, given: Json) -> Order:
    """Take an order and let it trade.

    Raises:
        Refused: it is not of the form, or the venue does not take it.
    """
    wish = _wish(venue, given)
    venue.strike_order()
    matcher, price = venue.exchange.matchers[wish.symbol.name], wish.price
    if wish.type == "LIMIT_MAKER" and price and matcher.would_take(wish.side == "BUY", price):
        return _taken_back(venue, wish)
    order = venue.exchange.place(wish)
    if order.is_open:
        for call in venue.rests:
            call(order)
    return order


def _taken_back(venue: KucoinVenue, wish: Wish) -> Order:
    """Take a post-only order that would trade at once, and cancel it: it is not refused."""
    exchange, desk = venue.exchange, venue.desk
    exchange.check(wish)
    order = exchange.new_order(wish)
    desk.add(order)
    desk.report(order, "NEW")
    desk.truth.note("order", **facts(order))
    exchange.cancel(order)
    return order


def cancel(venue: KucoinVenue, written: str, number: str | None, client: str | None) -> Order:
    """Cancel an order by the venue's number or by its client id.

    Raises:
        Refused: there is none, or it is over.
    """
    try:
        order = venue.order(written, number, client)
    except Refused as error:
        raise Refused(*NOT_THERE) from error
    if not order.is_open:
        raise Refused(*NOT_THERE)
    venue.exchange.cancel(order)
    return order


def placed(order: Order) -> Json:
    """Return the short answer to a new order."""
    return {"orderId": order_id(order), "clientOid": order.client_id or None}


def matched(order: Order) -> Json:
    """Return the answer to a new or cancelled order that waits for the matching."""
    return sync_row(order)


def _wish(venue: KucoinVenue, given: Json) -> Wish:
    kind, side = given.get("type", "limit"), given.get("side")
    if side not in ("buy", "sell"):
        raise _missing("side")
    if kind not in ("limit", "market"):
        raise _missing("type")
    if not given.get("symbol"):
        raise _missing("symbol")
    client = given.get("clientOid", "")
    if client and not _CLIENT.fullmatch(client):
        raise Refused("400100", "validation.createOrder.clientOidIsInvalid")
    tif = given.get("timeInForce", "GTC")
    if tif not in _TIFS:
        raise Refused("400100", "validation.createOrder.timeInForceIsInvalid")
    symbol = venue.dashed(given["symbol"]).symbol
    size, funds, price = (_number(given, name) for name in ("size", "funds", "price"))
    if kind == "limit" and (size is None or price is None):
        raise _missing("size" if size is None else "price")
    if kind == "market" and (size is None) == (funds is None):
        raise _missing("size")
    post_only = bool(given.get("postOnly")) and tif == "GTC"
    limit = "LIMIT_MAKER" if post_only else "LIMIT"
    return Wish(
        symbol=symbol, side=side.upper(), type=limit if kind == "limit" else "MARKET",
        client_id=client, tif=tif if kind == "limit" else "GTC", qty=size,
        quote_qty=funds if size is None else None, price=price if kind == "limit" else None,
    )  # fmt: skip


def _number(given: Json, name: str) -> Decimal | None:
    told = given.get(name)
    if told is None:
        return None
    try:
        found = Decimal(str(told))
    except InvalidOperation:
        raise Refused("400100", f"validation.createOrder.{name}IsInvalid") from None
    if not found.is_finite() or found <= 0:
        raise Refused("400100", f"validation.createOrder.{name}IsInvalid")
    return found


def _missing(name: str) -> Refused:
    return Refused("400100", f"validation.createOrder.{name}IsRequired")
