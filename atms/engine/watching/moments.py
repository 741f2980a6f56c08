"""Backtrader's float days as moments, for whole columns at once.

``num2date`` cuts at the microsecond, drops fewer than ten of them and adds what is missing to the
next second where more than 999,990 are left; which day or minute a bar belongs to hangs on that.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from backtrader.utils.dateintern import UTC
from numpy.typing import NDArray

MICROSECOND = 1
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
UNIX_DAY = 719_163  # 1970-01-01 as ``date.toordinal`` counts
CHUNK = 1 << 16


def microseconds(stamps: NDArray[np.float64], tz: Any = None) -> NDArray[np.int64]:
    """Return what ``num2date(stamp, tz)`` shows on the clock, shape of *stamps*.

    In microseconds; day 1 of ``date.toordinal`` begins at one day.

    Args:
        stamps: Backtrader's float days, positive and finite.
        tz: as ``num2date`` takes it; None: as written.
    """
    day = np.floor(stamps)
    left = (stamps - day) * 24.0
    whole = np.floor(left)
    total = day.astype(np.int64) * DAY + whole.astype(np.int64) * HOUR
    for unit in (MINUTE, SECOND):
        left -= whole
        left *= 60.0
        whole = np.floor(left)
        total += whole.astype(np.int64) * unit
    left -= whole
    left *= 1e6
    micro = left.astype(np.int64)
    micro[micro < 10] = 0
    total += micro
    if tz is not None:
        total += _offsets(total, tz)
    late = micro > 999_990
    if late.any():
        total[late] += SECOND - micro[late]
    return total


def _offsets(total: NDArray[np.int64], tz: Any) -> NDArray[np.int64]:
    """Return what *tz* is ahead of UTC at each moment, in microseconds.

    It is asked at the first and the last moment of each hour; only where the two differ, at each.
    """
    hours = total // HOUR
    edges = np.flatnonzero(np.diff(hours)) + 1
    firsts = np.concatenate(([0], edges))
    lasts = np.concatenate((edges, [len(total)])) - 1
    offsets = np.empty_like(total)
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        offset = _offset(int(total[first]), tz)
        offsets[first : last + 1] = offset
        if _offset(int(total[last]), tz) != offset:
            each = [_offset(moment, tz) for moment in total[first : last + 1].tolist()]
            offsets[first : last + 1] = each
    return offsets


def _offset(total: int, tz: Any) -> int:
    utc = datetime.datetime.min + datetime.timedelta(microseconds=total - DAY)
    local = utc.replace(tzinfo=UTC).astimezone(tz).replace(tzinfo=None)
    return (local - utc) // datetime.timedelta(microseconds=1)


def as_datetimes(total: NDArray[np.int64]) -> list[datetime.datetime]:
    """Return naive datetimes for *total*, microseconds as :func:`microseconds` gives them."""
    found: list[datetime.datetime] = (total - UNIX_DAY * DAY).astype("M8[us]").tolist()
    return found


def as_dates(total: NDArray[np.int64]) -> list[datetime.date]:
    """Return the dates of *total*, microseconds as :func:`microseconds` gives them."""
    found: list[datetime.date] = (total // DAY - UNIX_DAY).astype("M8[D]").tolist()
    return found
