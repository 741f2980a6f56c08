"""What OKX answers anybody: its time, pairs, bars, prices, books, trades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atms.sandbox.okx import rows
from atms.sandbox.okx.grounds import OkxGrounds, plain
from atms.sandbox.okx.refusals import Refused
from atms.sandbox.venue.depth import levels
from atms.sandbox.venue.intervals import LENGTHS
from atms.sandbox.venue.market import Market

Given = Mapping[str, Any]
# the venue's words for bars; from six hours on those that begin by UTC alone are here
BARS = {
    **{name: name for name in LENGTHS if name[-1] in "sm"},
    **{f"{n}H": f"{n}h" for n in (1, 2, 4)},
    **{f"{n}Hutc": f"{n}h" for n in (6, 12)},
    **{"1Dutc": "1d", "3Dutc": "3d", "1Wutc": "1w", "1Mutc": "1M"},
}  # fmt: skip


class Public:
    """The endpoints that need no key."""

    def __init__(self, venue: OkxGrounds) -> None:
        self._venue = venue

    def time(self, given: Given) -> list[Any]:
        """GET /public/time."""
        return [{"ts": str(self._venue.clock.now())}]

    def instruments(self, given: Given) -> list[Any]:
        """GET /public/instruments; there are none but of the venue's own kind."""
        kind = needed(given, "instType")
        if kind not in ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"):
            raise Refused("51000", "instType")
        if given.get("instId") and kind == self._venue.kind:
            return [self.instrument(self._venue.named(given["instId"]))]
        markets = self._venue.markets.values() if kind == self._venue.kind else ()
        return [self.instrument(market) for market in markets]

    def instrument(self, market: Market) -> rows.Row:
        """Return what is traded."""
        return rows.pair_row(self._venue, market)

    def candles(self, given: Given) -> list[Any]:
        """GET /market/candles and /market/history-candles: the newest of what fits, first."""
        market, word = self._market(given), given.get("bar") or "1m"
        if word not in BARS:
            raise Refused("51000", "bar")
        after, before = _stamp(given, "after"), _stamp(given, "before")
        low = before + 1 if before is not None else None
        high = after - 1 if after is not None else None
        most = min(limit(given, 100, 300), 300)
        start = None if low is None else max(0, low)
        if start is not None and high is None:
            start = None  # `before` alone: the newest
        found = market.klines.rows(BARS[word], start, high, 10_000 if start is not None else most)
        forming = market.klines.forming.get(BARS[word])
        return [
            rows.candle(
                self._venue, market, row, now_over=forming is None or row[0] != forming.start
            )
            for row in reversed(found[-most:])
        ]

    def ticker(self, given: Given) -> list[Any]:
        """GET /market/ticker."""
        return [ticker_row(self._venue, self._market(given))]

    def books(self, given: Given) -> list[Any]:
        """GET /market/books."""
        market, depth = self._market(given), int(given.get("sz") or 1)
        return [book_row(self._venue, market, depth)]

    def trades(self, given: Given) -> list[Any]:
        """GET /market/trades."""
        market, most = self._market(given), limit(given, 100, 500)
        newest = list(market.trades)[-most:]
        return [rows.trade_row(self._venue, market, trade) for trade in reversed(newest)]

    def history_trades(self, given: Given) -> list[Any]:
        """GET /market/history-trades: older than a number, or than a time."""
        market, most = self._market(given), limit(given, 100, 100)
        by_time, after = given.get("type", "1") == "2", given.get("after")
        found = [
            trade
            for trade in market.trades
            if not after or (trade.time if by_time else trade.id) < int(after)
        ]
        return [rows.trade_row(self._venue, market, trade) for trade in reversed(found[-most:])]

    def _market(self, given: Given) -> Market:
        return self._venue.named(needed(given, "instId"))


def ticker_row(venue: OkxGrounds, market: Market) -> rows.Row:
    """Return the best prices and the last one."""
    bids, asks = levels(market, venue.resting(market.symbol.name))
    last = market.trades[-1] if market.trades else None
    bid, ask = (
        (plain(side[0][0]), venue.told(market.symbol, side[0][1])) if side else ("", "")
        for side in (bids, asks)
    )
    return {
        "instType": venue.kind, "instId": venue.inst_of(market.symbol), "last": plain(market.last),
        "lastSz": venue.told(market.symbol, last.qty) if last else "", "askPx": ask[0],
        "askSz": ask[1], "bidPx": bid[0], "bidSz": bid[1],
        "open24h": "", "high24h": "", "low24h": "", "volCcy24h": "", "vol24h": "", "sodUtc0": "",
        "sodUtc8": "", "ts": str(venue.clock.now()),
    }  # fmt: skip


def book_row(venue: OkxGrounds, market: Market, depth: int) -> rows.Row:
    """Return the top of a book."""
    bids, asks = levels(market, venue.resting(market.symbol.name))
    return {
        "asks": side_rows(venue, market, asks[:depth]),
        "bids": side_rows(venue, market, bids[:depth]),
        "ts": str(venue.clock.now()), "seqId": market.ladder.version,
    }  # fmt: skip


def side_rows(venue: OkxGrounds, market: Market, side: list[Any]) -> list[list[str]]:
    """Return levels of a book as the venue writes them."""
    return [[plain(price), venue.told(market.symbol, qty), "0", "1"] for price, qty in side]


def needed(given: Given, name: str) -> str:
    """Return a parameter.

    Raises:
        Refused: it is not there.
    """
    if not given.get(name):
        raise Refused("50014", name)
    return str(given[name])


def limit(given: Given, usual: int, most: int) -> int:
    """Return how many rows are asked for.

    Raises:
        Refused: it is no number.
    """
    text = str(given.get("limit") or usual)
    if not text.isdigit() or not int(text):
        raise Refused("51000", "limit")
    return min(int(text), most)


def _stamp(given: Given, name: str) -> int | None:
    text = str(given.get(name) or "")
    if text and not text.isdigit():
        raise Refused("51000", name)
    return int(text) if text else None
