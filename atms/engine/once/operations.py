"""What Backtrader's operators make of lines: arithmetic, comparisons, delays, in whole columns."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from atms.engine.once.columns import (
    Column,
    Floats,
    NotExactError,
    buffer,
    column,
    constant,
    reading,
    whole,
)
from atms.engine.once.powers import power

# numpy's functions that give Python's bits for any two floats, and never where Python raises.
_PLAIN: dict[Any, Any] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.lt: np.less,
    operator.gt: np.greater,
    operator.le: np.less_equal,
    operator.ge: np.greater_equal,
    operator.eq: np.equal,
    operator.ne: np.not_equal,
}
_DIVISIONS: dict[Any, Any] = {
    operator.truediv: np.divide,
    operator.floordiv: np.floor_divide,
}


def lines_operation(node: Any, start: int, end: int) -> None:
    """Compute ``a operation b``, where one of the two may be a number."""
    into = buffer(node.array, start, end)
    if node.btime:
        raise NotExactError("compares times")
    if node.bline:
        a, b = column(node.a, start, end, node.array), column(node.b, start, end, node.array)
    elif node.r:
        a, b = constant(node.a), column(node.b, start, end, node.array)
    else:
        a, b = column(node.a, start, end, node.array), constant(node.b)
    operate(node.operation, a, b, into)


def operate(operation: Callable[[Any, Any], Any], a: Column, b: Column, into: Floats) -> None:
    """Write ``operation(a, b)`` element by element.

    Raises:
        NotExactError: Python raises for some element, or the operation is not known here.
    """
    plain = _PLAIN.get(operation)
    if plain is not None:
        plain(a, b, out=into)
        return
    division = _DIVISIONS.get(operation)
    if division is not None:
        if not np.all(b):
            raise NotExactError("divides by zero")
        division(a, b, out=into)
    elif operation is operator.pow:
        power(a, b, into)
    else:
        raise NotExactError(f"its operation is {getattr(operation, '__name__', operation)!r}")


def own_operation(node: Any, start: int, end: int) -> None:
    """Compute the operation on one line: abs, minus, or whether it is not zero."""
    into = buffer(node.array, start, end)
    values = column(node.a, start, end, node.array)
    if node.operation is operator.abs:
        np.absolute(values, out=into)
    elif node.operation is operator.neg:
        np.negative(values, out=into)
    elif node.operation is bool:
        np.not_equal(values, 0.0, out=into)
    else:
        name = getattr(node.operation, "__name__", node.operation)
        raise NotExactError(f"its operation is {name!r}")


def delay(node: Any, start: int, end: int) -> None:
    """Take over a line of some bars ago, or a number."""
    into = buffer(node.array, start, end)
    ago = node.ago
    if type(ago) is not int or start + ago < 0:
        raise NotExactError(f"a delay of {ago!r} bars")
    into[:] = column(node.a, start + ago, end + ago, node.array)


def forward(node: Any, start: int, end: int) -> None:
    """Take over a line of some bars ahead.

    Where its first bars fall before the first one, Backtrader writes them at the end, as Python's
    negative indices have it.
    """
    ago = whole(node.ago, 1)
    into = buffer(node.array, 0, len(node.array))
    values = reading(node.a, start, end, node.array)
    if start - ago < -len(into):
        raise NotExactError("a shift longer than the line")
    wrapped = min(max(ago - start, 0), len(values))
    for at in range(wrapped):
        into[start + at - ago] = values[at]
    if wrapped < len(values):
        into[start + wrapped - ago : end - ago] = values[wrapped:]
