"""Indicators over a period: sums, extremes, averages, and those that carry a value forward."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from atms.engine.once import recursions
from atms.engine.once.columns import (
    BLOCK,
    Floats,
    NotExactError,
    buffer,
    constant,
    looped,
    reading,
    whole,
)
from atms.engine.once.extremes import window_extremes, window_places
from atms.engine.once.windows import weighted_sums, window_sums


def _window(node: Any, start: int, end: int) -> tuple[Floats, int]:
    """Return the values of the windows that end from *start* to *end*, and the period."""
    period = whole(node.p.period, 1)
    return reading(node.data, start - period + 1, end, node.line.array), period


def of_window(node: Any, start: int, end: int) -> None:
    """Compute a function of each window: sum, any, all, highest, lowest, or where those are."""
    into = buffer(node.line.array, start, end)
    function = node.func
    of_places = _PLACES.get(getattr(function, "__func__", None))
    if of_places is not None and function.__self__ is node:
        highest = {max: True, min: False}.get(node.p._evalfunc)
        if highest is None:
            raise NotExactError("a function of the user's")
        window_places(*_window(node, start, end), into, highest=highest, newest=of_places)
    elif (compute := _WINDOWS.get(function)) is not None:
        compute(*_window(node, start, end), into)
    else:
        raise NotExactError("a function of the user's")


def _highest(values: Floats, period: int, into: Floats) -> None:
    window_extremes(values, period, into, highest=True)


def _lowest(values: Floats, period: int, into: Floats) -> None:
    window_extremes(values, period, into, highest=False)


def _true_counts(values: Floats, period: int) -> Any:
    totals = np.concatenate(([0], np.cumsum(values != 0.0)))
    return totals[period:] - totals[:-period]


def _any(values: Floats, period: int, into: Floats) -> None:
    into[:] = _true_counts(values, period) > 0


def _all(values: Floats, period: int, into: Floats) -> None:
    into[:] = _true_counts(values, period) == period


def _rank(values: Floats, period: int, into: Floats) -> None:
    """Write the share of a window's values that are below its last one."""
    step = max(256, 500_000 // period)
    for first in range(0, len(into), step):
        windows = sliding_window_view(values[first : first + step + period - 1], period)
        below = (windows < windows[:, -1:]).sum(axis=1)
        into[first : first + step] = below / period


def average(node: Any, start: int, end: int) -> None:
    """Compute the mean of each window."""
    into = buffer(node.line.array, start, end)
    values, period = _window(node, start, end)
    window_sums(values, period, into)
    into /= period


def weighted_average(node: Any, start: int, end: int) -> None:
    """Compute the weighted sum of each window times a coefficient."""
    into = buffer(node.line.array, start, end)
    values, period = _window(node, start, end)
    weights = [constant(weight) for weight in node.p.weights]
    coefficient = constant(node.p.coef)
    if len(weights) != period:
        raise NotExactError("another number of weights than the period")
    weighted_sums(values, weights, into)
    np.multiply(coefficient, into, out=into)


def smoothing(node: Any, start: int, end: int) -> None:
    """Smooth exponentially; the first value is the mean of the first window."""
    into = buffer(node.line.array, start, end)
    source = reading(node.data, start, end, node.line.array)
    alpha, keep = constant(node.alpha), constant(node.alpha1)
    average(node, start, start + 1)
    for first in range(1, len(into), BLOCK):
        part = slice(first, first + BLOCK)
        before = float(into[first - 1])
        looped(recursions.smooth, before, source[part] * alpha, keep, into=into[part])


def smoothing_by_line(node: Any, start: int, end: int) -> None:
    """Smooth exponentially with weights that are lines themselves."""
    into = buffer(node.line.array, start, end)
    source = reading(node.data, start, end, node.line.array)
    alpha = reading(node.alpha, start, end, node.line.array)
    keep = reading(node.alpha1, start, end, node.line.array)
    average(node, start, start + 1)
    for first in range(1, len(into), BLOCK):
        part = slice(first, first + BLOCK)
        before, scaled = float(into[first - 1]), source[part] * alpha[part]
        looped(recursions.smooth_by, before, scaled, keep[part], into=into[part])


def accumulate(node: Any, start: int, end: int) -> None:
    """Add up all values, the seed first."""
    into = buffer(node.line.array, start, end)
    source = reading(node.data, start, end, node.line.array)
    into[:] = source
    into[0] = constant(node.p.seed) + into[0]
    np.cumsum(into, out=into)  # one after the other, as Python would


def non_zero_difference(node: Any, start: int, end: int) -> None:
    """Subtract; where nothing is left, keep the difference of the bar before."""
    array = node.line.array
    into = buffer(array, start, end)
    np.subtract(
        reading(node.data0, start, end, array), reading(node.data1, start, end, array), out=into
    )
    zeros = np.flatnonzero(into[1:] == 0.0) + 1
    if len(zeros):
        last = np.arange(len(into))
        last[zeros] = 0
        np.maximum.accumulate(last, out=last)
        into[zeros] = into[last[zeros]]


_WINDOWS: dict[Any, Any] = {
    max: _highest,
    min: _lowest,
    any: _any,
    all: _all,
    math.fsum: window_sums,
    bt.ind.PercentRank.params._getpairs()["func"]: _rank,
}
# Whether the newest of equal values counts, or the oldest.
_PLACES: dict[Any, bool] = {
    bt.ind.FindFirstIndex.func: True,
    bt.ind.FindLastIndex.func: False,
}
