"""Bars as columns, ready to be bulk-loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.times import session_dates
from atms.model import Timeframe, TimeRange

PRICES = ("open", "high", "low", "close")
STANDARD = (*PRICES, "volume", "openinterest")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Bars:
    """Columns of equal length n, in order of time.

    Attributes:
        name: how errors and results call it.
        stamps: the source's own stamps, microseconds since 1970 UTC, int64, shape (n,), rising.
        columns: open, high, low, close, volume (NaN where the source has none), then every
            extra column; float64, shape (n,).
        seen: the stamps that Backtrader sees, the same unless bars are stamped at their start.
        timeframe: the length of a bar.
        ends: whether what Backtrader sees is known to be the bars' ends.
        notes: what was left out or changed on the way in.
    """

    name: str
    stamps: NDArray[np.int64]
    seen: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    timeframe: Timeframe
    ends: bool = False
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def extras(self) -> tuple[str, ...]:
        """Names of the columns beyond open, high, low, close and volume."""
        return tuple(name for name in self.columns if name not in STANDARD)

    @property
    def span(self) -> str:
        """First and last stamp, for messages."""
        first, last = pd.to_datetime(self.stamps[[0, -1]], unit="us", utc=True)
        return f"{first:%Y-%m-%d %H:%M} .. {last:%Y-%m-%d %H:%M} UTC"

    @property
    def labels(self) -> bool:
        """Whether the stamps are dates of sessions, which no time zone moves."""
        return session_dates(self.stamps, self.timeframe)

    def digest(self) -> str:
        """Return a hash of the stamps and every column."""
        return columns_digest(self.stamps, self.columns)

    def until(self, end: datetime | None) -> Bars:
        """Return the bars with stamps before *end*."""
        if end is None:
            return self
        return self.cut(0, int(np.searchsorted(self.stamps, micros(end), side="left")))

    def cut(self, first: int, last: int) -> Bars:
        """Return bars *first* to *last* (not included), by position."""
        columns = {name: values[first:last] for name, values in self.columns.items()}
        part = slice(first, last)
        return replace(self, stamps=self.stamps[part], seen=self.seen[part], columns=columns)


def columns_digest(stamps: NDArray[np.int64], columns: Mapping[str, NDArray[np.float64]]) -> str:
    """Return a hash of *stamps* and *columns*, SHA-256 in hex."""
    found = hashlib.sha256(stamps.tobytes())
    for name, values in columns.items():
        found.update(name.encode())
        found.update(values.tobytes())
    return found.hexdigest()


def micros(moment: datetime) -> int:
    """Return microseconds since 1970 UTC of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def select(bars: Bars, timerange: TimeRange | None) -> tuple[Bars, int]:
    """Return the bars up to the range's end, and how many of them come before its start.

    Raises:
        DataError: fewer than two bars inside the range.
    """
    if timerange is None:
        return bars, 0
    known = bars.until(timerange.end)
    before = 0
    if timerange.start is not None:
        before = int(np.searchsorted(known.stamps, micros(timerange.start), side="left"))
    if len(known) - before < 2:
        raise DataError(
            f"{bars.name}: has {len(known) - before} bars in {timerange}; it covers {bars.span}"
        )
    return known, before
