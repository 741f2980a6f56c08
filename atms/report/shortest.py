"""Floats as text, a column at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_FEW = 100  # of them repr itself is as fast
_LEAST, _MOST = 1e-4, 1e9  # between them Arrow writes no exponent, as repr does


def shortest(values: NDArray[np.float64]) -> list[str]:
    """Return what ``repr`` says of each value: the shortest text that reads back equal.

    Arrow finds the same digits several times as fast; what it writes in another form (whole
    numbers, and those with an exponent) is left to ``repr``.
    """
    if len(values) < _FEW:
        return list(map(repr, values.tolist()))
    values = np.ascontiguousarray(values)
    bits = values.view(np.int64)
    if (bits == bits[0]).all():
        return [repr(float(values[0]))] * len(values)
    sizes = np.abs(values)
    with np.errstate(invalid="ignore"):  # NaN is not alike
        alike = (sizes >= _LEAST) & (sizes < _MOST) & (np.trunc(sizes) != sizes)
    if alike.sum() * 2 < len(values):
        return list(map(repr, values.tolist()))
    found = pa.array(values).cast(pa.string()).to_numpy(zero_copy_only=False)
    texts: list[str] = found.tolist()
    for place in np.flatnonzero(~alike).tolist():
        texts[place] = repr(float(values[place]))
    return texts
