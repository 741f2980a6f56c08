"""Sums of sliding windows, correctly rounded as ``math.fsum`` rounds them.

A sum is exact where all values are whole multiples of one power of two, which is the case in any
stretch of prices. Such multiples are added as whole numbers of 64 bits, or as two of them where
the values' sizes differ much. Their differences are right even when a running total overflows,
because it does so modulo 2**64. One rounding is left, from whole number to float, and that is the
rounding that fsum does: to the nearest, ties to even.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from atms.engine.once.columns import BLOCK, Floats, NotExactError

_LARGEST, _SMALLEST = 900, -700  # binary exponents between which nothing over- or underflows
_LOW_BITS = 53


def window_sums(values: Floats, period: int, into: Floats) -> None:
    """Write ``fsum`` of each *period* neighbouring values.

    Args:
        values: shape (n + period - 1,).
        into: shape (n,), of the windows that end at values period - 1 and on.

    Raises:
        NotExactError: fsum raises of some window.
    """
    step = max(BLOCK, 4 * period)
    for first in range(0, len(into), step):
        last = min(first + step, len(into))
        part = values[first : last + period - 1]
        if not sums_of_block(part, period, into[first:last]):
            _sums_one_by_one(part, period, into[first:last])


def sums_of_block(values: Floats, period: int, into: Floats) -> bool:
    """Write the sums of a block's windows as whole numbers; return False if that is not exact."""
    top = float(np.abs(values).max())
    if math.isnan(top):
        return _sums_around_nans(values, period, into)
    if top == 0.0:
        into[:] = 0.0
        return True
    exponent = math.frexp(top)[1]
    if not _SMALLEST <= exponent <= _LARGEST:
        return False
    carry = (period - 1).bit_length()
    return _single(values, period, into, exponent, carry) or _double(
        values, period, into, exponent, carry
    )


def _single(values: Floats, period: int, into: Floats, exponent: int, carry: int) -> bool:
    """Add whole numbers of 64 bits."""
    bits = 62 - carry
    if bits < exponent and _has_tiny(values):
        return False
    scaled = values * math.ldexp(1.0, bits - exponent)
    wholes = scaled.astype(np.int64)
    if not (wholes == scaled).all():
        return False
    into[:] = _differences(wholes, period)
    into *= math.ldexp(1.0, exponent - bits)
    return True


def _double(values: Floats, period: int, into: Floats, exponent: int, carry: int) -> bool:
    """Add the high and the low part of longer whole numbers, and round once at the end.

    The high sums stay below 2**53 and the low ones, with their carry handed on, too: both are
    exact floats, and the one addition of floats rounds as it must.
    """
    if carry > 10:
        return False
    bits = 105 - carry
    if bits < exponent and _has_tiny(values):
        return False
    scaled = values * math.ldexp(1.0, bits - exponent)
    high = np.trunc(scaled * math.ldexp(1.0, -_LOW_BITS))
    low = scaled - high * math.ldexp(1.0, _LOW_BITS)
    low_wholes = low.astype(np.int64)
    if not (low_wholes == low).all():
        return False
    lows = _differences(low_wholes, period)
    highs = _differences(high.astype(np.int64), period) + (lows >> _LOW_BITS)
    lows &= (1 << _LOW_BITS) - 1
    into[:] = highs
    into *= math.ldexp(1.0, _LOW_BITS)
    into += lows
    into *= math.ldexp(1.0, exponent - bits)
    return True


def _differences(wholes: NDArray[np.int64], period: int) -> NDArray[np.int64]:
    totals = np.empty(len(wholes) + 1, np.uint64)
    totals[0] = 0
    np.cumsum(wholes.view(np.uint64), out=totals[1:])
    return (totals[period:] - totals[:-period]).view(np.int64)


def _has_tiny(values: Floats) -> bool:
    """Return whether scaling down could lose a value without a trace."""
    sizes = np.abs(values)
    return bool(((sizes > 0.0) & (sizes < 2.0**-60)).any())


def _sums_around_nans(values: Floats, period: int, into: Floats) -> bool:
    unknown = np.isnan(values)
    if not sums_of_block(np.where(unknown, 0.0, values), period, into):
        return False
    into[_differences(unknown.astype(np.int64), period) > 0] = np.nan
    return True


def _sums_one_by_one(values: Floats, period: int, into: Floats) -> None:
    listed = values.tolist()
    fsum = math.fsum
    try:
        into[:] = [fsum(listed[i : i + period]) for i in range(len(into))]
    except (OverflowError, ValueError) as error:
        raise NotExactError(f"fsum raises: {error}") from error


def weighted_sums(values: Floats, weights: list[float], into: Floats) -> None:
    """Write ``fsum`` of the products of each window's values and *weights*.

    Args:
        values: shape (n + len(weights) - 1,).
        into: shape (n,).

    Raises:
        NotExactError: fsum raises of some window.
    """
    step = max(BLOCK // 4, 4 * len(weights))
    for first in range(0, len(into), step):
        last = min(first + step, len(into))
        part = values[first : last + len(weights) - 1]
        if not _weighted_block(part, weights, into[first:last]):
            _weighted_one_by_one(part, weights, into[first:last])


def _weighted_block(values: Floats, weights: list[float], into: Floats) -> bool:
    """Add the products in two parts, each a multiple of a power of two that no sum outgrows."""
    sizes = np.abs(values)
    top, heaviest = float(sizes.max()), max(map(abs, weights))
    if not (math.isfinite(top) and math.isfinite(heaviest)) or top == 0.0 or heaviest == 0.0:
        return False
    exponent = math.frexp(top)[1] + math.frexp(heaviest)[1]
    smallest = float(sizes.min(initial=top, where=sizes > 0.0))
    lightest = min(abs(weight) for weight in weights if weight != 0.0)
    # The last bit of the smallest product that is not zero.
    unit = math.frexp(smallest)[1] + math.frexp(lightest)[1] - 54
    carry = max(1, (len(weights) - 1).bit_length())
    split = exponent + carry - 52  # high parts are multiples of 2**split
    if not (unit >= _SMALLEST and exponent <= _LARGEST and split + carry - unit <= 52):
        return False
    magic = 1.5 * math.ldexp(1.0, split + 52)
    highs, lows = np.zeros(len(into)), np.zeros(len(into))
    for at, weight in enumerate(weights):
        product = values[at : at + len(into)] * weight
        high = (product + magic) - magic
        highs += high
        lows += product - high
    np.add(highs, lows, out=into)
    into += 0.0  # fsum knows no negative zero
    return True


def _weighted_one_by_one(values: Floats, weights: list[float], into: Floats) -> None:
    listed, count = values.tolist(), len(weights)
    fsum, times = math.fsum, float.__mul__
    try:
        into[:] = [fsum(map(times, listed[i : i + count], weights)) for i in range(len(into))]
    except (OverflowError, ValueError) as error:
        raise NotExactError(f"fsum raises: {error}") from error
