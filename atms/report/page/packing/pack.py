"""Series into JSON: every column by the way that takes the fewest bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from atms.report.page.packing import columns, prices
from atms.report.page.packing.budget import Column, fit, is_optional, notes
from atms.report.page.packing.known import Known
from atms.report.page.packing.streams import Spec, Writer, packed, placed
from atms.report.page.series_values import Columns, Values

VERSION = 1


@dataclass(frozen=True)
class Packed:
    """What a page holds of its series.

    Attributes:
        data: JSON-able: ``version``, ``meta`` (that of the series; ``coarser``, where there is
            one: series -> column -> what was done to it), ``index`` and ``streams``;
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
    known, page = Known(), _Page()
    listed = columns.order(series)
    wanted = []
    for name, column in listed:
        values = _plain(series[name][column])
        if isinstance(values, np.ndarray) and is_optional(name, column, ("time", *prices.ORDER)):
            wanted.append(Column(name, column, values))
            continue
        page.add(name, column, columns.encode(name, column, values, known, meta))
        known.add(name, column, values)
    needed = page.size
    for one, spec in fit(wanted, budget_bytes - needed, known, meta):
        page.add(one.series, one.name, spec)
    for one in wanted:
        if one.level:
            meta.setdefault("coarser", {}).setdefault(one.series, {})[one.name] = one.words()
    said = notes(wanted, meta.get("feeds", ()))
    if needed > budget_bytes:
        said = (_too_large(needed, budget_bytes), *said)
    return Packed(page.data(series, meta), said)


class _Page:
    """Columns in the order in which they are unpacked."""

    def __init__(self) -> None:
        self._writer = Writer()
        self._specs: list[tuple[str, str, Spec]] = []

    def add(self, series: str, column: str, spec: Spec) -> None:
        self._specs.append((series, column, placed(spec, self._writer)))

    @property
    def size(self) -> int:
        """About the bytes of JSON so far."""
        return self._writer.size + len(self._index({}))

    def data(self, series: Mapping[str, Columns], meta: dict[str, Any]) -> dict[str, Any]:
        return {
            "version": VERSION,
            "meta": meta,
            "index": self._index(series),
            "streams": self._writer.streams(),
        }

    def _index(self, series: Mapping[str, Columns]) -> str:
        names = {name: list(one) for name, one in series.items()}
        index = {"series": names, "columns": self._specs}
        return packed(json.dumps(index, allow_nan=False, separators=(",", ":")).encode("ascii"))


def _too_large(needed: int, budget: int) -> str:
    return (
        f"Bars, equity, fills and trades take {needed / 1e6:.1f} MB, and report.max_mb leaves "
        f"{max(budget, 0) / 1e6:.1f} MB for them: they are kept exact, and the page is larger."
    )


def _plain(values: Values) -> Values:
    if isinstance(values, np.ndarray):
        return np.ascontiguousarray(values, dtype=np.float64)
    return values
