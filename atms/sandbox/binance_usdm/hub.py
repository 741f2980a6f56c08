"""Market streams of futures, where their names and messages differ from spot's."""

from __future__ import annotations

import re
from typing import Any

from atms.sandbox.binance.streams import Hub
from atms.sandbox.binance_usdm.venue import UsdmVenue
from atms.sandbox.venue.depth import Level, Levels
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import text

_EVERY = {"markPrice": 3.0, "markPrice@1s": 1.0}  # seconds
PUBLIC = ("depth", "bookTicker", "trade")  # what /public carries; /market has the rest


class UsdmHub(Hub):
    """Names of streams to the connections that listen."""

    form = re.compile(
        r"([a-z0-9]+)@(trade|aggTrade|bookTicker|markPrice(?:@1s)?|kline_\w+"
        r"|depth(?:5|10|20)?(?:@100ms|@250ms|@500ms)?)"
    )

    def __init__(self, venue: UsdmVenue) -> None:
        super().__init__(venue)
        self._usdm = venue

    def carries(self, path: str, name: str) -> bool:
        """Return whether a path carries a stream: /public or /market; one without either /public.

        What a path does not carry stays silent, without a word.
        """
        public = name.partition("@")[2].startswith(PUBLIC)
        return public != path.startswith("/market")

    def printed(self, market: Market, trade: Trade) -> None:
        """Tell of a print, and of the mark price."""
        super().printed(market, trade)
        low = market.symbol.name.lower()
        for kind, every in _EVERY.items():
            name = f"{low}@{kind}"
            if name in self._listeners and self._due(name, market, every):
                self._tell(name, lambda: self._mark(market))

    def _mark(self, market: Market) -> dict[str, Any]:
        name = market.symbol.name
        price = text(self._usdm.account.mark(name))
        return {
            "e": "markPriceUpdate", "E": self._usdm.clock.now(), "s": name, "p": price,
            "i": price, "P": price, "r": text(self._usdm.risk.rate),
            "T": self._usdm.risk.next_funding(name),
        }  # fmt: skip

    # ---- in this venue's words --------------------------------------------------------------
    def trade(self, symbol: str, trade: Trade, now: int) -> dict[str, Any]:
        """Return a print."""
        return {
            "e": "trade", "E": now, "T": trade.time, "s": symbol, "t": trade.id,
            "p": text(trade.price), "q": text(trade.qty), "X": "MARKET",
            "m": not trade.buyer_took,
        }  # fmt: skip

    def best(self, market: Market, bid: Level, ask: Level) -> dict[str, Any]:
        """Return the best prices."""
        now = self._usdm.clock.now()
        return {"e": "bookTicker", "T": market.time, "E": now, **super().best(market, bid, ask)}

    def partial(self, market: Market, bids: Levels, asks: Levels) -> dict[str, Any]:
        """Return the top of a book."""
        version = market.ladder.version
        return {
            "e": "depthUpdate", "E": self._usdm.clock.now(), "T": market.time,
            "s": market.symbol.name, "U": version, "u": version, "pu": version - 1,
            "b": [[text(price), text(qty)] for price, qty in bids],
            "a": [[text(price), text(qty)] for price, qty in asks],
        }  # fmt: skip
