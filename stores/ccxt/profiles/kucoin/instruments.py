"""KuCoin's list of symbols: instruments from its rows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profiles.kucoin.orders import number
from atms.stores.market import Instrument


def instrument_of(row: Mapping[str, Any], instrument: str) -> Instrument:
    """Return an instrument from a symbol's row; the numbers are the venue's own digits."""
    return Instrument(
        id=instrument, base=row["baseCurrency"], quote=row["quoteCurrency"],
        settle=row["quoteCurrency"], qty_step=Decimal(row["baseIncrement"]),
        min_qty=Decimal(row["baseMinSize"]), max_qty=number(row.get("baseMaxSize")) or None,
        price_steps=((Decimal(0), Decimal(row["priceIncrement"])),),
        min_notional=number(row.get("minFunds")) or None, tradable=bool(row["enableTrading"]),
    )  # fmt: skip
