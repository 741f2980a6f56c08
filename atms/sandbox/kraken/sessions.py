"""One connection to Kraken's second websocket: what it asks for, and what it hears."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

from atms.sandbox.kraken import words
from atms.sandbox.kraken.markets import DEPTHS, MINUTES, Markets, Topic
from atms.sandbox.kraken.public import INTERVALS
from atms.sandbox.kraken.refusals import KrakenError
from atms.sandbox.kraken.users import CHANNELS, Users
from atms.sandbox.kraken.venue import KrakenVenue
from atms.sandbox.venue.wires import Wire

_BEAT = 1.0  # seconds between two heartbeats
_CONNECTIONS = itertools.count(1)


class Session:
    """A connection; public and private channels may share one.

    Attributes:
        wire: messages go out on it.
    """

    def __init__(self, venue: KrakenVenue, markets: Markets, users: Users, wire: Wire) -> None:
        self._venue, self._markets, self._users, self.wire = venue, markets, users, wire
        self._topics: dict[Topic, None] = {}
        self._channels: dict[str, int] = {}  # of the account -> the last message's number
        self.wire.say(words.status(next(_CONNECTIONS)))

    def tell(self, message: dict[str, Any]) -> None:
        """Send what a market does."""
        self.wire.say(message)

    def event(self, message: dict[str, Any]) -> None:
        """Send what happened to the account."""
        self.wire.event(self._numbered(message))

    def _numbered(self, message: dict[str, Any]) -> dict[str, Any]:
        channel = message["channel"]
        self._channels[channel] += 1
        return {**message, "sequence": self._channels[channel]}

    async def beat(self) -> None:
        """Send heartbeats while something is subscribed to."""
        while True:
            await asyncio.sleep(_BEAT)
            if self._topics or self._channels:
                self.wire.say({"channel": "heartbeat"})

    def end(self) -> None:
        """Hear nothing more."""
        for topic in self._topics:
            self._markets.leave(topic, self)
        for channel in self._channels:
            self._users.leave(channel, self)

    # ---- requests ---------------------------------------------------------------------------
    def hear(self, text: str) -> None:
        """Answer one request."""
        try:
            asked = json.loads(text)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            self._refuse("", None, "Malformed request")
            return
        method, number = str(asked.get("method", "")), asked.get("req_id")
        given = asked.get("params", {})
        if method == "ping":
            self.wire.say(words.answer("pong", number, self._venue.clock.now()))
            return
        if method not in ("subscribe", "unsubscribe") or not isinstance(given, dict):
            self._refuse(method, number, "Method not supported")
            return
        if given.get("channel") in CHANNELS:
            self._account(method, number, given)
            return
        for symbol in given.get("symbol", ()):
            self._one(method, number, given, str(symbol))

    def _account(self, method: str, number: Any, given: dict[str, Any]) -> None:
        channel = given["channel"]
        if not self._venue.security.shows(str(given.get("token", ""))):
            self._refuse(method, number, "ESession:Invalid session")
            return
        if method == "unsubscribe":
            self._channels.pop(channel, None)
            self._users.leave(channel, self)
            self._accept(method, number, {"channel": channel})
            return
        if channel in self._channels:
            self._refuse(method, number, "Already subscribed")
            return
        wants = channel == "executions" or given.get("snapshot", True)
        self._accept(method, number, {"channel": channel, "snapshot": wants})
        self._channels[channel] = 0
        self._users.join(channel, self)
        if wants:
            self.wire.say(self._numbered(self._users.snapshot(channel, given)))

    def _one(self, method: str, number: Any, given: dict[str, Any], symbol: str) -> None:
        try:
            topic = self._topic(given, symbol)
        except KrakenError as error:
            self._refuse(method, number, error.words, symbol=symbol)
            return
        result = {"channel": topic[0], "symbol": symbol}
        if method == "unsubscribe":
            self._topics.pop(topic, None)
            self._markets.leave(topic, self)
            self._accept(method, number, result)
            return
        wants = bool(given.get("snapshot", True))
        self._accept(method, number, {**result, "snapshot": wants})
        self._topics[topic] = None
        self._markets.join(topic, self)
        told = self._markets.snapshot(topic) if wants else None
        if told is not None:
            self.wire.say(told)

    def _topic(self, given: dict[str, Any], symbol: str) -> Topic:
        channel = str(given.get("channel", ""))
        if channel not in ("ohlc", "ticker", "trade", "book"):
            raise KrakenError("Subscription name invalid")
        name = symbol.replace("/", "")
        if name not in self._venue.pairs or self._venue.pair(name).v2name != symbol:
            raise KrakenError(f"Currency pair not supported {symbol}")
        return channel, self._detail(channel, given), name

    def _detail(self, channel: str, given: dict[str, Any]) -> str:
        if channel == "ohlc":
            interval = INTERVALS.get(given.get("interval", 1))
            if interval not in MINUTES:
                raise KrakenError("Subscription ohlc interval not supported")
            return str(interval)
        if channel == "book":
            if given.get("depth", 10) not in DEPTHS:
                raise KrakenError("Subscription depth not supported")
            return str(given.get("depth", 10))
        return str(given.get("event_trigger", "trades")) if channel == "ticker" else ""

    def _accept(self, method: str, number: Any, result: dict[str, Any]) -> None:
        now = self._venue.clock.now()
        self.wire.say(words.answer(method, number, now, result=result, success=True))

    def _refuse(self, method: str, number: Any, error: str, **more: Any) -> None:
        now = self._venue.clock.now()
        self.wire.say(words.answer(method, number, now, error=error, success=False, **more))
