"""The highest and lowest of sliding windows, and where they are, as Python's max and min choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from atms.engine.once.columns import BLOCK, Floats, NotExactError

Picks = Callable[[Any, Any], Any]


def window_extremes(values: Floats, period: int, into: Floats, highest: bool) -> None:
    """Write ``max`` or ``min`` of each *period* neighbouring values.

    Args:
        values: shape (n + period - 1,).
        into: shape (n,).
    """
    step = max(BLOCK, 4 * period)
    for first in range(0, len(into), step):
        last = min(first + step, len(into))
        part = values[first : last + period - 1]
        if _has_order(part):
            into[first:last] = _doubling(part, period, np.maximum if highest else np.minimum)
        else:
            _one_by_one(part, period, into[first:last], max if highest else min)


def window_places(
    values: Floats, period: int, into: Floats, *, highest: bool, newest: bool
) -> None:
    """Write how many bars ago the extreme of each window is: the newest such bar, or the oldest.

    Raises:
        NotExactError: a value is NaN.
    """
    if np.isnan(values).any():
        raise NotExactError("NaN among the values")
    pick: Any = np.argmax if highest else np.argmin
    step = max(256, 1_000_000 // period)
    for first in range(0, len(into), step):
        last = min(first + step, len(into))
        windows = sliding_window_view(values[first : last + period - 1], period)
        if newest:
            into[first:last] = pick(windows[:, ::-1], axis=1)
        else:
            into[first:last] = (period - 1) - pick(windows, axis=1)


def _has_order(values: Floats) -> bool:
    """Return whether no two values are equal and yet not the same, and none is NaN."""
    total = float(values.sum())
    if total != total and np.isnan(values).any():
        return False
    return not (np.signbit(values) & (values == 0.0)).any()


def _doubling(values: Floats, period: int, pick: Any) -> Floats:
    """Return the extremes of windows that are built from two of half the length each."""
    width = 1
    while width * 2 <= period:
        values = pick(values[:-width], values[width:])
        width *= 2
    rest = period - width
    return values if rest == 0 else pick(values[:-rest], values[rest:])


def _one_by_one(values: Floats, period: int, into: Floats, pick: Callable[[Any], Any]) -> None:
    listed = values.tolist()
    into[:] = [pick(listed[i : i + period]) for i in range(len(into))]
