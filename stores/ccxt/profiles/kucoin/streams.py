"""KuCoin spot's public streams: bars, prices, order books, trades."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from atms.errors import VenueError
from atms.stores.ccxt.addresses import is_loopback, moved
from atms.stores.ccxt.calls import Answer, Call, Said
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Ask, Stream
from atms.stores.ccxt.profiles.kucoin import events, reads
from atms.stores.ccxt.profiles.plain import Plain
from atms.stores.market import Quote

TIMEFRAMES: Mapping[str, str] = {
    "1m": "1min", "3m": "3min", "5m": "5min", "15m": "15min", "30m": "30min", "1h": "1hour",
    "2h": "2hour", "4h": "4hour", "6h": "6hour", "8h": "8hour", "12h": "12hour", "1d": "1day",
    "1w": "1week", "1M": "1month",
}  # fmt: skip
BAR_LAG = timedelta(seconds=2)
LEVELS = (5, 50)  # how many levels of its book the venue streams


class Dashed(Symbols):
    """A spot market's symbols: ``BTC/USDT`` as people write it, ``BTC-USDT`` as the venue does."""

    def guess(self, symbol: str) -> str:
        """Return the venue's way to write a symbol that was not read yet."""
        return symbol.replace("/", "-")


async def dialled(ask: Ask, call: Call, url: str) -> str:
    """Return the address of a stream as the venue gives it out, with its key.

    Where the venue is one on this computer the stream is at the same place: what it names may be
    behind a front.
    """
    reply = (await ask(call))["data"]
    endpoint = str(reply["instanceServers"][0]["endpoint"])
    if is_loopback(url):
        endpoint = str(moved(endpoint, url))
    return f"{endpoint}?{urlencode({'token': reply['token'], 'connectId': 'atms'})}"


class KucoinStreams(Plain):
    """The public streams of the spot market."""

    place = "kucoin-spot"
    names: Dashed

    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Return the address that the streams' own is asked for at."""
        return str(urls["public"])

    async def market_address(self, url: str, ask: Ask) -> str:
        """Return what is dialled for public streams: it is given out with a key."""
        return await dialled(ask, reads.call("publicPostBulletPublic", "public", 10), url)

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return the stream of bars; it does not say when one is over."""
        if timeframe not in TIMEFRAMES:
            known = " ".join(TIMEFRAMES)
            raise VenueError(f"{self.place}: no bars of {timeframe}; there are: {known}")
        word = TIMEFRAMES[timeframe]

        def read(data: Mapping[str, Any], at: datetime) -> Any:
            return events.bar(data["candles"], word, self.names.id(raw), final=False)

        return Stream(name=f"/market/candles:{raw}_{word}", read=read, bar_lag=BAR_LAG)

    def quotes(self, raw: str) -> Stream:
        """Return the stream of the best prices."""
        return Stream(
            name=f"/spotMarket/level1:{raw}",
            read=lambda data, at: events.level1(data, self.names.id(raw)),
        )

    def quote(self, raw: str) -> Call:
        """Return the request for the best prices: of those that tell them the one with a symbol."""
        return reads.call("publicGetMarketStats", "public", 15, symbol=raw)

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Return the best prices; None: a side is empty."""
        row = reply["data"]
        return events.best(row["buy"], row["sell"], at, self.names.id(row["symbol"]))

    def book(self, raw: str, depth: int) -> Stream:
        """Return the stream of an order book; VenueError: it is not that deep."""
        if not 1 <= depth <= LEVELS[-1]:
            raise VenueError(f"{self.place}: a book of {depth} levels; there are 1 to {LEVELS[-1]}")
        levels = next(level for level in LEVELS if level >= depth)
        return Stream(
            name=f"/spotMarket/level2Depth{levels}:{raw}",
            read=lambda data, at: events.depth(data, self.names.id(raw), levels),
        )

    def prints(self, raw: str) -> Stream:
        """Return the stream of public trades."""
        return Stream(
            name=f"/market/match:{raw}",
            read=lambda data, at: events.trade(data, self.names.id(raw)),
        )

    def subscribe(
        self, names: Collection[str], number: int, *, on: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin or end streams, one each."""
        kind = "subscribe" if on else "unsubscribe"
        return [topic(kind, name, number + at) for at, name in enumerate(sorted(names))]

    def streamed(self, message: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return name of a stream and what it says; empty: the message is of none."""
        return [(message["topic"], message["data"])] if message.get("type") == "message" else []

    def answered(self, message: Mapping[str, Any]) -> Answer | None:
        """Return the answer that a message is; None: it is an event."""
        kind = message.get("type")
        if kind not in ("ack", "error"):
            return None
        said = None
        if kind == "error":
            said = Said(400, str(message.get("code", "")), str(message.get("data", "")))
        return Answer(id=str(message.get("id", "")), said=said)


def topic(kind: str, name: str, number: int, *, private: bool = False) -> dict[str, Any]:
    """Return a message that begins or ends a stream."""
    message = {"id": str(number), "type": kind, "topic": name, "response": True}
    return message | {"privateChannel": True} if private else message
