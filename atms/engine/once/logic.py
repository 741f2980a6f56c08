"""Backtrader's functions of lines (And, If, Max, DivByZero ...) in whole columns."""

from __future__ import annotations

import functools
import math
from typing import Any

import backtrader.functions as bt_functions
import numpy as np

from atms.engine.once.columns import (
    Column,
    Floats,
    NotExactError,
    buffer,
    column,
    constant,
)

Truth = Any  # bool, or an array of them


def truth(values: Column) -> Truth:
    """Return whether each value counts as true: all but zeros, NaN among them."""
    return values != 0.0


def if_else(node: Any, start: int, end: int) -> None:
    """Choose between two lines by the truth of a third."""
    into = buffer(node.array, start, end)
    condition, a, b = (column(x, start, end, node.array) for x in (node.cond, node.a, node.b))
    into[:] = b
    np.copyto(into, a, where=truth(condition))


def compare(node: Any, start: int, end: int) -> None:
    """Give 1, 0 or -1: above, neither, below."""
    into = buffer(node.array, start, end)
    a, b = (column(x, start, end, node.array) for x in (node.a, node.b))
    np.greater(a, b, out=into)
    into -= np.less(a, b)


def compare_and_choose(node: Any, start: int, end: int) -> None:
    """Choose one of three lines: below, neither, above."""
    into = buffer(node.array, start, end)
    a, b, below, same, above = (
        column(x, start, end, node.array) for x in (node.a, node.b, node.r1, node.r2, node.r3)
    )
    into[:] = same
    np.copyto(into, above, where=np.greater(a, b))
    np.copyto(into, below, where=np.less(a, b))


def divide_by_zero(node: Any, start: int, end: int) -> None:
    """Divide, or give a value of one's own for a division by zero."""
    into = buffer(node.array, start, end)
    a, b = (column(x, start, end, node.array) for x in (node.a, node.b))
    zero = constant(node.zero)
    np.divide(a, b, out=into)
    np.copyto(into, zero, where=np.equal(b, 0.0))


def divide_zero_by_zero(node: Any, start: int, end: int) -> None:
    """Divide, or give values of one's own for x / 0 and for 0 / 0."""
    into = buffer(node.array, start, end)
    a, b = (column(x, start, end, node.array) for x in (node.a, node.b))
    single, dual = constant(node.single), constant(node.dual)
    np.divide(a, b, out=into)
    none = np.equal(b, 0.0)
    np.copyto(into, single, where=none)
    np.copyto(into, dual, where=none & np.equal(a, 0.0))


def many(node: Any, start: int, end: int) -> None:
    """Compute a function of several lines' values at the same bar."""
    into = buffer(node.array, start, end)
    compute = _of_many(node.flogic)
    columns = [column(arg, start, end, node.array) for arg in node.args]
    if not columns:
        raise NotExactError("no operand")
    compute(columns, into)


def _of_many(function: Any) -> Any:
    if type(function) is functools.partial:
        reduced = function.func is functools.reduce and not function.keywords
        if reduced and len(function.args) == 1:
            if function.args[0] is bt_functions._andlogic:
                return _and
            if function.args[0] is bt_functions._orlogic:
                return _or
    elif function in _MANY:
        return _MANY[function]
    raise NotExactError("a function of the user's")


def _and(columns: list[Column], into: Floats) -> None:
    if len(columns) == 1:  # reduce hands it through
        into[:] = columns[0]
        return
    found = truth(columns[0])
    for values in columns[1:]:
        found = np.logical_and(found, truth(values))
    into[:] = found


def _or(columns: list[Column], into: Floats) -> None:
    if len(columns) == 1:
        into[:] = columns[0]
        return
    found = truth(columns[0])
    for values in columns[1:]:
        found = np.logical_or(found, truth(values))
    into[:] = found


def _any(columns: list[Column], into: Floats) -> None:
    into[:] = functools.reduce(np.logical_or, map(truth, columns))


def _all(columns: list[Column], into: Floats) -> None:
    into[:] = functools.reduce(np.logical_and, map(truth, columns))


def _max(columns: list[Column], into: Floats) -> None:
    into[:] = columns[0]
    for values in columns[1:]:  # the first one stays unless a later one is greater
        np.copyto(into, values, where=np.greater(values, into))


def _min(columns: list[Column], into: Floats) -> None:
    into[:] = columns[0]
    for values in columns[1:]:
        np.copyto(into, values, where=np.less(values, into))


def _fsum(columns: list[Column], into: Floats) -> None:
    if len(columns) > 2:
        _fsum_one_by_one(columns, into)
        return
    total = columns[0] + columns[1] if len(columns) == 2 else columns[0]
    if not np.isfinite(total).all():
        _fsum_one_by_one(columns, into)
    else:
        np.add(total, 0.0, out=into)  # fsum knows no negative zero


def _fsum_one_by_one(columns: list[Column], into: Floats) -> None:
    rows = zip(*(np.broadcast_to(values, into.shape).tolist() for values in columns), strict=True)
    try:
        into[:] = list(map(math.fsum, rows))
    except (OverflowError, ValueError) as error:
        raise NotExactError(f"fsum raises: {error}") from error


_MANY: dict[Any, Any] = {max: _max, min: _min, any: _any, all: _all, math.fsum: _fsum}
