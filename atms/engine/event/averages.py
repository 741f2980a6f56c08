"""The kernels of those of Backtrader's indicators that compute in a ``next`` of their own."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from typing import Any

import backtrader as bt
from backtrader.indicators.basicops import OperationN
from backtrader.indicators.crossover import NonZeroDifference

from atms.engine.event.nodes import Kernel, Refused, Source, _pure


def average(node: Any, source: Source) -> tuple[Kernel, Kernel]:
    """The mean of the last values, summed without loss."""
    values, period = source(node.data), _whole(node.p.period)
    back = period - 1
    kernel: Kernel = lambda i: fsum(values[i - back : i + 1]) / period  # noqa: E731
    return kernel, kernel


def smoothing(node: Any, source: Source) -> tuple[Kernel, Kernel]:
    """Exponential smoothing; the mean is its first value."""
    alpha, rest = _real(node.alpha), _real(node.alpha1)
    values, own = source(node.data), node.line.array
    start, _ = average(node, source)
    return start, lambda i: own[i - 1] * rest + values[i] * alpha


def over_window(node: Any, source: Source) -> tuple[Kernel, Kernel]:
    """``Highest``, ``Lowest``, ``SumN``, ``AnyN``, ``AllN``."""
    call, values = _pure(node.func), source(node.data)
    back = _whole(node.p.period) - 1
    kernel: Kernel = lambda i: call(values[i - back : i + 1])  # noqa: E731
    return kernel, kernel


def running_sum(node: Any, source: Source) -> tuple[Kernel, Kernel]:
    """``Accum``."""
    seed, values, own = _real(node.p.seed), source(node.data), node.line.array
    return lambda i: seed + values[i], lambda i: own[i - 1] + values[i]


def last_difference(node: Any, source: Source) -> tuple[Kernel, Kernel]:
    """``NonZeroDifference``: what two lines differed by when they last did."""
    a, b, own = source(node.data0), source(node.data1), node.line.array

    def kernel(i: int) -> Any:
        return a[i] - b[i] or own[i - 1]

    return lambda i: a[i] - b[i], kernel


def weighted(node: Any, source: Source) -> tuple[Kernel, Kernel]:
    """The mean with weights; as many products as there are of both."""
    values, weights, factor = source(node.data), node.p.weights, _real(node.p.coef)
    if type(weights) not in (tuple, list) or any(type(w) not in (int, float) for w in weights):
        raise Refused("weights that are not plain numbers")
    back = _whole(node.p.period) - 1

    def kernel(i: int) -> Any:
        return factor * fsum(map(_times, values[i - back : i + 1], weights))

    return kernel, kernel


def _times(a: Any, b: Any) -> Any:
    return a * b


def _whole(number: Any) -> int:
    if type(number) is not int or number < 1:
        raise Refused("a period that is no positive whole number")
    return number


def _real(number: Any) -> Any:
    if type(number) not in (float, int):
        raise Refused("a factor that is no plain number")
    return number


Builder = Callable[[Any, Source], tuple[Kernel, Kernel]]
KERNELS: dict[type, Builder] = {
    bt.ind.Average: average,
    bt.ind.ExponentialSmoothing: smoothing,
    bt.ind.WeightedAverage: weighted,
    bt.ind.Accum: running_sum,
    OperationN: over_window,
    NonZeroDifference: last_difference,
}
"""The class whose ``next`` an indicator runs -> the builder of its first and later kernels."""
