"""Kraken's list of pairs: instruments from its rows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profiles.kraken.names import asset
from atms.stores.market import Instrument


def instrument_of(row: Mapping[str, Any], instrument: str) -> Instrument:
    """Return an instrument from a pair's row."""
    quote = asset(row["quote"])
    tick = Decimal(row["tick_size"]) if row.get("tick_size") else _step(row["pair_decimals"])
    return Instrument(
        id=instrument, base=asset(row["base"]), quote=quote, settle=quote,
        qty_step=_step(row["lot_decimals"]), min_qty=Decimal(row["ordermin"]),
        price_steps=((Decimal(0), tick),),
        min_notional=Decimal(row["costmin"]) if row.get("costmin") else None,
        tradable=row.get("status", "online") == "online",
    )  # fmt: skip


def _step(decimals: Any) -> Decimal:
    return Decimal(1).scaleb(-int(decimals))
