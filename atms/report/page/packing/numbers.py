"""float64 columns, exactly: constants, decimals, runs of one value, or the bytes themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.report.page.packing import integers
from atms.report.page.packing.integers import LIMIT, Ints, Spec
from atms.report.page.packing.streams import Writer, cost

Floats = NDArray[np.float64]
_DECIMALS = 12
_ODD = 0.05  # share of values that may stand apart from the others' decimals
_SAMPLE = 2000


def encode(values: Floats, writer: Writer) -> Spec:
    """Return how *values*, shape (n,), are stored, each bit of them."""
    count = len(values)
    if not count:
        return {"kind": "constant", "n": 0, "value": 0}
    bits = values.view(np.int64)
    changes = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    if not len(changes):
        return {"kind": "constant", "n": count, "value": shown(float(values[0]))}
    if count > 64 and len(changes) < count // 8:
        starts = np.concatenate([[0], changes])
        return {
            "kind": "runs",
            "n": count,
            "starts": integers.encode(starts, writer),
            "values": encode(values[starts], writer),
        }
    return _decimals(values, writer) or _bytes(values, writer)


def decode(spec: Spec, streams: list[bytes]) -> Floats:
    """Return the column that *spec* describes."""
    kind, count = spec["kind"], int(spec["n"])
    if kind == "constant":
        return np.full(count, read(spec["value"]))
    if kind == "runs":
        starts = integers.decode(spec["starts"], streams)
        lengths = np.diff(np.append(starts, count))
        return np.repeat(decode(spec["values"], streams), lengths)
    if kind == "decimal":
        found = integers.decode(spec["ints"], streams) / spec["scale"]
        return fill_odd(found, spec.get("odd"), streams)
    return _from_bytes(spec, streams)


def shown(value: float) -> float | str:
    """Return a number as JSON can hold it, exactly."""
    if math.isfinite(value) and not (value == 0 and math.copysign(1, value) < 0):
        return value
    return "-0" if value == 0 else str(value)  # "nan" of any bits: the page has one


def read(value: Any) -> float:
    """Return the number that ``shown`` wrote."""
    return float(value)


# ---- decimals -----------------------------------------------------------------------------------
def scale_of(values: Floats) -> float | None:
    """Return 10**k, the least by which *values* are whole numbers, but for a few; None: none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    for sample in (known[:: max(1, len(known) // _SAMPLE)], known):
        for decimals in range(_DECIMALS + 1):
            if np.mean(exact(sample, 10.0**decimals)) >= 1 - _ODD:
                break
        else:
            return None
    return float(10.0**decimals)


def exact(values: Floats, scale: float) -> NDArray[np.bool_]:
    """Return which of *values* are a whole number over *scale*, bit by bit."""
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.rint(values * scale)
        same = (whole / scale == values) & (np.abs(whole) < LIMIT)
    return np.asarray(same & ~((values == 0) & np.signbit(values)))


def whole(values: Floats, scale: float) -> tuple[Ints, NDArray[np.bool_]]:
    """Return *values* times *scale* as whole numbers, and where they are not; there, the last."""
    odd = ~exact(values, scale)
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.where(odd, 0, np.rint(np.where(odd, 0.0, values) * scale)).astype(np.int64)
    if odd.any():
        last = np.maximum.accumulate(np.where(odd, -1, np.arange(len(values))))
        first = int(np.argmin(odd))
        found = found[np.where(last < 0, first, last)]
    return found, odd


def _decimals(values: Floats, writer: Writer) -> Spec | None:
    scale = scale_of(values)
    if scale is None:
        return None
    ints, odd = whole(values, scale)
    spec = integers.encode(ints, writer)
    if spec is None:
        return None
    found = {"kind": "decimal", "n": len(values), "scale": scale, "ints": spec}
    return {**found, **odd_ones(values, odd, writer)}


def odd_ones(values: Floats, odd: NDArray[np.bool_], writer: Writer) -> Spec:
    """Return how the values are stored that a rule does not give: where they are, and what."""
    at = np.flatnonzero(odd)
    if not len(at):
        return {}
    return {"odd": {"at": integers.encode(at, writer), "values": encode(values[at], writer)}}


def fill_odd(found: Floats, spec: Spec | None, streams: list[bytes]) -> Floats:
    """Put the values of ``odd_ones`` in their places."""
    if spec is not None:
        found[integers.decode(spec["at"], streams)] = decode(spec["values"], streams)
    return found


# ---- bytes --------------------------------------------------------------------------------------
def _bytes(values: Floats, writer: Writer) -> Spec:
    plain = _planes(values.view(np.uint64))
    bits = values.view(np.uint64).copy()
    bits[1:] ^= bits[:-1].copy()
    crossed = _planes(bits)
    costs = [sum(cost(plane) for plane in planes) for planes in (plain, crossed)]
    xor = costs[1] < costs[0]
    planes = [writer.add(plane) for plane in (crossed if xor else plain)]
    return {"kind": "bytes", "n": len(values), "xor": int(xor), "planes": planes}


def _planes(bits: NDArray[np.uint64]) -> list[bytes]:
    table = bits.astype("<u8").view(np.uint8).reshape(-1, 8)
    return [table[:, place].tobytes() for place in range(8)]


def _from_bytes(spec: Spec, streams: list[bytes]) -> Floats:
    table = np.empty((int(spec["n"]), 8), dtype=np.uint8)
    for place, where in enumerate(spec["planes"]):
        table[:, place] = integers.piece(where, streams, np.uint8)
    bits = table.reshape(-1).view("<u8")
    if spec["xor"]:
        bits = np.bitwise_xor.accumulate(bits)
    return bits.astype(np.uint64).view(np.float64)
