"""Symbols with their filters, as exchangeInfo tells them (filters.md, rest-api.md)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from atms.errors import ConfigError
from atms.sandbox.binance.numbers import text

ORDER_TYPES = (
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT",
    "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
)  # fmt: skip
STP_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
# The longest first: ETHUSDT ends with USDT, not with USD.
QUOTES = (
    "FDUSD", "USDT", "USDC", "TUSD", "BUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY",
    "USD",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One symbol; prices in quote currency, quantities in units of the base asset."""

    name: str
    base: str
    quote: str
    tick: Decimal = Decimal("0.01")
    step: Decimal = Decimal("0.00001")
    max_price: Decimal = Decimal(1_000_000)
    max_qty: Decimal = Decimal(9000)
    max_market_qty: Decimal = Decimal(500)
    min_notional: Decimal = Decimal(5)
    max_notional: Decimal = Decimal(9_000_000)
    band_up: Decimal = Decimal(5)
    band_down: Decimal = Decimal("0.2")
    min_trailing: int = 10
    max_trailing: int = 2000
    max_orders: int = 200
    max_algo_orders: int = 5
    max_lists: int = 20
    max_amends: int = 10

    def info(self) -> dict[str, Any]:
        """Return the symbol as exchangeInfo has it."""
        return {
            "symbol": self.name,
            "status": "TRADING",
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
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
            "filters": self.filters(),
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
            "allowedSelfTradePreventionModes": list(STP_MODES),
        }

    def filters(self) -> list[dict[str, Any]]:
        """Return the filters as exchangeInfo has them."""
        return [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": text(self.tick),
                "maxPrice": text(self.max_price),
                "tickSize": text(self.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": text(self.step),
                "maxQty": text(self.max_qty),
                "stepSize": text(self.step),
            },
            {"filterType": "ICEBERG_PARTS", "limit": 50},
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.00000000",
                "maxQty": text(self.max_market_qty),
                "stepSize": "0.00000000",
            },
            {
                "filterType": "TRAILING_DELTA",
                "minTrailingAboveDelta": self.min_trailing,
                "maxTrailingAboveDelta": self.max_trailing,
                "minTrailingBelowDelta": self.min_trailing,
                "maxTrailingBelowDelta": self.max_trailing,
            },
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": str(self.band_up),
                "bidMultiplierDown": str(self.band_down),
                "askMultiplierUp": str(self.band_up),
                "askMultiplierDown": str(self.band_down),
                "avgPriceMins": 5,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": text(self.min_notional),
                "applyMinToMarket": True,
                "maxNotional": text(self.max_notional),
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": self.max_orders},
            {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": self.max_lists},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": self.max_algo_orders},
            {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": self.max_amends},
        ]


def assets_of(name: str) -> tuple[str, str]:
    """Return base and quote asset of ``BTCUSDT`` or ``BTC/USDT``.

    Raises:
        ConfigError: the quote asset cannot be told.
    """
    base, slash, quote = name.upper().partition("/")
    if slash and base and quote:
        return base, quote
    for known in QUOTES:
        if base.endswith(known) and base != known:
            return base.removesuffix(known), known
    raise ConfigError(
        f"symbol {name!r}: its quote asset cannot be told; write it with a slash: BTC/USDT"
    )
