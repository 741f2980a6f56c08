"""Endpoints that anyone may ask, where futures differ from spot."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance_usdm.asking import Request
from atms.sandbox.venue.depth import levels
from atms.sandbox.venue.numbers import text

Json = dict[str, Any]
_KLINES = ((100, 1), (500, 2), (1001, 5))


def exchange_info(request: Request) -> Json:
    """GET /fapi/v1/exchangeInfo: every contract; it takes no symbol."""
    request.params.done()
    venue = request.venue
    limits = venue.config.limits
    rows = (
        ("REQUEST_WEIGHT", "MINUTE", 1, limits.weight),
        ("ORDERS", "MINUTE", 1, limits.orders_day),
        ("ORDERS", "SECOND", 10, limits.orders_10s),
    )
    contracts = [venue.contract(name) for name in venue.markets]
    return {
        "timezone": "UTC",
        "serverTime": venue.clock.now(),
        "futuresType": "U_MARGINED",
        "rateLimits": [
            {"rateLimitType": kind, "interval": unit, "intervalNum": n, "limit": limit}
            for kind, unit, n, limit in rows
        ],
        "exchangeFilters": [],
        "assets": [
            {"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"}
            for asset in dict.fromkeys(one.quote for one in contracts)
        ],
        "symbols": [one.info() for one in contracts],
    }


def klines_weight(params: Params) -> int:
    """Return the weight of so many klines."""
    limit = params.limit(500, 1500)
    return next((weight for most, weight in _KLINES if limit < most), 10)


def depth(request: Request) -> Json:
    """GET /fapi/v1/depth."""
    contract, limit = request.contract(), request.params.limit(500, 1000)
    request.params.done()
    market = request.venue.market(contract.name)
    bids, asks = levels(market, request.venue.resting(contract.name))
    return {
        "lastUpdateId": market.ladder.version,
        "E": request.venue.clock.now(),
        "T": market.time,
        "bids": [[text(price), text(qty)] for price, qty in bids[:limit]],
        "asks": [[text(price), text(qty)] for price, qty in asks[:limit]],
    }


def premium_index(request: Request) -> Json | list[Json]:
    """GET /fapi/v1/premiumIndex."""
    name = request.params.text("symbol")
    request.params.done()
    if name is not None:
        return mark_of(request, request.venue.contract(name).name)
    return [mark_of(request, one) for one in request.venue.markets]


def mark_of(request: Request, symbol: str) -> Json:
    """Return mark price and funding of a symbol."""
    venue = request.venue
    price = text(venue.account.mark(symbol))
    return {
        "symbol": symbol, "markPrice": price, "indexPrice": price, "estimatedSettlePrice": price,
        "lastFundingRate": text(venue.risk.rate), "interestRate": "0.00010000",
        "nextFundingTime": venue.risk.next_funding(symbol), "time": venue.market(symbol).time,
    }  # fmt: skip
