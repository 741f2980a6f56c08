"""Coinbase's public streams: best prices, order books, trades. Bars are asked for."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Answer, Call, Said
from atms.stores.ccxt.profile import Stream
from atms.stores.ccxt.profiles.coinbase.orders import Products, moment
from atms.stores.ccxt.profiles.coinbase.past import STEPS, public
from atms.stores.market import Book, Print, Quote

BOOK_DEPTH = 50
_CHANNELS = {"l2_data": "level2"}  # a message's channel, where it is called otherwise
_PARTS = {"ticker": "tickers", "market_trades": "trades"}


class CoinbaseStreams:
    """The public streams of the spot market; one of USDC is the one of USD, by its name too."""

    place = "coinbase-spot"
    names: Products

    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Return the address of public streams."""
        return str(urls["ws"])

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return what bars there are: asked for, since only those of five minutes are streamed."""
        if timeframe not in STEPS:
            known = " ".join(STEPS)
            raise VenueError(f"{self.place}: no bars of {timeframe}; there are: {known}")
        return Stream(
            name=f"candles:{raw}:{timeframe}", read=lambda event, at: None, asked=STEPS[timeframe]
        )

    def quotes(self, raw: str) -> Stream:
        """Return the stream of the best prices, told with each trade."""
        return self._stream("ticker", raw, lambda event, at: quote(event, at, self.names.id(raw)))

    def quote(self, raw: str) -> Call:
        """Return the request for the best prices."""
        return public("v3PublicGetBrokerageMarketProductBook", product_id=raw, limit=1)

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Return the best prices; None: a side is empty."""
        book = reply["pricebook"]
        if not book["bids"] or not book["asks"]:
            return None
        bid, ask = Decimal(book["bids"][0]["price"]), Decimal(book["asks"][0]["price"])
        instrument = self.names.id(book["product_id"])
        return Quote(at=at, instrument=instrument, bid=bid, ask=ask, qty=None)

    def book(self, raw: str, depth: int) -> Stream:
        """Return the stream of an order book; VenueError: it is not that deep."""
        if not 1 <= depth <= BOOK_DEPTH:
            raise VenueError(f"{self.place}: a book of {depth} levels; there are 1 to {BOOK_DEPTH}")
        return self._stream("level2", raw, Ladder(self.names.id(raw), BOOK_DEPTH).read)

    def prints(self, raw: str) -> Stream:
        """Return the stream of public trades."""
        return self._stream(
            "market_trades", raw, lambda event, at: prints(event, self.names.id(raw))
        )

    def _stream(self, channel: str, raw: str, read: Any) -> Stream:
        return Stream(name=f"{channel}:{self.names.aliases.get(raw, raw)}", read=read)

    def subscribe(
        self, names: Collection[str], number: int, *, on: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Return a message for each channel, and one that keeps the connection open."""
        channels: dict[str, list[str]] = {}
        for name in sorted(names):
            channel, _, product = name.partition(":")
            channels.setdefault(channel, []).append(product)
        kind = "subscribe" if on else "unsubscribe"
        messages: list[Mapping[str, Any]] = [{"type": kind, "channel": "heartbeats"}] if on else []
        for channel, products in channels.items():
            messages.append({"type": kind, "channel": channel, "product_ids": products})
        return messages

    def streamed(self, message: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return names of streams and what a message says of each; empty: it is of none."""
        channel = message.get("channel", "")
        if channel in _CHANNELS:
            channel = _CHANNELS[channel]
            return [(f"{channel}:{event['product_id']}", event) for event in message["events"]]
        if channel not in _PARTS:
            return []
        found: dict[str, list[Any]] = {}
        for event in message["events"]:
            if channel == "market_trades" and event["type"] == "snapshot":
                continue  # of before
            for row in event[_PARTS[channel]]:
                found.setdefault(row["product_id"], []).append(row)
        return [(f"{channel}:{product}", {"rows": rows}) for product, rows in found.items()]

    def answered(self, message: Mapping[str, Any]) -> Answer | None:
        """Return the answer that a message is; the venue does not number them."""
        if message.get("type") == "error":
            text = str(message.get("message", ""))
            status = 401 if "authenti" in text.lower() else 400
            return Answer(id="", said=Said(status, "", text))
        return Answer(id="") if message.get("channel") == "subscriptions" else None

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return False: the venue does not say that a connection is about to end."""
        return False


def quote(event: Mapping[str, Any], at: datetime, instrument: str) -> Quote | None:
    """Return the best prices; None: they are not told, or a side is empty."""
    row = event["rows"][-1]
    bid, ask = Decimal(row.get("best_bid") or 0), Decimal(row.get("best_ask") or 0)
    if not bid or not ask:
        return None
    return Quote(at=at, instrument=instrument, bid=bid, ask=ask, qty=None)


def prints(event: Mapping[str, Any], instrument: str) -> list[Print]:
    """Return public trades, the oldest first; their side is that of the order in the book."""
    return [
        Print(
            at=moment(row["time"]), instrument=instrument, id=row["trade_id"],
            price=Decimal(row["price"]), qty=Decimal(row["size"]),
            taker=-1 if row["side"] == "BUY" else 1,
        )
        for row in reversed(event["rows"])
    ]  # fmt: skip


class Ladder:
    """An order book that is told once whole, and then level by level."""

    def __init__(self, instrument: str, depth: int) -> None:
        self._instrument, self._depth = instrument, depth
        self._levels: dict[str, dict[Decimal, Decimal]] = {"bid": {}, "offer": {}}
        self._prices: dict[str, list[Decimal]] = {"bid": [], "offer": []}  # rising

    def read(self, event: Mapping[str, Any], at: datetime) -> Book:
        """Return the top of the book after an event."""
        if event["type"] == "snapshot":
            for side in ("bid", "offer"):
                self._levels[side].clear()
                self._prices[side].clear()
        for row in event["updates"]:
            self._set(row["side"], Decimal(row["price_level"]), Decimal(row["new_quantity"]))
        bids, asks = self._prices["bid"][: -self._depth - 1 : -1], self._prices["offer"]
        return Book(
            at=at, instrument=self._instrument,
            bids=tuple((price, self._levels["bid"][price]) for price in bids),
            asks=tuple((price, self._levels["offer"][price]) for price in asks[: self._depth]),
        )  # fmt: skip

    def _set(self, side: str, price: Decimal, qty: Decimal) -> None:
        levels, prices = self._levels[side], self._prices[side]
        if qty and price not in levels:
            insort(prices, price)
        if qty:
            levels[price] = qty
        elif levels.pop(price, None) is not None:
            prices.remove(price)
