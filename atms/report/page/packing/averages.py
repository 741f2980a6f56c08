"""Averages of a column in Backtrader's arithmetic, to the last bit."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from atms.report.page.series_values import Floats

_HALF = 2.0**26
_RANGE = 2.0**78  # of a window's sum in its smallest last bits: what both halves hold exactly


def ago(values: Floats, rows: int) -> Floats:
    """Return the value *rows* before each; NaN at first."""
    found = np.full(len(values), np.nan)
    if 0 < rows < len(values):
        found[rows:] = values[:-rows]
    return found


def mean(values: Floats, period: int) -> Floats:
    """Return the mean of the last *period* values; NaN before, and where it cannot be exact.

    Backtrader sums by ``math.fsum``, which rounds once. Here every value is a whole multiple of
    the smallest last bit among them: its high and its low half are summed apart, both exactly.
    """
    found = np.full(len(values), np.nan)
    if len(values) < period or not np.isfinite(values).all() or not values.any():
        return found
    unit = np.min(np.spacing(np.abs(values[values != 0])))
    if np.max(np.abs(values)) / unit * period >= _RANGE:
        return found
    scaled = values / unit
    high = np.floor(scaled / _HALF)
    low = scaled - high * _HALF
    found[period - 1 :] = (_window(high, period) * _HALF + _window(low, period)) * unit / period
    return found


def _window(values: Floats, period: int) -> Floats:
    # Whole numbers, and each window's sum is below 2**53; the sums wrap, their differences do not.
    sums = np.cumsum(values.astype(np.int64))
    before = np.concatenate([[0], sums[:-period]])
    return np.asarray((sums[period - 1 :] - before).astype(np.float64))


def smoothed(values: Floats, alpha: float, period: int) -> Floats:
    """Return the exponential average, from the mean of the first *period* numbers on.

    ``ExponentialSmoothing`` of Backtrader: the one before * (1 - alpha) + value * alpha.
    """
    found = np.full(len(values), np.nan)
    known = np.isfinite(values)
    first = int(np.argmax(known))
    start = first + period - 1
    if start >= len(values) or not known[first:].all():
        return found
    seed = mean(values[first : start + 1], period)[-1]
    rest = 1.0 - alpha
    following = values[start + 1 :].tolist()
    steps = accumulate(following, lambda last, value: last * rest + value * alpha, initial=seed)
    found[start:] = list(steps)
    return found
