"""Bybit's public streams: bars, best prices, order books, trades."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Stream
from atms.stores.ccxt.profiles.bybit import events
from atms.stores.ccxt.profiles.bybit.books import StreamedBook
from atms.stores.ccxt.profiles.bybit.words import CATEGORY, call
from atms.stores.ccxt.profiles.plain import Plain
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.market import Book, Quote

LEVELS = (50, 200)  # how many levels are streamed; 1 is for the best prices
_ARGUMENTS = 10  # streams of the spot market that one message may name
_EACH = frozenset({"kline", "publicTrade"})  # topics whose messages hold several things


class BybitStreams(Plain):
    """The public streams of one kind of market.

    Attributes:
        category: the venue's word for it.
    """

    place = "bybit-spot"
    category = CATEGORY
    names: Symbols

    def __init__(self) -> None:
        super().__init__()
        self._books: defaultdict[str, StreamedBook] = defaultdict(StreamedBook)

    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Return the address of the market's streams."""
        return hosted(urls["ws"]["public"][self.category])

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return the stream of bars."""
        if timeframe not in events.TIMEFRAMES:
            known = " ".join(events.TIMEFRAMES)
            raise VenueError(f"{self.place}: no bars of {timeframe}; there are: {known}")
        return Stream(
            name=f"kline.{events.TIMEFRAMES[timeframe]}.{raw}",
            read=lambda row, at: events.bar(row, self.names.id(raw), timeframe),
        )

    def quotes(self, raw: str) -> Stream:
        """Return the stream of the best prices: the book's first level."""
        return Stream(
            name=(name := f"orderbook.1.{raw}"),
            read=lambda message, at: self._quoted(name, message, raw),
        )

    def _quoted(self, name: str, message: Mapping[str, Any], raw: str) -> Quote | None:
        book = self._books[name]
        book.take(message)
        bids, asks = book.levels(1)
        if not bids or not asks:
            return None
        return Quote(
            at=moment(message["ts"]), instrument=self.names.id(raw), bid=bids[0][0],
            ask=asks[0][0], qty=None,
        )  # fmt: skip

    def quote(self, raw: str) -> Call:
        """Return the request for the best prices."""
        return call("publicGetV5MarketTickers", {}, category=self.category, symbol=raw)

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Return the best prices; None: a side is empty."""
        row = reply["result"]["list"][0]
        return events.best(row, at, self.names.id(row["symbol"]))

    def book(self, raw: str, depth: int) -> Stream:
        """Return the stream of an order book; VenueError: it is not that deep."""
        if not 1 <= depth <= LEVELS[-1]:
            raise VenueError(f"{self.place}: a book of {depth} levels; there are 1 to {LEVELS[-1]}")
        levels = next(level for level in LEVELS if level >= depth)
        name = f"orderbook.{levels}.{raw}"
        return Stream(name=name, read=lambda message, at: self._depth(name, message, raw, levels))

    def _depth(self, name: str, message: Mapping[str, Any], raw: str, depth: int) -> Book:
        book = self._books[name]
        book.take(message)
        bids, asks = book.levels(depth)
        return Book(at=moment(message["ts"]), instrument=self.names.id(raw), bids=bids, asks=asks)

    def prints(self, raw: str) -> Stream:
        """Return the stream of public trades."""
        return Stream(
            name=f"publicTrade.{raw}", read=lambda row, at: events.trade(row, self.names.id(raw))
        )

    def subscribe(
        self, names: Collection[str], number: int, *, on: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin or end streams, numbered from *number* on."""
        listed = sorted(names)
        parts = [listed[at : at + _ARGUMENTS] for at in range(0, len(listed), _ARGUMENTS)]
        op = "subscribe" if on else "unsubscribe"
        return [
            {"op": op, "req_id": str(number + place), "args": part}
            for place, part in enumerate(parts)
        ]

    def streamed(self, message: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return names of streams and what a message says of each; empty: it is of none."""
        topic = message.get("topic")
        if topic is None:
            return ()
        if topic.partition(".")[0] in _EACH:
            return [(topic, row) for row in message["data"]]
        return [(topic, message)]


def hosted(url: str) -> str:
    """Return an address with the exchange's host where ccxt leaves a place for it."""
    return url.replace("{hostname}", "bybit.com")
