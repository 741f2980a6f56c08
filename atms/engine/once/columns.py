"""Backtrader's line arrays as numpy columns, and what a kernel raises when it cannot be exact."""

from __future__ import annotations

import array
from collections.abc import Callable
from typing import Any

import numpy as np
from backtrader.linebuffer import PseudoArray
from numpy.typing import NDArray

from atms.engine.once import recursions

Floats = NDArray[np.float64]
# A line's values at some bars, or one value that stands for all of them.
Column = Floats | float

BLOCK = 16_384  # bars that are worked on at once: what fits into a processor's cache
_EXACT_INT = 2**53  # up to here a float holds every whole number


class NotExactError(Exception):
    """A kernel would not give Backtrader's own bits; its own code has to run. The text says why."""


def buffer(line_array: Any, start: int, end: int) -> Floats:
    """Return the values from *start* to *end* of a line's array; they share its memory.

    Raises:
        NotExactError: it is no plain array of floats, or has fewer values.
    """
    if type(line_array) is not array.array or line_array.typecode != "d":
        raise NotExactError(f"values in a {type(line_array).__name__}")
    if not 0 <= start < end <= len(line_array):
        raise NotExactError("a line with fewer bars")
    return np.frombuffer(line_array, np.float64)[start:end]


def constant(value: Any) -> float:
    """Return *value* as a float, where that changes nothing.

    Raises:
        NotExactError: it is no number of Python's, or a whole one that no float holds.
    """
    if type(value) is float:
        return value
    if type(value) in (int, bool) and -_EXACT_INT <= value <= _EXACT_INT:
        return float(value)
    raise NotExactError(f"an operand of type {type(value).__name__}")


def column(operand: Any, start: int, end: int, into: Any = None) -> Column:
    """Return the values of a line, or of a number that stands in its place.

    Args:
        into: the array that will be written; a line that reads it has to wait for itself.

    Raises:
        NotExactError: see :func:`buffer` and :func:`constant`, or the line reads itself.
    """
    values = operand.array
    if type(values) is PseudoArray:
        return constant(values.wrapped)
    if values is into:
        raise NotExactError("it reads itself")
    return buffer(values, start, end)


def reading(operand: Any, start: int, end: int, into: Any) -> Floats:
    """Return the values of a line; see :func:`column`.

    Raises:
        NotExactError: and where a number stands in the place of a line.
    """
    values = column(operand, start, end, into)
    if isinstance(values, float):
        raise NotExactError("a number in the place of a line")
    return values


def whole(value: Any, least: int) -> int:
    """Return a parameter that has to be a whole number of at least *least*.

    Raises:
        NotExactError: it is not.
    """
    if type(value) is not int or value < least:
        raise NotExactError(f"a period of {value!r}")
    return value


def looped(loop: Callable[..., Any], *given: Any, into: Floats) -> Any:
    """Run a loop of :mod:`atms.engine.once.recursions`; return what it returns.

    A compiled one gets the columns as they are, else lists, which Python is faster with.
    """
    if recursions.COMPILED:
        return loop(*given, into)
    found = [0.0] * len(into)
    listed = (one.tolist() if isinstance(one, np.ndarray) else one for one in given)
    result = loop(*listed, found)
    into[:] = found
    return result
