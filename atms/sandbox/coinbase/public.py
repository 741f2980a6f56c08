"""What everybody may ask of Coinbase: time, products, candles, trades, the book, currencies."""

from __future__ import annotations

from typing import Any

from atms.sandbox.coinbase import replies
from atms.sandbox.coinbase.asking import Asked
from atms.sandbox.coinbase.refusals import invalid
from atms.sandbox.coinbase.venue import product_id
from atms.sandbox.venue.depth import best, levels
from atms.sandbox.venue.klines import CLOSE, HIGH, LOW, OPEN, VOLUME

Json = dict[str, Any]
_GRANULARITIES = {
    "ONE_MINUTE": "1m", "FIVE_MINUTE": "5m", "FIFTEEN_MINUTE": "15m", "THIRTY_MINUTE": "30m",
    "ONE_HOUR": "1h", "TWO_HOUR": "2h", "SIX_HOUR": "6h", "ONE_DAY": "1d",
}  # fmt: skip
_SECONDS = {
    "1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21_600,
    "1d": 86_400,
}  # fmt: skip
_BUCKETS = 350


def time(asked: Asked) -> Json:
    """GET /api/v3/brokerage/time."""
    now = asked.venue.clock.now()
    iso = replies.stamp(now // 1000 * 1000).replace(".000000", "")
    return {"iso": iso, "epochSeconds": str(now // 1000), "epochMillis": str(now)}


def old_time(asked: Asked) -> Json:
    """GET /v2/time."""
    told = time(asked)
    return {"data": {"iso": told["iso"], "epoch": int(told["epochSeconds"])}}


def products(asked: Asked) -> Json:
    """GET /api/v3/brokerage/market/products."""
    names, kind = asked.all("product_ids"), asked.one("product_type") or "SPOT"
    rows = [
        replies.product_row(market)
        for market in asked.venue.markets.values()
        if kind == "SPOT" and (not names or product_id(market.symbol) in names)
    ]
    return {"products": rows, "num_products": len(rows)}


def product(asked: Asked) -> Json:
    """GET /api/v3/brokerage/market/products/{product_id}."""
    return replies.product_row(asked.venue.product(asked.place[0]))


def candles(asked: Asked) -> Json:
    """GET /api/v3/brokerage/market/products/{product_id}/candles: the newest first."""
    market = asked.venue.product(asked.place[0])
    interval = _GRANULARITIES.get(asked.one("granularity"))
    start, end = asked.integer("start"), asked.integer("end")
    if interval is None or start is None or end is None:
        raise invalid("granularity, start and end are required")
    if (end - start) // _SECONDS[interval] >= _BUCKETS:
        raise invalid(f"number of candles requested should be less than {_BUCKETS}")
    rows = market.klines.rows(interval, start * 1000, end * 1000, _BUCKETS)
    found = [
        {
            "start": str(row[0] // 1000), "low": _text(values[LOW]), "high": _text(values[HIGH]),
            "open": _text(values[OPEN]), "close": _text(values[CLOSE]),
            "volume": _text(values[VOLUME]),
        }
        for row in reversed(rows)
        for values in [row[2:]]
    ]  # fmt: skip
    return {"candles": found}


def _text(value: float) -> str:
    return f"{value:.8f}".rstrip("0").rstrip(".")


def trades(asked: Asked) -> Json:
    """GET /api/v3/brokerage/market/products/{product_id}/ticker: the newest first."""
    market = asked.venue.product(asked.place[0])
    limit = asked.integer("limit") or 100
    start, end = asked.integer("start"), asked.integer("end")
    found = [
        trade
        for trade in market.trades
        if (start is None or trade.time >= start * 1000)
        and (end is None or trade.time < end * 1000)
    ]
    bids, asks = best(market, asked.venue.resting(market.symbol.name))
    return {
        "trades": [replies.trade_row(market, one) for one in reversed(found[-limit:])],
        "best_bid": replies.number(bids[0][0]) if bids else "",
        "best_ask": replies.number(asks[0][0]) if asks else "",
    }


def book(asked: Asked) -> Json:
    """GET /api/v3/brokerage/market/product_book."""
    market = asked.venue.product(asked.one("product_id"))
    limit = asked.integer("limit") or 50
    sides = levels(market, asked.venue.resting(market.symbol.name))
    bids, asks = (
        [
            {"price": replies.number(price), "size": replies.number(qty)}
            for price, qty in side[:limit]
        ]
        for side in sides
    )
    at = replies.stamp(asked.venue.clock.now())
    name = product_id(market.symbol)
    return {"pricebook": {"product_id": name, "bids": bids, "asks": asks, "time": at}}


def currencies(asked: Asked) -> Json:
    """GET /v2/currencies: those of states."""
    return {"data": [{"id": "USD", "name": "US Dollar", "min_size": "0.01"}]}


def crypto(asked: Asked) -> Json:
    """GET /v2/currencies/crypto."""
    rows = [
        {
            "asset_id": f"asset-{asset.lower()}", "code": asset, "name": asset, "color": "#000000",
            "sort_index": 100, "exponent": 8, "type": "crypto", "address_regex": "",
        }
        for asset in asked.venue.assets()
        if asset != "USD"
    ]  # fmt: skip
    return {"data": rows}


def rates(asked: Asked) -> Json:
    """GET /v2/exchange-rates."""
    return {"data": {"currency": "USD", "rates": dict.fromkeys(asked.venue.assets(), "1")}}
