"""OKX's public streams: bars, best prices, order books, trades, tickers; on two addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from atms.sandbox.okx import rows
from atms.sandbox.okx.grounds import OkxGrounds
from atms.sandbox.okx.public import BARS, book_row, side_rows, ticker_row
from atms.sandbox.okx.sessions import Argument, Session
from atms.sandbox.venue.depth import Levels, best, levels
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.wires import Wire

_BEAT = 0.1  # seconds between updates of a book
_EVERY = 1.0  # seconds between updates of a bar that is not over
_DEPTH = 400


class Hub:
    """Names of streams to the connections that listen; told by the markets.

    Attributes:
        channels: of each address; bars are told on ``business`` too.
    """

    channels: Mapping[str, tuple[str, ...]] = {
        "public": ("tickers", "bbo-tbt", "books5", "books", "trades"), "business": ("trades-all",),
    }  # fmt: skip

    def __init__(self, venue: OkxGrounds) -> None:
        self.venue = venue
        self._listeners: dict[str, dict[MarketSession, None]] = {}
        self._told: dict[str, float] = {}
        self._tops: dict[str, Any] = {}
        self._books: dict[str, tuple[int, Levels, Levels]] = {}
        for market in venue.markets.values():
            market.watchers.append(self)

    def add(self, name: str, session: MarketSession) -> None:
        """Let a connection hear a stream, and tell it how things stand."""
        channel, _, inst_id = name.partition(":")
        market = self.venue.named(inst_id)
        if channel.startswith("candle"):
            market.klines.follow(BARS[channel.removeprefix("candle")])
        first = not self._listeners.setdefault(name, {})
        self._listeners[name][session] = None
        if channel == "tickers":
            session.tell(name, [ticker_row(self.venue, market)])
        elif channel in ("bbo-tbt", "books5"):
            session.tell(name, [book_row(self.venue, market, 1 if channel == "bbo-tbt" else 5)])
        elif channel == "books":
            if first:
                self._books[name] = (market.ladder.version, *self._levels(market))
            session.tell(name, [self._whole(name, market)], action="snapshot")

    def remove(self, name: str, session: MarketSession) -> None:
        """Let a connection hear a stream no longer."""
        own = self._listeners.get(name, {})
        own.pop(session, None)
        if not own:
            self._listeners.pop(name, None)

    def tell(self, name: str, row: Callable[[], Any], **more: Any) -> None:
        own = self._listeners.get(name)
        if own:
            made = [row()]
            for session in list(own):
                session.tell(name, made, **more)

    # ---- from the markets -------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Tell of a print, of bars that grow, and of the best prices if they moved."""
        if not self._listeners:
            return
        inst_id = self.venue.inst_of(market.symbol)
        self.tell(f"trades-all:{inst_id}", lambda: rows.trade_row(self.venue, market, trade))
        self.tell(
            f"trades:{inst_id}",
            lambda: rows.trade_row(self.venue, market, trade) | {"count": "1", "seqId": trade.id},
        )
        for word, interval in BARS.items():
            name = f"candle{word}:{inst_id}"
            kline = market.klines.forming.get(interval)
            if kline is not None and name in self._listeners and self._due(name, market):
                self.tell(name, lambda one=kline: self._candle(market, one, over=False))  # type: ignore[misc]
        if self._due(f"tickers:{inst_id}", market):
            self.tell(f"tickers:{inst_id}", lambda: ticker_row(self.venue, market))
        self._tell_best(market)

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Tell of bars that are over."""
        for kline in klines:
            for word, interval in BARS.items():
                if interval == kline.interval:
                    name = f"candle{word}:{self.venue.inst_of(market.symbol)}"
                    self.tell(name, lambda one=kline: self._candle(market, one, over=True))  # type: ignore[misc]

    def _due(self, name: str, market: Market) -> bool:
        """Return whether what changes all the time is told now; by hand it always is."""
        if market.symbol.name not in self.venue.tapes:
            return True
        now = asyncio.get_running_loop().time()
        if now - self._told.get(name, -_EVERY) < _EVERY:
            return False
        self._told[name] = now
        return True

    def _tell_best(self, market: Market) -> None:
        name = f"bbo-tbt:{self.venue.inst_of(market.symbol)}"
        if name not in self._listeners:
            return
        top = best(market, self.venue.resting(market.symbol.name))
        if self._tops.get(name) != top:
            self._tops[name] = top
            self.tell(name, lambda: book_row(self.venue, market, 1))

    # ---- books, by the clock ----------------------------------------------------------------
    async def tell_books(self) -> None:
        """Tell of the books ten times a second, for as long as this runs."""
        while True:
            await asyncio.sleep(_BEAT)
            for name in list(self._listeners):
                channel, _, inst_id = name.partition(":")
                market = self.venue.named(inst_id)
                if channel == "bbo-tbt":
                    self._tell_best(market)
                elif channel == "books5":
                    self.tell(name, lambda one=market: book_row(self.venue, one, 5))  # type: ignore[misc]
                elif channel == "books":
                    self._tell_changes(name, market)

    def _levels(self, market: Market) -> tuple[Levels, Levels]:
        bids, asks = levels(market, self.venue.resting(market.symbol.name))
        return bids[:_DEPTH], asks[:_DEPTH]

    def _candle(self, market: Market, kline: Forming, *, over: bool) -> list[str]:
        row = (kline.start, kline.end, *kline.values())
        return rows.candle(self.venue, market, row, over)

    def _whole(self, name: str, market: Market) -> rows.Row:
        number, bids, asks = self._books[name]
        return {
            "asks": side_rows(self.venue, market, asks),
            "bids": side_rows(self.venue, market, bids), "ts": str(self.venue.clock.now()),
            "checksum": 0, "prevSeqId": -1, "seqId": number,
        }  # fmt: skip

    def _tell_changes(self, name: str, market: Market) -> None:
        number, *before = self._books[name]
        now = self._levels(market)
        if tuple(before) == now:
            return
        following = max(number + 1, market.ladder.version)
        self._books[name] = (following, *now)
        bids, asks = (
            side_rows(self.venue, market, _changes(old, new))
            for old, new in zip(before, now, strict=True)
        )
        row = {
            "asks": asks, "bids": bids, "ts": str(self.venue.clock.now()), "checksum": 0,
            "prevSeqId": number, "seqId": following,
        }  # fmt: skip
        self.tell(name, lambda: row, action="update")


class MarketSession(Session):
    """A connection to ``/ws/v5/public`` or to ``/ws/v5/business``."""

    def __init__(self, hub: Hub, wire: Wire, kind: str) -> None:
        super().__init__(hub.venue, wire)
        self._hub = hub
        self._kind = kind

    def name_of(self, argument: Argument) -> str:
        """Return the name of the stream that an argument asks for; empty: there is none here."""
        channel, inst_id = str(argument.get("channel")), str(argument.get("instId"))
        here = channel in self._hub.channels[self._kind]
        if self._kind == "business" and channel.startswith("candle"):
            here = channel.removeprefix("candle") in BARS
        known = inst_id in map(
            self.venue.inst_of, (one.symbol for one in self.venue.markets.values())
        )
        return f"{channel}:{inst_id}" if here and known else ""

    def began(self, name: str) -> None:
        """Hear a stream."""
        self._hub.add(name, self)

    def ended(self, name: str) -> None:
        """Hear it no longer."""
        self._hub.remove(name, self)

    def tell(self, name: str, data: list[Any], **more: Any) -> None:
        """Send what happened on a stream."""
        if name in self.channels:
            self.wire.say({"arg": self.channels[name], **more, "data": data})


def _changes(before: Levels, after: Levels) -> Levels:
    """Return the levels that changed; a quantity of nothing takes one away."""
    old, new = dict(before), dict(after)
    gone = [(price, ZERO) for price in old if price not in new]
    return [*gone, *((p, qty) for p, qty in after if old.get(p) != qty)]
