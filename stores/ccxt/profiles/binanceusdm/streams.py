"""Binance USD-M's public side: how symbols are written, and streams from two addresses.

``/public`` carries books, best prices and trades, ``/market`` the others; what is asked for at the
wrong one stays silent (developers.binance.com, "USD-M Futures routes streams by path").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.names import Contracts
from atms.stores.ccxt.profile import Ask, Stream
from atms.stores.ccxt.profiles.binance import events as spot
from atms.stores.ccxt.profiles.binance import reads
from atms.stores.ccxt.profiles.binance.filters import contract_of
from atms.stores.ccxt.profiles.binance.streams import LEVELS
from atms.stores.ccxt.profiles.binanceusdm import events
from atms.stores.market import Quote

TIMEFRAMES = frozenset(
    "1m,3m,5m,15m,30m,1h,2h,4h,6h,8h,12h,1d,3d,1w,1M".split(",")  # noqa: SIM905 - one line
)
PUBLIC, MARKET = "public", "market"


class UsdmStreams:
    """The public side of the USD-M market.

    Trades of the past are not read: how far back their ids reach could not be confirmed.
    """

    place = "binance-usdm"
    names: Contracts

    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Return the address of combined streams, whose messages name their stream."""
        return f"{_base(urls)}/{channel}/stream"

    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address of the account's stream."""
        return f"{_base(urls)}/private/ws"

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USDT:USDT`` for ``BTCUSDT``; what is unknown as it was given."""
        if "/" in symbol:
            return symbol
        info = await ask(reads.call("fapiPublicGetExchangeInfo", 1))
        rows = {row["symbol"]: row for row in info["symbols"]}
        row = rows.get(symbol.upper())
        return symbol if row is None else contract_of(row)

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return the stream of bars."""
        if timeframe not in TIMEFRAMES:
            known = " ".join(sorted(TIMEFRAMES))
            raise VenueError(f"{self.place}: no bars of {timeframe}; there are: {known}")
        return Stream(
            name=f"{raw.lower()}@kline_{timeframe}", channel=MARKET,
            read=lambda event, at: spot.bar(event, self.names),
        )  # fmt: skip

    def quotes(self, raw: str) -> Stream:
        """Return the stream of the best prices."""
        return Stream(
            name=f"{raw.lower()}@bookTicker", channel=PUBLIC,
            read=lambda event, at: spot.best(event, at, self.names),
        )  # fmt: skip

    def quote(self, raw: str) -> Call:
        """Return the request for the best prices."""
        return reads.call("fapiPublicGetTickerBookTicker", 2, symbol=raw)

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Return the best prices; None: a side is empty."""
        return spot.best(reply, at, self.names)

    def book(self, raw: str, depth: int) -> Stream:
        """Return the stream of an order book; VenueError: it is not that deep."""
        if not 1 <= depth <= LEVELS[-1]:
            raise VenueError(f"{self.place}: a book of {depth} levels; there are 1 to {LEVELS[-1]}")
        levels = next(level for level in LEVELS if level >= depth)
        return Stream(
            name=f"{raw.lower()}@depth{levels}@100ms", channel=PUBLIC,
            read=lambda event, at: events.depth(event, at, self.names.id(raw), levels),
        )  # fmt: skip

    def prints(self, raw: str) -> Stream:
        """Return the stream of public trades."""
        return Stream(
            name=f"{raw.lower()}@trade", channel=PUBLIC,
            read=lambda event, at: events.trade(event, self.names),
        )  # fmt: skip


def _base(urls: Mapping[str, Any]) -> str:
    return str(urls["ws"]["linear"]).removesuffix("/ws")
