"""Indicators' arithmetic as functions of the index: the very operations of Backtrader's ``next``.

A builder is given an indicator and what reads its inputs, and returns a ``Kernel``: a function
that is called with the bar's index and returns the value that ``next`` would put at 0. Inputs
are the lines' own arrays, read when they are needed, so what anybody writes to them counts.
"""

from __future__ import annotations

import operator
from array import array
from collections.abc import Callable
from functools import partial, reduce
from math import fsum
from types import BuiltinFunctionType
from typing import Any

import backtrader.functions as functions
from backtrader.linebuffer import LineActions, LineOwnOperation, LinesOperation, PseudoArray
from backtrader.linebuffer import _LineDelay as LineDelay
from backtrader.lineroot import LineMultiple, LineRoot

Kernel = Callable[[int], Any]
Source = Callable[[Any], "array[float]"]  # a line, or what has lines -> the array of values


class Refused(Exception):
    """This indicator is left to Backtrader's own code; the text says why."""


def line_of(thing: Any) -> Any:
    """Return the line that ``thing[0]`` reads.

    Raises:
        Refused: it is neither a line nor has it any.
    """
    if not isinstance(thing, LineRoot):
        raise Refused("an input that is no line")
    while isinstance(thing, LineMultiple):
        thing = thing.lines.lines[0]
    return thing


def delay(node: Any, source: Source) -> Kernel:
    """``a(-n)``, and what stands between a line and the line that it is bound to."""
    ago = node.ago
    if isinstance(node.a, PseudoArray):
        value = node.a.wrapped
        return lambda i: value
    values = source(node.a)
    if not ago:
        return values.__getitem__
    return lambda i: values[i + ago]


def operation(node: Any, source: Source) -> Kernel:
    """Two operands, one or both of them lines."""
    call = _pure(node.operation)
    if node.bline:
        a, b = source(node.a), source(node.b)
        return _TWO.get(call, _two)(call, a, b)
    if node.btime:
        raise Refused("a comparison of times")
    if node.r:
        left, b = _number(node.a), source(node.b)
        return lambda i: call(left, b[i])
    a, right = source(node.a), _number(node.b)
    return lambda i: call(a[i], right)


def _two(call: Any, a: array[float], b: array[float]) -> Kernel:
    return lambda i: call(a[i], b[i])


_TWO: dict[Any, Callable[[Any, Any, Any], Kernel]] = {
    operator.__sub__: lambda call, a, b: lambda i: a[i] - b[i],
    operator.__add__: lambda call, a, b: lambda i: a[i] + b[i],
    operator.__mul__: lambda call, a, b: lambda i: a[i] * b[i],
    operator.__truediv__: lambda call, a, b: lambda i: a[i] / b[i],
    operator.__lt__: lambda call, a, b: lambda i: a[i] < b[i],
    operator.__gt__: lambda call, a, b: lambda i: a[i] > b[i],
}


def own_operation(node: Any, source: Source) -> Kernel:
    """One operand: abs, negation, bool."""
    call, a = _pure(node.operation), source(node.a)
    return lambda i: call(a[i])


def divide(node: Any, source: Source) -> Kernel:
    """``DivByZero``."""
    a, b, zero = source(node.a), source(node.b), node.zero

    def kernel(i: int) -> Any:
        below = b[i]
        return a[i] / below if below else zero

    return kernel


def divide_zero(node: Any, source: Source) -> Kernel:
    """``DivZeroByZero``."""
    a, b, single, dual = source(node.a), source(node.b), node.single, node.dual

    def kernel(i: int) -> Any:
        below = b[i]
        if below == 0.0:
            return dual if a[i] == 0.0 else single
        return a[i] / below

    return kernel


def choose(node: Any, source: Source) -> Kernel:
    """``If``."""
    condition, a, b = (_argument(one, source) for one in (node.cond, node.a, node.b))
    return lambda i: a[i] if condition[i] else b[i]


def compare(node: Any, source: Source) -> Kernel:
    """``Cmp``."""
    a, b = (_argument(one, source) for one in (node.a, node.b))
    return lambda i: functions.cmp(a[i], b[i])


def combine(node: Any, source: Source) -> Kernel:
    """``Max``, ``Min``, ``Sum``, ``Any``, ``All``, ``And``, ``Or``."""
    call = node.flogic
    logic = call.args[0] if _reduces(call) else None
    if logic not in (functions._andlogic, functions._orlogic):
        call = _pure(call)
    inputs = [_argument(one, source) for one in node.args]
    if len(inputs) == 2:
        a, b = inputs
        if (constant := _constant(b)) is not None:
            fast = _WITH_NUMBER.get(call)
            return fast(a, constant) if fast else lambda i: call([a[i], constant])
        pair = _PAIRS.get(logic or call)
        return pair(a, b) if pair else lambda i: call([a[i], b[i]])
    return lambda i: call([values[i] for values in inputs])


def _larger(a: Any, b: Any) -> Kernel:
    def kernel(i: int) -> Any:
        x, y = a[i], b[i]
        return y if y > x else x

    return kernel


def _smaller(a: Any, b: Any) -> Kernel:
    def kernel(i: int) -> Any:
        x, y = a[i], b[i]
        return y if y < x else x

    return kernel


def _larger_than(a: Any, number: Any) -> Kernel:
    def kernel(i: int) -> Any:
        x = a[i]
        return number if number > x else x

    return kernel


def _smaller_than(a: Any, number: Any) -> Kernel:
    def kernel(i: int) -> Any:
        x = a[i]
        return number if number < x else x

    return kernel


# The first of equals, and of what does not compare, is max's and min's answer.
_PAIRS: dict[Any, Callable[[Any, Any], Kernel]] = {
    max: _larger,
    min: _smaller,
    functions._andlogic: lambda a, b: lambda i: bool(a[i] and b[i]),
    functions._orlogic: lambda a, b: lambda i: bool(a[i] or b[i]),
}
_WITH_NUMBER: dict[Any, Callable[[Any, Any], Kernel]] = {max: _larger_than, min: _smaller_than}


def _reduces(call: Any) -> bool:
    return isinstance(call, partial) and call.func is reduce and not call.keywords


def _argument(thing: Any, source: Source) -> Any:
    if isinstance(thing, PseudoArray):
        _number(thing.wrapped)
        return thing
    return source(thing)


def _constant(thing: Any) -> Any:
    return thing.wrapped if isinstance(thing, PseudoArray) else None


def _number(thing: Any) -> Any:
    if type(thing) not in (float, int, bool):
        raise Refused(f"a {type(thing).__name__} as an operand")
    return thing


def _pure(call: Any) -> Any:
    """Return *call*, one of Python's own functions: no other code can be called by it."""
    if call in (bool, max, min, fsum, any, all, sum, abs) or (
        isinstance(call, BuiltinFunctionType) and call.__module__ == "_operator"
    ):
        return call
    raise Refused(f"the function {getattr(call, '__qualname__', call)!r}")


KERNELS: dict[type, Callable[[Any, Source], Kernel]] = {
    LineDelay: delay,
    LinesOperation: operation,
    LineOwnOperation: own_operation,
    functions.DivByZero: divide,
    functions.DivZeroByZero: divide_zero,
    functions.Cmp: compare,
    functions.If: choose,
    functions.MultiLogic: combine,
}
"""The class whose ``next`` a line operation runs -> the builder of its kernel."""

assert all(issubclass(kind, LineActions) for kind in KERNELS)
