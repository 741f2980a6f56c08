"""What of volume and indicators fits into the bytes that are left: exact, coarser, or not at all.

The largest column is made coarser by one level, again and again, until all of them fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atms.report.page.packing import coarser, columns
from atms.report.page.packing.known import Known
from atms.report.page.packing.streams import Spec, cost
from atms.report.page.series_values import Floats

_SAMPLE = 1 << 16  # rows by which a level's cost is judged
_BASE64 = 4 / 3
_FREE = 300  # bytes: an exact column that takes less makes no room for others
_SAFE = 0.97  # of the bytes that are left: costs are judged by samples
_EVERY = (4, 16, 64, 256, 1024)
_DIGITS = (4, 3, 2, 1)
_PARTS = (1e6, 1e5, 1e4, 1e3)
OUT = 1 + len(_DIGITS) + len(_EVERY)
_WORDS = {1: "one significant digit", 2: "two significant digits", 3: "three significant digits",
          4: "four significant digits"}  # fmt: skip
_NAMED = 3  # columns that a note names


@dataclass
class Column:
    """A column that may be made coarser; *level* 0 is exact, ``OUT`` not there."""

    series: str
    name: str
    values: Floats
    level: int = 0

    @property
    def is_line(self) -> bool:
        """Whether it is an indicator's: it is rounded to a step, a volume to digits."""
        return self.series.startswith("lines:")

    def spec(self, known: Known, meta: Mapping[str, Any], values: Floats | None = None) -> Spec:
        """Return how it is stored at its level; *values*: of a part of it, to judge the cost."""
        some = self.values if values is None else values
        if self.level == 0:
            return columns.encode(self.series, self.name, some, known, dict(meta))
        if self.level > len(_DIGITS):
            every = _EVERY[self.level - len(_DIGITS) - 1]
            return coarser.thinned(some, every, mean=not self.is_line)
        if self.is_line:
            return coarser.rounded(some, self.step)
        return coarser.digits(some, _DIGITS[self.level - 1])

    @property
    def step(self) -> float:
        """What an indicator is rounded to."""
        return coarser.step_for(self.values, _PARTS[self.level - 1])

    def words(self) -> str:
        """Return what was done to it, for the page."""
        if self.level == OUT:
            return "left out"
        if self.level > len(_DIGITS):
            every = _EVERY[self.level - len(_DIGITS) - 1]
            kept = "drawn from" if self.is_line else "the mean of"
            return f"{kept} every {every} bars"
        if self.is_line:
            return f"rounded to {self.step:.12g}"
        return f"rounded to {_WORDS[_DIGITS[self.level - 1]]}"


def is_optional(series: str, column: str, essential: Sequence[str]) -> bool:
    """Return whether a column may be made coarser: a feed's lines but time and prices, and
    indicators.
    """
    if series.startswith("bars:"):
        return column not in essential
    return series.startswith("lines:") and column != "time"


def fit(
    wanted: Sequence[Column], left: float, known: Known, meta: Mapping[str, Any]
) -> list[tuple[Column, Spec]]:
    """Return the columns that fit into *left* bytes of base64, each with how it is stored.

    They begin at the levels that they have, and are left at those that fit.
    """
    there = [place for place, one in enumerate(wanted) if one.level < OUT]
    specs = {place: wanted[place].spec(known, meta) for place in there}
    costs = {place: cost(spec) * _BASE64 for place, spec in specs.items()}
    while sum(costs.values()) > left * _SAFE:
        large = [one for one in costs if costs[one] >= _FREE or wanted[one].level]
        if not large:
            break
        place = max(large, key=lambda one: (costs[one], -one))
        column = wanted[place]
        column.level += 1
        specs.pop(place, None)
        if column.level == OUT:
            costs.pop(place)
        else:
            costs[place] = _judged(column, known, meta) * _BASE64
    return [
        (wanted[place], specs[place] if place in specs else wanted[place].spec(known, meta))
        for place in costs
    ]


def _judged(column: Column, known: Known, meta: Mapping[str, Any]) -> float:
    count = len(column.values)
    if count <= 2 * _SAMPLE:
        return cost(column.spec(known, meta))
    middle = (count - _SAMPLE) // 2
    part = column.values[middle : middle + _SAMPLE].copy()
    return cost(column.spec(known, meta, part)) * count / _SAMPLE


def notes(wanted: Sequence[Column], feeds: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what was done to the columns, a sentence for each way."""
    ways: dict[str, list[str]] = {}
    for column in wanted:
        if column.level:
            ways.setdefault(column.words(), []).append(_name(column, feeds))
    return tuple(
        f"To keep the page within report.max_mb: {_listed(names)} "
        f"{'is' if len(names) == 1 else 'are'} {way}."
        for way, names in ways.items()
    )


def _name(column: Column, feeds: Sequence[Mapping[str, Any]]) -> str:
    place = column.series.partition(":")[2]
    feed = feeds[int(place)] if place.isdigit() and int(place) < len(feeds) else {}
    of = feed.get("name") or column.series
    return f"{column.name} {'on' if column.is_line else 'of'} {of}"


def _listed(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
