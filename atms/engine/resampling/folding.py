"""The values of resampled bars, put together as Backtrader's growing bar does it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
_EXACT = 2.0**53


def folded(
    columns: Sequence[Values], order: NDArray[np.int64], cuts: NDArray[np.int64]
) -> list[Values]:
    """Return close, low, high, open, volume and open interest of resampled bars, each shape (n,).

    Args:
        columns: the same of the base's bars, each shape (bars,).
        order: indices of the base's bars that go into the resampled ones, in that order.
        cuts: how many of *order* go into each resampled bar and those before; each has one.
    """
    if not len(cuts):
        return [np.empty(0)] * 6
    count = int(cuts[-1])
    used = order[:count]
    if count and used[0] == 0 and used[-1] == count - 1 and (np.diff(used) == 1).all():
        close, low, high, opened, volume, interest = (one[:count] for one in columns[:6])
    else:
        close, low, high, opened, volume, interest = (one[used] for one in columns[:6])
    starts = np.concatenate([np.zeros(1, dtype=np.int64), cuts[:-1]])
    return [
        close[cuts - 1],
        -_highest(-low, starts, cuts),
        _highest(high, starts, cuts),
        _first_priced(opened, starts, cuts),
        _sums(volume, starts, cuts),
        interest[cuts - 1],
    ]


def _highest(values: Values, starts: NDArray[np.int64], cuts: NDArray[np.int64]) -> Values:
    """Return what Python's ``max``, begun at minus infinity, leaves of each group.

    It passes NaN over, and of zeros with two signs it keeps the first. Of negated values it is
    ``min``.
    """
    found = np.maximum.reduceat(np.where(np.isnan(values), -np.inf, values), starts)
    for group in np.flatnonzero(found == 0.0):
        inside = values[starts[group] : cuts[group]]
        found[group] = inside[np.flatnonzero(inside == 0.0)[0]]
    return np.asarray(found)


def _first_priced(values: Values, starts: NDArray[np.int64], cuts: NDArray[np.int64]) -> Values:
    """Return the first value of each group that is a number; NaN where there is none."""
    found = values[starts]
    for group in np.flatnonzero(np.isnan(found)):
        inside = values[starts[group] : cuts[group]]
        priced = inside[~np.isnan(inside)]
        if len(priced):
            found[group] = priced[0]
    return found


def _sums(values: Values, starts: NDArray[np.int64], cuts: NDArray[np.int64]) -> Values:
    """Return the sum of each group, added one by one from 0.0."""
    if _adds_exactly(values):
        return np.asarray(np.add.reduceat(values, starts)) + 0.0
    sizes = cuts - starts
    longest = int(sizes.max())
    if len(starts) < longest:
        groups = zip(starts.tolist(), cuts.tolist(), strict=True)
        return np.array([np.cumsum(values[a:b])[-1] for a, b in groups]) + 0.0
    found = np.zeros(len(starts))
    for place in range(longest):
        growing = sizes > place
        found[growing] += values[starts[growing] + place]
    return found


def _adds_exactly(values: Values) -> bool:
    """Return whether *values* are whole numbers so small that any order gives the same sum."""
    size = np.abs(values).sum()
    return bool(size < _EXACT and (values == np.floor(values)).all())
