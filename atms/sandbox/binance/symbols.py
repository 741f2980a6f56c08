"""Symbols with their filters, as exchangeInfo tells them (filters.md, rest-api.md)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.venue.numbers import text
from atms.sandbox.venue.symbols import Symbol

ORDER_TYPES = (
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT",
    "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
)  # fmt: skip
STP_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")


def info(symbol: Symbol, *, delisted: bool = False) -> dict[str, Any]:
    """Return the symbol as exchangeInfo has it; its states are those of enums.md."""
    return {
        "symbol": symbol.name,
        "status": "BREAK" if delisted else "TRADING",
        "baseAsset": symbol.base,
        "baseAssetPrecision": 8,
        "quoteAsset": symbol.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters(symbol),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": list(STP_MODES),
    }


def filters(symbol: Symbol) -> list[dict[str, Any]]:
    """Return the filters as exchangeInfo has them."""
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": text(symbol.tick),
            "maxPrice": text(symbol.max_price),
            "tickSize": text(symbol.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": text(symbol.step),
            "maxQty": text(symbol.max_qty),
            "stepSize": text(symbol.step),
        },
        {"filterType": "ICEBERG_PARTS", "limit": 50},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": text(symbol.max_market_qty),
            "stepSize": "0.00000000",
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": symbol.min_trailing,
            "maxTrailingAboveDelta": symbol.max_trailing,
            "minTrailingBelowDelta": symbol.min_trailing,
            "maxTrailingBelowDelta": symbol.max_trailing,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": str(symbol.band_up),
            "bidMultiplierDown": str(symbol.band_down),
            "askMultiplierUp": str(symbol.band_up),
            "askMultiplierDown": str(symbol.band_down),
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text(symbol.min_notional),
            "applyMinToMarket": True,
            "maxNotional": text(symbol.max_notional),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": symbol.max_orders},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": symbol.max_lists},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": symbol.max_algo_orders},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": symbol.max_amends},
    ]
