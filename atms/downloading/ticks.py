"""A venue's public trades into a Parquet file: each once, going on where it was broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from atms.downloading.kept import further
from atms.downloading.patience import WAITS_FOR, Patience
from atms.downloading.session import Session, connected
from atms.downloading.stretches import Stretch
from atms.downloading.tickfile import TickFile
from atms.downloading.venue import HistoryStore
from atms.errors import AtmsError
from atms.model import TimeRange

_PART = 50_000  # trades; what a kill may take is asked for again
_TOLD = 1000

TickProgress = Callable[[datetime, int], None]


@dataclass
class AskedTicks:
    """What is asked for.

    Args:
        store: not connected yet.
        symbols: as they are written here or at the venue.
        range: it has a start.
        target: venue and symbol -> the file.
        force: whether what is there may go.
        watch: called as a symbol begins; returns what hears of its progress.
        over: called with venue, symbol and its file, which is not there if no trade is.

    Attributes:
        now: the file that is being written; None: none is.
    """

    store: HistoryStore
    symbols: Sequence[str]
    range: TimeRange
    target: Callable[[str, str], Path]
    patience: Patience
    force: bool = False
    watch: Callable[[str, Stretch], TickProgress] = lambda symbol, stretch: lambda at, rows: None
    over: Callable[[str, str, TickFile], None] = lambda venue, symbol, file: None
    now: TickFile | None = field(default=None, init=False)

    async def run(self) -> None:
        """Download one symbol after the other.

        Raises:
            ConfigError, VenueError: the venue does not know a symbol; or the start lies in the
                future.
            VenueError, OutputError: it broke off; the message says what is kept.
        """
        async with connected(self.store, self.symbols, self.patience) as session:
            for symbol in session.symbols:
                await self._one(session, symbol)

    async def _one(self, session: Session, symbol: str) -> None:
        stretch, _ = await session.stretch(symbol, self.range)
        venue = session.store.venue
        about = {"venue": venue, "symbol": symbol, "since": f"{stretch.start:%Y-%m-%dT%H:%M:%SZ}"}
        self.now = TickFile(self.target(venue, symbol), about, force=self.force)
        try:
            await self._fill(session.symbols[symbol], stretch, self.watch(symbol, stretch))
            self.now.finish()
        except AtmsError as error:
            raise type(error)(f"{error}\n{self.kept(error)}".rstrip()) from error
        self.over(venue, symbol, self.now)
        self.now = None

    async def _fill(self, instrument: str, stretch: Stretch, told: TickProgress) -> None:
        assert self.now is not None
        file = self.now
        while True:
            span = (stretch.start, stretch.end)
            try:
                async for one in self.store.trades(instrument, *span, file.last):
                    file.add(one)
                    self.patience.restore()
                    if len(file) % _TOLD == 0:
                        told(one.at, len(file))
                    if file.waiting >= _PART:
                        file.keep()
                return
            except WAITS_FOR as error:
                file.keep()
                await self.patience.endure(error)
            except asyncio.CancelledError:
                file.keep()
                raise

    def kept(self, error: AtmsError | None = None) -> str:
        """Return what of the present symbol is kept, and how it goes on."""
        file = self.now
        if file is None or file.last is None:
            return further("", error)
        place = file.parts if file.parts.is_dir() else file.path
        what = f"{file.rows:,} trades, up to {file.last[1]:%Y-%m-%d %H:%M} UTC, are in {place}"
        return further(what, error)


@dataclass(frozen=True)
class TickFindings:
    """What a file of trades holds.

    Attributes:
        span: the first and the last time.
        missing: ids between the first and the last that are not there; None: they are no numbers.
        doubled: ids that do not rise.
        back: times that lie before the one above.
    """

    rows: int
    span: tuple[datetime, datetime]
    missing: int | None
    doubled: int
    back: int


def look_over_ticks(path: Path) -> TickFindings:
    """Read a file of trades through, a part at a time."""
    last_id = last_at = None
    rows = missing = doubled = back = 0
    numbers = True
    with pq.ParquetFile(path) as file:
        first = file.read_row_group(0, columns=["datetime"])["datetime"][0].as_py()
        for batch in file.iter_batches(columns=["datetime", "id"]):
            stamps = batch["datetime"].cast(pa.int64()).to_numpy()
            numbers = numbers and bool(pc.all(pc.utf8_is_digit(batch["id"])).as_py())
            if numbers:
                ids = batch["id"].cast(pa.int64()).to_numpy()
                steps = np.diff(ids, prepend=ids[0] - 1 if last_id is None else last_id)
                missing += int((steps[steps > 0] - 1).sum())
                doubled += int((steps <= 0).sum())
                last_id = ids[-1]
            back += int((np.diff(stamps, prepend=last_at or stamps[0]) < 0).sum())
            last_at, rows = stamps[-1], rows + len(batch)
            end = batch["datetime"][-1].as_py()
    return TickFindings(rows, (first, end), missing if numbers else None, doubled, back)
