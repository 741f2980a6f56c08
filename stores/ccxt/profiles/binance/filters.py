"""Binance's exchangeInfo: instruments from filters, budgets from rate limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.capabilities import Budget
from atms.stores.market import Instrument

_INTERVALS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400}
_SMALLEST = Decimal("0.00000001")


def instrument_of(row: Mapping[str, Any], instrument: str) -> Instrument:
    """Return an instrument from a symbol's row; the numbers are the venue's own digits.

    One with an asset for margins moves nothing but profits in it.
    """
    filters = {one["filterType"]: one for one in row["filters"]}
    lot, price = filters["LOT_SIZE"], filters["PRICE_FILTER"]
    market = filters.get("MARKET_LOT_SIZE", {})
    step, tick = _number(lot["stepSize"]), _number(price["tickSize"])
    return Instrument(
        id=instrument, base=row["baseAsset"], quote=row["quoteAsset"],
        settle=row.get("marginAsset", row["quoteAsset"]),
        cash="margin" if "marginAsset" in row else "exchange",
        qty_step=step or _SMALLEST, min_qty=_number(lot["minQty"]),
        max_qty=_limit(lot, "maxQty"), max_market_qty=_limit(market, "maxQty"),
        price_steps=((Decimal(0), tick or _SMALLEST),),
        min_notional=_notional(filters), tradable=row["status"] == "TRADING",
    )  # fmt: skip


def contract_of(row: Mapping[str, Any]) -> str:
    """Return how ccxt writes a contract; one with an end has its date behind."""
    name = f"{row['baseAsset']}/{row['quoteAsset']}:{row['marginAsset']}"
    if "PERPETUAL" in row.get("contractType", "PERPETUAL"):
        return name
    return f"{name}-{datetime.fromtimestamp(row['deliveryDate'] / 1000, UTC):%y%m%d}"


def _number(text: str) -> Decimal:
    """Return a number without the zeros behind it."""
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _limit(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a limit; the venue writes 0 where there is none."""
    found = _number(row.get(name, "0"))
    return found if found else None


def _notional(filters: Mapping[str, Mapping[str, Any]]) -> Decimal | None:
    row = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
    return _limit(row, "notional" if "notional" in row else "minNotional")  # futures say `notional`


def limits_of(info: Mapping[str, Any], ours: Sequence[Budget]) -> tuple[Budget, ...]:
    """Return the budgets with the venue's own units, and our share of reserve in each."""
    told: dict[tuple[str, timedelta], int] = {}
    for row in info.get("rateLimits", ()):
        per = timedelta(seconds=_INTERVALS[row["interval"]] * row["intervalNum"])
        told[row["rateLimitType"], per] = row["limit"]
    found = []
    for budget in ours:
        kind = "REQUEST_WEIGHT" if budget.name == "weight" else "ORDERS"
        units = told.get((kind, budget.per), budget.units)
        found.append(replace(budget, units=units, reserve=budget.reserve * units // budget.units))
    return tuple(found)
