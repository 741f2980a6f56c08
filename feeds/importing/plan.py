"""What is known of a file once its first rows are seen, and its rows turned into numbers by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.bars import PRICES
from atms.feeds.importing.clock import Clock, Instants
from atms.feeds.importing.tables import Source, Table
from atms.model import Timeframe

Numbers = NDArray[np.float64]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Options:
    """What a user states of a file; see :func:`opening.open_import`."""

    timezone: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    market: str | None = None
    extras: bool = True


@dataclass(frozen=True)
class Hints:
    """What a file's name says; None where it says nothing."""

    symbol: str | None = None
    venue: str | None = None
    timeframe: Timeframe | None = None


@dataclass(frozen=True)
class Plan:
    """How a file's rows become bars, or trades.

    Attributes:
        source: its rows.
        clock: how its times are written.
        columns: our name -> its; open, high, low, close, volume and more; for trades price and
            volume.
        hints: what its name says.
        stamp: ``start`` or ``end``, if the format says which a bar's time is.
        trades: whether its rows are trades.
        divisor: what its prices are to be divided by.
        ends: the column of the time at which a bar ends, less one of its unit.
        drop: whether rows without any price are left out: the format has such rows.
        named: whether the format sets its files' names, so that a timeframe there is to be trusted.
        notes: what of the file is left out.
    """

    source: Source
    clock: Clock
    columns: Mapping[str, str]
    hints: Hints = field(default_factory=Hints)
    stamp: str | None = "start"
    trades: bool = False
    divisor: int = 1
    ends: str | None = None
    drop: bool = False
    named: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Rows as numbers, n of them.

    Attributes:
        stamps: microseconds since 1970 UTC, int64, shape (n,).
        columns: float64, shape (n,), NaN where a value is missing.
        rows: the number of each in its source, int64, shape (n,).
        finer: whether digits finer than a microsecond were dropped.
    """

    stamps: Instants
    columns: dict[str, Numbers]
    rows: NDArray[np.int64]
    finer: bool = False


def priced(plan: Plan, table: Table) -> Table:
    """Return the rows with a price, if the format has others; else all."""
    if not plan.drop:
        return table
    empty = np.logical_and.reduce(
        [table.data.column(plan.columns[name]).is_null().to_numpy() for name in PRICES]
    )
    return table.take(~empty) if empty.any() else table


def settled(plan: Plan, table: Table) -> int:
    """Return how many rows, from the first, can be read without those that follow.

    Raises:
        DataError: with file and row, for what is no time.
    """
    if plan.clock.zone is None or not len(table):
        return len(table)
    walls, _ = _exact(table, plan.source, plan.clock.walls)
    return len(table) - plan.clock.undecided(walls)


def read_rows(plan: Plan, table: Table) -> Rows:
    """Return the rows as numbers.

    Raises:
        DataError: with file and row, for what is no time or no number.
    """
    return _exact(table, plan.source, lambda part, where, first: _read(plan, part, where, first))


def _read(plan: Plan, table: Table, where: str, first_row: int) -> Rows:
    walls, finer = plan.clock.walls(table, where, first_row)
    stamps = plan.clock.instants(walls, where, first_row)
    columns = {}
    for ours, theirs in plan.columns.items():
        values = _numbers(table.data.column(theirs), where, theirs, first_row)
        scaled = plan.divisor != 1 and ours.removeprefix("ask_") in PRICES
        columns[ours] = values / plan.divisor if scaled else values
    return Rows(stamps, columns, table.rows, finer)


def _exact(table: Table, source: Source, read: Callable[[Table, str, int], _T]) -> _T:
    """Return what *read* makes of the table; where rows are missing, errors still name the row."""

    def first_row(part: Table) -> int:
        return source.first_row + int(part.rows[0]) if len(part) else source.first_row

    try:
        return read(table, source.where, first_row(table))
    except DataError:
        for run in table.runs():
            read(run, source.where, first_row(run))
        raise


def _numbers(column: Any, where: str, name: str, first_row: int) -> Numbers:
    """Return a column as float64, NaN where a value is missing."""
    if column.type != pa.float64():
        try:
            column = column.cast(pa.float64(), safe=False)
        except pa.ArrowException:
            column = _from_words(column.cast(pa.string()).to_pandas(), where, name, first_row)
    return np.ascontiguousarray(column.to_numpy(), dtype=np.float64)


def _from_words(texts: pd.Series, where: str, name: str, first_row: int) -> pd.Series:
    numbers = pd.to_numeric(texts, errors="coerce").astype(np.float64)
    bad = numbers.isna() & texts.notna()
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{where}: row {first_row + row}: {name} is {texts.iloc[row]!r}, which is no number"
        )
    return numbers
