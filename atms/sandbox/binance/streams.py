"""Market streams: who listens to what, and what they are told (web-socket-streams.md)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from atms.sandbox.binance import events
from atms.sandbox.binance.grounds import BinanceGrounds
from atms.sandbox.binance.public import agg_trade
from atms.sandbox.venue.depth import Level, Levels, best, levels
from atms.sandbox.venue.intervals import LENGTHS
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import text
from atms.sandbox.venue.wires import Wire

_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_MOST = 1024
_FAST, _SLOWLY = 0.1, 1.0  # seconds between updates of a book
_UPDATES = {"1s": 1.0}  # seconds between updates of a kline that is not over
_UPDATE = 2.0


class Hub:
    """Names of streams to the connections that listen; told by the markets.

    Attributes:
        form: what a stream's name looks like: symbol and kind.
    """

    form = re.compile(
        r"([a-z0-9]+)@(trade|aggTrade|bookTicker|kline_\w+|depth(?:5|10|20)?(?:@100ms|@1000ms)?)"
    )

    def __init__(self, venue: BinanceGrounds) -> None:
        self._venue = venue
        self._listeners: dict[str, dict[Listener, None]] = {}
        self._told: dict[str, float] = {}
        self._best: dict[str, Any] = {}
        self._books: dict[str, tuple[int, Levels, Levels]] = {}
        for market in venue.markets.values():
            market.watchers.append(self)

    # ---- subscriptions ----------------------------------------------------------------------
    def knows(self, name: str) -> bool:
        """Return whether there is a stream of that name."""
        found = self.form.fullmatch(name)
        if not found or found[1].upper() not in self._venue.markets:
            return False
        kind, _, interval = found[2].partition("_")
        return kind != "kline" or interval in LENGTHS

    def carries(self, path: str, name: str) -> bool:
        """Return whether a path carries a stream: here every one does."""
        return True

    def add(self, name: str, listener: Listener) -> None:
        """Let *listener* hear the stream *name*."""
        found = self.form.fullmatch(name)
        assert found is not None
        market = self._venue.markets[found[1].upper()]
        if found[2].partition("@")[0] == "depth":
            self._books.setdefault(name, (market.ladder.version, *self._levels(market)))
        if found[2].startswith("kline_"):
            market.klines.follow(found[2].removeprefix("kline_"))
        self._listeners.setdefault(name, {})[listener] = None

    def remove(self, name: str, listener: Listener) -> None:
        """Let *listener* hear the stream *name* no longer."""
        own = self._listeners.get(name, {})
        own.pop(listener, None)
        if not own:
            self._listeners.pop(name, None)
            self._books.pop(name, None)

    def _tell(self, name: str, payload: Callable[[], Any]) -> None:
        own = self._listeners.get(name)
        if own:
            made = payload()
            for listener in list(own):
                listener.tell(name, made)

    # ---- from the markets -------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Tell of a print, of klines that grow, and of the best prices if they moved."""
        if not self._listeners:
            return
        symbol, now = market.symbol.name, self._venue.clock.now()
        low = symbol.lower()
        self._tell(f"{low}@trade", lambda: self.trade(symbol, trade, now))
        self._tell(
            f"{low}@aggTrade",
            lambda: {"e": "aggTrade", "E": now, "s": symbol} | agg_trade(trade),
        )
        for interval, kline in market.klines.forming.items():
            name = f"{low}@kline_{interval}"
            if name in self._listeners and self._due(name, market, _UPDATES.get(interval, _UPDATE)):
                self._tell(name, lambda one=kline: _kline(symbol, one, now, False))  # type: ignore[misc]
        if f"{low}@bookTicker" in self._listeners:
            self._tell_best(market)

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Tell of klines that are over."""
        symbol, now = market.symbol.name, self._venue.clock.now()
        for kline in klines:
            name = f"{symbol.lower()}@kline_{kline.interval}"
            self._tell(name, lambda one=kline: _kline(symbol, one, now, True))  # type: ignore[misc]

    def _due(self, name: str, market: Market, every: float) -> bool:
        """Return whether what changes all the time is told now; by hand it always is."""
        if market.symbol.name not in self._venue.tapes:
            return True
        now = asyncio.get_running_loop().time()
        if now - self._told.get(name, -every) < every:
            return False
        self._told[name] = now
        return True

    def _tell_best(self, market: Market) -> None:
        bids, asks = best(market, self._venue.resting(market.symbol.name))
        if not bids or not asks or self._best.get(market.symbol.name) == (bids, asks):
            return
        self._best[market.symbol.name] = (bids, asks)
        self._tell(
            f"{market.symbol.name.lower()}@bookTicker",
            lambda: self.best(market, bids[0], asks[0]),
        )

    def _levels(self, market: Market) -> tuple[Levels, Levels]:
        return levels(market, self._venue.resting(market.symbol.name))

    # ---- books, by the clock ----------------------------------------------------------------
    async def tell_books(self) -> None:
        """Tell of the books ten times a second, and once, for as long as this runs."""
        beat = 0
        while True:
            await asyncio.sleep(_FAST)
            beat += 1
            for name in list(self._listeners):
                found = self.form.fullmatch(name)
                if found is None:
                    continue
                if found[2] == "bookTicker":
                    self._tell_best(self._venue.markets[found[1].upper()])
                if not found[2].startswith("depth"):
                    continue
                if beat % round(_SLOWLY / _FAST) == 0 or name.endswith("@100ms"):
                    self._tell_book(name, self._venue.markets[found[1].upper()], found[2])

    def _tell_book(self, name: str, market: Market, kind: str) -> None:
        bids, asks = self._levels(market)
        version = market.ladder.version
        count = kind.partition("@")[0].removeprefix("depth")
        if count:
            self._tell(name, lambda: self.partial(market, bids[: int(count)], asks[: int(count)]))
            return
        before = self._books[name]
        if before[1:] == (bids, asks):
            return
        self._books[name] = (version, bids, asks)
        self._tell(
            name,
            lambda: {
                "e": "depthUpdate", "E": self._venue.clock.now(), "s": market.symbol.name,
                "U": before[0] + 1, "u": max(version, before[0] + 1),
                "b": _changes(before[1], bids), "a": _changes(before[2], asks),
            },
        )  # fmt: skip

    # ---- in this venue's words --------------------------------------------------------------
    def trade(self, symbol: str, trade: Trade, now: int) -> dict[str, Any]:
        """Return a print."""
        return {
            "e": "trade", "E": now, "s": symbol, "t": trade.id, "p": text(trade.price),
            "q": text(trade.qty), "T": trade.time, "m": not trade.buyer_took, "M": True,
        }  # fmt: skip

    def best(self, market: Market, bid: Level, ask: Level) -> dict[str, Any]:
        """Return the best prices."""
        return {
            "u": market.ladder.version, "s": market.symbol.name, "b": text(bid[0]),
            "B": text(bid[1]), "a": text(ask[0]), "A": text(ask[1]),
        }  # fmt: skip

    def partial(self, market: Market, bids: Levels, asks: Levels) -> dict[str, Any]:
        """Return the top of a book."""
        return {
            "lastUpdateId": market.ladder.version,
            "bids": [[text(price), text(qty)] for price, qty in bids],
            "asks": [[text(price), text(qty)] for price, qty in asks],
        }


class Listener:
    """One connection to the market streams.

    Args:
        combined: messages carry the name of their stream.
        path: of the address, which may carry some streams only.
        most: messages a second that the client may send.
    """

    def __init__(self, hub: Hub, wire: Wire, combined: bool, path: str, most: int) -> None:
        self._hub = hub
        self._wire = wire
        self._combined = combined
        self._path = path
        self._most = most
        self._second = 0
        self._heard = 0
        self._names: dict[str, None] = {}

    def tell(self, name: str, payload: Any) -> None:
        """Send what happened on a stream."""
        self._wire.say({"stream": name, "data": payload} if self._combined else payload)

    def shutdown(self, now: int) -> None:
        """Tell that the server is about to shut down."""
        self.tell("!serverShutdown", events.server_shutdown(now))

    def subscribe(self, names: Sequence[str]) -> None:
        """Hear the streams *names*; those that are not there stay silent."""
        for name in names:
            self._names[name] = None
            if self._hub.knows(name) and self._hub.carries(self._path, name):
                self._hub.add(name, self)

    def end(self) -> None:
        """Hear nothing more."""
        for name in self._names:
            self._hub.remove(name, self)
        self._names.clear()

    def hear(self, message: str) -> None:
        """Answer one request."""
        second = int(self._wire.loop.time())
        self._heard = self._heard + 1 if second == self._second else 1
        self._second = second
        if self._heard > self._most:
            self._wire.close()
            return
        try:
            asked = json.loads(message)
        except ValueError:
            self._wire.say({"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"})
            return
        if not isinstance(asked, dict) or "method" not in asked:
            self._refuse(None, 2, "Invalid request: missing field `method` at line 1 column 73")
            return
        self._answer(asked.get("id"), str(asked["method"]), asked.get("params"))

    def _answer(self, number: Any, method: str, params: Any) -> None:
        if method not in _METHODS:
            known = ", ".join(f"`{one}`" for one in _METHODS)
            self._refuse(
                number, 2, f"Invalid request: unknown variant `{method}`, expected one of {known} "
                "at line 1 column 28",
            )  # fmt: skip
            return
        given = params if isinstance(params, list) else []
        result: Any = None
        if method == "LIST_SUBSCRIPTIONS":
            result = list(self._names)
        elif method.endswith("PROPERTY"):
            if not given or given[0] != "combined":
                self._refuse(number, 0, "Unknown property")
                return
            if method == "GET_PROPERTY":
                result = self._combined
            else:
                self._combined = bool(given[1:2] and given[1])
        elif method == "SUBSCRIBE":
            if len(self._names) + len(given) > _MOST:
                self._refuse(number, 2, "Invalid request: too many parameters")
                return
            self.subscribe([str(name) for name in given])
        else:
            for name in given:
                self._names.pop(str(name), None)
                self._hub.remove(str(name), self)
        self._wire.say({"result": result, "id": number})

    def _refuse(self, number: Any, code: int, message: str) -> None:
        self._wire.say({"error": {"code": code, "msg": message}, "id": number})


def _kline(symbol: str, kline: Forming, now: int, closed: bool) -> dict[str, Any]:
    return {"e": "kline", "E": now, "s": symbol, "k": kline.payload(symbol, closed)}


def _changes(before: Levels, after: Levels) -> list[list[str]]:
    """Return the levels that changed; a quantity of zero takes one away."""
    old, new = dict(before), dict(after)
    gone = [[text(price), "0.00000000"] for price in old if price not in new]
    return gone + [[text(price), text(qty)] for price, qty in after if old.get(price) != qty]
