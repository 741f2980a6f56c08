"""What the account is told on its stream: orders, conditional orders, balances and positions."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from atms.sandbox.binance_usdm.account import Account
from atms.sandbox.binance_usdm.orders import Conditional, Fill, Order, Place
from atms.sandbox.venue.numbers import ZERO, text

Json = dict[str, Any]


def order_update(order: Order, kind: str, now: int, fill: Fill | None = None) -> Json:
    """Return an ORDER_TRADE_UPDATE.

    Args:
        kind: the execution type: NEW, CANCELED, CALCULATED, EXPIRED, TRADE.
    """
    wish = order.wish
    told: Json = {
        "s": order.symbol.name, "c": order.client_id, "S": order.side, "o": order.type,
        "f": wish.tif, "q": text(order.qty), "p": text(wish.price or ZERO),
        "ap": text(order.average), "sp": text(ZERO), "x": kind, "X": order.status, "i": order.id,
        "l": text(fill.qty if fill is not None else ZERO), "z": text(order.executed),
        "L": text(fill.price if fill is not None else ZERO), "T": order.updated,
        "t": fill.id if fill is not None else 0, "b": text(ZERO), "a": text(ZERO),
        "m": fill.maker if fill is not None else False, "R": wish.reduces,
        "wt": "CONTRACT_PRICE", "ot": order.type, "ps": wish.side_of, "cp": False,
        "rp": text(fill.profit if fill is not None else ZERO), "pP": False, "si": 0, "ss": 0,
        "V": wish.stp, "pm": "NONE", "gtd": 0, "er": str(order.expiry),
    }  # fmt: skip
    if fill is not None:  # without one neither asset nor amount is told
        told |= {"N": fill.fee_asset, "n": text(fill.fee)}
    return {"e": "ORDER_TRADE_UPDATE", "E": now, "T": order.updated, "o": told}


def algo_update(one: Conditional, now: int) -> Json:
    """Return an ALGO_UPDATE."""
    ask, order = one.ask, one.order
    told: Json = {
        "caid": one.client_id, "aid": one.id, "at": "CONDITIONAL", "o": one.kind,
        "s": ask.symbol.name, "S": ask.side, "ps": ask.side_of, "f": ask.tif,
        "q": text(ask.qty or ZERO), "X": one.status,
        "ai": str(order.id) if order is not None else "",
        "ap": text(order.average if order is not None else ZERO),
        "aq": text(order.executed if order is not None else ZERO),
        "act": order.type if order is not None else "0", "tp": text(one.trigger),
        "p": text(ask.price or ZERO), "V": ask.stp, "wt": one.working, "pm": "NONE", "cp": False,
        "pP": False, "R": ask.reduces, "tt": one.fired, "gtd": 0, "rm": one.reason,
    }  # fmt: skip
    return {"e": "ALGO_UPDATE", "T": one.updated, "E": now, "o": told}


def account_update(
    account: Account, why: str, asset: str, change: Decimal, places: Iterable[Place], now: int
) -> Json:
    """Return an ACCOUNT_UPDATE of a balance, and of the positions that changed with it."""
    wallet = text(account.wallet[asset])
    return {
        "e": "ACCOUNT_UPDATE", "E": now, "T": now,
        "a": {
            "m": why,
            "B": [{"a": asset, "wb": wallet, "cw": wallet, "bc": text(change)}],
            "P": [_position(account, place) for place in places],
        },
    }  # fmt: skip


def _position(account: Account, place: Place) -> Json:
    one = account.position(place)
    isolated = account.margin_type[place[0]] == "ISOLATED"
    return {
        "s": place[0], "pa": text(one.qty), "ep": text(one.entry), "bep": text(one.entry),
        "cr": text(one.realised), "up": text(one.profit_at(account.mark(place[0]))),
        "mt": "isolated" if isolated else "cross", "iw": text(ZERO), "ps": place[1],
    }  # fmt: skip


def key_expired(key: str, now: int) -> Json:
    """Return a listenKeyExpired."""
    return {"e": "listenKeyExpired", "E": now, "listenKey": key}
