"""OKX's public trades of the past: three months of them, by their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.profile import Ask, Passed
from atms.stores.ccxt.profiles.okx.orders import side
from atms.stores.ccxt.profiles.okx.past import call
from atms.stores.ccxt.profiles.stamps import milliseconds, moment
from atms.stores.market import Print

_MOST = 100  # in an answer
_BY_TIME = "2"
KEPT = timedelta(days=90)  # "the last 3 months"
Row = Mapping[str, Any]


async def trades(
    ask: Ask, raw: str, instrument: str, start: datetime, after: Passed | None, place: str,
    units: Callable[[str, str], Decimal],
) -> tuple[list[Print], bool]:  # fmt: skip
    """Return trades by rising numbers, and whether there are more.

    An answer holds the newest of what is older than a number, whether or not that one is in. Of a
    hundred numbers behind the last one there are at most a hundred trades, so that a window of them
    is always told whole, whatever numbers were never used.

    Args:
        units: a symbol, and a size as the venue writes it -> units of the base currency.

    Raises:
        VenueError: those of *start* are not told any more.
    """
    newest = await _page(ask, raw, 1)
    if not newest or moment(newest[0]["ts"]) < start:
        return [], False
    last = int(newest[0]["tradeId"])
    low = int(after.id) if after is not None else await _before(ask, raw, start, newest[0], place)
    while low < last:
        page = await _page(ask, raw, _MOST, after=str(low + _MOST))
        behind = [row for row in reversed(page) if int(row["tradeId"]) > low]
        found = [_print(row, instrument, units(raw, row["sz"])) for row in behind]
        low += _MOST - 1
        if wanted := [one for one in found if one.at >= start]:
            return wanted, int(wanted[-1].id) < last
    return [], False


async def _before(ask: Ask, raw: str, start: datetime, newest: Row, place: str) -> int:
    """Return the number of the last trade before *start*, or one below that of the first of all."""
    page = await _page(ask, raw, 1, type=_BY_TIME, after=str(milliseconds(start) - 1))
    if page:
        return int(page[0]["tradeId"])
    oldest = moment(newest["ts"]) - KEPT
    if start < oldest:
        raise VenueError(
            f"{place}: tells public trades of the last three months alone; begin at "
            f"{oldest:%Y-%m-%d} or later"
        )
    low, high = 0, int(newest["tradeId"])  # nothing is as old: the first of all is looked for
    while low < high:
        middle = (low + high) // 2
        if await _page(ask, raw, 1, after=str(middle + 1)):
            high = middle
        else:
            low = middle + 1
    return low - 1


async def _page(ask: Ask, raw: str, rows: int, **params: str) -> list[Row]:
    method = "publicGetMarketHistoryTrades"
    reply = await ask(call(method, "old_trades", instId=raw, limit=rows, **params))
    found: list[Row] = reply["data"]
    return found


def _print(row: Row, instrument: str, qty: Decimal) -> Print:
    return Print(
        at=moment(row["ts"]), instrument=instrument, id=row["tradeId"], price=Decimal(row["px"]),
        qty=qty, taker=side(row["side"]),
    )  # fmt: skip
