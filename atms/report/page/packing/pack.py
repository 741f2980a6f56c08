"""Series into JSON: every column by the way that takes the fewest bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from atms.report.page.packing import columns
from atms.report.page.packing.known import Known
from atms.report.page.packing.streams import Writer, packed, placed
from atms.report.page.series_values import Columns, Values

VERSION = 1


@dataclass(frozen=True)
class Packed:
    """What a page holds of its series.

    Attributes:
        data: JSON-able: ``version``, ``meta`` (that of the series), ``index`` and ``streams``;
            ``ATMS.unpack`` of the page, or :func:`unpack`, gives the columns again.
        notes: sentences on what was made coarser or left out, for the page; none: nothing was.
    """

    data: dict[str, Any]
    notes: tuple[str, ...]


def pack(series: Mapping[str, Columns], budget_bytes: int) -> Packed:
    """Return *series* packed into about *budget_bytes* of JSON.

    Args:
        series: name -> column -> float64 array or list of texts; as ``series(result)`` gives it,
            or any other. Its ``meta``, where it has one, goes along.
        budget_bytes: what the JSON may take. Volume and indicators are made coarser, then left
            out, where they do not fit; everything else is exact, whatever it takes.
    """
    meta = dict(getattr(series, "meta", {}))
    writer, known = Writer(), Known()
    index: dict[str, Any] = {"series": {name: list(one) for name, one in series.items()}}
    specs = index["columns"] = []
    for name, column in columns.order(series):
        values = _plain(series[name][column])
        spec = columns.encode(name, column, values, known, meta)
        known.add(name, column, values)
        specs.append([name, column, placed(spec, writer)])
    data = {
        "version": VERSION,
        "meta": meta,
        "index": packed(json.dumps(index, allow_nan=False, separators=(",", ":")).encode("ascii")),
        "streams": writer.streams(),
    }
    return Packed(data, ())


def _plain(values: Values) -> Values:
    if isinstance(values, np.ndarray):
        return np.ascontiguousarray(values, dtype=np.float64)
    return values
