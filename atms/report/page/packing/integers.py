"""Whole numbers as byte planes: residuals of a prediction, the lowest bytes first.

An array x of int64 (below 2**53, so that the page's numbers hold them) is stored as ``r``:

- ``plain``: ``x[i] = base + unit * r[i]``, r >= 0;
- ``signed``: the same with r of both signs;
- ``steps``: ``x[0] = first`` and ``x[i] = x[i-1] + base + unit * r[i]``, r of both signs.

An r of both signs is stored as ``2*r`` or ``-2*r - 1``; then the lowest byte of every number stands
in the first plane, the next in the second, and so on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atms.report.page.packing.streams import Spec, cost, piece

Ints = NDArray[np.int64]
LIMIT = 2**53
WAYS = ("plain", "steps")


def encode(values: Ints, ways: tuple[str, ...] = WAYS) -> Spec | None:
    """Return how *values*, shape (n,), are stored; None where their range is too large.

    Args:
        ways: which of the ways above may be taken; the shortest is.
    """
    if not len(values):
        return {"n": 0, "planes": []}
    if int(values.max()) >= LIMIT or int(values.min()) <= -LIMIT:
        return None
    found = []
    for way in ways:
        spec, residuals = _steps(values) if way == "steps" else _plain(values, way == "signed")
        if int(residuals.max()) < LIMIT:
            found.append({**spec, "way": way, "n": len(values), "planes": _planes(residuals)})
    if len(found) < 2:
        return found[0] if found else None
    return min(found, key=cost)


def decode(spec: Spec, streams: list[bytes]) -> Ints:
    """Return the numbers that *spec* describes."""
    count = int(spec["n"])
    found = np.zeros(count, dtype=np.int64)
    for place, where in enumerate(spec["planes"]):
        found += piece(where, streams).astype(np.int64) << (8 * place)
    if not count:
        return found
    if spec["way"] != "plain":
        found = np.where(found & 1, -(found >> 1) - 1, found >> 1)
    found = np.asarray(found * spec["unit"] + spec["base"], dtype=np.int64)
    if spec["way"] != "steps":
        return found
    found[0] = spec["first"]
    return np.asarray(np.cumsum(found), dtype=np.int64)


def _plain(values: Ints, signed: bool) -> tuple[Spec, Ints]:
    base = 0 if signed else int(values.min())
    spread = values - base
    unit = int(np.gcd.reduce(spread)) or 1
    parts = spread // unit
    return {"base": base, "unit": unit}, zigzag(parts) if signed else parts


def _steps(values: Ints) -> tuple[Spec, Ints]:
    steps = np.diff(values)
    base = int(np.median(steps)) if len(steps) else 0
    unit = (int(np.gcd.reduce(steps - base)) if len(steps) else 0) or 1
    signed = np.concatenate([[0], (steps - base) // unit])
    return {"base": base, "unit": unit, "first": int(values[0])}, zigzag(signed)


def zigzag(signed: Ints) -> Ints:
    """Return ``2*r`` or ``-2*r - 1``: small whole numbers for small ones of both signs."""
    return np.asarray((signed << 1) ^ (signed >> 63))


def _planes(residuals: Ints) -> list[bytes]:
    count = (int(residuals.max()).bit_length() + 7) // 8
    table = residuals.astype("<i8").view(np.uint8).reshape(-1, 8)
    return [table[:, place].tobytes() for place in range(count)]
