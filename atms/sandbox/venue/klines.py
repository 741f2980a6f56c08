"""Klines: those of the file as they are, longer ones made of them, the current one of prints."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.sandbox.venue.intervals import LENGTHS, end_of, start_of
from atms.sandbox.venue.numbers import ZERO, text

Row = tuple[Any, ...]  # start, end (the first millisecond after it), then nine values
OPEN, HIGH, LOW, CLOSE, VOLUME, QUOTE, COUNT, TAKER, TAKER_QUOTE = range(9)
_KEPT = 5000  # rows of an interval finer than the file's


@dataclass(slots=True)
class Forming:
    """One kline that is not over yet.

    Attributes:
        start, end: milliseconds; *end* is the first one after it.
        first_id, last_id: of its trades; -1: none yet.
    """

    interval: str
    start: int
    end: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    quote: Decimal = ZERO
    count: int = 0
    taker: Decimal = ZERO
    taker_quote: Decimal = ZERO
    first_id: int = -1
    last_id: int = -1

    def add(self, price: Decimal, qty: Decimal, buyer_took: bool, trade_id: int) -> None:
        """Count a print in."""
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.volume += qty
        self.quote += qty * price
        self.count += 1
        if buyer_took:
            self.taker += qty
            self.taker_quote += qty * price
        if self.first_id < 0:
            self.first_id = trade_id
        self.last_id = trade_id

    def values(self) -> tuple[float, ...]:
        """Return open, high, low, close, volume, quote, count, taker volume, taker quote."""
        return (
            float(self.open), float(self.high), float(self.low), float(self.close),
            float(self.volume), float(self.quote), float(self.count), float(self.taker),
            float(self.taker_quote),
        )  # fmt: skip

    def payload(self, symbol: str, closed: bool) -> dict[str, Any]:
        """Return it as the kline stream has it (web-socket-streams.md)."""
        return {
            "t": self.start, "T": self.end - 1, "s": symbol, "i": self.interval,
            "f": self.first_id, "L": self.last_id,
            "o": text(self.open), "c": text(self.close), "h": text(self.high),
            "l": text(self.low), "v": text(self.volume), "n": self.count, "x": closed,
            "q": text(self.quote), "V": text(self.taker), "Q": text(self.taker_quote), "B": "0",
        }  # fmt: skip


class Klines:
    """Every kline of one symbol.

    Attributes:
        base: the interval that the bars come in.
        forming: interval -> the kline that is not over yet, of each interval that is followed.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.forming: dict[str, Forming] = {}
        self._followed = {base: LENGTHS[base]}
        self._starts = np.empty(1024, np.int64)
        self._values = np.empty((1024, 9))
        self._size = 0
        self._finer: dict[str, list[Row]] = {}

    def load(self, starts: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Take over bars of the past: starts, shape (n,), in milliseconds; values, shape (n, 9)."""
        self._starts, self._values, self._size = starts.copy(), values.copy(), len(starts)

    def follow(self, interval: str) -> None:
        """Form klines of *interval* from now on; a longer one holds what of it is over already."""
        if interval in self._followed:
            return
        self._followed[interval] = LENGTHS[interval]
        if LENGTHS[interval] < LENGTHS[self.base]:
            self._finer[interval] = []
            return
        current = self.forming.get(self.base)
        newest = int(self._starts[self._size - 1]) if self._size else 0
        latest = current.start if current is not None else newest
        begun = start_of(latest, interval)
        rows = self._between(begun, latest + 1)
        if current is None and (not len(rows) or end_of(begun, interval) <= self._end()):
            return
        self.forming[interval] = _joined(interval, begun, rows, current)

    def add(
        self, time: int, price: Decimal, qty: Decimal, buyer_took: bool, trade_id: int
    ) -> list[Forming]:
        """Count a print in; return the klines that were over before it, the shortest first."""
        closed = self.advance(time)
        for interval in self._followed:
            own = self.forming.get(interval)
            if own is None:
                start = start_of(time, interval)
                end = end_of(start, interval)
                own = Forming(interval, start, end, price, price, price, price)
                self.forming[interval] = own
            own.add(price, qty, buyer_took, trade_id)
        return closed

    def advance(self, time: int) -> list[Forming]:
        """End the klines whose time is over at *time*; return them, the shortest first."""
        over = [own for own in self.forming.values() if own.end <= time]
        over.sort(key=lambda own: LENGTHS[own.interval])
        for own in over:
            del self.forming[own.interval]
            if own.interval == self.base:
                self._append(own)
            elif own.interval in self._finer:
                rows = self._finer[own.interval]
                rows.append((own.start, own.end, *own.values()))
                del rows[:-_KEPT]
        return over

    def rows(self, interval: str, start: int | None, end: int | None, limit: int) -> list[Row]:
        """Return klines that start between *start* and *end*, both included, oldest first.

        Without *start* the latest; the one that still forms is the last.
        """
        self.follow(interval)
        found = self._finer.get(interval)
        if found is None:
            found = self._made(interval, start, end, limit)
        current = self.forming.get(interval)
        if current is not None:
            found = [*found, (current.start, current.end, *current.values())]
        low, high = start if start is not None else 0, end if end is not None else 2**62
        kept = [row for row in found if low <= row[0] <= high]
        return kept[:limit] if start is not None else kept[-limit:]

    def _end(self) -> int:
        return end_of(int(self._starts[self._size - 1]), self.base) if self._size else 0

    def _append(self, own: Forming) -> None:
        if self._size == len(self._starts):
            more = max(1024, self._size)
            self._starts = np.concatenate([self._starts, np.empty(more, np.int64)])
            self._values = np.concatenate([self._values, np.empty((more, 9))])
        self._starts[self._size] = own.start
        self._values[self._size] = own.values()
        self._size += 1

    def _between(self, start: int, end: int) -> NDArray[np.float64]:
        low, high = np.searchsorted(self._starts[: self._size], [start, end])
        return self._values[low:high]

    def _made(self, interval: str, start: int | None, end: int | None, limit: int) -> list[Row]:
        """Return what of *interval* is over, made of the base bars that it takes."""
        starts = self._starts[: self._size]
        # However the file has gaps, so many base bars hold at least *limit* longer ones.
        span = (limit + 1) * max(1, LENGTHS[interval] // LENGTHS[self.base])
        if start is not None:
            low = int(np.searchsorted(starts, start_of(start, interval)))
            high = min(self._size, low + span)
        else:
            high = self._size
            if end is not None:
                past = end_of(start_of(end, interval), interval)
                high = int(np.searchsorted(starts, past))
            low = max(0, high - span)
            if low:
                low = int(np.searchsorted(starts, start_of(int(starts[low]), interval)))
        rows = _resampled(starts[low:high], self._values[low:high], interval)
        current = self.forming.get(interval)
        return [row for row in rows if current is None or row[0] < current.start]


def _resampled(starts: NDArray[np.int64], values: NDArray[np.float64], interval: str) -> list[Row]:
    """Return bars of *interval* made of shorter ones, or of its own."""
    if not len(starts):
        return []
    if interval == "1M":
        groups = np.array([start_of(int(one), interval) for one in starts])
    else:
        shift = start_of(0, interval)
        groups = (starts - shift) // LENGTHS[interval] * LENGTHS[interval] + shift
    heads = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    tails = np.append(heads[1:], len(starts)) - 1
    made = np.empty((len(heads), 9))
    made[:, OPEN], made[:, CLOSE] = values[heads, OPEN], values[tails, CLOSE]
    made[:, HIGH] = np.maximum.reduceat(values[:, HIGH], heads)
    made[:, LOW] = np.minimum.reduceat(values[:, LOW], heads)
    made[:, VOLUME:] = np.add.reduceat(values[:, VOLUME:], heads, axis=0)
    return [
        (int(start), end_of(int(start), interval), *row)
        for start, row in zip(groups[heads], made.tolist(), strict=True)
    ]


def _joined(
    interval: str, start: int, rows: NDArray[np.float64], current: Forming | None
) -> Forming:
    """Return the kline of *interval* so far: bars that are over, and the one that is not."""
    values = [row.tolist() for row in rows] + ([list(current.values())] if current else [])
    table = np.array(values)
    sums = [Decimal(repr(float(one))) for one in table[:, VOLUME:].sum(axis=0)]
    made = Forming(
        interval,
        start,
        end_of(start, interval),
        Decimal(repr(float(table[0, OPEN]))),
        Decimal(repr(float(table[:, HIGH].max()))),
        Decimal(repr(float(table[:, LOW].min()))),
        Decimal(repr(float(table[-1, CLOSE]))),
    )
    made.volume, made.quote, made.taker, made.taker_quote = sums[0], sums[1], sums[3], sums[4]
    made.count = int(sums[2])
    if current is not None:
        made.first_id, made.last_id = current.first_id, current.last_id
    return made


def as_list(row: Row) -> list[Any]:
    """Return a kline as GET /api/v3/klines has it (rest-api.md)."""
    start, end, opened, high, low, close, volume, quote, count, taker, taker_quote = row
    return [
        start, f"{opened:.8f}", f"{high:.8f}", f"{low:.8f}", f"{close:.8f}", f"{volume:.8f}",
        end - 1, f"{quote:.8f}", int(count), f"{taker:.8f}", f"{taker_quote:.8f}", "0",
    ]  # fmt: skip
