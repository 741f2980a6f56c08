"""A frame's columns as what a series holds: float64 arrays, and lists of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Texts = Sequence[str | None]
Values = Floats | Texts
Columns = Mapping[str, Values]


def micros(times: pd.Index | pd.Series) -> Floats:
    """Return aware times as microseconds since 1970 UTC; NaN where there is none."""
    stamps = pd.DatetimeIndex(pd.to_datetime(times, utc=True)).as_unit("us")
    found: Floats = stamps.asi8.astype(np.float64)
    found[np.asarray(stamps.isna())] = np.nan
    return found


def floats(column: pd.Series) -> Floats:
    """Return a column as numbers; NaN where there is none."""
    plain = pd.to_numeric(column, errors="coerce")
    found: Floats = np.asarray(plain.to_numpy(np.float64, na_value=np.nan))
    return found


def values(column: pd.Series, *, text: bool = False) -> Values:
    """Return a column as numbers where it is one of numbers and not *text*, else as texts."""
    if not text and pd.api.types.is_numeric_dtype(column.dtype):
        return floats(column)
    gone = column.isna().to_numpy()
    return [
        None if absent else str(value) for value, absent in zip(column.tolist(), gone, strict=True)
    ]
