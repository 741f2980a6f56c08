"""What stands for a feed and for its growing bar while Backtrader's own Resampler decides.

The Resampler is asked only at those bars at which it may do something. It sees the times of bars;
of values it is not told: which bars went into which is noted, and the values are put together
afterwards, in arrays.
"""

from __future__ import annotations

import copy
from array import array
from datetime import date, datetime, time
from typing import Any

import backtrader as bt
import numpy as np
from backtrader.dataseries import _Bar
from numpy.typing import NDArray


class Moment:
    """Stands for a feed's ``datetime`` line.

    Attributes:
        now: float days of the present bar.
        before: of the bar before it.
    """

    __slots__ = ("before", "now", "zone")

    def __init__(self, zone: Any, now: float = 0.0) -> None:
        self.zone = zone
        self.now = now
        self.before = 0.0

    def __getitem__(self, ago: int) -> float:
        return self.now if ago == 0 else self.before

    def datetime(self) -> datetime:
        """Return the time that the feed's zone shows."""
        shown: datetime = bt.num2date(self.now, tz=self.zone)
        return shown

    def date(self) -> date:
        """Return the date that the feed's zone shows."""
        return self.datetime().date()

    def time(self) -> time:
        """Return the time of day that the feed's zone shows."""
        return self.datetime().time()


class Other:
    """Stands for the feed whose bar may force a bar out."""

    __slots__ = ("datetime",)

    def __init__(self, zone: Any) -> None:
        self.datetime = Moment(zone)


class Bucket:
    """Stands for the bar that grows in a Resampler; keeps which bars went into it.

    Attributes:
        datetime: as the Resampler sets it.
        taken: how many bars went into this bucket and those before.
    """

    def __init__(self, data: StandIn, priced: NDArray[np.bool_] | None) -> None:
        self.datetime: float = _Bar.MAXDATE
        self.taken = 0
        self._data = data
        self._open = False
        self._priced = priced
        self._from: list[int] = []
        self._to: list[int] = []

    def bstart(self, maxdate: bool = False) -> None:
        """Begin a new bar."""
        self._open = False
        self.datetime = _Bar.MAXDATE

    def isopen(self) -> bool:
        """Return whether a bar with an opening price is in it."""
        return self._open

    def bupdate(self, data: StandIn, reopen: bool = False) -> None:
        """Take the present bar in."""
        self.take(data.index, data.index + 1, data.datetime.now)
        self._open = self._open or self._priced is None or bool(self._priced[data.index])

    def take(self, first: int, last: int, stamp: float) -> None:
        """Take bars *first* to *last* (not included) in; *stamp*: of the last one."""
        if self._to and self._to[-1] == first:
            self._to[-1] = last
        else:
            self._from.append(first)
            self._to.append(last)
        self.taken += last - first
        self.datetime = stamp

    def lvalues(self) -> float:
        """Return the bar, which is its time alone."""
        return self.datetime

    def become(self, is_open: bool) -> None:
        """Be open or not, after bars that the Resampler was not asked about."""
        self._open = is_open
        if not is_open:
            self.datetime = _Bar.MAXDATE

    def order(self) -> NDArray[np.int64]:
        """Return the indices of the bars that were taken in, in that order."""
        if not self._from:
            return np.empty(0, dtype=np.int64)
        parts = [np.arange(a, b) for a, b in zip(self._from, self._to, strict=True)]
        return np.concatenate(parts)


class StandIn:
    """Stands for the resampled feed.

    Args:
        data: the feed that is resampled.
        base: the feed whose bars it takes; *data* itself, or what it is a clone of.

    Attributes:
        index: of the present bar of *base*.
        base_now: the stamp that *base* shows; None: it has had no bar.
        made: the stamps of the bars that the Resampler made, the last one perhaps not loaded yet.
        cuts: how many bars of *base* went into each of them and those before.
        count: how many of them are loaded.
    """

    def __init__(self, data: Any, base: Any) -> None:
        self.datetime = Moment(data.lines.datetime._tz)
        self.p = data.p
        self.num2date = data.num2date
        self.date2num = data.date2num
        self._calendar = data._calendar
        self._base = base
        self.index = -1
        self.base_now: float | None = None
        self.made: list[float] = []
        self.cuts: list[int] = []
        self.count = 0
        self._forwarded = 0
        self.bucket: Any = None

    def __len__(self) -> int:
        return self.count + self._forwarded

    @property
    def stacked(self) -> bool:
        """Whether a bar waits to be loaded."""
        return len(self.made) > self.count

    def show(self, index: int, stamp: float) -> None:
        """Have a new bar of the base, as ``load`` does."""
        self.index = index
        self.base_now = self.datetime.now = stamp
        self._forwarded = 1

    def backwards(self, size: int = 1, force: bool = False) -> None:
        """Give the new bar back."""
        self._forwarded = 0
        self.datetime.now = self.datetime.before

    def _add2stack(self, stamp: float) -> None:
        self.made.append(stamp)
        self.cuts.append(self.bucket.taken)

    def load(self) -> float:
        """Make the waiting bar the present one; return its stamp."""
        stamp = self.made[self.count]
        self.count += 1
        self.datetime.now = self.datetime.before = stamp
        return stamp

    def _getnexteos(self) -> Any:
        return next_session_end(self._base, self.base_now)


def next_session_end(base: Any, stamp: float | None) -> Any:
    """Return what a feed's ``_getnexteos`` answers while its present bar is that of *stamp*."""
    line, first = base.lines.datetime, base.lines[0]
    had = line.array, line._idx, first.lencount
    line.array = array("d", () if stamp is None else (stamp,))
    line._idx, first.lencount = len(line.array) - 1, len(line.array)
    try:
        return base._getnexteos()
    finally:
        line.array, line._idx, first.lencount = had


def rehearsing(resampler: Any, data: Any, base: Any, priced: NDArray[np.bool_] | None) -> Any:
    """Return a copy of *resampler* that works on a stand-in, and the stand-in."""
    stand_in = StandIn(data, base)
    twin = copy.copy(resampler)
    twin.data = stand_in
    twin.bar = stand_in.bucket = Bucket(stand_in, priced)
    return twin, stand_in
