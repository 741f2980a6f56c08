"""Which bars of which instruments are followed, over all connections of an account."""

from __future__ import annotations

import asyncio

from atms.model import Timeframe


class Following:
    """Streams of bars that are open."""

    def __init__(self) -> None:
        self._timeframes: dict[str, list[str]] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    def join(self, instrument: str, timeframe: str) -> None:
        """Count a stream."""
        self._timeframes.setdefault(instrument, []).append(timeframe)

    def leave(self, instrument: str, timeframe: str) -> None:
        """Count a stream no more."""
        self._timeframes[instrument].remove(timeframe)

    def met_by(self, instrument: str) -> str | None:
        """Return the bars that orders are matched on: the finest that are followed."""
        there = self._timeframes.get(instrument, [])
        return min(there, key=lambda one: Timeframe.parse(one).seconds, default=None)

    def turn(self, instrument: str) -> asyncio.Lock:
        """Return what lets bars of an instrument be met one after the other."""
        return self._turns.setdefault(instrument, asyncio.Lock())
