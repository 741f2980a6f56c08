"""What ccxt says that an exchange can: its claims, of which nothing was tried here."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atms.errors import MissingExtra, UnknownName, did_you_mean
from atms.extras import install_hint

# what people ask of an exchange -> ccxt's names of it, the websocket's behind the request's
ABILITIES: Mapping[str, tuple[str, ...]] = {
    "bars": ("fetchOHLCV", "watchOHLCV"),
    "best prices": ("fetchTicker", "watchTicker"),
    "order book": ("fetchOrderBook", "watchOrderBook"),
    "public trades": ("fetchTrades", "watchTrades"),
    "its time": ("fetchTime",),
    "orders": ("createOrder",),
    "market orders": ("createMarketOrder",),
    "limit orders": ("createLimitOrder",),
    "stop orders": ("createStopOrder",),
    "stop-limit orders": ("createStopLimitOrder",),
    "trailing stops": ("createTrailingPercentOrder",),
    "post-only": ("createPostOnlyOrder",),
    "reduce-only": ("createReduceOnlyOrder",),
    "cancel": ("cancelOrder",),
    "change an order": ("editOrder",),
    "an order by its number": ("fetchOrder", "watchOrders"),
    "open orders": ("fetchOpenOrders", "watchOrders"),
    "executions": ("fetchMyTrades", "watchMyTrades"),
    "balances": ("fetchBalance", "watchBalance"),
    "positions": ("fetchPositions", "watchPositions"),
    "set leverage": ("setLeverage",),
    "funding history": ("fetchFundingHistory",),
}
MARKETS = ("spot", "margin", "swap", "future", "option")
# One account here is of one kind of market: where ccxt has several under one id, the others have
# an id of ours -> ccxt's.
OURS: Mapping[str, str] = {"bybitlinear": "bybit", "okxlinear": "okx"}


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What ccxt says of an exchange.

    Attributes:
        abilities: of `ABILITIES` -> ``yes``, ``by request``, ``emulated`` or ``no``.
        markets: of `MARKETS`.
        timeframes: as ccxt writes them.
        secrets: what a key of it consists of.
        testnet: whether ccxt knows a test network.
        decimal_places: whether steps of prices and sizes are told as numbers of decimal places.
    """

    exchange: str
    name: str
    abilities: Mapping[str, str]
    markets: tuple[str, ...]
    timeframes: tuple[str, ...]
    secrets: tuple[str, ...]
    testnet: bool
    decimal_places: bool

    def can(self, ability: str) -> bool:
        """Return whether it has it, in whichever way."""
        return self.abilities[ability] != "no"


def exchanges() -> list[str]:
    """Return all ids that ccxt knows.

    Raises:
        MissingExtra: ccxt is not installed.
    """
    return list(_ccxt("an exchange", "ccxt").exchanges)


def claims_of(exchange: str) -> Claims:
    """Return what ccxt says of an exchange.

    Raises:
        UnknownName: ccxt knows none of that id; the message has the nearest.
        MissingExtra: ccxt is not installed.
    """
    made = class_of(exchange)()
    has = made.has
    return Claims(
        exchange=exchange,
        name=str(made.name),
        abilities={what: _told(has, *names) for what, names in ABILITIES.items()},
        markets=tuple(one for one in MARKETS if has.get(one)),
        timeframes=tuple(made.timeframes or ()),
        secrets=tuple(name for name, needed in made.requiredCredentials.items() if needed),
        testnet=bool(made.urls.get("test")),
        decimal_places=made.precisionMode != importlib.import_module("ccxt").TICK_SIZE,
    )


def class_of(exchange: str) -> Any:
    """Return ccxt's class of an exchange, with websockets where ccxt has them.

    Raises:
        UnknownName, MissingExtra: as `claims_of`.
    """
    ids = _ccxt(f"exchange {exchange!r}", "ccxt").exchanges
    name = OURS.get(exchange, exchange)
    if name not in ids:
        hint = did_you_mean(exchange, [*ids, *OURS]) or "; python -m atms stores list shows all"
        raise UnknownName(f"CCXTStore: ccxt knows no exchange {exchange!r}{hint}")
    with_streams = getattr(importlib.import_module("ccxt.pro"), name, None)
    return with_streams or getattr(importlib.import_module("ccxt.async_support"), name)


def _ccxt(what: str, module: str) -> Any:
    if importlib.util.find_spec("ccxt") is None:
        raise MissingExtra(f"{what} needs ccxt: {install_hint('ccxt')}")
    return importlib.import_module(module)


def _told(has: Mapping[str, Any], request: str, stream: str = "") -> str:
    asked, told = has.get(request), bool(stream) and bool(has.get(stream))
    if asked == "emulated":
        return "emulated"
    if not asked:
        return "yes" if told else "no"
    return "yes" if told or not stream else "by request"
