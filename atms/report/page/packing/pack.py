"""Series into JSON: every column by the way that takes the fewest bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
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
    known, needed = Known(), _Page(series, meta)
    wanted = []
    for name, column in columns.order(series):
        values = _plain(series[name][column])
        if isinstance(values, np.ndarray) and is_optional(name, column, ("time", *prices.ORDER)):
            wanted.append(Column(name, column, values))
            continue
        needed.add(name, column, columns.encode(name, column, values, known, meta))
        known.add(name, column, values)
    page = _fitted(needed, wanted, budget_bytes, known)
    said = notes(wanted, meta.get("feeds", ()))
    if needed.size > budget_bytes:
        said = (_too_large(needed.size, budget_bytes), *said)
    return Packed(page.data(), said)


def _fitted(needed: _Page, wanted: list[Column], budget: int, known: Known) -> _Page:
    """Return what is needed and what else fits beside it."""
    size = needed.size
    left = float(budget - size)
    while True:
        page = needed.copy()
        chosen = fit(wanted, left, known, page.meta)
        for one, spec in chosen:
            page.add(one.series, one.name, spec)
        for one in wanted:
            if one.level:
                page.coarser(one)
        over = page.size - budget
        if over <= 0 or size > budget or not chosen:
            return page
        left -= 1.5 * over  # costs are judged by samples, and by a quick way to deflate


class _Page:
    """Columns in the order in which they are unpacked."""

    def __init__(self, series: Mapping[str, Columns], meta: Mapping[str, Any]) -> None:
        self.meta = dict(meta)
        self._series = {name: list(one) for name, one in series.items()}
        self._writer = Writer()
        self._specs: list[tuple[str, str, Spec]] = []

    def copy(self) -> _Page:
        return deepcopy(self)

    def add(self, series: str, column: str, spec: Spec) -> None:
        self._specs.append((series, column, placed(spec, self._writer)))

    def coarser(self, column: Column) -> None:
        done = self.meta.setdefault("coarser", {})
        done.setdefault(column.series, {})[column.name] = column.words()

    @property
    def size(self) -> int:
        """The bytes of JSON so far."""
        return len(json.dumps(self.data()))

    def data(self) -> dict[str, Any]:
        index = {"series": self._series, "columns": self._specs}
        listed = json.dumps(index, allow_nan=False, separators=(",", ":"))
        return {
            "version": VERSION,
            "meta": self.meta,
            "index": packed(listed.encode("ascii")),
            "streams": self._writer.streams(),
        }


def _too_large(needed: int, budget: int) -> str:
    return (
        f"Bars, equity, fills and trades take {needed / 1e6:.1f} MB, and report.max_mb leaves "
        f"{max(budget, 0) / 1e6:.1f} MB for them: they are kept exact, and the page is larger."
    )


def _plain(values: Values) -> Values:
    if isinstance(values, np.ndarray):
        return np.ascontiguousarray(values, dtype=np.float64)
    return values
