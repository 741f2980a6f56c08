"""What anybody may ask: time, instruments, bars, prices, books, trades."""

from __future__ import annotations

from typing import Any

from atms.sandbox.bybit import rows
from atms.sandbox.bybit.asked import Asked
from atms.sandbox.bybit.refusals import wrong
from atms.sandbox.venue.depth import levels
from atms.sandbox.venue.intervals import start_of


def time(asked: Asked) -> dict[str, Any]:
    """GET /v5/market/time."""
    now = asked.venue.clock.now()
    return {"timeSecond": str(now // 1000), "timeNano": str(now * 1_000_000)}


def instruments(asked: Asked) -> dict[str, Any]:
    """GET /v5/market/instruments-info; other kinds of market are empty."""
    category, name = asked.category(), asked.text("symbol")
    found = asked.venue.markets.values() if category == asked.venue.category else ()
    told = asked.venue.rows.instrument
    listed = [told(one) for one in found if name in ("", one.symbol.name)]
    return {"category": category, "list": listed}


def kline(asked: Asked) -> dict[str, Any]:
    """GET /v5/market/kline: newest first; of more than a page, the newest."""
    market = asked.market()
    interval = rows.INTERVALS.get(asked.text("interval"))
    if interval is None:
        raise wrong("interval")
    start, end, limit = asked.time("start"), asked.time("end"), asked.limit(200, 1000)
    first = start_of(start, interval) if start is not None else None  # the bar that holds it
    if first is not None and end is None:
        found = market.klines.rows(interval, first, None, limit)
    else:
        latest = market.klines.rows(interval, None, end, limit)
        found = [row for row in latest if first is None or row[0] >= first]
    return {
        "category": asked.venue.category, "symbol": market.symbol.name,
        "list": [rows.kline_row(row) for row in reversed(found)],
    }  # fmt: skip


def tickers(asked: Asked) -> dict[str, Any]:
    """GET /v5/market/tickers."""
    asked.own()
    one = asked.text("symbol")
    markets = [asked.market()] if one else list(asked.venue.markets.values())
    listed = [asked.venue.rows.ticker(market) for market in markets]
    return {"category": asked.venue.category, "list": listed}


def orderbook(asked: Asked) -> dict[str, Any]:
    """GET /v5/market/orderbook."""
    market, limit = asked.market(), asked.limit(1, 200)
    bids, asks = levels(market, asked.venue.resting(market.symbol.name))
    return {
        "s": market.symbol.name, "ts": asked.venue.clock.now(), "u": market.ladder.version,
        "seq": market.ladder.version, "cts": asked.venue.clock.now(),
        "b": [[rows.words(price), rows.words(qty)] for price, qty in bids[:limit]],
        "a": [[rows.words(price), rows.words(qty)] for price, qty in asks[:limit]],
    }  # fmt: skip


def trades(asked: Asked) -> dict[str, Any]:
    """GET /v5/market/recent-trade: newest first, sixty at most."""
    market = asked.market()
    newest = list(market.trades)[-asked.limit(60, 60) :]
    listed = [rows.trade_row(market, trade) for trade in reversed(newest)]
    return {"category": asked.venue.category, "list": listed}
