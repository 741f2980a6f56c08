"""Perpetual contracts with their filters and leverage brackets, as the venue tells them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from atms.sandbox.binance.symbols import STP_MODES
from atms.sandbox.venue.futures.contracts import Bracket, brackets
from atms.sandbox.venue.numbers import text
from atms.sandbox.venue.symbols import Symbol

ORDER_TYPES = (
    "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)  # fmt: skip
CONDITIONAL = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"})
TIMES = ("GTC", "IOC", "FOK", "GTX")
# Of the venue's form.
BRACKETS = brackets((
    (125, 50_000, "0.004"), (100, 600_000, "0.005"), (75, 3_000_000, "0.0065"),
    (50, 12_000_000, "0.01"), (25, 70_000_000, "0.02"), (20, 100_000_000, "0.025"),
    (10, 230_000_000, "0.05"), (5, 480_000_000, "0.1"), (1, 10**9, "0.5"),
))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Symbol):
    """One perpetual contract; its fills move nothing but profit in the quote asset."""

    step: Decimal = Decimal("0.001")
    max_qty: Decimal = Decimal(1000)
    max_market_qty: Decimal = Decimal(120)
    min_notional: Decimal = Decimal(5)
    band_up: Decimal = Decimal("1.05")
    band_down: Decimal = Decimal("0.95")
    liquidation_fee: Decimal = Decimal("0.01")
    max_algo_orders: int = 200

    def bracket(self, notional: Decimal) -> Bracket:
        """Return the bracket that a position's notional lies in."""
        return next((one for one in BRACKETS if notional <= one.cap), BRACKETS[-1])

    def most_at(self, leverage: int) -> Decimal:
        """Return the most notional that may be held with a leverage."""
        return max(one.cap for one in BRACKETS if one.leverage >= leverage)

    def info(self) -> dict[str, Any]:
        """Return the contract as exchangeInfo has it."""
        return {
            "symbol": self.name,
            "pair": self.name,
            "contractType": "PERPETUAL",
            "deliveryDate": 4133404800000,
            "onboardDate": 1569398400000,
            "status": "TRADING",
            "maintMarginPercent": "2.5000",
            "requiredMarginPercent": "5.0000",
            "baseAsset": self.base,
            "quoteAsset": self.quote,
            "marginAsset": self.quote,
            "pricePrecision": -int(self.tick.normalize().as_tuple().exponent),
            "quantityPrecision": -int(self.step.normalize().as_tuple().exponent),
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "underlyingType": "COIN",
            "underlyingSubType": ["PoW"],
            "triggerProtect": "0.0500",
            "liquidationFee": text(self.liquidation_fee),
            "marketTakeBound": "0.05",
            "maxMoveOrderLimit": 10000,
            "orderTypes": list(ORDER_TYPES),
            "timeInForce": [*TIMES, "GTD"],
            "permissionSets": ["GRID", "COPY"],
            "defaultSelfTradePreventionMode": STP_MODES[2],
            "filters": self.filters(),
        }

    def filters(self) -> list[dict[str, Any]]:
        """Return the filters as exchangeInfo has them."""
        sizes = {"minQty": text(self.step), "stepSize": text(self.step)}
        return [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": text(self.tick),
                "maxPrice": text(self.max_price),
                "tickSize": text(self.tick),
            },
            {"filterType": "LOT_SIZE", "maxQty": text(self.max_qty), **sizes},
            {"filterType": "MARKET_LOT_SIZE", "maxQty": text(self.max_market_qty), **sizes},
            {"filterType": "MAX_NUM_ORDERS", "limit": self.max_orders},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": self.max_algo_orders},
            {"filterType": "MIN_NOTIONAL", "notional": text(self.min_notional)},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": str(self.band_up),
                "multiplierDown": str(self.band_down),
                "multiplierDecimal": "4",
            },
        ]
