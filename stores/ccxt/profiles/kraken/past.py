"""Kraken's public past, and how a symbol is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.profile import Ask, Passed
from atms.stores.ccxt.profiles.kraken.names import KrakenSymbols
from atms.stores.ccxt.profiles.kraken.numbers import at, micros_of, seconds
from atms.stores.ccxt.profiles.kraken.reads import public
from atms.stores.ccxt.profiles.kraken.streams import MINUTES
from atms.stores.market import Bar, Print

BARS = 719  # that are over, of the 720 that the venue tells
_BEFORE = 2  # microseconds: a time of REST is a float, and may be as far off
UNKNOWN_PAIR = ("EQuery:Unknown asset pair", "EQuery:Invalid asset pair")


class KrakenPast:
    """Bars of the past, the newest trade, names."""

    names: KrakenSymbols

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars that begin at a time or later, and whether there are more.

        The venue tells the newest 720 bars alone, and of these what is after the time asked for.
        """
        span = timedelta(minutes=MINUTES[timeframe])
        since = seconds(start - span)
        reply = await ask(public("OHLC", pair=raw, interval=MINUTES[timeframe], since=since))
        told = next(found for name, found in reply["result"].items() if name != "last")
        bars = [_bar(row, self.names.id(raw), span) for row in told]
        inside = [bar for bar in bars if start <= bar.open_at < end]
        return inside[:rows], len(inside) > rows

    async def trades(
        self, ask: Ask, raw: str, start: datetime, after: Passed | None, rows: int
    ) -> tuple[list[Print], bool]:
        """Return trades by rising ids, and whether there are more.

        Asked for by a time to the nanosecond, which several may share, and one at it is left out:
        so from a moment before the last one on, and by the ids what is known is passed over.

        Raises:
            VenueError: a page is full of one moment.
        """
        since = (micros_of(after.at if after is not None else start) - _BEFORE) * 1000
        reply = await ask(public("Trades", pair=raw, since=str(max(since, 1)), count=rows))
        told = next(found for name, found in reply["result"].items() if name != "last")
        behind = int(after.id) if after is not None else -1
        new = [_print(row, self.names.id(raw)) for row in told if int(row[6]) > behind]
        found = [one for one in new if one.at >= start]
        if told and len(told) >= rows and not found:
            raise VenueError(
                f"kraken-spot: {len(told)} trades of {raw} at one moment, after trade {behind}; "
                "the venue tells no further"
            )
        return found, len(told) >= rows

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        reply = await ask(public("Trades", pair=raw, count=1))
        told = next(found for name, found in reply["result"].items() if name != "last")
        return at(told[-1][2]) if told else None

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USD`` for ``XBTUSD``; what the venue does not know as it was given."""
        if "/" in symbol:
            return symbol.upper()
        question = replace(
            public("AssetPairs", pair=symbol.upper()), expects=frozenset(UNKNOWN_PAIR)
        )
        try:
            reply = await ask(question)
        except Said:
            return symbol
        ((id_, row),) = reply["result"].items()
        return self.names.listed(id_, row)


def _print(row: list[Any], instrument: str) -> Print:
    return Print(
        at=at(row[2]), instrument=instrument, id=str(row[6]), price=Decimal(row[0]),
        qty=Decimal(row[1]), taker=1 if row[3] == "b" else -1,
    )  # fmt: skip


def _bar(row: list[Any], instrument: str, span: timedelta) -> Bar:
    opens = at(row[0])
    return Bar(
        instrument=instrument, open_at=opens, close_at=opens + span, open=Decimal(row[1]),
        high=Decimal(row[2]), low=Decimal(row[3]), close=Decimal(row[4]), volume=Decimal(row[6]),
        final=True,
    )  # fmt: skip
