"""KuCoin's public topics: what each says when a market moves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from atms.sandbox.kucoin import events
from atms.sandbox.kucoin.market_data import INTERVALS
from atms.sandbox.kucoin.refusals import Refused
from atms.sandbox.kucoin.replies import Json
from atms.sandbox.kucoin.venue import KucoinVenue
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.wires import Wire

_KINDS = re.compile(
    r"/market/(match|ticker|snapshot|candles)|/spotMarket/(level1|level2Depth5|level2Depth50)"
)


class Topics:
    """Who listens to what; watches every market.

    Attributes:
        listeners: topic of one symbol -> connections.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        self.listeners: dict[str, dict[Wire, None]] = {}
        for market in venue.markets.values():
            market.watchers.append(self)

    def each(self, topic: str) -> list[str] | None:
        """Return the topics of single symbols that one topic names; None: there is none such."""
        kind, _, symbols = topic.partition(":")
        if _KINDS.fullmatch(kind) is None or not symbols:
            return None
        names = symbols.split(",")
        return [f"{kind}:{name}" for name in names] if all(map(self._known, names)) else None

    def _known(self, name: str) -> bool:
        symbol, _, word = name.partition("_")
        try:
            market = self._venue.dashed(symbol)
        except Refused:
            return False
        if word in INTERVALS:
            market.klines.follow(INTERVALS[word])
        return not word or word in INTERVALS

    def join(self, topic: str, wire: Wire) -> None:
        """Let a connection hear a topic."""
        self.listeners.setdefault(topic, {})[wire] = None

    def leave(self, topic: str, wire: Wire) -> None:
        """Let a connection hear a topic no more."""
        self.listeners.get(topic, {}).pop(wire, None)

    # ---- a market's watcher -----------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Tell those who listen to a market what a print has changed."""
        name = f"{market.symbol.base}-{market.symbol.quote}"
        for topic, wires in self.listeners.items():
            if wires and topic.partition(":")[2].partition("_")[0] == name:
                message = self._said(topic, market, trade)
                for wire in list(wires) if message is not None else ():
                    wire.say(message)

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Say nothing: the venue does not tell that a bar is over."""

    def _said(self, topic: str, market: Market, trade: Trade) -> Json | None:
        kind, _, rest = topic.partition(":")
        venue, now = self._venue, self._venue.clock.now()
        match kind.rpartition("/")[2]:
            case "candles":
                forming = market.klines.forming.get(INTERVALS[rest.partition("_")[2]])
                return None if forming is None else events.candle(topic, market, forming, now)
            case "match":
                return events.match(topic, market, trade)
            case "level1":
                return events.best(topic, venue, market, now)
            case "ticker":
                return events.ticker(topic, venue, market, trade, now)
            case "snapshot":
                return events.snapshot(topic, venue, market, now)
            case depth:
                levels = int(depth.removeprefix("level2Depth"))
                return events.book(topic, venue, market, levels, now)
