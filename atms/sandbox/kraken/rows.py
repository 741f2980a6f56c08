"""Orders and trades as REST shows them (api-specs, spot-rest)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atms.sandbox.kraken.names import NAMELESS, Pair, exec_id, txid
from atms.sandbox.venue.orders import Fill, Order

Json = dict[str, Any]
_STATUS = {
    "NEW": "open", "PARTIALLY_FILLED": "open", "FILLED": "closed", "CANCELED": "canceled",
    "EXPIRED": "canceled",
}  # fmt: skip
_WORDS = {"LIMIT_MAKER": "limit"}
ZERO = Decimal(0)


def word(type_: str) -> str:
    """Return the venue's word for a kind of order."""
    return _WORDS.get(type_, type_.lower().replace("_", "-"))


def seconds(milliseconds: int) -> float:
    """Return a time as REST has it."""
    return milliseconds / 1000


def own_id(order: Order) -> str | None:
    """Return the client id that was sent, if one was."""
    return None if order.own_id.startswith(NAMELESS) else order.own_id


def reason(order: Order) -> str | None:
    """Return why an order ended, where the venue's documents say how that is told."""
    return "User requested" if order.status == "CANCELED" else None


def prices(order: Order, pair: Pair) -> tuple[str, str]:
    """Return price and price2: of a stop the trigger comes first."""
    wish, places = order.wish, pair.price_places
    if wish.stop is not None:
        return f"{wish.stop:.{places}f}", f"{wish.price:.{places}f}" if wish.price else "0"
    return f"{wish.price:.{places}f}" if wish.price else "0", "0"


def sentence(order: Order, pair: Pair) -> str:
    """Return an order in the venue's words."""
    price, price2 = prices(order, pair)
    kind = word(order.type)
    head = f"{order.side.lower()} {order.qty:.8f} {pair.altname} @ "
    if kind in ("market", "limit"):
        return head + ("market" if kind == "market" else f"limit {price}")
    told = head + kind.removesuffix("-limit").replace("-", " ") + f" {price}"
    return told + (f" -> limit {price2}" if kind.endswith("-limit") else "")


def order_row(order: Order, pair: Pair, *, trades: bool) -> Json:
    """Return an order; *trades*: with the numbers of its executions."""
    price, price2 = prices(order, pair)
    fee = sum((fill.fee for fill in order.fills), ZERO)
    average = order.cost / order.executed if order.executed else ZERO
    row: Json = {
        "refid": None, "userref": None, "cl_ord_id": own_id(order),
        "status": _STATUS[order.status], "opentm": seconds(order.time), "starttm": 0,
        "expiretm": 0,
        "descr": {
            "pair": pair.altname, "aclass": "forex", "type": order.side.lower(),
            "ordertype": word(order.type), "price": price, "price2": price2, "leverage": "none",
            "order": sentence(order, pair), "close": "",
        },
        "vol": f"{order.qty:.8f}", "vol_exec": f"{order.executed:.8f}",
        "cost": f"{order.cost:.8f}", "fee": f"{fee:.8f}", "price": f"{average:.8f}",
        "stopprice": f"{order.wish.stop or ZERO:.8f}", "limitprice": "0.00000", "misc": "",
        "oflags": "fciq,post" if order.type == "LIMIT_MAKER" else "fciq",
        "time_in_force": order.wish.tif.lower(),
    }  # fmt: skip
    if order.wish.stop is not None:
        row["trigger"] = "last"
    if not order.is_open:
        row |= {"closetm": seconds(order.updated), "reason": reason(order)}
    if trades and order.fills:
        row["trades"] = [exec_id(fill.id) for fill in order.fills]
    return row


def trade_row(fill: Fill, pair: Pair) -> Json:
    """Return an execution."""
    order = fill.order
    return {
        "ordertxid": txid(order.id), "postxid": "TKH2SE-M7IF5-CFI7LT", "pair": pair.id,
        "aclass": "forex", "time": seconds(fill.time), "type": order.side.lower(),
        "ordertype": word(order.type), "price": f"{fill.price:.8f}",
        "cost": f"{fill.price * fill.qty:.8f}", "fee": f"{fill.fee:.8f}",
        "vol": f"{fill.qty:.8f}", "margin": "0.00000", "leverage": "0", "misc": "",
        "trade_id": fill.id, "maker": fill.maker,
    }  # fmt: skip
