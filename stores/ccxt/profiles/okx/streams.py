"""OKX's public streams: bars, prices, order books, trades; on two addresses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profile import Ask, Names, Passed, Stream
from atms.stores.ccxt.profiles.okx import past
from atms.stores.ccxt.profiles.okx.orders import side
from atms.stores.ccxt.profiles.okx.trades import trades as past_trades
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.market import Bar, Book, Print, Quote

LEVELS = 5  # of the book, in the stream that tells its top whole
_PUBLIC, _BUSINESS = "public", "business"


class OkxStreams:
    """The public streams, by default of the spot market.

    Attributes:
        volume: where a bar has its volume in base currency.
    """

    place = "okx-spot"
    names: Names
    volume = past.UNITS

    def units(self, raw: str, told: str) -> Decimal:
        """Return units of the base currency of a size as the venue writes it."""
        return Decimal(told)

    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Return the address of public streams, of those that one channel carries."""
        return address(urls, channel)

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return the stream of bars."""
        if timeframe not in past.BARS:
            known = " ".join(sorted(past.BARS))
            raise VenueError(f"{self.place}: no bars of {timeframe}; there are: {known}")
        word, step = past.BARS[timeframe]

        def read(message: Mapping[str, Any], at: datetime) -> list[Bar]:
            return [
                past.bar_of(row, self.names.id(raw), step, self.volume) for row in message["data"]
            ]

        return Stream(name=f"candle{word}:{raw}", read=read, channel=_BUSINESS)

    def quotes(self, raw: str) -> Stream:
        """Return the stream of the best prices, each change of them."""

        def read(message: Mapping[str, Any], at: datetime) -> list[Quote]:
            tops = [self._book(raw, row) for row in message["data"]]
            return [
                Quote(
                    at=top.at, instrument=top.instrument, bid=top.bids[0][0], ask=top.asks[0][0],
                    qty=None,
                )
                for top in tops
                if top.bids and top.asks
            ]  # fmt: skip

        return Stream(name=f"bbo-tbt:{raw}", read=read, channel=_PUBLIC)

    def quote(self, raw: str) -> Call:
        """Return the request for the best prices."""
        return past.call("publicGetMarketTicker", instId=raw)

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Return the best prices; None: a side is empty."""
        row = reply["data"][0]
        return past.best(row, at, self.names.id(row["instId"]))

    def book(self, raw: str, depth: int) -> Stream:
        """Return the stream of an order book; VenueError: it is not that deep."""
        if not 1 <= depth <= LEVELS:
            raise VenueError(f"{self.place}: a book of {depth} levels; there are 1 to {LEVELS}")

        def read(message: Mapping[str, Any], at: datetime) -> list[Book]:
            return [self._book(raw, row) for row in message["data"]]

        return Stream(name=f"books5:{raw}", read=read, channel=_PUBLIC)

    def _book(self, raw: str, row: Mapping[str, Any]) -> Book:
        bids, asks = (
            tuple((Decimal(level[0]), self.units(raw, level[1])) for level in row[name][:LEVELS])
            for name in ("bids", "asks")
        )
        return Book(at=moment(row["ts"]), instrument=self.names.id(raw), bids=bids, asks=asks)

    def prints(self, raw: str) -> Stream:
        """Return the stream of public trades, each by itself."""

        def read(message: Mapping[str, Any], at: datetime) -> list[Print]:
            return [
                Print(
                    at=moment(row["ts"]), instrument=self.names.id(raw), id=row["tradeId"],
                    price=Decimal(row["px"]), qty=self.units(raw, row["sz"]),
                    taker=side(row["side"]),
                )
                for row in message["data"]
            ]  # fmt: skip

        return Stream(name=f"trades-all:{raw}", read=read, channel=_BUSINESS)

    async def trades(
        self, ask: Ask, raw: str, start: datetime, after: Passed | None, rows: int
    ) -> tuple[list[Print], bool]:
        """Return trades by rising numbers, and whether there are more."""
        named = self.names.id(raw)
        return await past_trades(ask, raw, named, start, after, self.place, self.units)

    def subscribe(
        self, names: Collection[str], number: int, *, on: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Return a message a stream: one of several would be answered several times."""
        word = "subscribe" if on else "unsubscribe"
        return [
            {"id": str(number + place), "op": word, "args": [_argument(name)]}
            for place, name in enumerate(sorted(names))
        ]

    def streamed(self, message: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return name of a stream and what it says; empty: the message is of none."""
        told = message.get("arg") or {}
        if "data" not in message or "instId" not in told:
            return []
        return [(f"{told['channel']}:{told['instId']}", message)]


def address(urls: Mapping[str, Any], channel: str) -> str:
    """Return the address of a channel's streams; the test network wants a number besides."""
    base = str(urls["ws"])
    return f"{base}/{channel}" + ("?brokerId=9999" if "wspap" in base else "")


def _argument(name: str) -> dict[str, str]:
    channel, _, raw = name.partition(":")
    return {"channel": channel, "instId": raw}
