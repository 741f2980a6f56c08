"""Powers with the bits of the C library's ``pow``, which Python's ``**`` calls.

numpy has a power of its own with other bits, and pow itself is not correctly rounded. But it errs
by less than 0.55 of the last place in glibc from 2.28 on (its source states 0.54), so that where
the exact result is not near the middle between two floats, pow gives the nearest one. How near it
is can be computed exactly for squares and square roots; the others are asked of ``**`` itself.
"""

from __future__ import annotations

import platform

import numpy as np
from numpy.typing import NDArray

from atms.engine.once.columns import BLOCK, Column, Floats, NotExactError

_NEAR_MIDDLE = 0.44  # of a last place
_SMALLEST, _LARGEST = 2.0**-200, 2.0**200
_SPLITTER = 134_217_729.0  # 2**27 + 1, Veltkamp's
_MANTISSA = (1 << 52) - 1
_RAISES = (OverflowError, ZeroDivisionError, TypeError, ValueError)


Flags = NDArray[np.bool_]


def _is_accurate() -> bool:
    name, version = platform.libc_ver()
    parts = version.split(".")[:2]
    return name == "glibc" and all(p.isdigit() for p in parts) and tuple(map(int, parts)) >= (2, 28)


ACCURATE_POW = _is_accurate()


def power(base: Column, exponent: Column, into: Floats) -> None:
    """Write ``base ** exponent`` element by element.

    Raises:
        NotExactError: Python raises, or the result is complex.
    """
    fast = None
    if ACCURATE_POW and isinstance(base, np.ndarray):
        fast = {2.0: _squares, 0.5: _roots}.get(exponent) if isinstance(exponent, float) else None
    for first in range(0, len(into), BLOCK):
        part = slice(first, first + BLOCK)
        bases, out = base if isinstance(base, float) else base[part], into[part]
        if fast is not None and not isinstance(bases, float):
            unsure = fast(bases, out)
            if len(unsure):
                out[unsure] = _one_by_one(bases[unsure], exponent)
        else:
            out[:] = _one_by_one(bases, exponent if isinstance(exponent, float) else exponent[part])


def _one_by_one(base: Column, exponent: Column) -> list[float]:
    try:
        if isinstance(base, float):
            assert not isinstance(exponent, float)
            found = [base**y for y in exponent.tolist()]
        elif isinstance(exponent, float):
            found = [x**exponent for x in base.tolist()]
        else:
            found = [x**y for x, y in zip(base.tolist(), exponent.tolist(), strict=True)]
    except _RAISES as error:
        raise NotExactError(f"a power raises: {error}") from error
    if complex in set(map(type, found)):
        raise NotExactError("a power that is complex")
    return found


def _squares(values: Floats, into: Floats) -> NDArray[np.intp]:
    """Write squares; return the places where another rounding is possible."""
    np.multiply(values, values, out=into)
    unsure = _unsure(_rest(values, into), into, values)
    return np.flatnonzero(unsure)


def _roots(values: Floats, into: Floats) -> NDArray[np.intp]:
    """Write square roots; return the places where another rounding is possible."""
    np.sqrt(values, out=into)
    into += 0.0  # pow knows no negative zero here
    squares = into * into
    rest = (values - squares) - _rest(into, squares)
    rest /= into
    rest *= 0.5
    return np.flatnonzero(_unsure(rest, into, values))


def _rest(values: Floats, squares: Floats) -> Floats:
    """Return what rounding took from the squares, exactly (Dekker 1971)."""
    high = values * _SPLITTER
    high -= high - values
    low = values - high
    rest = high * high
    rest -= squares
    high *= low
    high *= 2.0
    rest += high
    low *= low
    rest += low
    return rest


def _unsure(rest: Floats, found: Floats, values: Floats) -> Flags:
    np.abs(rest, out=rest)
    rest -= _NEAR_MIDDLE * np.spacing(found)
    sizes = np.abs(values)
    sure: Flags = rest < 0.0  # NaN is unsure
    sure &= (sizes >= _SMALLEST) & (sizes <= _LARGEST)
    # Below a power of two floats lie closer.
    sure &= (found.view(np.int64) & _MANTISSA) != 0
    sure |= (values == 0.0) | np.isnan(values)
    return ~sure
