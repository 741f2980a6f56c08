"""Whole columns into a feed's lines, as Backtrader's row by row would have left them."""

from __future__ import annotations

import array
from collections.abc import Callable, Sequence
from typing import Any

import backtrader as bt
import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Finish = Callable[[], None]


class Filling:
    """Takes a feed's rows in portions, and puts those of its dates into its lines at the end.

    Until :meth:`finish` nothing of the feed is changed.

    Args:
        data: a started feed with empty lines.
        setters: the line that each column is for; a line without one stays NaN, as does a column
            that is None. Where two columns are for the same line the later wins.

    Attributes:
        taken: rows that Backtrader would have read, those that it dropped included.
        over: whether a row beyond ``todate`` was among them: nothing more is read.
    """

    def __init__(self, data: Any, setters: Sequence[Any]) -> None:
        self.taken = 0
        self.over = False
        self._data = data
        self._lines = list(data.lines.lines)
        place = {id(line): number for number, line in enumerate(self._lines)}
        self._column = [place[id(line)] for line in setters]
        self._stamps = place[id(data.lines.datetime)]
        self._arrays = [array.array("d") for _ in self._lines]
        self._spilt: list[float] = []

    def add(self, stamps: Column, columns: Sequence[Column | None]) -> None:
        """Take the next rows: their *stamps* as ``_load`` gives them and their *columns*.

        Raises:
            Exception: whatever the feed's own time zone raises.
        """
        wanted: list[Column | None] = [None] * len(self._lines)
        for number, column in zip(self._column, columns, strict=True):
            wanted[number] = column
        wanted[self._stamps] = _from_zone(stamps, self._data._tzinput)
        self._keep(wanted, len(stamps))

    def _keep(self, columns: list[Column | None], count: int) -> None:
        stamps = columns[self._stamps]
        assert stamps is not None
        early = stamps < self._data.fromdate
        late = np.flatnonzero((stamps > self._data.todate) & ~early)
        end = int(late[0]) if len(late) else count
        self.over = end < count
        rows = min(end + 1, count)
        self.taken += rows
        if not rows:
            return
        whole = end == count and not early.any()
        kept = None if whole else np.flatnonzero(~early[:end])
        for target, column in zip(self._arrays, columns, strict=True):
            if column is None:
                column = np.full(count, np.nan)
            _append(target, column if kept is None else column[kept])
        if self.over or early[rows - 1]:
            self._spilt = [float("nan") if c is None else float(c[rows - 1]) for c in columns]
        else:
            self._spilt = []

    def finish(self) -> None:
        """Put what was taken into the lines, and their index before the first bar."""
        for number, (line, values) in enumerate(zip(self._lines, self._arrays, strict=True)):
            if line.extension:
                # The last row that was read and dropped stays where the next was to be written.
                ahead = np.full(line.extension, np.nan)
                ahead[0] = self._spilt[number] if self._spilt else np.nan
                _append(values, ahead)
            line.array = values
        self._data.home()


def _append(target: array.array[float], column: Column) -> None:
    target.frombytes(np.ascontiguousarray(column, dtype=np.float64).data.cast("B"))


def _from_zone(stamps: Column, zone: Any) -> Column:
    """Return *stamps*, read off a clock in *zone*, in UTC; by Backtrader's own functions."""
    if not zone:
        return stamps
    to_date, to_number, localize = bt.num2date, bt.date2num, zone.localize
    moved = [to_number(localize(to_date(stamp))) for stamp in stamps.tolist()]
    return np.array(moved, dtype=np.float64)
