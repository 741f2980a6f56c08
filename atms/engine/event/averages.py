"""The kernels of those of Backtrader's indicators that compute in a ``next`` of their own."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from operator import mul
from typing import Any

import backtrader as bt
from backtrader.indicators.basicops import OperationN
from backtrader.indicators.crossover import NonZeroDifference

from atms.engine.event.nodes import Kernel, RefusedError, Source, line_of, pure


def average(node: Any, source: Source) -> Kernel:
    """The mean of the last values, summed without loss."""
    period = _whole(node.p.period)
    text = f"#1(#0[i - {period - 1} : i + 1]) / {period}"
    return Kernel.of(text, source(node.data), fsum, exact=True)


def smoothing(node: Any, source: Source) -> Kernel:
    """Exponential smoothing; the mean is its first value."""
    names = source(node.data), line_of(node).array, _real(node.alpha), _real(node.alpha1)
    first = average(node, source).call
    return Kernel.of("#1[i - 1] * #3 + @0 * #2", *names, exact=True, first=first)


def over_window(node: Any, source: Source) -> Kernel:
    """``Highest``, ``Lowest``, ``SumN``, ``AnyN``, ``AllN``."""
    back = _whole(node.p.period) - 1
    return Kernel.of(f"#1(#0[i - {back} : i + 1])", source(node.data), pure(node.func))


def running_sum(node: Any, source: Source) -> Kernel:
    """``Accum``."""
    values, own, seed = source(node.data), line_of(node).array, _real(node.p.seed)
    first = Kernel.of("#1 + @0", values, seed).call
    return Kernel.of("#1[i - 1] + @0", values, own, exact=True, first=first)


def last_difference(node: Any, source: Source) -> Kernel:
    """``NonZeroDifference``: what two lines differed by when they last did."""
    names = source(node.data0), source(node.data1), line_of(node).array
    first = Kernel.of("@0 - @1", *names).call
    return Kernel.of("@0 - @1 or #2[i - 1]", *names, exact=True, first=first)


def weighted(node: Any, source: Source) -> Kernel:
    """The mean with weights; as many products as there are of both."""
    values, weights, factor = source(node.data), node.p.weights, _real(node.p.coef)
    if type(weights) not in (tuple, list) or any(type(w) not in (int, float) for w in weights):
        raise RefusedError("weights that are not plain numbers")
    text = f"#2 * #3(#4(#5, #0[i - {_whole(node.p.period) - 1} : i + 1], #1))"
    return Kernel.of(text, values, weights, factor, fsum, map, mul)


def _whole(number: Any) -> int:
    if type(number) is not int or number < 1:
        raise RefusedError("a period that is no positive whole number")
    return number


def _real(number: Any) -> Any:
    if type(number) not in (float, int):
        raise RefusedError("a factor that is no plain number")
    return number


KERNELS: dict[type, Callable[[Any, Source], Kernel]] = {
    bt.ind.Average: average,
    bt.ind.ExponentialSmoothing: smoothing,
    bt.ind.WeightedAverage: weighted,
    bt.ind.Accum: running_sum,
    OperationN: over_window,
    NonZeroDifference: last_difference,
}
"""The class whose ``next`` an indicator runs -> the builder of its kernel."""
