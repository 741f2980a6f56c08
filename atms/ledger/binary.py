"""Bars into PostgreSQL by COPY in its binary form, built in arrays.

The form (PostgreSQL documentation, COPY, "Binary Format"): a header; then for each row the number
of its fields, 2 bytes, and each field as its length, 4 bytes, and its bytes, numbers with the
highest byte first; then -1 in 2 bytes. A timestamptz is microseconds since 2000 UTC.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from atms.feeds.bars import PRICES

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_SINCE_2000 = 946_684_800_000_000
_SIZES = {">i4": 4, ">i8": 8, ">f8": 8}


def bar_rows(
    series_id: int, stamps: NDArray[np.int64], columns: dict[str, NDArray[np.float64]]
) -> list[tuple[list[str], io.BytesIO]]:
    """Return what to COPY into the table ``bars``: names of the columns, and the data.

    Once the bars that have a volume, once those that have none: NULL has another length.
    """
    known = ~np.isnan(columns["volume"])
    parts = ((known, (*PRICES, "volume")), (~known, PRICES))
    return [_rows(series_id, stamps, columns, at, names) for at, names in parts if at.any()]


def _rows(
    series_id: int,
    stamps: NDArray[np.int64],
    columns: dict[str, NDArray[np.float64]],
    at: NDArray[np.bool_],
    names: tuple[str, ...],
) -> tuple[list[str], io.BytesIO]:
    fields = {"series_id": ">i4", "ts": ">i8", **dict.fromkeys(names, ">f8")}
    kind = [("fields", ">i2")]
    for name, form in fields.items():
        kind += [(f"{name}_size", ">i4"), (name, form)]
    rows = np.empty(int(at.sum()), dtype=kind)
    rows["fields"] = len(fields)
    for name, form in fields.items():
        rows[f"{name}_size"] = _SIZES[form]
    rows["series_id"] = series_id
    rows["ts"] = stamps[at] - _SINCE_2000
    for name in names:
        rows[name] = columns[name][at]
    return list(fields), io.BytesIO(_HEADER + rows.tobytes() + _TRAILER)
