"""Endpoints that anyone may ask: time, symbols, klines, prints, book, tickers (rest-api.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atms.sandbox.binance.endpoints import Request
from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance.symbols import info
from atms.sandbox.venue.depth import best, levels
from atms.sandbox.venue.intervals import DAY, LENGTHS
from atms.sandbox.venue.klines import CLOSE, HIGH, LOW, OPEN, QUOTE, VOLUME, as_list
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import ZERO, text

Json = dict[str, Any]


def ping(request: Request) -> Json:
    """GET /api/v3/ping."""
    request.params.done()
    return {}


def time(request: Request) -> Json:
    """GET /api/v3/time."""
    request.params.done()
    return {"serverTime": request.venue.clock.now()}


def exchange_info(request: Request) -> Json:
    """GET /api/v3/exchangeInfo."""
    params, venue = request.params, request.venue
    one, several = params.text("symbol"), params.text("symbols")
    for name in ("permissions", "showPermissionSets", "symbolStatus"):
        params.text(name)
    params.done()
    names = _names(one, several) or list(venue.markets)
    limits = venue.config.limits
    rows = (
        ("REQUEST_WEIGHT", "MINUTE", 1, limits.weight),
        ("ORDERS", "SECOND", 10, limits.orders_10s),
        ("ORDERS", "DAY", 1, limits.orders_day),
        ("RAW_REQUESTS", "MINUTE", 5, limits.raw),
    )
    return {
        "timezone": "UTC",
        "serverTime": venue.clock.now(),
        "rateLimits": [
            {"rateLimitType": kind, "interval": unit, "intervalNum": n, "limit": limit}
            for kind, unit, n, limit in rows
        ],
        "exchangeFilters": [],
        "symbols": [
            info(venue.symbol(name), delisted=name in venue.exchange.delisted) for name in names
        ],
    }


def klines(request: Request) -> list[list[Any]]:
    """GET /api/v3/klines."""
    params = request.params
    market = request.venue.market(params.needed("symbol"))
    interval = params.needed("interval")
    if interval not in LENGTHS:
        raise Refused(-1120, "Invalid interval.")
    start, end = params.integer("startTime"), params.integer("endTime")
    limit = params.limit()
    if params.text("timeZone") not in (None, "0", "0:00", "00:00"):
        raise Refused(-1130, "Data sent for parameter 'timeZone' is not valid.")
    params.done()
    return [as_list(row) for row in market.klines.rows(interval, start, end, limit)]


def depth(request: Request) -> Json:
    """GET /api/v3/depth."""
    params = request.params
    market = request.venue.market(params.needed("symbol"))
    limit = params.limit(100, 5000)
    params.text("symbolStatus")
    params.done()
    bids, asks = levels(market, request.venue.resting(market.symbol.name))
    return {
        "lastUpdateId": market.ladder.version,
        "bids": [[text(price), text(qty)] for price, qty in bids[:limit]],
        "asks": [[text(price), text(qty)] for price, qty in asks[:limit]],
    }


def depth_weight(params: Params) -> int:
    """Return the weight of a book of as many levels."""
    limit = params.limit(100, 5000)
    return next(w for most, w in ((100, 5), (500, 25), (1000, 50), (5000, 250)) if limit <= most)


def trades(request: Request) -> list[Json]:
    """GET /api/v3/trades."""
    params = request.params
    market = request.venue.market(params.needed("symbol"))
    limit = params.limit()
    params.done()
    return [
        {
            "id": one.id,
            "price": text(one.price),
            "qty": text(one.qty),
            "quoteQty": text(one.price * one.qty),
            "time": one.time,
            "isBuyerMaker": not one.buyer_took,
            "isBestMatch": True,
        }
        for one in list(market.trades)[-limit:]
    ]


def agg_trades(request: Request) -> list[Json]:
    """GET /api/v3/aggTrades; every print is an aggregate of its own."""
    params = request.params
    market = request.venue.market(params.needed("symbol"))
    first, start, end = (params.integer(name) for name in ("fromId", "startTime", "endTime"))
    limit = params.limit()
    params.done()
    found = [
        one
        for one in market.trades
        if (first is None or one.id >= first)
        and (start is None or one.time >= start)
        and (end is None or one.time <= end)
    ]
    kept = found[-limit:] if first is None and start is None else found[:limit]
    return [agg_trade(one) for one in kept]


def agg_trade(one: Trade) -> Json:
    """Return a print as an aggregate trade."""
    return {
        "a": one.id, "p": text(one.price), "q": text(one.qty), "f": one.id, "l": one.id,
        "T": one.time, "m": not one.buyer_took, "M": True,
    }  # fmt: skip


def average_price(request: Request) -> Json:
    """GET /api/v3/avgPrice."""
    market = request.venue.market(request.params.needed("symbol"))
    request.params.done()
    return {"mins": 5, "price": text(market.average() or ZERO), "closeTime": market.time}


def book_ticker(request: Request) -> Json | list[Json]:
    """GET /api/v3/ticker/bookTicker."""
    return _each(request, lambda market: _best(request, market))


def price_ticker(request: Request) -> Json | list[Json]:
    """GET /api/v3/ticker/price."""
    return _each(
        request,
        lambda market: {"symbol": market.symbol.name, "price": text(market.last or ZERO)},
    )


def day_ticker(request: Request) -> Json | list[Json]:
    """GET /api/v3/ticker/24hr."""
    mini = request.params.one_of("type", ("FULL", "MINI")) == "MINI"
    return _each(request, lambda market: _day(request, market, mini))


def few_or_all(one: int, every: int) -> Callable[[Params], int]:
    """Return what weighs a ticker: of one symbol, or of every one."""
    return lambda params: one if "symbol" in params else every


def _best(request: Request, market: Market) -> Json:
    bids, asks = best(market, request.venue.resting(market.symbol.name))
    bid, ask = bids[0] if bids else (ZERO, ZERO), asks[0] if asks else (ZERO, ZERO)
    return {
        "symbol": market.symbol.name,
        "bidPrice": text(bid[0]), "bidQty": text(bid[1]),
        "askPrice": text(ask[0]), "askQty": text(ask[1]),
    }  # fmt: skip


def _day(request: Request, market: Market, mini: bool) -> Json:
    end = market.time
    rows = market.klines.rows(market.klines.base, max(0, end - DAY), None, 100_000)
    values = [row[2:] for row in rows]
    volume, quote = sum(row[VOLUME] for row in values), sum(row[QUOTE] for row in values)
    last = float(market.last or ZERO)
    opened = values[0][OPEN] if values else last
    ids = (market.trades[0].id, market.trades[-1].id) if market.trades else (-1, -1)
    ticker = {
        "openPrice": f"{opened:.8f}",
        "highPrice": f"{max((row[HIGH] for row in values), default=last):.8f}",
        "lowPrice": f"{min((row[LOW] for row in values), default=last):.8f}",
        "lastPrice": f"{last:.8f}",
        "volume": f"{volume:.8f}",
        "quoteVolume": f"{quote:.8f}",
        "openTime": max(0, end - DAY),
        "closeTime": end,
        "firstId": ids[0],
        "lastId": ids[1],
        "count": int(sum(row[6] for row in values)),
    }
    if mini:
        return {"symbol": market.symbol.name} | ticker
    more = {
        "priceChange": f"{last - opened:.8f}",
        "priceChangePercent": f"{(last / opened - 1) * 100 if opened else 0:.3f}",
        "weightedAvgPrice": f"{quote / volume if volume else 0:.8f}",
        "prevClosePrice": f"{values[0][CLOSE] if values else last:.8f}",
        "lastQty": text(market.trades[-1].qty if market.trades else Decimal(0)),
    }
    return _best(request, market) | more | ticker


def _each(request: Request, make: Any) -> Json | list[Json]:
    params = request.params
    one, several = params.text("symbol"), params.text("symbols")
    params.text("symbolStatus")
    params.done()
    if one is not None and several is not None:
        raise Refused(-1128, "Combination of optional parameters invalid.")
    if one is not None:
        found: Json = make(request.venue.market(one))
        return found
    names = _names(None, several) or list(request.venue.markets)
    return [make(request.venue.market(name)) for name in names]


def _names(one: str | None, several: str | None) -> list[str]:
    if one is not None:
        return [one]
    if several is None:
        return []
    try:
        names = json.loads(several)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused(-1135, "JSON sent for parameter 'symbols' is not valid")
    return names
