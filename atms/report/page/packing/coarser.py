"""A column with less of it: fewer digits, or fewer rows. NaN stays NaN where rows are kept."""

from __future__ import annotations

import numpy as np

from atms.report.page.packing import integers, numbers
from atms.report.page.packing.streams import Spec
from atms.report.page.series_values import Floats

_SPREAD = (1, 99)  # percentiles: a few outliers must not decide what is fine enough


def digits(values: Floats, count: int) -> Spec:
    """Return *values* rounded to *count* significant digits."""
    known = np.isfinite(values) & (np.abs(values) >= 1e-200)
    size = np.where(known, np.abs(values), 1.0)
    exponent = np.floor(np.log10(size)).astype(np.int64) - count + 1
    power = 10.0 ** np.abs(exponent)
    some = np.where(known, values, 0.0)
    mantissa = np.rint(np.where(exponent < 0, some * power, some / power)).astype(np.int64)
    odd = ~known & (values != 0)
    exponent[~known] = int(np.median(exponent[known])) if known.any() else 0
    return {
        "kind": "digits",
        "n": len(values),
        "mantissa": integers.encode(mantissa, ("plain", "signed")),
        "exponent": integers.encode(exponent, ("plain",)),
        **numbers.odd_ones(values, odd),
    }


def step_for(values: Floats, parts: float) -> float:
    """Return the power of ten that divides the spread of *values* into about *parts*, or fewer."""
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, _SPREAD) if len(known) else (0.0, 0.0)
    if not 0 < high - low < np.inf:
        return 1.0
    return float(10.0 ** np.clip(np.ceil(np.log10((high - low) / parts)), -12, 12))


def rounded(values: Floats, step: float) -> Spec:
    """Return *values* rounded to whole multiples of *step*, a power of ten."""
    scale = round(1 / step) if step < 1 else 1 / round(step)
    with np.errstate(all="ignore"):
        whole = np.rint(values * scale)
        odd = ~(np.abs(whole) < 2.0**50)
    last = np.maximum.accumulate(np.where(odd, -1, np.arange(len(values))))
    ints = np.where(odd, 0.0, whole)[np.where(last < 0, int(np.argmin(odd)), last)]
    return {
        "kind": "steps",
        "n": len(values),
        "scale": float(max(1, round(1 / step))),
        "step": float(max(1, round(step))),
        "ints": integers.encode(ints.astype(np.int64)),
        **numbers.odd_ones(values, odd),
    }


def thinned(values: Floats, every: int, *, mean: bool) -> Spec:
    """Return *values* by every so many rows: as their mean, or joined by straight lines."""
    if mean:
        count = -(-len(values) // every)
        filled = np.full(count * every, np.nan)
        filled[: len(values)] = values
        table = filled.reshape(count, every)
        some = np.isfinite(table)
        with np.errstate(all="ignore"):
            kept = np.where(some, table, 0.0).sum(axis=1) / some.sum(axis=1)
    else:
        kept = values[::every]
    kept = np.ascontiguousarray(kept)
    inner = digits(kept, 3) if mean else rounded(kept, step_for(kept, _FINE))
    return {"kind": "thinned", "n": len(values), "every": every, "mean": int(mean), "values": inner}


_FINE = 1e5


def decode(spec: Spec, streams: list[bytes]) -> Floats:
    """Return what *spec* keeps of a column."""
    kind = spec["kind"]
    if kind == "digits":
        mantissa = integers.decode(spec["mantissa"], streams).astype(np.float64)
        exponent = integers.decode(spec["exponent"], streams)
        power = np.array([float(f"1e{n}") for n in range(301)])[np.abs(exponent)]
        found = np.where(exponent < 0, mantissa / power, mantissa * power)
        return numbers.fill_odd(found, spec, streams)
    if kind == "steps":
        ints = integers.decode(spec["ints"], streams).astype(np.float64)
        return numbers.fill_odd(ints * spec["step"] / spec["scale"], spec, streams)
    kept, every = decode(spec["values"], streams), spec["every"]
    rows = np.arange(int(spec["n"]))
    at = rows // every
    if spec["mean"]:
        return np.asarray(kept[at])
    following = np.minimum(at + 1, len(kept) - 1)
    return np.asarray(kept[at] + (kept[following] - kept[at]) * ((rows % every) / every))
