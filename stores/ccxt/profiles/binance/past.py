"""Binance spot's public past: trades by their ids, and how a symbol is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Ask, Said
from atms.stores.ccxt.profiles.binance.orders import moment
from atms.stores.ccxt.profiles.binance.reads import call
from atms.stores.market import Print

_WEIGHT = 4  # rest-api.md, "Compressed/Aggregate trades list"
_UNKNOWN = ("-1121", "-1100")  # no such symbol; characters that no symbol has


class BinancePast:
    """The public past of the spot market."""

    names: Symbols

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USDT`` for ``BTCUSDT``; what the venue does not know as it was given."""
        raw = symbol.upper()
        if "/" in raw:
            return raw
        listed = json.dumps([raw])
        try:
            info = await ask(call("publicGetExchangeInfo", 20, *_UNKNOWN, symbols=listed))
        except Said:
            return symbol
        row = info["symbols"][0]
        return f"{row['baseAsset']}/{row['quoteAsset']}"

    async def trades(
        self, ask: Ask, raw: str, start: datetime, after: str | None, rows: int
    ) -> tuple[list[Print], bool]:
        """Return aggregate trades by rising ids, and whether there are more.

        By ids alone: asked by times, a full page is counted from the window's end, and what is
        before it is left out (binance/binance-spot-api-docs#10). ``fromId`` is included.
        """
        first = int(after) + 1 if after is not None else await _first(ask, raw, start)
        if first is None:
            return [], False
        page = await _page(ask, raw, rows, fromId=first)
        return [_trade(row, self.names.id(raw)) for row in page], len(page) == rows


async def _first(ask: Ask, raw: str, start: datetime) -> int | None:
    """Return the id of the first trade at *start* or later; None: there is none.

    Found by halving: some thirty small questions, of any market.
    """
    newest = await _page(ask, raw, 1)
    if not newest or moment(newest[-1]["T"]) < start:
        return None
    low, high = 0, int(newest[-1]["a"])
    while low < high:
        middle = (low + high) // 2
        (found,) = await _page(ask, raw, 1, fromId=middle)  # the first of this id or a later one
        if moment(found["T"]) < start:
            low = int(found["a"]) + 1
        else:
            high = middle
    return low


async def _page(ask: Ask, raw: str, rows: int, **params: Any) -> list[Mapping[str, Any]]:
    page: list[Mapping[str, Any]] = await ask(
        call("publicGetAggTrades", _WEIGHT, symbol=raw, limit=rows, **params)
    )
    return page


def _trade(row: Mapping[str, Any], instrument: str) -> Print:
    return Print(
        at=moment(row["T"]), instrument=instrument, id=str(row["a"]), price=Decimal(row["p"]),
        qty=Decimal(row["q"]), taker=-1 if row["m"] else 1,
    )  # fmt: skip
