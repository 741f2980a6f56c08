"""A source's times -> microseconds since 1970 UTC, the same however the file is cut in chunks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.boundaries import check_zone
from atms.feeds.importing.tables import Table
from atms.feeds.times import read_stamps

Instants = NDArray[np.int64]
_OFFSET = r"(?:[Zz]|[+-]\d{2}:?\d{2})\s*$"
_SHIFTED = re.compile(r"(.+?)([+-])(\d{1,2})h")
_HOUR = 3_600_000_000
# Numbers since 1970 of a size below the first of a pair are of a unit of that many microseconds.
_UNITS = ((1e11, 1_000_000), (1e14, 1000), (1e17, 1))


@dataclass(frozen=True)
class Zone:
    """Whose clocks a file's times are read from.

    Attributes:
        name: a time zone.
        ahead: how much the clocks go before those of the zone, microseconds.
    """

    name: str
    ahead: int = 0

    @classmethod
    def parse(cls, text: str) -> Zone:
        """Read ``America/New_York``, or ``America/New_York+7h`` for a server's own clock.

        Raises:
            ConfigError: there is no such zone.
        """
        found = _SHIFTED.fullmatch(text.strip())
        if not found:
            return cls(check_zone(text.strip()))
        hours = int(found[3]) * (-1 if found[2] == "-" else 1)
        return cls(check_zone(found[1]), hours * _HOUR)


@dataclass(frozen=True)
class Clock:
    """How a file's times are written.

    Attributes:
        columns: where they stand; several are joined by a blank.
        kind: ``epoch``: numbers since 1970 UTC, each in the unit that its size tells;
            ``midnight``: milliseconds since the day began; ``text``: as people write them, or an
            Arrow time.
        zone: whose clocks they are; None: they say so themselves, or are dates, which stay at
            00:00 UTC.
        day: the day of ``midnight``, microseconds since 1970.
        offsets: whether the texts end in an offset from UTC.
    """

    columns: tuple[str, ...]
    kind: str
    zone: Zone | None = None
    day: int = 0
    offsets: bool = False

    def walls(self, table: Table, where: str, first_row: int) -> tuple[Instants, bool]:
        """Return what the clocks show, as microseconds since their 1970, and whether finer
        digits were dropped; instants where there is no zone.

        Raises:
            DataError: with file and row, for what is no time.
        """
        column = self._joined(table)
        if column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
            raise DataError(f"{where}: row {first_row + row}: has no time")
        if self.kind == "text":
            self._check_style(column, where, first_row)
            zone = None if self.zone is None else "UTC"
            return read_stamps(pd.Series(column.to_pandas()), where, zone, first_row)
        values = column.to_numpy()
        bad = ~np.isfinite(values)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(f"{where}: row {first_row + row}: {values[row]} is no time")
        if self.kind == "midnight":
            return self.day + np.rint(values * 1000).astype(np.int64), False
        return since_epoch(values)

    def instants(self, walls: Instants, where: str, first_row: int) -> Instants:
        """Return the moments, microseconds since 1970 UTC, at which the clocks show *walls*.

        Raises:
            DataError: the clocks never show it, or show it twice and the order does not say when.
        """
        if self.zone is None:
            return walls
        shown = pd.Series((walls - self.zone.ahead).view("datetime64[us]"))
        return read_stamps(shown, where, self.zone.name, first_row)[0]

    def undecided(self, walls: Instants) -> int:
        """Return how many rows at the end lie in an hour that the clocks show twice.

        Which of both is meant, the order of all rows in it tells: they must stay together.
        """
        if self.zone is None or self.zone.name == "UTC":
            return 0
        index = pd.DatetimeIndex((walls - self.zone.ahead).view("datetime64[us]"))
        twice = index.tz_localize(self.zone.name, ambiguous="NaT", nonexistent="shift_forward")
        once = np.flatnonzero(twice.notna())
        return len(walls) - (int(once[-1]) + 1 if len(once) else 0)

    def _joined(self, table: Table) -> Any:
        columns = [table.data.column(name).combine_chunks() for name in self.columns]
        if self.kind == "text" and pa.types.is_integer(columns[0].type):
            columns[0] = columns[0].cast(pa.string())  # 20180131
        if len(columns) == 1:
            return columns[0]
        return compute.binary_join_element_wise(*[c.cast(pa.string()) for c in columns], " ")

    def _check_style(self, column: Any, where: str, first_row: int) -> None:
        """Refuse times of the other kind than the first ones: each is read in its own way."""
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return
        zoned = compute.match_substring_regex(column, _OFFSET).to_numpy(zero_copy_only=False)
        odd = np.flatnonzero(zoned != self.offsets)
        if len(odd):
            row = int(odd[0])
            style = "no time zone" if self.offsets else "a time zone"
            raise DataError(
                f"{where}: row {first_row + row}: {column[row].as_py()!r} has {style}, unlike the "
                "rows before; write all times in one way"
            )


def since_epoch(values: NDArray[Any]) -> tuple[Instants, bool]:
    """Return microseconds for numbers since 1970, and whether finer digits were dropped.

    Each number is read for itself, because a source may change its unit: below 1e11 they are
    seconds, below 1e14 milliseconds, below 1e17 microseconds, above nanoseconds. Milliseconds of
    before March 1973 are therefore not told from seconds.
    """
    stamps, finer = np.empty(len(values), dtype=np.int64), False
    sizes = np.abs(values)
    least = 0.0
    for limit, micros in _UNITS:
        rows = (sizes >= least) & (sizes < limit)
        scaled = values[rows] * micros
        stamps[rows] = scaled if scaled.dtype.kind == "i" else np.rint(scaled)
        least = limit
    rows = sizes >= least
    if rows.any():
        whole = values[rows].astype(np.int64)
        stamps[rows], finer = whole // 1000, bool((whole % 1000).any())
    return stamps, finer


def epoch_numbers(texts: list[str]) -> list[str]:
    """Return those of *texts* that are numbers since 1970; none if they are other times.

    The first one decides, so that a later one that is no number is an error and named.
    """
    numbers = [text for text in texts if re.fullmatch(r"\s*-?\d+(\.\d*)?\s*", text)]
    dates = all(re.fullmatch(r"\s*(19|20)\d{6}\s*", text) for text in numbers)  # 20180131
    return [] if dates or texts[0] != numbers[0] else numbers


def has_offset(text: str) -> bool:
    """Return whether a time that is written as text ends in its offset from UTC."""
    return bool(re.search(_OFFSET, text))


def needed_zone(timezone: str | None, where: str, why: str) -> Zone:
    """Return the zone that is stated.

    Raises:
        ConfigError: there is no such zone.
        DataError: none is stated; *why* says what the file's times are.
    """
    if timezone is None:
        raise DataError(f"{where}: {why}; say which: timezone: UTC, or timezone: America/New_York")
    return Zone.parse(timezone)


def stated_zone(timezone: str | None) -> Zone | None:
    """Return the zone that is stated, or None; ConfigError if there is no such zone."""
    return None if timezone is None else Zone.parse(timezone)
