"""Steps -> days: which steps belong to one day of trading, and how many such days a year has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400_000_000
HOUR = 3_600_000_000
LONGEST_DAILY = 4  # days from one bar to the next; beyond, they are weeks, months ...
SHORTEST_DAILY = 30  # a run of fewer days is measured a bar, not a day


@dataclass(frozen=True)
class Sampling:
    """Where returns are measured.

    Attributes:
        last: index of the last step of each period, shape (n,).
        periods_per_year: how many such periods a year has.
        note: the same in words.
    """

    last: NDArray[np.int64]
    periods_per_year: float
    note: str


def sampling(stamps: NDArray[np.int64]) -> Sampling:
    """Return daily sampling of *stamps* (microseconds UTC, shape (n,)); a bar's under 30 days.

    A market with bars between Saturday 03:00 and Sunday 20:00 UTC is open around the clock (365
    days a year); one that opens on Sunday evening is a currency market, whose Sunday belongs to
    Monday (260); any other is an exchange (252 sessions, which end in the middle of its night).
    Bars of weeks or months are measured bar by bar, by the step between them.
    """
    days = stamps // DAY
    hour = stamps % DAY // HOUR
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    sunday_evening = (weekday == 6) & (hour >= 20)
    weekend = ((weekday == 5) & (hour >= 3)) | ((weekday == 6) & (hour < 20))
    if weekend.mean() > 0.01:
        a_year, what = 365, "UTC days, 365 a year"
    elif sunday_evening.mean() > 0.002:
        if (
            len(stamps) > 1 and np.median(np.diff(stamps)) < DAY
        ):  # a daily bar of such a market is a day by itself
            days = days + (weekday == 6)
        a_year, what = 260, "currency-market days (Sunday with Monday), 260 a year"
    else:
        days = (stamps - _night(hour) * HOUR) // DAY
        a_year, what = 252, "sessions, 252 a year"
    ends = np.append(np.flatnonzero(np.diff(days)), len(days) - 1)
    step = float(np.median(np.diff(stamps))) / DAY if len(stamps) > 1 else 1.0
    if step > LONGEST_DAILY:
        return Sampling(ends, 365.25 / step, f"returns of each bar, of {step:.4g} days")
    if len(ends) >= SHORTEST_DAILY:
        return Sampling(ends, a_year, f"daily returns ({what})")
    per_day = len(days) / len(ends)
    return Sampling(
        np.arange(len(days)),
        a_year * per_day,
        f"returns of each bar, because there are fewer than {SHORTEST_DAILY} days "
        f"({per_day:.4g} bars a day; {what})",
    )


def _night(hour: NDArray[np.int64]) -> int:
    """Return the UTC hour in the middle of the longest stretch of hours without a bar."""
    empty = np.bincount(hour, minlength=24) == 0
    length = longest = middle = 0
    for index in range(48):  # twice around the clock, for a night across midnight
        length = length + 1 if empty[index % 24] else 0
        if longest < length <= 24:
            longest, middle = length, index - length // 2
    return middle % 24
