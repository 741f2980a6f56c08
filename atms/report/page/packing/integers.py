"""Whole numbers as byte planes: residuals of a prediction, the lowest bytes first.

An array x of int64 (below 2**53, so that the page's numbers hold them) is stored as ``r``:

- order 0: ``x[i] = base + unit * r[i]``, r >= 0;
- order 1: ``x[0] = first`` and ``x[i] = x[i-1] + base + unit * r[i]``, r signed.

A signed r is stored as ``2*r`` or ``-2*r - 1``; then the lowest byte of every number stands in the
first plane, the next in the second, and so on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.report.page.packing.streams import Where, Writer, cost

Ints = NDArray[np.int64]
Spec = dict[str, Any]
LIMIT = 2**53


def encode(values: Ints, writer: Writer, orders: tuple[int, ...] = (0, 1)) -> Spec | None:
    """Return how *values*, shape (n,), are stored; None where their range is too large.

    Args:
        orders: which of the ways above may be taken; the shortest is.
    """
    if not len(values):
        return {"n": 0, "planes": []}
    found = []
    for order in orders:
        spec, residuals = _plan(values, order)
        if residuals is not None:
            planes = _planes(residuals)
            found.append((sum(cost(plane) for plane in planes), order, spec, planes))
    if not found or int(np.abs(values).max()) >= LIMIT:
        return None
    _, _, spec, planes = min(found, key=lambda one: one[:2])
    return {**spec, "n": len(values), "planes": [writer.add(plane) for plane in planes]}


def decode(spec: Spec, streams: list[bytes]) -> Ints:
    """Return the numbers that *spec* describes."""
    count = int(spec["n"])
    found = np.zeros(count, dtype=np.int64)
    for place, where in enumerate(spec["planes"]):
        found += piece(where, streams, np.uint8).astype(np.int64) << (8 * place)
    if not count:
        return found
    if spec["order"]:
        found = np.where(found & 1, -(found >> 1) - 1, found >> 1)
        found = found * spec["unit"] + spec["base"]
        found[0] = spec["first"]
        return np.asarray(np.cumsum(found), dtype=np.int64)
    return np.asarray(found * spec["unit"] + spec["base"], dtype=np.int64)


def piece(where: Where, streams: list[bytes], kind: Any) -> NDArray[Any]:
    """Return a stored piece as an array."""
    stream, offset, length = where
    return np.frombuffer(streams[stream][offset : offset + length], dtype=kind)


def _plan(values: Ints, order: int) -> tuple[Spec, Ints | None]:
    if order == 0:
        base = int(values.min())
        spread = values - base
        unit = int(np.gcd.reduce(spread)) or 1
        return {"order": 0, "base": base, "unit": unit}, _below(spread // unit)
    steps = np.diff(values)
    base = int(np.median(steps)) if len(steps) else 0
    unit = int(np.gcd.reduce(steps - base)) if len(steps) else 1
    unit = unit or 1
    signed = np.concatenate([[0], (steps - base) // unit])
    spec = {"order": 1, "base": base, "unit": unit, "first": int(values[0])}
    return spec, _below(zigzag(signed))


def zigzag(signed: Ints) -> Ints:
    """Return ``2*r`` or ``-2*r - 1``: small whole numbers for small signed ones."""
    return np.asarray((signed << 1) ^ (signed >> 63))


def _below(residuals: Ints) -> Ints | None:
    return residuals if int(residuals.max()) < LIMIT else None


def _planes(residuals: Ints) -> list[bytes]:
    high = int(residuals.max())
    count = max(1, (high.bit_length() + 7) // 8)
    return [((residuals >> (8 * place)) & 255).astype(np.uint8).tobytes() for place in range(count)]
