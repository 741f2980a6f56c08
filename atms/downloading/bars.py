"""A venue's bars into the ledger: page by page, each once, going on where it was broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from atms import ledger
from atms.downloading.patience import WAITS_FOR, Patience
from atms.downloading.stretches import Stretch, beginning, holes
from atms.downloading.venue import HistoryStore
from atms.feeds.bars import micros
from atms.feeds.raw import RawBars
from atms.ledger.bars import Series, Written
from atms.ledger.coverage import downloaded_stretches, stretch_mark
from atms.model import Timeframe
from atms.stores.market import Bar

_COLUMNS = ("open", "high", "low", "close", "volume")
# A bar that a venue has not published by then will not come any more.
_SETTLED = timedelta(hours=1)
_INSTANT = timedelta(milliseconds=1)  # the finest that venues write

Progress = Callable[[datetime, Written], None]


@dataclass
class BarDownload:
    """One series, from a time to a time.

    Args:
        store: connected.
        instrument: the store's id of it.
        url: the ledger's.
        of: the series; its bars are stamped at their start.
        wanted: each bar that has a part in it is, so that what stretches hold adds up.
        newest: bars that end later may not be over yet, or not be published.
        patience: waits for the venue.
        replace: ask for everything again, and let the venue's figures take the place of others.
        progress: told after each transaction up to when there are bars, and what was written.

    Attributes:
        written: bars added, known and different, so far.
        reached: up to when; None: nothing was kept yet.
    """

    store: HistoryStore
    instrument: str
    url: str
    of: Series
    wanted: Stretch
    newest: datetime
    patience: Patience
    replace: bool = False
    progress: Progress = lambda reached, written: None
    written: Written = field(default_factory=Written)
    reached: datetime | None = None

    @property
    def opens(self) -> Stretch:
        """When the bars begin that have a part in what is wanted."""
        length = longest(self.of.timeframe)
        return Stretch(self.wanted.start - length + _INSTANT, self.wanted.end)

    async def run(self) -> None:
        """Ask for what was not downloaded yet; one transaction a page, with how far it came.

        Raises:
            VenueError: it lasts longer than the patience; what came before is kept.
            DataError: the ledger has this series with another kind of stamp.
            LedgerError: the database refused; likewise.
        """
        known = [Stretch(*one) for one in downloaded_stretches(self.url, self.of)]
        for hole in holes([] if self.replace else known, self.wanted):
            await _Hole(self, hole, beginning(known, hole.start)).fill()


@dataclass
class _Hole:
    """One stretch that was not downloaded yet; its mark begins where it goes on from."""

    job: BarDownload
    stretch: Stretch
    begun: datetime
    _bars: list[Bar] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._at = self.stretch.start

    async def fill(self) -> None:
        while True:
            try:
                await self._read()
                break
            except WAITS_FOR as error:
                self._keep()
                await self.job.patience.endure(error)
            except asyncio.CancelledError:
                self._keep()
                raise
        self._end()

    async def _read(self) -> None:
        """Read from where it is to the end."""
        job, length = self.job, longest(self.job.of.timeframe)
        # A sandbox that plays old bars cannot tell whether the last bar of an answer is over: it is
        # asked for more than is wanted.
        start, beyond = self._at - length + _INSTANT, self.stretch.end + 2 * length
        bars = job.store.history(job.instrument, str(job.of.timeframe), start, beyond)
        async for bar in bars:
            wanted = bar.close_at > self._at and bar.open_at < self.stretch.end
            if not wanted or bar.close_at > job.newest:
                continue
            self._bars.append(bar)
            self._at = bar.close_at
            if len(self._bars) >= job.store.page:
                self._keep()
                job.patience.restore()

    def _keep(self) -> None:
        """Write what came, with the mark of how far that is, in one transaction."""
        if self._bars:
            self._commit(self._bars[-1].close_at, finished=False)

    def _end(self) -> None:
        """Write the rest; where the venue has no more bars up to the end, it is done all the same.

        The newest bars are asked for again the next time: they may be published late.
        """
        last = self.stretch.end + longest(self.job.of.timeframe)
        settled = last <= self.job.newest - _SETTLED
        self._commit(self.stretch.end if settled else self._at, finished=True)

    def _commit(self, end: datetime, *, finished: bool) -> None:
        job, bars = self.job, self._bars
        self._bars = []
        mark = stretch_mark(self.begun, end, finished=finished)
        raw = raw_bars(bars, job.of)
        job.written += ledger.write_bars(job.url, job.of, raw, replace=job.replace, mark=mark)
        job.reached = bars[-1].close_at if bars else job.reached
        job.progress(end, job.written)


def longest(timeframe: Timeframe) -> timedelta:
    """Return how long a bar may be: of a month 31 days."""
    if timeframe.unit == "M":
        return timedelta(days=31 * timeframe.count)
    return timedelta(seconds=timeframe.seconds)


def raw_bars(bars: list[Bar], of: Series) -> RawBars:
    """Return a store's bars as columns, stamped at their start."""
    values = {
        name: np.array([_number(bar, name) for bar in bars], dtype=float) for name in _COLUMNS
    }
    stamps = np.array([micros(bar.open_at) for bar in bars], dtype=np.int64)
    return RawBars(of.symbol, str(of), 0, stamps, values, of.timeframe, stamp="start")


def _number(bar: Bar, name: str) -> float:
    value = getattr(bar, name)
    return float("nan") if value is None else float(value)
