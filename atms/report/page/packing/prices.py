"""The four prices of bars as whole ticks beside each other.

The close is stored by its steps. The open counts from the close before it, the high up from the
higher of open and close, the low down from the lower: small numbers all. Where a high is not a
whole number of ticks, it may still be one above its base (a spread that was added to a price).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atms.report.page.packing import integers, numbers
from atms.report.page.packing.integers import Ints
from atms.report.page.packing.streams import Spec
from atms.report.page.series_values import Floats

ORDER = ("close", "open", "high", "low")  # each needs those before it
_LARGEST = 2.0**50
_ODD = 0.02


def encode(bars: Mapping[str, Floats], part: str, scale: float) -> Spec | None:
    """Return how a price of *bars* is stored by those before it in ORDER; None: another way.

    Args:
        bars: the columns that are known already, and *part*.
        part: open, high or low.
        scale: ticks in a price of 1, a power of ten.
    """
    values = bars[part]
    best: Spec | None = None
    least = _ODD
    for way in ("mirror", "ticks", "sum"):
        if way == "mirror" and part != "low":
            continue
        ints, odd = _found(bars, part, scale, way)
        if np.mean(odd) > least:
            continue
        spec = {"kind": "price", "n": len(values), "part": part, "scale": scale, "way": way}
        if way != "mirror":
            stored = integers.encode(np.where(odd, 0, ints), ("plain", "signed"))
            if stored is None:
                continue
            spec["ints"] = stored
        best, least = {**spec, **numbers.odd_ones(values, odd)}, float(np.mean(odd))
        if not odd.any():
            break
    return best


def _found(
    bars: Mapping[str, Floats], part: str, scale: float, way: str
) -> tuple[Ints, numbers.Bools]:
    """Return by how many ticks a price lies beyond its base, and where that does not give it."""
    values = bars[part]
    base, ticks = _bases(bars, part, scale)
    sign = -1 if part == "low" else 1
    if way == "ticks":
        exact, odd = numbers.whole(values, scale)
        return sign * (exact - ticks), odd
    with np.errstate(invalid="ignore", over="ignore"):
        found = _mirror(bars, scale) if way == "mirror" else _whole((values - base) * sign * scale)
        return found, ~numbers.same_bits(base + sign * (found / scale), values)


def decode(spec: Spec, bars: Mapping[str, Floats], streams: list[bytes]) -> Floats:
    """Return the price that *spec* describes."""
    part, scale, way = spec["part"], spec["scale"], spec["way"]
    base, ticks = _bases(bars, part, scale)
    sign = -1 if part == "low" else 1
    ints = _mirror(bars, scale) if way == "mirror" else integers.decode(spec["ints"], streams)
    found = (ticks + sign * ints) / scale if way == "ticks" else base + sign * (ints / scale)
    return numbers.fill_odd(found, spec, streams)


def _mirror(bars: Mapping[str, Floats], scale: float) -> Ints:
    """Return by how many ticks the high lies above its base: the low may lie as far beneath."""
    base, _ = _bases(bars, "high", scale)
    with np.errstate(invalid="ignore", over="ignore"):
        return _whole((bars["high"] - base) * scale)


def _bases(bars: Mapping[str, Floats], part: str, scale: float) -> tuple[Floats, Ints]:
    """Return what *part* counts from, as a price and in ticks."""
    close = bars["close"]
    if part == "open":
        before = np.concatenate([close[:1], close[:-1]])
        return before, _whole(before * scale)
    opens = bars["open"]
    with np.errstate(invalid="ignore"):
        over = opens > close
    base = np.where(over if part == "high" else ~over, opens, close)
    return base, _whole(base * scale)


def _whole(values: Floats) -> Ints:
    """Return the nearest whole numbers, 0 for what has none; as the page's script rounds."""
    with np.errstate(invalid="ignore"):
        known = np.abs(values) < _LARGEST
    return np.floor(np.where(known, values, 0.0) + 0.5).astype(np.int64)
