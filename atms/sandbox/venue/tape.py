"""A market from bars in a file: read once, then played as prints at a chosen speed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.raw import mended
from atms.feeds.reading import read_raw
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.intervals import LENGTHS, name_of
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.numbers import QUANTUM
from atms.sandbox.venue.paths import Step, path

_HISTORY = 1000
_SAMPLE = 20_000  # rows that tell how fine prices are
_SHARE = 50  # a level of the book holds a bar's volume by this
_LONGEST_GAP = 2  # bars; a longer one is passed over


@dataclass
class Tape:
    """Bars of one symbol.

    Attributes:
        interval: of the bars, one that the venue has.
        tick: as fine as the prices are.
        starts: milliseconds, int64, shape (n,).
        columns: open, high, low, close, volume; float64, shape (n, 5).
        next: the row that is played next.
    """

    name: str
    interval: str
    tick: Decimal
    starts: NDArray[np.int64]
    columns: NDArray[np.float64]
    next: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    def describe(self) -> str:
        """Return what it holds, in words."""
        ends = [
            datetime.fromtimestamp(int(self.starts[row]) / 1000, UTC).strftime("%Y-%m-%d %H:%M")
            for row in (0, min(self.next, len(self) - 1), -1)
        ]
        return (
            f"{len(self):,} bars of {self.interval}, {ends[0]} to {ends[2]} UTC; "
            f"the present begins at {ends[1]}"
        )

    def load(self, market: Market) -> None:
        """Put the bars before the first one that is played into the market's past."""
        past = self.columns[: self.next]
        values = np.zeros((self.next, 9))
        values[:, :5] = past
        values[:, 5] = past[:, 4] * past[:, :4].mean(axis=1)
        values[:, 6] = 12
        values[:, 7:] = values[:, 4:6] / 2
        market.klines.load(self.starts[: self.next], values)
        if self.next:
            self.deepen(market, self.next - 1)
            last = self.prices(self.next - 1)[3]
            end = int(self.starts[self.next - 1]) + LENGTHS[self.interval]
            market.stand_at(last, end)

    def prices(self, row: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Return open, high, low and close of a bar, on whole ticks."""
        opened, high, low, close = (self.exact(one) for one in self.columns[row, :4])
        return opened, high, low, close

    def steps(self, row: int) -> list[Step]:
        """Return the prints of a bar."""
        volume = Decimal(f"{self.columns[row, 4]:.8f}").quantize(QUANTUM)
        return path(self.prices(row), volume, self.tick)

    def deepen(self, market: Market, row: int) -> None:
        """Let the book be as deep as the bar traded."""
        volume = Decimal(f"{self.columns[row, 4]:.8f}")
        if volume > 0:
            market.ladder.depth = max(market.symbol.step, volume / _SHARE)

    def exact(self, value: float) -> Decimal:
        """Return a price on whole ticks."""
        return (Decimal(repr(float(value))) / self.tick).to_integral_value() * self.tick


async def play(tape: Tape, market: Market, speed: float) -> None:
    """Play the bars that are left; return when the file is over.

    Gaps of the file are passed over: market time jumps to the next bar.
    """
    loop = asyncio.get_running_loop()
    length = LENGTHS[tape.interval]
    began, origin = loop.time(), int(tape.starts[tape.next]) if tape.next < len(tape) else 0
    first = tape.next
    while tape.next < len(tape):
        row = tape.next
        start = int(tape.starts[row])
        gap = start - market.time
        if gap > _LONGEST_GAP * length and row > first:
            origin += gap - length
        tape.deepen(market, row)
        for step in tape.steps(row):
            at = start + int(step.share * length)
            await _until(loop, began + (at - origin) / 1000 / speed)
            market.print(step.price, step.qty, buyer_took=step.buyer_took, time=at)
        await _until(loop, began + (start + length - origin) / 1000 / speed)
        market.advance(start + length)
        tape.next += 1


async def _until(loop: asyncio.AbstractEventLoop, moment: float) -> None:
    # A sleep of zero lets requests through when the tape is behind.
    await asyncio.sleep(max(0.0, moment - loop.time()))


def read_tape(market: MarketConfig, name: str) -> Tape:
    """Read the bars of *market*.

    Raises:
        DataError: they cannot be read, are too few, or of a length that the venue has not.
    """
    assert market.source is not None
    raw = mended(read_raw(market.source, name=name))
    if len(raw) < 2:
        raise DataError(f"{raw.where}: has fewer than two bars with prices")
    length = raw.step.seconds * 1000
    interval = name_of(length)
    if interval is None:
        raise DataError(
            f"{raw.where}: its bars are {raw.step} long, and the venue has no such klines; it has: "
            + ", ".join(LENGTHS)
        )
    starts = raw.stamps // 1000 - (length if raw.stamp == "end" else 0)
    names = ("open", "high", "low", "close", "volume")
    columns = np.column_stack([raw.columns[one] for one in names])
    columns[:, 4] = np.nan_to_num(columns[:, 4], nan=float(market.depth) * _SHARE)
    past = market.history if market.history is not None else min(_HISTORY, len(raw) // 2)
    tick = market.tick or fineness(columns[:_SAMPLE, :4])
    return Tape(name, interval, tick, starts, columns, min(past, len(raw)))


def fineness(prices: NDArray[np.float64]) -> Decimal:
    """Return the coarsest power of ten, at most 0.01, that all *prices* are multiples of."""
    for places in range(2, 8):
        scaled = prices * 10.0**places
        if np.abs(scaled - np.round(scaled)).max() < 1e-3:
            return Decimal(1).scaleb(-places)
    return QUANTUM
