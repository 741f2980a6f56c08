"""At which steps Backtrader's time frame analyzers see a new period, and what they call it."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from backtrader import TimeFrame, num2date
from numpy.typing import NDArray

from atms.engine.watching import moments
from atms.engine.watching.moments import CHUNK, DAY, MINUTE, SECOND, UNIX_DAY

Key = datetime.date | datetime.datetime


class Periods:
    """The periods of one timeframe over the steps of a run.

    A period begins where its key is above all before it. The first step is not among them: it is
    taken by Backtrader's own code.

    Args:
        timeframe: one of Backtrader's, from seconds to years.
        starts: steps at which a period begins, increasing.
        codes: for each, its key in microseconds as ``moments`` counts them.
    """

    def __init__(self, timeframe: int, starts: NDArray[np.int64], codes: NDArray[np.int64]) -> None:
        self._timeframe = timeframe
        self._starts = starts
        self._codes = codes

    def starts(self, first: int, last: int) -> NDArray[np.int64]:
        """Return the steps from *first* to before *last* at which a period begins."""
        return self._starts[slice(*np.searchsorted(self._starts, [first, last]))]

    def keys(self, first: int, last: int) -> list[Any]:
        """Return ``dtkey`` of the periods that begin from *first* to before *last*."""
        codes = self._codes[slice(*np.searchsorted(self._starts, [first, last]))]
        if self._timeframe == TimeFrame.Years:
            return moments.as_dates(codes)
        return moments.as_datetimes(codes)


class Calendar:
    """The clock of a strategy over the steps of a run.

    Args:
        stamps: shape (steps,), Backtrader's float days, increasing.
        tz: the time zone of the strategy's ``datetime``; None: as written.
    """

    def __init__(self, stamps: NDArray[np.float64], tz: Any) -> None:
        self._stamps = stamps
        self._tz = tz
        self._periods: dict[tuple[int, int], Periods] = {}

    def at(self, step: int) -> datetime.datetime:
        """Return ``strategy.datetime.datetime()`` at *step*."""
        found: datetime.datetime = num2date(float(self._stamps[step]), self._tz)
        return found

    def datetimes(self, first: int, last: int) -> list[datetime.datetime]:
        """Return ``strategy.datetime.datetime()`` from *first* to before *last*."""
        return moments.as_datetimes(moments.microseconds(self._stamps[first:last], self._tz))

    def dates(self, first: int, last: int) -> list[datetime.date]:
        """Return ``strategy.datetime.date()`` from *first* to before *last*."""
        return moments.as_dates(moments.microseconds(self._stamps[first:last], self._tz))

    def periods(self, timeframe: int, compression: int) -> Periods:
        """Return the periods of a timeframe; *compression* counts below days only."""
        compression = 1 if timeframe >= TimeFrame.Days else compression
        key = (timeframe, compression)
        if key not in self._periods:
            self._periods[key] = self._find(timeframe, compression)
        return self._periods[key]

    def _find(self, timeframe: int, compression: int) -> Periods:
        if timeframe == TimeFrame.NoTimeFrame:  # the first step's lasts for ever
            none = np.empty(0, np.int64)
            return Periods(timeframe, none, none)
        if timeframe < TimeFrame.Days:
            unit = MINUTE if timeframe == TimeFrame.Minutes else SECOND
            return Periods(timeframe, *self._rising(unit, compression))
        steps, days = self._days()
        codes = _END_OF[timeframe](days)
        new = np.diff(codes, prepend=-1) > 0
        return Periods(timeframe, steps[new][1:], codes[new][1:] * DAY)

    def _days(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        steps, codes = self._rising(DAY, 1, with_first=True)
        return steps, codes // DAY

    def _rising(
        self, unit: int, compression: int, with_first: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the steps where the end of the period rises above all before, and those ends."""
        steps, codes, highest = [], [], -1
        for first in range(0, len(self._stamps), CHUNK):
            part = moments.microseconds(self._stamps[first : first + CHUNK], self._tz)
            ends = _ends(part, unit, compression)
            before = np.maximum.accumulate(np.concatenate(([highest], ends)))
            rises = ends > before[:-1]
            highest = int(before[-1])
            steps.append(np.flatnonzero(rises) + first)
            codes.append(ends[rises])
        drop = 0 if with_first else 1
        return np.concatenate(steps)[drop:], np.concatenate(codes)[drop:]


def _ends(total: NDArray[np.int64], unit: int, compression: int) -> NDArray[np.int64]:
    """Return the last unit of each moment's period; periods are counted from midnight."""
    units = total // unit
    if compression > 1:
        day = DAY // unit
        midnight = units - units % day
        units = midnight + ((units - midnight) // compression + 1) * compression - 1
    units *= unit
    return units


def _of_week(days: NDArray[np.int64]) -> NDArray[np.int64]:
    return (days - 1) // 7 * 7 + 7  # day 1 was a Monday; a week ends on Sunday


def _of_month(days: NDArray[np.int64]) -> NDArray[np.int64]:
    months = (days - UNIX_DAY).astype("M8[D]").astype("M8[M]")
    return (months + np.timedelta64(1, "M")).astype("M8[D]").astype(np.int64) + (UNIX_DAY - 1)


def _of_year(days: NDArray[np.int64]) -> NDArray[np.int64]:
    years = (days - UNIX_DAY).astype("M8[D]").astype("M8[Y]")
    return (years + np.timedelta64(1, "Y")).astype("M8[D]").astype(np.int64) + (UNIX_DAY - 1)


_END_OF = {
    TimeFrame.Days: lambda days: days,
    TimeFrame.Weeks: _of_week,
    TimeFrame.Months: _of_month,
    TimeFrame.Years: _of_year,
}
