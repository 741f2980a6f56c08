"""Coinbase's public trades of the past: by windows of whole seconds, of which the newest are told.

A window with as many trades as an answer may hold is halved until it has fewer: then all are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.profile import Ask, Passed
from atms.stores.ccxt.profiles.coinbase.orders import moment
from atms.stores.ccxt.profiles.coinbase.past import EPOCH, TRADES, public
from atms.stores.market import Print

_MOST = 1000  # in an answer; ccxt asks for no more
_FIRST, _WIDEST = 60, 7 * 86_400  # seconds of a window: the first one's, and of one without trades
_SECOND = timedelta(seconds=1)


async def trades(
    ask: Ask, raw: str, instrument: str, start: datetime, after: Passed | None
) -> tuple[list[Print], bool]:
    """Return trades by rising numbers, and whether there are more.

    Raises:
        VenueError: a moment has more trades than an answer holds.
    """
    newest = (await ask(public(TRADES, product_id=raw, limit=_MOST)))["trades"]
    last = moment(newest[0]["time"]) if newest else None
    rows = min(_MOST, max(len(newest), 2))  # so many an answer holds: no page tells the limit
    behind = int(after.id) if after is not None else -1
    at, width = _second(after.at if after is not None else start), _FIRST
    while last is not None and at <= _second(last):
        page = await _window(ask, raw, at, at + width)
        if len(page) >= rows:
            if width == 1:
                raise VenueError(
                    f"coinbase-spot: {rows} trades of {raw} and more in three seconds, about "
                    f"{EPOCH + at * _SECOND:%Y-%m-%dT%H:%M:%S}; the venue tells no further"
                )
            width = max(1, width // 2)
            continue
        at += width
        every = sorted((_print(row, instrument) for row in page), key=lambda one: int(one.id))
        if found := [one for one in every if int(one.id) > behind and one.at >= start]:
            return found, at <= _second(last)
        width = min(2 * width, _WIDEST) if not page else width
    return [], False


async def _window(ask: Ask, raw: str, start: int, end: int) -> list[Mapping[str, Any]]:
    """Return the trades of some seconds.

    Asked for with a second more on either side: whether the venue counts the bounds in is not
    written anywhere, and what is told twice is passed over by its number.
    """
    reply = await ask(
        public(TRADES, product_id=raw, limit=_MOST, start=str(start - 1), end=str(end + 1))
    )
    found: list[Mapping[str, Any]] = reply["trades"]
    return found


def _second(at: datetime) -> int:
    return (at - EPOCH) // _SECOND


def _print(row: Mapping[str, Any], instrument: str) -> Print:
    """Return a trade; its side is that of the order that stood in the book."""
    return Print(
        at=moment(row["time"]), instrument=instrument, id=row["trade_id"],
        price=Decimal(row["price"]), qty=Decimal(row["size"]),
        taker=1 if row["side"] == "SELL" else -1,
    )  # fmt: skip
