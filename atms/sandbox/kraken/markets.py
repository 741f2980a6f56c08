"""Who listens to which market, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from atms.sandbox.kraken import words
from atms.sandbox.kraken.public import INTERVALS
from atms.sandbox.kraken.venue import KrakenVenue
from atms.sandbox.venue.depth import Levels, best, levels
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade

if TYPE_CHECKING:
    from atms.sandbox.kraken.sessions import Session

Topic = tuple[str, str, str]  # channel, detail, the shared name of the symbol
MINUTES = {name: minutes for minutes, name in INTERVALS.items()}
DEPTHS = (10, 25, 100, 500, 1000)
_EVERY = 0.1  # seconds between two updates of a book


class Markets:
    """Topics and the connections that listen; told by the markets."""

    def __init__(self, venue: KrakenVenue) -> None:
        self._venue = venue
        self._listeners: dict[Topic, dict[Session, None]] = {}
        self._best: dict[str, tuple[Levels, Levels]] = {}
        self._books: dict[Topic, tuple[Levels, Levels]] = {}
        for market in venue.markets.values():
            market.watchers.append(self)

    def join(self, topic: Topic, session: Session) -> None:
        """Let a connection listen."""
        if topic[0] == "ohlc":
            self._venue.markets[topic[2]].klines.follow(topic[1])
        self._listeners.setdefault(topic, {})[session] = None

    def leave(self, topic: Topic, session: Session) -> None:
        """Let a connection listen no longer."""
        own = self._listeners.get(topic, {})
        own.pop(session, None)
        if not own:
            self._listeners.pop(topic, None)
            self._books.pop(topic, None)

    def snapshot(self, topic: Topic) -> dict[str, Any] | None:
        """Return what a new listener is told of how things stand; None: nothing yet."""
        channel, detail, symbol = topic
        market, pair = self._venue.markets[symbol], self._venue.pair(symbol)
        data: list[Any] = []
        if channel == "ohlc":
            kline = market.klines.forming.get(detail)
            data = [words.bar(pair, kline, MINUTES[detail])] if kline is not None else []
        elif channel == "trade":
            data = [words.trade(pair, one) for one in list(market.trades)[-50:]]
        elif channel == "ticker":
            bids, asks = best(market, self._venue.resting(symbol))
            data = [words.ticker(pair, bids[0], asks[0], market.last)] if bids and asks else []
        else:
            top = self._top(market, int(detail))
            self._books.setdefault(topic, top)
            data = [
                words.book(pair, *self._books[topic], self._books[topic], self._venue.clock.now())
            ]
        return {"channel": channel, "type": "snapshot", "data": data} if data else None

    def _tell(self, topic: Topic, entry: Callable[[], Any]) -> None:
        own = self._listeners.get(topic)
        if own:
            message = {"channel": topic[0], "type": "update", "data": [entry()]}
            if topic[0] == "ohlc":
                message["timestamp"] = words.stamp(self._venue.clock.now())
            for session in list(own):
                session.tell(message)

    # ---- from the markets -------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Tell of a print, of bars that grow, and of the best prices if they moved."""
        if not self._listeners:
            return
        symbol = market.symbol.name
        pair = self._venue.pair(symbol)
        self._tell(("trade", "", symbol), lambda: words.trade(pair, trade))
        for interval, kline in market.klines.forming.items():
            if interval in MINUTES:
                self._tell_bar(symbol, interval, kline)
        self._tell_best(market)

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Tell once more of bars that are over, as they ended."""
        for kline in klines:
            if kline.interval in MINUTES:
                self._tell_bar(market.symbol.name, kline.interval, kline)

    def _tell_bar(self, symbol: str, interval: str, kline: Forming) -> None:
        pair = self._venue.pair(symbol)
        self._tell(("ohlc", interval, symbol), lambda: words.bar(pair, kline, MINUTES[interval]))

    def _tell_best(self, market: Market) -> None:
        symbol = market.symbol.name
        topics = [("ticker", one, symbol) for one in ("bbo", "trades")]
        if not any(topic in self._listeners for topic in topics):
            return
        bids, asks = best(market, self._venue.resting(symbol))
        if not bids or not asks or self._best.get(symbol) == (bids, asks):
            return
        self._best[symbol] = (bids, asks)
        pair = self._venue.pair(symbol)
        for topic in topics:
            self._tell(topic, lambda: words.ticker(pair, bids[0], asks[0], market.last))

    # ---- books, by the clock ----------------------------------------------------------------
    async def tell_books(self) -> None:
        """Tell of books and of best prices that orders move, for as long as this runs."""
        while True:
            await asyncio.sleep(_EVERY)
            for topic in list(self._listeners):
                market = self._venue.markets[topic[2]]
                if topic[0] == "ticker":
                    self._tell_best(market)
                if topic[0] == "book":
                    self._tell_book(topic, market)

    def _top(self, market: Market, depth: int) -> tuple[Levels, Levels]:
        bids, asks = levels(market, self._venue.resting(market.symbol.name))
        return bids[:depth], asks[:depth]

    def _tell_book(self, topic: Topic, market: Market) -> None:
        old, new = self._books.get(topic, ([], [])), self._top(market, int(topic[1]))
        if old == new:
            return
        self._books[topic] = new
        pair, now = self._venue.pair(topic[2]), self._venue.clock.now()
        changes = [_changes(before, after) for before, after in zip(old, new, strict=True)]
        self._tell(topic, lambda: words.book(pair, changes[0], changes[1], new, now))


def _changes(before: Levels, after: Levels) -> Levels:
    """Return the levels that changed; a quantity of zero takes one away."""
    old, new = dict(before), dict(after)
    gone = [(price, words.ZERO) for price in old if price not in new]
    return gone + [(price, qty) for price, qty in after if old.get(price) != qty]
