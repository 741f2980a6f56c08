"""Files whose columns have names: bars as :mod:`atms.feeds.reading` reads them, and trades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from atms.errors import DataError, did_you_mean
from atms.feeds.bars import PRICES
from atms.feeds.importing import names
from atms.feeds.importing.clock import Clock, epoch_numbers, has_offset, stated_zone
from atms.feeds.importing.columnar import ColumnarSource
from atms.feeds.importing.plan import Options, Plan
from atms.feeds.importing.sample import ROWS, Sample
from atms.feeds.importing.tables import Source
from atms.feeds.importing.text import MISSING, NUMBER, WHOLE, WORDS, TextSource
from atms.feeds.reading import line_name, match_columns
from atms.feeds.times import STAMP_NAMES, stamp_column

_INDEX = "__index_level_0__"  # a frame's index without a name, as pandas writes it to Parquet
_AMOUNTS = ("volume", "amount", "qty", "quantity", "size", "vol")
_COMPACT = (19_000_101, 21_001_231)


def is_bars(sample: Sample) -> bool:
    """Return whether open, high, low and close are among the names."""
    return set(PRICES) <= set(_plain_names(sample))


def is_trades(sample: Sample) -> bool:
    """Return whether a time, a price and an amount are among the names."""
    found = set(_plain_names(sample))
    return "price" in found and bool(found & set(_AMOUNTS)) and bool(found & set(STAMP_NAMES))


def _plain_names(sample: Sample) -> list[str]:
    return [name.strip().lower() for name in sample.header()]


def bars_plan(sample: Sample, options: Options) -> Plan:
    """Return the plan of a file of bars.

    Raises:
        DataError: a column is missing, or its times say no zone and none is stated.
    """
    table = _Columns(sample)
    found = match_columns(pd.DataFrame(columns=table.names), table.where, options.columns)
    clock = table.clock(found, options.timezone)
    columns = {name: found.pop(name) for name in (*PRICES, "volume") if name in found}
    notes: list[str] = []
    further: dict[str, str] = {}
    for ours, theirs in found.items() if options.extras else ():
        if table.is_number(theirs):
            further[line_name(ours, {**columns, "volume": "", **further})] = theirs
        else:
            notes.append(f"column {theirs!r} holds no numbers and is left out")
    columns.update(further)
    source = table.source(clock, columns.values(), further.values())
    hints = names.any_name(sample.file.name)
    return Plan(source, clock, columns, hints, stamp=None, named=False, notes=tuple(notes))


def trades_plan(sample: Sample, options: Options) -> Plan:
    """Return the plan of a file of trades: time, price, and volume under one of its names.

    Raises:
        DataError: a column is missing, or its times say no zone and none is stated.
    """
    table = _Columns(sample)
    present = {name.strip().lower(): name for name in reversed(table.names)}
    found = {**present, **_stated(options.columns, table)}
    amount = next((name for name in _AMOUNTS if name in found), None)
    if "price" not in found or amount is None:
        lacking = "price" if "price" not in found else "volume"
        raise DataError(
            f"{table.where}: has no column {lacking}; it has: {', '.join(table.names)}. "
            f"Name it: columns: {{{lacking}: THEIR_NAME}}"
        )
    columns = {"price": found["price"], "volume": found[amount]}
    clock = table.clock(found, options.timezone)
    source = table.source(clock, columns.values())
    return Plan(source, clock, columns, names.any_name(sample.file.name), trades=True)


def _stated(columns: Mapping[str, str], table: _Columns) -> dict[str, str]:
    for ours, theirs in columns.items():
        if theirs not in table.names:
            near = did_you_mean(theirs, table.names) or "; it has: " + ", ".join(table.names)
            raise DataError(
                f"{table.where}: columns.{ours} names {theirs!r}, which is not there{near}"
            )
    return dict(columns)


class _Columns:
    """The names of a file's columns, and what their first values are."""

    def __init__(self, sample: Sample) -> None:
        self._file = sample.file
        self.where = sample.file.where
        if sample.columns:
            first = next(ColumnarSource(sample.file).tables(0, ROWS), None)
            if first is None:
                raise DataError(f"{self.where}: holds no rows")
            self._first = first.data
            self._header = ""
        else:
            self._header = sample.lines[0]
            self._first = _words(sample)
        self.names = [str(name) for name in self._first.column_names if name != _INDEX]

    def clock(self, found: dict[str, Any], timezone: str | None) -> Clock:
        """Take the column of the time out of *found* (our name -> the file's)."""
        before = dict(found)
        frame = self._first.to_pandas(ignore_metadata=True)
        if _INDEX in frame:
            frame = frame.set_index(_INDEX)
        stamps = stamp_column(frame, found, self.where)
        taken = tuple(before[name] for name in before if name not in found) or (_INDEX,)
        if len(taken) == 2 and before["date"] == taken[1]:
            taken = taken[::-1]
        kind = self._kind(stamps, taken)
        offsets = kind == "text" and stamps.dtype != object and _zoned(stamps)
        zone = stated_zone(timezone)
        if kind == "epoch" or offsets:
            zone = None
        return Clock(taken, kind, zone, offsets=offsets)

    def _kind(self, stamps: pd.Series, taken: tuple[str, ...]) -> str:
        if len(taken) > 1:
            return "text"
        if self._header:
            return "epoch" if epoch_numbers(list(stamps.dropna())) else "text"
        numbers = pd.api.types.is_numeric_dtype(stamps) and not stamps.between(*_COMPACT).all()
        return "epoch" if numbers else "text"

    def is_number(self, name: str) -> bool:
        """Return whether the column's first values are numbers."""
        column = self._first.column(name)
        if pa.types.is_temporal(column.type):
            return False
        try:
            column.cast(pa.float64(), safe=False)
        except pa.ArrowException:
            return False
        return True

    def source(self, clock: Clock, columns: Iterable[str], further: Iterable[str] = ()) -> Source:
        """Return the rows of the file: the times and *columns*, *further* ones among them."""
        read = tuple(dict.fromkeys((*clock.columns, *columns)))
        if not self._header:
            return ColumnarSource(self._file, read)
        types = dict.fromkeys(read, NUMBER) | dict.fromkeys(clock.columns, WORDS)
        if clock.kind == "epoch":
            texts = epoch_numbers(self._first.column(clock.columns[0]).drop_null().to_pylist())
            types[clock.columns[0]] = NUMBER if any("." in text for text in texts) else WHOLE
        return TextSource(
            self._file, self._header, tuple(self.names), types, further=frozenset(further)
        )


def _words(sample: Sample) -> Any:
    """Return a text's first rows, each value as it is written; shape (rows, columns)."""
    header, *rows = sample.fields(",")
    where = sample.file.where
    if len(header) == 1:
        other = next((sign for sign in ";\t|" if sign in header[0]), None)
        way_out = f"is separated by {other!r}; write it with commas" if other else "has one column"
        raise DataError(f"{where}: {way_out}")
    if not rows:
        raise DataError(f"{where}: holds a header and no rows")
    titles = [name.strip() or f"Unnamed: {at}" for at, name in enumerate(header)]
    twice = next((name for name in titles if titles.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{where}: has two columns called {twice!r}; rename or drop one")
    whole = [row for row in rows if len(row) == len(titles)]  # others are reported when read
    columns = [[None if row[at] in MISSING else row[at] for row in whole]
               for at in range(len(titles))]  # fmt: skip
    return pa.table({name: pa.array(values, pa.string())
                     for name, values in zip(titles, columns, strict=True)})  # fmt: skip


def _zoned(stamps: pd.Series) -> bool:
    """Return whether the first time says its offset from UTC."""
    if pd.api.types.is_datetime64_any_dtype(stamps):
        return stamps.dt.tz is not None
    known = stamps.dropna()
    return bool(len(known)) and has_offset(str(known.iloc[0]))
