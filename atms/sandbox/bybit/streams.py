"""Public streams: bars, trades, tickers, order books."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from atms.sandbox.bybit import rows
from atms.sandbox.bybit.sessions import Session
from atms.sandbox.bybit.venue import BybitGrounds
from atms.sandbox.venue.depth import Levels, levels
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade

_BOOKS = 0.1  # seconds between updates of a book
_BARS = 1.0  # and of a bar that is not over
_NAMES = {ours: theirs for theirs, ours in rows.INTERVALS.items()}


class Hub:
    """Told by the markets, tells the sessions.

    Attributes:
        form: what a topic looks like.
    """

    form = re.compile(r"(publicTrade|tickers|orderbook\.(?:1|50|200|1000)|kline\.\w+)\.([A-Z0-9]+)")

    def __init__(self, venue: BybitGrounds) -> None:
        self.sessions: dict[Session, None] = {}
        self._venue = venue
        self._told: dict[str, float] = {}
        self._books: dict[tuple[Session, str], tuple[int, Levels, Levels]] = {}
        for market in venue.markets.values():
            market.watchers.append(self)

    def knows(self, topic: str) -> bool:
        """Return whether there is a topic."""
        found = self.form.fullmatch(topic)
        if not found or found[2] not in self._venue.markets:
            return False
        kind, _, interval = found[1].partition(".")
        return kind != "kline" or interval in rows.INTERVALS

    def joined(self, session: Session, topics: list[str]) -> None:
        """Begin to tell a session: books at once and whole."""
        self.sessions[session] = None
        for topic in topics:
            found = self.form.fullmatch(topic)
            assert found is not None
            market, (kind, _, more) = self._venue.markets[found[2]], found[1].partition(".")
            if kind == "kline":
                market.klines.follow(rows.INTERVALS[more])
            if kind == "orderbook":
                self._books.pop((session, topic), None)
                self._tell_book(session, topic, market, int(more))
            if kind == "tickers":
                self._say(session, topic, "snapshot", self._venue.rows.ticker(market))

    def left(self, session: Session) -> None:
        """Tell a session nothing more."""
        self.sessions.pop(session, None)
        for place in [one for one in self._books if one[0] is session]:
            del self._books[place]

    # ---- from the markets -------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Tell of a print, of bars that grow, and of books."""
        if not self.sessions:
            return
        name, now = market.symbol.name, self._venue.clock.now()
        self._tell(f"publicTrade.{name}", [rows.trade_event(market, trade)])
        for interval, kline in market.klines.forming.items():
            topic = f"kline.{_NAMES.get(interval)}.{name}"
            if interval in _NAMES and self._wanted(topic) and self._due(topic, market):
                self._tell(topic, [rows.kline_event(kline, _NAMES[interval], now, over=False)])
        if self._wanted(f"tickers.{name}") and self._due(f"tickers.{name}", market):
            self._tell(f"tickers.{name}", self._venue.rows.ticker(market))
        self._tell_books(market, 1)

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Tell of bars that are over."""
        now = self._venue.clock.now()
        for kline in klines:
            interval = _NAMES.get(kline.interval)
            if interval is not None:
                topic = f"kline.{interval}.{market.symbol.name}"
                self._tell(topic, [rows.kline_event(kline, interval, now, over=True)])

    def _due(self, topic: str, market: Market) -> bool:
        """Return whether what changes all the time is told now; by hand it always is."""
        if market.symbol.name not in self._venue.tapes:
            return True
        now = asyncio.get_running_loop().time()
        if now - self._told.get(topic, -_BARS) < _BARS:
            return False
        self._told[topic] = now
        return True

    # ---- books ------------------------------------------------------------------------------
    async def tell_books(self) -> None:
        """Tell of books ten times a second, for as long as this runs."""
        while True:
            await asyncio.sleep(_BOOKS)
            for market in self._venue.markets.values():
                for depth in (1, 50, 200, 1000):
                    self._tell_books(market, depth)

    def _tell_books(self, market: Market, depth: int) -> None:
        topic = f"orderbook.{depth}.{market.symbol.name}"
        for session in [one for one in self.sessions if topic in one.topics]:
            self._tell_book(session, topic, market, depth)

    def _tell_book(self, session: Session, topic: str, market: Market, depth: int) -> None:
        """Tell a book whole the first time, and then what changed."""
        bids, asks = levels(market, self._venue.resting(market.symbol.name))
        now = (bids[:depth], asks[:depth])
        before = self._books.get((session, topic))
        if before is not None and before[1:] == now:
            return
        update = before[0] + 1 if before is not None else max(2, market.ladder.version)
        self._books[session, topic] = (update, *now)
        was = before[1:] if before is not None else ([], [])
        changes = [_changes(old, new) for old, new in zip(was, now, strict=True)]
        data = {"s": market.symbol.name, "b": changes[0], "a": changes[1], "u": update,
                "seq": market.ladder.version}  # fmt: skip
        self._say(session, topic, "delta" if before is not None else "snapshot", data)

    # ---- saying -----------------------------------------------------------------------------
    def _wanted(self, topic: str) -> bool:
        return any(topic in session.topics for session in self.sessions)

    def _tell(self, topic: str, data: Any) -> None:
        for session in [one for one in self.sessions if topic in one.topics]:
            self._say(session, topic, "snapshot", data)

    def _say(self, session: Session, topic: str, kind: str, data: Any) -> None:
        now = self._venue.clock.now()
        session.wire.say({"topic": topic, "type": kind, "ts": now, "cts": now, "data": data})


def _changes(before: Levels, after: Levels) -> list[list[str]]:
    """Return the levels that changed; a quantity of zero takes one away."""
    old, new = dict(before), dict(after)
    gone = [[rows.words(price), "0"] for price in old if price not in new]
    return gone + [
        [rows.words(price), rows.words(qty)] for price, qty in after if old.get(price) != qty
    ]
