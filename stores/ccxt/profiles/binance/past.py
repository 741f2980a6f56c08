"""Binance spot's public past: trades by their ids, and how a symbol is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Ask, Passed
from atms.stores.ccxt.profiles.binance.reads import call
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.market import Print

_UNKNOWN = ("-1121", "-1100")  # no such symbol; characters that no symbol has


class AggregateTrades:
    """Aggregate trades of the past.

    Attributes:
        aggregates: ccxt's name of the request, and its weight.
    """

    place: str
    names: Any  # of each market its own
    aggregates: tuple[str, int]

    async def trades(
        self, ask: Ask, raw: str, start: datetime, after: Passed | None, rows: int
    ) -> tuple[list[Print], bool]:
        """Return aggregate trades by rising ids, and whether there are more.

        By ids alone: asked by times, a full page is counted from the window's end, and what is
        before it is left out (binance/binance-spot-api-docs#10). ``fromId`` is included.

        Raises:
            VenueError: those of *start* are not told any more.
        """
        first = int(after.id) + 1 if after is not None else await self._first(ask, raw, start)
        if first is None:
            return [], False
        page = await self._page(ask, raw, rows, fromId=first)
        return [_trade(row, self.names.id(raw)) for row in page], len(page) == rows

    async def _first(self, ask: Ask, raw: str, start: datetime) -> int | None:
        """Return the id of the first trade at *start* or later; None: there is none.

        Found by halving: some thirty small questions, of any market.
        """
        newest = await self._page(ask, raw, 1)
        if not newest or moment(newest[-1]["T"]) < start:
            return None
        low, high, oldest = 0, int(newest[-1]["a"]), newest[-1]
        forgotten = False
        while low < high:
            middle = (low + high) // 2
            page = await self._page(ask, raw, 1, fromId=middle)  # of this id, or a later one
            forgotten = forgotten or not page
            if page and moment(page[0]["T"]) >= start:
                high, oldest = middle, page[0]
            else:
                low = int(page[0]["a"]) + 1 if page else middle + 1
        if forgotten and moment(oldest["T"]) > start:
            at = moment(oldest["T"])
            raise VenueError(
                f"{self.place}: tells trades of {raw} since {at:%Y-%m-%dT%H:%M:%S} alone; begin "
                "there, or later"
            )
        return low

    async def _page(self, ask: Ask, raw: str, rows: int, **params: Any) -> list[Mapping[str, Any]]:
        method, weight = self.aggregates
        page: list[Mapping[str, Any]] = await ask(
            call(method, weight, symbol=raw, limit=rows, **params)
        )
        return page


class BinancePast(AggregateTrades):
    """The public past of the spot market."""

    names: Symbols
    aggregates = ("publicGetAggTrades", 4)  # rest-api.md, "Compressed/Aggregate trades list"

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


def _trade(row: Mapping[str, Any], instrument: str) -> Print:
    return Print(
        at=moment(row["T"]), instrument=instrument, id=str(row["a"]), price=Decimal(row["p"]),
        qty=Decimal(row["q"]), taker=-1 if row["m"] else 1,
    )  # fmt: skip
