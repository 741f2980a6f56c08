"""The bars that a calendar expects: where they begin and end, and which are not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from atms.feeds.calendars import DAY, Calendar, Ints, to_local, weekdays
from atms.feeds.times import session_dates
from atms.model import Timeframe

_SECOND = 1_000_000
_SAMPLE = 20_000  # stamps that are looked at to find the grid they lie on
_TOLERANCE = 60 * _SECOND  # stamps may be so much early, ends late, but a tenth of a bar at most
_LEAST_MONTH, _MONTH = 28, 30.44  # days


@dataclass(frozen=True)
class Places:
    """Where n bars stand in the row of all bars that the calendar expects; shape (n,).

    Attributes:
        low: the number of the last expected bar that is not after this one.
        high: the number of the first that is not before; the same, where the bar is expected.
    """

    low: Ints
    high: Ints

    @property
    def expected(self) -> NDArray[np.bool_]:
        """Whether each bar is one that the calendar expects."""
        return np.asarray(self.low == self.high)

    def missing(self) -> Ints:
        """Return how many expected bars are missing between each bar and the next, shape (n-1,)."""
        return np.asarray(np.maximum(self.high[1:] - self.low[:-1] - 1, 0))


def places(calendar: Calendar, stamps: Ints, timeframe: Timeframe, stamp: str | None) -> Places:
    """Return where bars stand in the row of expected ones.

    Bars shorter than a day: a session is cut into bars from its opening; where the stamps fit
    better, from midnight in the calendar's zone or on UTC's clock. One is expected for each
    piece, short first and last ones too, and is there if any stamp lies in it. Days: one
    for each date with a session. Weeks, months and several days: one for each that has such a
    date.

    Args:
        calendar: it covers all stamps that it knows.
        stamps: microseconds since 1970 UTC, rising, shape (n,).
        timeframe: the length of a bar.
        stamp: ``"end"`` where stamps are the bars' ends; else they are taken for starts.
    """
    if timeframe.seconds * _SECOND >= DAY:
        dates = bar_dates(calendar, stamps, timeframe)
        days = _days(timeframe)
        expected = np.unique(_numbered(calendar.dates, days, dates))
        numbers = _numbered(dates, days, dates)
        low = np.searchsorted(expected, numbers, side="right") - 1
        return Places(low, np.searchsorted(expected, numbers, side="left"))
    return _Grid.fitted(calendar, stamps, timeframe.seconds * _SECOND, stamp).places(stamps, stamp)


def expected_stamps(
    calendar: Calendar, first: int, last: int, timeframe: Timeframe, stamp: str = "start"
) -> Ints:
    """Return the stamps of the bars expected from *first* to *last* (included), microseconds UTC.

    Bars shorter than a day are counted from each session's opening; the last may be short, and
    ends with the session. Of days and longer the stamp is the first session's date, at 00:00.
    """
    step = timeframe.seconds * _SECOND
    if step >= DAY:
        stamps = calendar.dates * DAY
        stamps = stamps[(stamps >= first) & (stamps <= last)]
        dates = stamps // DAY
        numbers = _numbered(dates, _days(timeframe), dates)
        return np.asarray(stamps[np.append(True, numbers[1:] != numbers[:-1])[: len(stamps)]])
    counts = -(-(calendar.closes - calendar.opens) // step)
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    stamps = np.repeat(calendar.opens, counts) + nth * step
    if stamp == "end":
        stamps = np.minimum(stamps + step, np.repeat(calendar.closes, counts))
    return np.asarray(stamps[(stamps >= first) & (stamps <= last)])


# ---- days and longer ----------------------------------------------------------------------------
def bar_dates(calendar: Calendar, stamps: Ints, timeframe: Timeframe) -> Ints:
    """Return the date of each bar of a day or longer, days since 1970, shape (n,).

    Stamps at 00:00 UTC are dates as they stand. Others are moments, and the date is the
    session's; one that ends a day may be the next date's first moment, so what fits counts.
    """
    if session_dates(stamps, timeframe):
        return stamps // DAY
    local = calendar.local(stamps)
    dates, before = local // DAY, (local - 1) // DAY
    fits, fits_before = (np.isin(each, calendar.dates).sum() for each in (dates, before))
    return before if fits_before > fits else dates


def _days(timeframe: Timeframe) -> int:
    return max(1, round(timeframe.seconds * _SECOND / DAY))


def _numbered(days_since: Ints, days: int, bars: Ints) -> Ints:
    """Return the numbers of the periods of *days* days that dates lie in, shape (n,).

    Months are the calendar's, and so are weeks; other periods are counted from the first bar.

    Args:
        days_since: the dates, days since 1970.
        days: the length of a period.
        bars: the dates of the bars.
    """
    if days == 1 or not len(bars):
        return days_since
    if days >= _LEAST_MONTH and days % 7:
        each, first = (_months(dates) for dates in (days_since, bars[:1]))
        return (each - first) // max(1, round(days / _MONTH))
    origin = int(bars[0])
    if days % 7 == 0:
        origin -= int(weekdays(bars[:1])[0])  # weeks begin on Monday
    return (days_since - origin) // days


def _months(dates: Ints) -> Ints:
    return dates.view("datetime64[D]").astype("datetime64[M]").astype(np.int64)


# ---- shorter than a day -------------------------------------------------------------------------
@dataclass(frozen=True)
class _Grid:
    """Stretches of trading cut into bars: where each one's first begins, and how many it has."""

    begins: Ints
    counts: Ints
    step: int

    @classmethod
    def fitted(cls, calendar: Calendar, stamps: Ints, step: int, stamp: str | None) -> _Grid:
        """Cut the calendar's stretches as most stamps lie; from the openings, if that is equal."""
        opens, closes = calendar.opens, calendar.closes
        if not len(opens) or not len(stamps):
            return cls.cut(opens, closes, opens, step)
        sample = stamps[:: max(1, len(stamps) // _SAMPLE)]
        side: Literal["left", "right"] = "left" if stamp == "end" else "right"
        stretch = np.maximum(np.searchsorted(opens, sample, side=side) - 1, 0)
        last = np.isin(sample, closes) if stamp == "end" else np.zeros(len(sample), dtype=bool)
        best, most = opens, -1.0
        for origin in _origins(calendar, sample, step):
            fit = float((((sample - origin[stretch]) % step == 0) | last).mean())
            if fit > most:
                best, most = origin, fit
        return cls.cut(opens, closes, best, step)

    @classmethod
    def cut(cls, opens: Ints, closes: Ints, origin: Ints, step: int) -> _Grid:
        """Cut stretches so that bars begin at whole steps from each one's *origin*."""
        begins = opens - (opens - origin) % step
        ends = closes + (origin - closes) % step
        # A bar of the clock may reach over a pause: it is expected once.
        before = np.append(begins[:1], ends[:-1])
        over = np.where((before - begins) % step == 0, np.maximum(before - begins, 0), 0)
        begins = begins + over
        return cls(begins, np.maximum((ends - begins) // step, 0), step)

    def places(self, stamps: Ints, stamp: str | None) -> Places:
        """Return where *stamps* stand in the row of these bars."""
        if not len(self.begins):
            return Places(np.full(len(stamps), -1), np.zeros(len(stamps), dtype=np.int64))
        early = min(self.step // 10, _TOLERANCE)
        moments = stamps - 1 - early if stamp == "end" else stamps + early
        before = np.cumsum(self.counts) - self.counts
        stretch = np.searchsorted(self.begins, moments, side="right") - 1
        known = np.maximum(stretch, 0)
        nth = (moments - self.begins[known]) // self.step
        count = self.counts[known]
        low = np.where(stretch < 0, -1, before[known] + np.minimum(nth, count - 1))
        high = np.where(nth < count, np.maximum(low, 0), before[known] + count)
        return Places(low, np.where(stretch < 0, 0, high))


def _origins(calendar: Calendar, sample: Ints, step: int) -> Iterator[Ints]:
    """Yield, for each stretch, a moment from which its bars may be counted; shape (m,)."""
    opens = calendar.opens
    yield opens
    if step > _SECOND * 60:
        yield opens - to_local(opens, calendar.zone) % DAY
    phases, counts = np.unique(sample % step, return_counts=True)
    yield np.full_like(opens, phases[int(np.argmax(counts))])
