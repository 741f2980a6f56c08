"""Times between our microseconds and Backtrader's float days, exact to the last bit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400_000_000
_EPOCH_ORDINAL = 719_163  # date(1970, 1, 1).toordinal()


def to_days(stamps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return *stamps* (microseconds since 1970 UTC, shape (n,)) as Backtrader's float days.

    Equal to ``backtrader.date2num`` bit for bit. That is the correctly rounded sum of the day
    and four quotients (``math.fsum``); here the day plus the rounded sum of the quotients is
    taken, and the rare stamp whose exact sum lies too near the middle between two floats to be
    sure of goes through fsum.
    """
    days, rest = np.divmod(stamps, _DAY)
    hours, rest = np.divmod(rest, 3_600_000_000)
    minutes, rest = np.divmod(rest, 60_000_000)
    seconds, micros = np.divmod(rest, 1_000_000)
    base = (days + _EPOCH_ORDINAL).astype(np.float64)
    quotients = (hours / 24.0, minutes / 1440.0, seconds / 86400.0, micros / 86400e6)
    part = ((quotients[3] + quotients[2]) + quotients[1]) + quotients[0]
    total = base + part
    lost = part - (total - base)  # exact: base is the larger summand
    half = np.spacing(total) / 2
    for index in np.flatnonzero(np.abs(np.abs(lost) - half) < 2.0**-50):
        total[index] = math.fsum((base[index], *(q[index] for q in quotients)))
    return np.asarray(total, dtype=np.float64)


def to_micros(days: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return Backtrader's float *days*, shape (n,), as microseconds since 1970 UTC.

    A float day resolves about 12 microseconds, so what lies within 20 of a whole millisecond is
    taken to be it; not across midnight, because Backtrader ends a session's day at 23:59:59.99999.
    Where the source's own stamp is known, use that instead.
    """
    whole = np.floor(days)
    within = np.rint((days - whole) * _DAY).astype(np.int64)
    millisecond = (within + 500) // 1000 * 1000
    within = np.where(np.abs(within - millisecond) <= 20, millisecond, within)
    within = np.where(within >= _DAY, _DAY - 10, within)
    return np.asarray((whole.astype(np.int64) - _EPOCH_ORDINAL) * _DAY + within, dtype=np.int64)
