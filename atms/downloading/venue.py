"""What a download needs of a store: its public side alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal, Protocol

from atms.stores.capabilities import Capabilities
from atms.stores.market import Bar, Instrument, Print


class HistoryStore(Protocol):
    """A store whose history can be read; see :class:`atms.stores.base.Store` for the rest.

    Attributes:
        venue: what its bars are filed under.
        market_clock: ``stream``: its time is that of the bars that it plays.
        page: rows that it asks for at once.
    """

    venue: str
    market_clock: Literal["wall", "stream"]
    page: int

    async def connect(self) -> Capabilities:
        """Begin a connection."""

    async def spelled(self, symbol: str) -> str:
        """Return a symbol as it is written here, given so or in the venue's own form."""

    async def instruments(self, symbols: Sequence[str]) -> tuple[Instrument, ...]:
        """Return what is traded; VenueError names the nearest of what is unknown."""

    async def present(self, symbol: str) -> datetime:
        """Return the time of the market."""

    def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        """Yield final bars, the oldest first."""

    def trades(
        self, instrument: str, start: datetime, end: datetime,
        after: tuple[str, datetime] | None = None,
    ) -> AsyncIterator[Print]:  # fmt: skip
        """Yield public trades, the oldest first; *after*: those behind the one of that id."""

    async def close(self) -> None:
        """End the connection."""
