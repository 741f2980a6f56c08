"""Kraken's public streams: bars, prices, order books, trades; one pair a subscription."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Answer, Call, Said
from atms.stores.ccxt.profile import Stream
from atms.stores.ccxt.profiles.kraken.books import Books
from atms.stores.ccxt.profiles.kraken.names import KrakenSymbols
from atms.stores.ccxt.profiles.kraken.numbers import instant, number
from atms.stores.ccxt.profiles.kraken.reads import public
from atms.stores.market import Bar, Print, Quote

# Weeks and what the venue calls two weeks are left out: on which day they begin is not documented.
MINUTES: Mapping[str, int] = {
    "1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "4h": 240, "1d": 1440,
}  # fmt: skip
TIMEFRAMES = frozenset(MINUTES)
LEVELS = (10, 25, 100, 500, 1000)  # how many levels of its book the venue streams
BAR_LAG = timedelta(seconds=2)


class KrakenStreams:
    """The public streams of the spot market; a stream's name is channel, detail and pair."""

    place = "kraken-spot"
    names: KrakenSymbols
    _books: Books

    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Return the address of public streams."""
        return str(urls["ws"]["publicV2"])

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return the stream of bars, which does not say when one is over."""
        if timeframe not in MINUTES:
            known = " ".join(MINUTES)
            raise VenueError(f"{self.place}: no bars of {timeframe}; there are: {known}")
        return Stream(
            name=f"ohlc {MINUTES[timeframe]} {self.names.spoken(raw)}", read=self._bars,
            bar_lag=BAR_LAG,
        )  # fmt: skip

    def quotes(self, raw: str) -> Stream:
        """Return the stream of the best prices."""
        return Stream(name=f"ticker bbo {self.names.spoken(raw)}", read=self._quote)

    def quote(self, raw: str) -> Call:
        """Return the request for the best prices."""
        return public("Ticker", pair=raw)

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Return the best prices; None: a side is empty."""
        ((word, row),) = reply["result"].items()
        return _best(self.names.id(word), row["b"][0], row["a"][0], at)

    def book(self, raw: str, depth: int) -> Stream:
        """Return the stream of an order book; VenueError: it is not that deep."""
        if not 1 <= depth <= LEVELS[-1]:
            raise VenueError(f"{self.place}: a book of {depth} levels; there are 1 to {LEVELS[-1]}")
        levels = next(level for level in LEVELS if level >= depth)
        name = f"book {levels} {self.names.spoken(raw)}"
        instrument = self.names.id(raw)

        def read(message: Mapping[str, Any], at: datetime) -> Any:
            return self._books.read(name, levels, message).top(instrument, levels, at)

        return Stream(name=name, read=read)

    def prints(self, raw: str) -> Stream:
        """Return the stream of public trades."""
        return Stream(name=f"trade - {self.names.spoken(raw)}", read=self._prints)

    # ---- the wire ---------------------------------------------------------------------------
    def subscribe(
        self, names: Collection[str], number: int, *, on: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin or end streams, one each: each has its own answer."""
        method = "subscribe" if on else "unsubscribe"
        return [
            {"method": method, "params": _params(name, on), "req_id": number + ahead}
            for ahead, name in enumerate(sorted(names))
        ]

    def answered(self, message: Mapping[str, Any]) -> Answer | None:
        """Return the answer that a message is; None: it is an event, or a pong."""
        if "success" not in message or "req_id" not in message:
            return None
        error = message.get("error")
        said = None if message["success"] else Said(400, str(error), "refused")
        return Answer(id=str(message["req_id"]), said=said)

    def streamed(self, message: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return names of streams and what a message says of each; empty: it is of none."""
        channel, found = message.get("channel"), []
        if channel not in ("ohlc", "ticker", "trade", "book"):
            return []
        rows: dict[str, list[Any]] = {}
        for entry in message["data"]:
            for detail in _details(str(channel), entry):
                rows.setdefault(f"{channel} {detail} {entry['symbol']}", []).append(entry)
        for name, entries in rows.items():
            found.append((name, {"type": message.get("type"), "data": entries}))
        return found

    # ---- what is said -----------------------------------------------------------------------
    def _bars(self, message: Mapping[str, Any], at: datetime) -> list[Bar]:
        return [self._bar(entry) for entry in message["data"]]

    def _bar(self, entry: Mapping[str, Any]) -> Bar:
        opens, span = instant(entry["interval_begin"]), timedelta(minutes=int(entry["interval"]))
        return Bar(
            instrument=self.names.id(entry["symbol"]), open_at=opens, close_at=opens + span,
            open=number(entry["open"]), high=number(entry["high"]), low=number(entry["low"]),
            close=number(entry["close"]), volume=number(entry["volume"]), final=False,
        )  # fmt: skip

    def _quote(self, message: Mapping[str, Any], at: datetime) -> Quote | None:
        entry = message["data"][-1]
        return _best(self.names.id(entry["symbol"]), entry["bid"], entry["ask"], at)

    def _prints(self, message: Mapping[str, Any], at: datetime) -> list[Print]:
        if message["type"] == "snapshot":
            return []  # these were before
        return [
            Print(
                at=instant(entry["timestamp"]), instrument=self.names.id(entry["symbol"]),
                id=str(entry["trade_id"]), price=number(entry["price"]), qty=number(entry["qty"]),
                taker=1 if entry["side"] == "buy" else -1,
            )
            for entry in message["data"]
        ]  # fmt: skip


def _best(instrument: str, bid: Any, ask: Any, at: datetime) -> Quote | None:
    bid_, ask_ = number(bid or 0), number(ask or 0)
    if not bid_ or not ask_:
        return None
    return Quote(at=at, instrument=instrument, bid=Decimal(bid_), ask=Decimal(ask_), qty=None)


def _params(name: str, on: bool) -> dict[str, Any]:
    channel, detail, symbol = name.split(" ")
    given: dict[str, Any] = {"channel": channel, "symbol": [symbol]}
    if channel == "ohlc":
        given["interval"] = int(detail)
    if channel == "ticker":
        given["event_trigger"] = detail
    if channel == "book":
        given["depth"] = int(detail)
    if on and channel in ("ohlc", "trade"):
        given["snapshot"] = False
    return given


def _details(channel: str, entry: Mapping[str, Any]) -> Sequence[str]:
    """Return the details under which somebody may listen; a book does not tell its depth."""
    if channel == "ohlc":
        return [str(entry["interval"])]
    if channel == "book":
        return [str(level) for level in LEVELS]
    return ["bbo" if channel == "ticker" else "-"]
