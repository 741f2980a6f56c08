"""Linear contracts: what there is, and what an order of one must keep to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.names import Contracts, check_listed
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.bybit import codes
from atms.stores.ccxt.profiles.bybit.words import call, number
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.market import Instrument

LINEAR = "linear"
SETTLED_IN = "USDT"
_PAGE = 1000  # the most contracts that the venue gives
_DATED = "LinearFutures"
Row = Mapping[str, Any]


async def listed(ask: Ask, raw: str | None = None) -> list[Row]:
    """Return a contract's row, or all; empty: there is no such contract."""
    one = {"symbol": raw} if raw is not None else {}
    found: dict[str, Row] = {}
    cursor: dict[str, str] = {}
    while True:
        question = call(
            "publicGetV5MarketInstrumentsInfo", {}, *codes.NO_SUCH_SYMBOL, category=LINEAR,
            limit=_PAGE, **one, **cursor,
        )  # fmt: skip
        try:
            result = (await ask(question))["result"]
        except Said:
            return []
        found |= {row["symbol"]: row for row in result["list"]}
        if not result.get("nextPageCursor") or not result["list"]:
            return list(found.values())
        cursor = {"cursor": result["nextPageCursor"]}


def symbol_of(row: Row) -> str:
    """Return ``BTC/USDT:USDT``, with a date behind where the contract has an end."""
    symbol = f"{row['baseCoin']}/{row['quoteCoin']}:{row['settleCoin']}"
    if row["contractType"] != _DATED:
        return symbol
    return f"{symbol}-{moment(row['deliveryTime']):%y%m%d}"


async def wanted_rows(
    ask: Ask, names: Contracts, symbols: Sequence[str], place: str
) -> dict[str, Row]:
    """Return the rows of symbols.

    Raises:
        VenueError: one is unknown, with the nearest that there is; or its profits are paid in
            another currency than USDT: those are settled every eight hours, held or not.
    """
    alone = names.guess(symbols[0]) if len(symbols) == 1 else None
    rows = {symbol_of(row): row for row in await listed(ask, alone)}
    if any(symbol not in rows for symbol in symbols):
        rows = {symbol_of(row): row for row in await listed(ask)}
    check_listed(symbols, rows, place, "BTC/USDT:USDT")
    for symbol in symbols:
        if rows[symbol]["settleCoin"] != SETTLED_IN:
            raise VenueError(
                f"{place}: {symbol}: contracts that settle in {rows[symbol]['settleCoin']} are not "
                f"traded here; take one that settles in {SETTLED_IN}"
            )
    return {symbol: rows[symbol] for symbol in symbols}


def instrument_of(row: Row, instrument: str) -> Instrument:
    """Return an instrument from its row; a quantity is of units of the base currency."""
    lot, tick = row["lotSizeFilter"], number(row["priceFilter"]["tickSize"])
    return Instrument(
        id=instrument, base=row["baseCoin"], quote=row["quoteCoin"], settle=row["settleCoin"],
        qty_step=number(lot["qtyStep"]), min_qty=number(lot["minOrderQty"]),
        max_qty=number(lot.get("maxOrderQty")) or None,
        max_market_qty=number(lot.get("maxMktOrderQty")) or None,
        price_steps=((Decimal(0), tick),), min_notional=number(lot.get("minNotionalValue")) or None,
        cash="margin", tradable=row["status"] == "Trading",
    )  # fmt: skip
