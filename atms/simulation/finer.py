"""Finer bars within a feed's own, on which orders are matched one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.simulation.matching import Bar

_TOLERANCE = 1_000  # microseconds: Backtrader's float days have lost some twelve
_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class FinerBars:
    """Bars in the order of time.

    Attributes:
        starts, ends: microseconds since 1970 UTC, shape (n,).
        columns: open, high, low, close, volume, shape (n,) each.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> FinerBars:
        """Read bars from a frame whose index is each bar's end, with a time zone.

        Raises:
            ValueError: the index is no time with a zone, is unsorted, or has under two bars; a
                column is missing.
        """
        index = frame.index
        if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
            raise ValueError("intrabar: its index must be each bar's end, with a time zone")
        missing = [name for name in _COLUMNS[:4] if name not in frame]
        if missing:
            raise ValueError(f"intrabar: has no column {', '.join(missing)}")
        ends = index.tz_convert("UTC").as_unit("us").asi8
        steps = np.diff(ends)
        if len(ends) < 2 or (steps <= 0).any():
            raise ValueError("intrabar: needs two bars or more, in the order of time, none twice")
        lengths, counts = np.unique(steps, return_counts=True)
        columns = {
            name: frame[name].to_numpy(dtype=np.float64) for name in _COLUMNS if name in frame
        }
        columns.setdefault("volume", np.full(len(ends), np.nan))
        return cls(ends - lengths[counts.argmax()], ends, columns)

    def between(self, after: datetime | None, until: datetime) -> range:
        """Return the places of the bars that end after one moment and at another or before."""
        first = 0
        if after is not None:
            first = int(np.searchsorted(self.ends, micros(after) + _TOLERANCE, side="right"))
        last = int(np.searchsorted(self.ends, micros(until) + _TOLERANCE, side="right"))
        return range(first, last)

    def bar(self, place: int) -> Bar:
        """Return one of them."""
        return Bar(*(float(self.columns[name][place]) for name in _COLUMNS))

    def began(self, place: int, after: int) -> bool:
        """Return whether a bar began at a moment (microseconds) or later."""
        return bool(self.starts[place] + _TOLERANCE >= after)


def micros(moment: Any) -> int:
    """Return microseconds since 1970 of a moment in UTC without its zone, as Backtrader has it."""
    return int(np.datetime64(moment, "us").astype(np.int64))
