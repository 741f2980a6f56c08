"""Steps -> days: which steps belong to one day of trading, and how many such days a year has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400_000_000
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

    A market is taken to be open around the clock if more than a twentieth of its bars fall on a
    Saturday (365 days a year), a currency market if some fall on a Sunday, which then counts as
    Monday (260), and else an exchange (252 sessions).
    """
    days = stamps // DAY
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    if np.mean(weekday == 5) > 0.05:
        a_year, what = 365, "UTC days, 365 a year"
    elif np.mean(weekday == 6) > 0.002:
        days = days + (weekday == 6)
        a_year, what = 260, "currency-market days (Sunday with Monday), 260 a year"
    else:
        a_year, what = 252, "sessions, 252 a year"
    ends = np.append(np.flatnonzero(np.diff(days)), len(days) - 1)
    if len(ends) >= SHORTEST_DAILY:
        return Sampling(ends, a_year, f"daily returns ({what})")
    per_day = len(days) / len(ends)
    return Sampling(
        np.arange(len(days)),
        a_year * per_day,
        f"returns of each bar, because there are fewer than {SHORTEST_DAILY} days "
        f"({per_day:.4g} bars a day; {what})",
    )
