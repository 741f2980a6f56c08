"""Files and frames -> Bars, with every flaw named by its row."""

from __future__ import annotations

import keyword
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms import samples
from atms.errors import DataError, did_you_mean
from atms.feeds.bars import PRICES, Bars
from atms.feeds.times import (
    STAMP_NAMES,
    bar_ends,
    check_order,
    commonest_step,
    read_stamps,
    stamp_column,
)
from atms.model import Timeframe

SAMPLES = Path(samples.__file__).parent
_TEXT = (".csv", ".csv.gz", ".txt")
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
    frame, where, first_row = _opened(source, name)
    found = _match_columns(frame, where, columns or {})
    stamps, finer = read_stamps(stamp_column(frame, found, where), where, timezone, first_row)
    check_order(stamps, where, first_row)
    values, notes = _columns(frame, found, where, name, first_row)
    if finer:
        notes.append(f"{name}: stamps finer than a microsecond are truncated")
    if len(stamps) < 2:
        raise DataError(
            f"{where}: has one bar; a backtest needs at least two, because an order made on one "
            "bar fills on the next"
        )
    if adjust:
        _adjust(values, where)
    step = commonest_step(stamps)
    if timeframe is not None and step.seconds < 0.9 * timeframe.seconds:
        raise DataError(
            f"{where}: timeframe is {timeframe}, and its bars are {step} apart; say what the "
            "source holds, and resample: for longer bars"
        )
    length = timeframe or step
    seen = bar_ends(stamps, length, stamp, zone, where)
    ends = stamp is not None
    return Bars(name, stamps, seen, values, length, ends=ends, notes=tuple(notes))


def _opened(source: str | Path | pd.DataFrame, name: str) -> tuple[pd.DataFrame, str, int]:
    """Return the frame, how errors call it, and the number that they give its first row."""
    where, first_row = "the frame", 0
    if not isinstance(source, pd.DataFrame):
        path = find_source(str(source), name)
        where = str(source)
        first_row = 0 if path.suffix.lower() == ".parquet" else 2  # a text's rows are its lines
        source = _read_file(path, name)
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
    _check_prices(values, where, first_row)
    values.setdefault("volume", np.full(len(frame), np.nan))
    notes = []
    for key, column in found.items():
        if key in standard:
            continue
        extra = _extra(frame[column])
        if extra is None:
            notes.append(f"{name}: column {column!r} holds no numbers and is left out")
        else:
            values[_line_name(key, values)] = extra
    return values, notes


def sample_names() -> list[str]:
    """Return the names of the bundled bars, for ``sample:NAME``."""
    return sorted(path.stem for path in SAMPLES.iterdir() if path.suffix in (".csv", ".parquet"))


def find_source(source: str, name: str) -> Path:
    """Return the file that *source* names; DataError if it is not there, or of no known kind."""
    if source.startswith("sample:"):
        wanted = source.removeprefix("sample:")
        found = [p for p in SAMPLES.glob(f"{wanted}.*") if p.suffix in (".csv", ".parquet")]
        if not found:
            known = sample_names()
            near = did_you_mean(wanted, known) or "; bundled: " + ", ".join(known)
            raise DataError(f"{name}: there is no bundled {wanted!r}{near}")
        return found[0]
    path = Path(source).expanduser()
    if not path.name.lower().endswith((*_TEXT, ".parquet")):
        raise DataError(f"{name}: {path}: not a .csv or .parquet file")
    if not path.exists():
        raise DataError(f"{name}: {path}: no such file")
    return path


def _read_file(path: Path, name: str) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        with warnings.catch_warnings():
            # More fields than the header names would silently shift or lose columns.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(path, skipinitialspace=True, index_col=False)
    except pd.errors.EmptyDataError:
        raise DataError(f"{name}: {path}: the file is empty") from None
    # Parser, decoding and arrow errors are ValueErrors.
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{name}: {path}: cannot be read: {reason}") from error
    if len(frame.columns) == 1 and (other := re.search(r"[;\t|]", str(frame.columns[0]))):
        raise DataError(f"{name}: {path}: is separated by {other[0]!r}; write it with commas")
    return frame


def _match_columns(frame: pd.DataFrame, where: str, columns: Mapping[str, str]) -> dict[str, Any]:
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


def _line_name(text: str, taken: Mapping[str, Any]) -> str:
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


def _check_prices(values: Mapping[str, NDArray[np.float64]], where: str, first_row: int) -> None:
    for name in PRICES:
        bad = ~np.isfinite(values[name])
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            more = int(bad.sum()) - 1
            raise DataError(
                f"{where}: row {row + first_row}: {name} is missing or infinite"
                + (f" (and in {more} more rows)" if more else "")
                + "; drop or mend the row"
            )


def _adjust(values: dict[str, NDArray[np.float64]], where: str) -> None:
    """Scale open, high and low by adj_close / close; the close becomes adj_close itself."""
    adjusted = values.get("adj_close")
    if adjusted is None:
        raise DataError(
            f"{where}: adjust: adj_close, but there is no such column; "
            "name it: columns: {adj_close: THEIR_NAME}"
        )
    if not (np.isfinite(adjusted).all() and (values["close"] != 0).all()):
        raise DataError(f"{where}: adj_close has gaps, or a close is zero: cannot adjust")
    factor = adjusted / values["close"]
    for name in ("open", "high", "low"):
        values[name] = values[name] * factor
    values["close"] = adjusted.copy()
