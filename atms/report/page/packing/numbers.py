"""float64 columns, exactly: constants, decimals, runs of one value, or the bytes themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.report.page.packing import integers
from atms.report.page.packing.integers import LIMIT, Ints
from atms.report.page.packing.streams import Spec, cost, piece
from atms.report.page.series_values import Floats

_DECIMALS = 12
_ODD = 0.05  # share of values that may stand apart from the others' decimals
_SAMPLE = 2000
_RUNS = 0.7  # of the rows: a column that changes more often has no runs
Bools = NDArray[np.bool_]


def encode(values: Floats) -> Spec:
    """Return how *values*, shape (n,), are stored, each bit of them; a NaN is a NaN."""
    count = len(values)
    bits = values.view(np.int64)
    changes = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    if not len(changes):
        value = shown(float(values[0])) if count else 0
        return {"kind": "constant", "n": count, "value": value}
    dense = _decimals(values) or _bytes(values)
    if len(changes) + 1 > _RUNS * count:
        return dense
    starts = np.concatenate([[0], changes])
    ends = integers.encode(starts, ("steps",))
    runs = {"kind": "runs", "n": count, "starts": ends, "values": encode(values[starts])}
    return min(runs, dense, key=cost)


def decode(spec: Spec, streams: list[bytes]) -> Floats:
    """Return the column that *spec* describes."""
    kind, count = spec["kind"], int(spec["n"])
    if kind == "constant":
        return np.full(count, float(spec["value"]))
    if kind == "runs":
        starts = integers.decode(spec["starts"], streams)
        return np.repeat(decode(spec["values"], streams), np.diff(np.append(starts, count)))
    if kind == "decimals":
        found = integers.decode(spec["ints"], streams) / spec["scale"]
        return fill_odd(found, spec, streams)
    return _from_bytes(spec, streams)


def shown(value: float) -> float | str:
    """Return a number as JSON can hold it, exactly; ``float`` reads it."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return "-0" if value == 0 and math.copysign(1, value) < 0 else value


# ---- decimals -----------------------------------------------------------------------------------
def scale_of(values: Floats, odd: float = _ODD) -> float | None:
    """Return 10**k, the least by which *values* are whole numbers; None: there is none.

    Args:
        odd: share of the finite ones that may be others.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    for sample in (known[:: max(1, len(known) // _SAMPLE)], known):
        for decimals in range(_DECIMALS + 1):
            if np.mean(exact(sample, 10.0**decimals)) >= 1 - odd:
                break
        else:
            return None
    return float(10.0**decimals)


def exact(values: Floats, scale: float) -> Bools:
    """Return which of *values* are a whole number over *scale*, bit by bit."""
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.rint(values * scale)
        same = (whole / scale == values) & (np.abs(whole) < LIMIT)
    return np.asarray(same & ~((values == 0) & np.signbit(values)))


def whole(values: Floats, scale: float) -> tuple[Ints, Bools]:
    """Return *values* times *scale* as whole numbers, and where they are none; there, the last."""
    odd = ~exact(values, scale)
    found = np.rint(np.where(odd, 0.0, values) * scale).astype(np.int64)
    if odd.any():
        last = np.maximum.accumulate(np.where(odd, -1, np.arange(len(values))))
        found = found[np.where(last < 0, int(np.argmin(odd)), last)]
    return found, odd


def _decimals(values: Floats) -> Spec | None:
    scale = scale_of(values)
    if scale is None:
        return None
    ints, odd = whole(values, scale)
    spec = integers.encode(ints)
    if spec is None:
        return None
    return {
        "kind": "decimals",
        "n": len(values),
        "scale": scale,
        "ints": spec,
        **odd_ones(values, odd),
    }


def odd_ones(values: Floats, odd: Bools) -> Spec:
    """Return how the values are stored that a rule does not give: where they are, and what."""
    at = np.flatnonzero(odd)
    return {"odd": {"at": integers.encode(at), "values": encode(values[at])}} if len(at) else {}


def fill_odd(found: Floats, spec: Spec, streams: list[bytes]) -> Floats:
    """Put the values of ``odd_ones`` in their places."""
    if "odd" in spec:
        at = integers.decode(spec["odd"]["at"], streams)
        found[at] = decode(spec["odd"]["values"], streams)
    return found


def same_bits(one: Floats, other: Floats) -> Bools:
    """Return where two columns are equal to the last bit; any NaN equals any other."""
    equal = one.view(np.int64) == other.view(np.int64)
    return np.asarray(equal | (np.isnan(one) & np.isnan(other)))


# ---- bytes --------------------------------------------------------------------------------------
def _bytes(values: Floats) -> Spec:
    bits = values.view(np.uint64)
    crossed = bits.copy()
    crossed[1:] ^= bits[:-1]
    found: list[Any] = [
        {"kind": "bytes", "n": len(values), "xor": xor, "planes": _planes(some)}
        for xor, some in ((0, bits), (1, crossed))
    ]
    return min(found, key=cost)


def _planes(bits: NDArray[np.uint64]) -> list[bytes]:
    table = bits.astype("<u8").view(np.uint8).reshape(-1, 8)
    return [table[:, place].tobytes() for place in range(8)]


def _from_bytes(spec: Spec, streams: list[bytes]) -> Floats:
    table = np.empty((int(spec["n"]), 8), dtype=np.uint8)
    for place, where in enumerate(spec["planes"]):
        table[:, place] = piece(where, streams)
    bits = table.reshape(-1).view("<u8")
    if spec["xor"]:
        bits = np.bitwise_xor.accumulate(bits)
    return bits.astype(np.uint64).view(np.float64)
