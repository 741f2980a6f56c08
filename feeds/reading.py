"""Files and frames -> Bars, with every flaw named by its row."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import DataError, did_you_mean
from atms.feeds.bars import PRICES, Bars
from atms.feeds.raw import RawBars, finished
from atms.feeds.sources import find_source, read_file
from atms.feeds.times import (
    STAMP_NAMES,
    read_stamps,
    stamp_column,
)
from atms.model import Timeframe

_OURS = {*PRICES, "volume", "adj_close", *STAMP_NAMES}


def read_bars(
    source: str | Path | pd.DataFrame,
    *,
    name: str,
    timeframe: Timeframe | None = None,
    timezone: str | None = None,
    stamp: str | None = None,
    adjust: str | None = None,
    columns: Mapping[str, str] | None = None,
    zone: str = "UTC",
) -> Bars:
    """Read bars from a .csv or .parquet file, ``sample:NAME``, or a DataFrame.

    The time is a column called datetime (or timestamp, date, time ...) or a DataFrame's index.

    Args:
        source: where from.
        name: how errors call it.
        timeframe: the length of a bar; default: the commonest step between stamps.
        timezone: the zone of stamps that carry none.
        stamp: ``"start"`` if stamps are bar starts: Backtrader then sees each bar at its end;
            ``"end"`` if they are ends; None takes them as they are.
        adjust: ``"adj_close"`` scales the prices to that column.
        columns: our name -> the source's name.
        zone: the zone in which the strategy sees times, and its days end.

    Raises:
        DataError: with file and row, for anything that is missing, unreadable or out of order.
    """
    raw = read_raw(source, name=name, timeframe=timeframe, timezone=timezone, columns=columns)
    return finished(raw, stamp=stamp, adjust=adjust, zone=zone)


def read_raw(
    source: str | Path | pd.DataFrame,
    *,
    name: str,
    timeframe: Timeframe | None = None,
    timezone: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> RawBars:
    """Read bars as they stand there; the arguments are those of :func:`read_bars`.

    Raises:
        DataError: with file and row, for what is missing or unreadable.
    """
    frame, where, first_row = _opened(source, name)
    found = match_columns(frame, where, columns or {})
    stamps, finer = read_stamps(stamp_column(frame, found, where), where, timezone, first_row)
    values, notes = _columns(frame, found, where, name, first_row)
    if finer:
        notes.append(f"{name}: stamps finer than a microsecond are truncated")
    return RawBars(name, where, first_row, stamps, values, timeframe, notes=tuple(notes))


def _opened(source: str | Path | pd.DataFrame, name: str) -> tuple[pd.DataFrame, str, int]:
    """Return the frame, how errors call it, and the number that they give its first row."""
    where, first_row = "the frame", 0
    if isinstance(source, pd.DataFrame):
        where = source.attrs.get("source", where)  # the caller knows where it is from
    if not isinstance(source, pd.DataFrame):
        path = find_source(str(source), name)
        where = str(source)
        first_row = 0 if path.suffix.lower() == ".parquet" else 2  # a text's rows are its lines
        source = read_file(path, name)
    where = f"{name} ({where})"
    if source.empty:
        raise DataError(f"{where}: holds no bars")
    return source, where, first_row


def _columns(
    frame: pd.DataFrame, found: dict[str, Any], where: str, name: str, first_row: int
) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """Return prices, volume and every further column of numbers, and what was left out."""
    standard = {key: column for key, column in found.items() if key in (*PRICES, "volume")}
    values = {
        key: _numbers(frame[column], where, str(column), first_row)
        for key, column in standard.items()
    }
    values.setdefault("volume", np.full(len(frame), np.nan))
    notes = []
    for key, column in found.items():
        if key in standard:
            continue
        extra = _extra(frame[column])
        if extra is None:
            notes.append(f"{name}: column {column!r} holds no numbers and is left out")
        else:
            values[line_name(key, values)] = extra
    return values, notes


def match_columns(frame: pd.DataFrame, where: str, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return our name -> the frame's column; the mapping first, then by name whatever the case."""
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(f"{where}: has two columns called {twice[0]!r}; rename or drop one")
    present = {str(column): column for column in frame.columns}
    found: dict[str, Any] = {}
    for ours, theirs in columns.items():
        if theirs not in present:
            near = did_you_mean(theirs, present) or "; it has: " + ", ".join(present)
            raise DataError(f"{where}: columns.{ours} names {theirs!r}, which is not there{near}")
        found[ours] = present[theirs]
    taken = {str(column) for column in found.values()}
    for text, column in present.items():
        ours = text.strip().lower().replace(" ", "_")
        if ours not in _OURS:
            ours = text.strip()  # an extra column keeps its own spelling
        if text not in taken and ours not in found:
            found[ours] = column
    missing = [price for price in PRICES if price not in found]
    if missing:
        raise DataError(
            f"{where}: has no column {' and no '.join(missing)}; it has: {', '.join(present)}. "
            f"Name it: columns: {{{missing[0]}: THEIR_NAME}}"
        )
    return found


def _numbers(column: pd.Series, where: str, name: str, first_row: int) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return np.ascontiguousarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    numbers = pd.to_numeric(column, errors="coerce")
    bad = numbers.isna() & column.notna()
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{where}: row {row + first_row}: {name} is {column.iloc[row]!r}, which is no number"
        )
    return np.ascontiguousarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))


def _extra(column: pd.Series) -> NDArray[np.float64] | None:
    """Return an extra column as numbers (big integers as text too), or None if it is text."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return None
    numbers = pd.to_numeric(column, errors="coerce")
    if (numbers.isna() & column.notna()).any():
        return None
    return np.ascontiguousarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))


def line_name(text: str, taken: Mapping[str, Any]) -> str:
    """Return *text* as a line's name: an identifier that nothing of Backtrader's answers to."""
    name = "".join(letter if letter.isalnum() else "_" for letter in text)
    lines = bt.feed.DataBase.lines
    hidden = hasattr(bt.feed.DataBase, name) or hasattr(lines, name)
    if name == "openinterest":
        return name  # a line that every feed has
    if not name.isidentifier() or keyword.iskeyword(name) or hidden:
        name = f"x_{name}"
    while name in taken:
        name += "_"
    return name
