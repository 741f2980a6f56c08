"""Kraken's public past, and how a symbol is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profile import Ask, Said
from atms.stores.ccxt.profiles.kraken.names import KrakenSymbols
from atms.stores.ccxt.profiles.kraken.numbers import at, seconds
from atms.stores.ccxt.profiles.kraken.reads import public
from atms.stores.ccxt.profiles.kraken.streams import MINUTES
from atms.stores.market import Bar

BARS = 719  # that are over, of the 720 that the venue tells
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


def _bar(row: list[Any], instrument: str, span: timedelta) -> Bar:
    opens = at(row[0])
    return Bar(
        instrument=instrument, open_at=opens, close_at=opens + span, open=Decimal(row[1]),
        high=Decimal(row[2]), low=Decimal(row[3]), close=Decimal(row[4]), volume=Decimal(row[6]),
        final=True,
    )  # fmt: skip
