"""What Kraken tells anybody over REST (api-specs, spot-rest)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from atms.sandbox.kraken.names import Pair, long, short
from atms.sandbox.kraken.refusals import argument
from atms.sandbox.kraken.venue import KrakenVenue
from atms.sandbox.venue.depth import best, levels
from atms.sandbox.venue.klines import CLOSE, COUNT, HIGH, LOW, OPEN, QUOTE, VOLUME
from atms.sandbox.venue.market import Market

Json = dict[str, Any]
INTERVALS = {1: "1m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 240: "4h", 1440: "1d"}
_BARS = 720
_PRINTS = 1000


class Public:
    """Answers of one venue."""

    def __init__(self, venue: KrakenVenue) -> None:
        self._venue = venue

    def time(self, given: Mapping[str, str]) -> Json:
        """Return the venue's time, in whole seconds."""
        now = self._venue.clock.now() // 1000
        return {"unixtime": now, "rfc1123": format_datetime(datetime.fromtimestamp(now, UTC))}

    def status(self, given: Mapping[str, str]) -> Json:
        """Return whether the venue is open."""
        now = datetime.fromtimestamp(self._venue.clock.now() // 1000, UTC)
        return {"status": "online", "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}"}

    def assets(self, given: Mapping[str, str]) -> Json:
        """Return the assets."""
        return {
            long(asset): {
                "aclass": "currency", "altname": short(asset), "decimals": 10,
                "display_decimals": 5, "status": "enabled",
            }
            for asset in self._venue.assets()
        }  # fmt: skip

    def pairs(self, given: Mapping[str, str]) -> Json:
        """Return the pairs that are asked for, or all."""
        wanted = given.get("pair", "")
        if not wanted:
            return {pair.id: self._pair(pair) for pair in self._venue.pairs.values()}
        markets = [self._venue.named(word) for word in wanted.split(",")]
        found = [self._venue.pair(market.symbol.name) for market in markets]
        return {pair.id: self._pair(pair) for pair in found}

    def _pair(self, pair: Pair) -> Json:
        symbol = pair.symbol
        percent = float(self._venue.desk.commission.rate * 100)
        return {
            "altname": pair.altname, "wsname": pair.wsname, "aclass_base": "currency",
            "base": long(symbol.base), "aclass_quote": "currency", "quote": long(symbol.quote),
            "lot": "unit", "cost_decimals": 8, "pair_decimals": pair.price_places,
            "lot_decimals": pair.qty_places, "lot_multiplier": 1, "leverage_buy": [],
            "leverage_sell": [], "fees": [[0, percent]], "fees_maker": [[0, percent]],
            "fee_volume_currency": "ZUSD", "margin_call": 80, "margin_stop": 40,
            "ordermin": f"{symbol.step:f}", "costmin": f"{symbol.min_notional:f}",
            "tick_size": f"{symbol.tick:f}", "status": "online",
        }  # fmt: skip

    def ticker(self, given: Mapping[str, str]) -> Json:
        """Return best prices and the day's figures."""
        wanted = given.get("pair", "")
        words = wanted.split(",") if wanted else list(self._venue.markets)
        return dict(self._ticker(self._venue.named(word)) for word in words)

    def _ticker(self, market: Market) -> tuple[str, Json]:
        pair = self._venue.pair(market.symbol.name)
        bids, asks = best(market, self._venue.resting(market.symbol.name))
        last = market.trades[-1] if market.trades else None
        rows = market.klines.rows("1d", None, None, 1)
        day = rows[-1][2:] if rows else (0,) * 9
        average = day[QUOTE] / day[VOLUME] if day[VOLUME] else 0

        def both(value: Any) -> list[str]:
            return [f"{value:.8f}"] * 2

        return pair.id, {
            "a": [f"{price:.8f}" for price, _ in asks[:1]] + ["1", "1.000"],
            "b": [f"{price:.8f}" for price, _ in bids[:1]] + ["1", "1.000"],
            "c": [f"{last.price:.8f}", f"{last.qty:.8f}"] if last else ["0", "0"],
            "v": both(day[VOLUME]), "p": both(average), "t": [int(day[COUNT])] * 2,
            "l": both(day[LOW]), "h": both(day[HIGH]), "o": f"{day[OPEN]:.8f}",
        }  # fmt: skip

    def bars(self, given: Mapping[str, str]) -> Json:
        """Return the newest 720 bars, of these what is after ``since``; the last one grows."""
        market = self._venue.named(given.get("pair", ""))
        interval = INTERVALS.get(_whole(given, "interval", 1))
        if interval is None:
            raise argument("interval")
        since = _whole(given, "since", 0)
        rows = market.klines.rows(interval, None, None, _BARS)
        told = [
            [
                row[0] // 1000, *(f"{row[2 + one]:.8f}" for one in (OPEN, HIGH, LOW, CLOSE)),
                f"{row[2 + QUOTE] / row[2 + VOLUME] if row[2 + VOLUME] else 0:.8f}",
                f"{row[2 + VOLUME]:.8f}", int(row[2 + COUNT]),
            ]
            for row in rows if row[0] // 1000 > since
        ]  # fmt: skip
        over = rows[-2][0] // 1000 if len(rows) > 1 else 0
        return {self._venue.pair(market.symbol.name).id: told, "last": over}

    def depth(self, given: Mapping[str, str]) -> Json:
        """Return the order book."""
        market = self._venue.named(given.get("pair", ""))
        count = _whole(given, "count", 100)
        if not 1 <= count <= 500:
            raise argument("count")
        bids, asks = levels(market, self._venue.resting(market.symbol.name))
        now = self._venue.clock.now() // 1000
        sides = {
            name: [[f"{price:.8f}", f"{qty:.8f}", now] for price, qty in side[:count]]
            for name, side in (("asks", asks), ("bids", bids))
        }
        return {self._venue.pair(market.symbol.name).id: sides}

    def trades(self, given: Mapping[str, str]) -> Json:
        """Return the latest prints, or those after ``since``: seconds, or nanoseconds."""
        market = self._venue.named(given.get("pair", ""))
        count = _whole(given, "count", _PRINTS)
        since = Decimal(given.get("since") or 0)
        nanos = int(since if since > 10**12 else since * 10**9)
        found = [one for one in market.trades if one.time * 1_000_000 > nanos]
        kept = found[:count] if since else found[-count:]
        told = [
            [
                f"{one.price:.8f}", f"{one.qty:.8f}", one.time / 1000,
                "b" if one.buyer_took else "s", "m", "", one.id,
            ]
            for one in kept
        ]  # fmt: skip
        last = kept[-1].time * 1_000_000 if kept else nanos
        return {self._venue.pair(market.symbol.name).id: told, "last": str(last)}


def _whole(given: Mapping[str, str], name: str, usual: int) -> int:
    text = given.get(name, "")
    if text and not text.lstrip("-").isdigit():
        raise argument(name)
    return int(text) if text else usual
