"""Binance spot's public streams: bars, prices, order books, trades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Stream
from atms.stores.ccxt.profiles.binance import events, reads
from atms.stores.market import Quote

TIMEFRAMES = frozenset(
    "1s,1m,3m,5m,15m,30m,1h,2h,4h,6h,8h,12h,1d,3d,1w,1M".split(",")  # noqa: SIM905 - one line
)
LEVELS = (5, 10, 20)  # how many levels of its book the venue streams


class BinanceStreams:
    """The public streams of the spot market."""

    place = "binance-spot"
    names: Symbols

    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Return the address of combined streams, whose messages name their stream."""
        return str(urls["ws"]["spot"]).removesuffix("/ws") + "/stream"

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return the stream of bars; ccxt's own reader of it drops the flag of a closed bar."""
        if timeframe not in TIMEFRAMES:
            known = " ".join(sorted(TIMEFRAMES))
            raise VenueError(f"{self.place}: no bars of {timeframe}; there are: {known}")
        return Stream(
            name=f"{raw.lower()}@kline_{timeframe}",
            read=lambda event, at: events.bar(event, self.names),
        )

    def quotes(self, raw: str) -> Stream:
        """Return the stream of the best prices."""
        return Stream(
            name=f"{raw.lower()}@bookTicker",
            read=lambda event, at: events.best(event, at, self.names),
        )

    def quote(self, raw: str) -> Call:
        """Return the request for the best prices."""
        return reads.call("publicGetTickerBookTicker", 2, symbol=raw)

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Return the best prices; None: a side is empty."""
        return events.best(reply, at, self.names)

    def book(self, raw: str, depth: int) -> Stream:
        """Return the stream of an order book; VenueError: it is not that deep."""
        if not 1 <= depth <= LEVELS[-1]:
            raise VenueError(f"{self.place}: a book of {depth} levels; there are 1 to {LEVELS[-1]}")
        levels = next(level for level in LEVELS if level >= depth)
        return Stream(
            name=f"{raw.lower()}@depth{levels}@100ms",
            read=lambda event, at: events.depth(event, at, self.names.id(raw), levels),
        )

    def prints(self, raw: str) -> Stream:
        """Return the stream of public trades."""
        return Stream(
            name=f"{raw.lower()}@trade", read=lambda event, at: events.trade(event, self.names)
        )
