"""Bars of several symbols, one after the other, over one connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from atms.downloading.bars import BarDownload, Progress
from atms.downloading.kept import further
from atms.downloading.patience import Patience
from atms.downloading.session import Session, connected, timeframe_of
from atms.downloading.stretches import Stretch
from atms.downloading.venue import HistoryStore
from atms.errors import AtmsError
from atms.ledger.bars import Series
from atms.model import Timeframe, TimeRange


@dataclass
class AskedBars:
    """What is asked for.

    Args:
        store: not connected yet.
        symbols: as they are written here or at the venue.
        range: it has a start.
        url: the ledger's.
        replace: ask for everything again, and let the venue's figures count.
        watch: called as a series begins; returns what hears of its progress.
        over: called as a series is over.

    Attributes:
        now: the series that is being downloaded; None: none is.
    """

    store: HistoryStore
    symbols: Sequence[str]
    timeframe: Timeframe
    range: TimeRange
    url: str
    patience: Patience
    replace: bool = False
    watch: Callable[[Series, Stretch], Progress] = lambda of, stretch: lambda at, written: None
    over: Callable[[BarDownload], None] = lambda job: None
    now: BarDownload | None = field(default=None, init=False)

    async def run(self) -> None:
        """Download one series after the other.

        Raises:
            ConfigError, VenueError: the venue does not know a symbol or the timeframe, and nothing
                was asked for; or the start lies in the future.
            VenueError, LedgerError: it broke off; the message says what is kept.
        """
        async with connected(self.store, self.symbols, self.patience) as session:
            length = timeframe_of(self.timeframe, session.can.timeframes, session.store.venue)
            for symbol in session.symbols:
                await self._one(session, symbol, length)

    async def _one(self, session: Session, symbol: str, length: Timeframe) -> None:
        stretch, newest = await session.stretch(symbol, self.range, length)
        of = Series(session.store.venue, symbol, length, "start")
        self.now = BarDownload(
            session.store, session.symbols[symbol], self.url, of, stretch, newest, self.patience,
            self.replace, self.watch(of, stretch),
        )  # fmt: skip
        try:
            await self.now.run()
        except AtmsError as error:
            raise type(error)(f"{error}\n{self.kept(error)}".rstrip()) from error
        self.over(self.now)
        self.now = None

    def kept(self, error: AtmsError | None = None) -> str:
        """Return what of the present series is kept, and how it goes on; empty: nothing is."""
        job = self.now
        if job is None or job.reached is None:
            return further("", error)
        number = job.written.added + job.written.known + job.written.different
        until = f"{job.reached:%Y-%m-%d %H:%M} UTC"
        return further(f"{number:,} bars, up to {until}, are in {job.of}", error)
