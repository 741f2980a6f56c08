"""Files and frames -> Bars, with every flaw named by its row."""

from __future__ import annotations

import keyword
import warnings
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms import samples
from atms.errors import DataError, did_you_mean
from atms.feeds.bars import PRICES, Bars
from atms.model import Timeframe

SAMPLES = Path(samples.__file__).parent
_STAMP_NAMES = ("datetime", "timestamp", "date", "time", "open_time", "ts")
_OURS = {*PRICES, "volume", "adj_close", *_STAMP_NAMES}
# least size of a number of that unit, and how many make a second
_EPOCH_UNITS = ((1e17, 10**9), (1e14, 10**6), (1e11, 10**3), (0, 1))
_COMPACT_DATES = (19_000_101, 21_001_231)  # 20180131; as seconds these were days of 1970
_DAY_OR_MONTH_FIRST = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}"
_OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
# A day's last moment. Its own in Backtrader is 20 microseconds later, but a float day resolves only
# 12, and Backtrader takes what lies within 10 of a full second for it: for the next day, then.
_BEFORE_MIDNIGHT = 30  # microseconds
END_OF_DAY = time(23, 59, 59, 1_000_000 - _BEFORE_MIDNIGHT)


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
    where = "the frame" if isinstance(source, pd.DataFrame) else str(source)
    frame = source if isinstance(source, pd.DataFrame) else _read_file(str(source), name)
    return _from_frame(
        frame,
        f"{name} ({where})",
        name,
        timeframe=timeframe,
        timezone=timezone,
        stamp=stamp,
        adjust=adjust,
        columns=columns or {},
        zone=zone,
        first_row=2 if where.endswith((".csv", ".csv.gz")) or where in _csv_samples() else 0,
    )


def sample_names() -> list[str]:
    """Return the names of the bundled bars, for ``sample:NAME``."""
    return sorted(path.stem for path in SAMPLES.iterdir() if path.suffix in (".csv", ".parquet"))


def _csv_samples() -> set[str]:
    return {f"sample:{path.stem}" for path in SAMPLES.glob("*.csv")}


def _read_file(source: str, name: str) -> pd.DataFrame:
    if source.startswith("sample:"):
        wanted = source.removeprefix("sample:")
        found = [
            path for path in SAMPLES.glob(f"{wanted}.*") if path.suffix in (".csv", ".parquet")
        ]
        if not found:
            known = sample_names()
            near = did_you_mean(wanted, known) or "; bundled: " + ", ".join(known)
            raise DataError(f"{name}: there is no bundled {wanted!r}{near}")
        path = found[0]
    else:
        path = Path(source).expanduser()
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.name.endswith((".csv", ".csv.gz", ".txt")):
            with warnings.catch_warnings():
                # More fields than the header names would silently shift or lose columns.
                warnings.simplefilter("error", pd.errors.ParserWarning)
                return pd.read_csv(path, skipinitialspace=True, index_col=False)
    except FileNotFoundError:
        raise DataError(f"{name}: {path}: no such file") from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{name}: {path}: the file is empty") from None
    # Parser, decoding and arrow errors are ValueErrors.
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{name}: {path}: cannot be read: {reason}") from error
    raise DataError(f"{name}: {path}: not a .csv or .parquet file")


def _from_frame(
    frame: pd.DataFrame,
    where: str,
    name: str,
    *,
    timeframe: Timeframe | None,
    timezone: str | None,
    stamp: str | None,
    adjust: str | None,
    columns: Mapping[str, str],
    zone: str,
    first_row: int,
) -> Bars:
    if frame.empty:
        raise DataError(f"{where}: holds no bars")
    found = _match_columns(frame, where, columns)
    notes: list[str] = []
    stamps, finer = _stamps(_stamp_column(frame, found, where), where, timezone, first_row)
    if finer:
        notes.append(f"{name}: stamps finer than a microsecond are truncated")
    _check_order(stamps, where, first_row)
    values = {
        key: _numbers(frame[column], where, str(column), first_row)
        for key, column in found.items()
        if key in (*PRICES, "volume")
    }
    if "volume" not in values:
        values["volume"] = np.full(len(stamps), np.nan)
    for key, column in found.items():
        if key not in (*PRICES, "volume"):
            extra = _extra(frame[column])
            if extra is None:
                notes.append(f"{name}: column {column!r} holds no numbers and is left out")
            else:
                values[_line_name(key, values)] = extra
    _check_prices(values, where, first_row)
    if len(stamps) < 2:
        raise DataError(
            f"{where}: has one bar; a backtest needs at least two, because an order made on one "
            "bar fills on the next"
        )
    if adjust:
        _adjust(values, where)
    frame_length = timeframe or _commonest_step(stamps)
    return Bars(
        name,
        stamps,
        _seen(stamps, frame_length, stamp, zone, where),
        values,
        frame_length,
        ends=stamp is not None,
        notes=tuple(notes),
    )


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


def _stamp_column(frame: pd.DataFrame, found: dict[str, Any], where: str) -> pd.Series:
    if "date" in found and "time" in found and not {"datetime", "timestamp"} & set(found):
        both = frame[found.pop("date")].astype(str) + " " + frame[found.pop("time")].astype(str)
        return both.reset_index(drop=True)
    for name in _STAMP_NAMES:
        if name in found:
            return pd.Series(frame[found.pop(name)]).reset_index(drop=True)
    if not pd.api.types.is_numeric_dtype(frame.index):
        return frame.index.to_series().reset_index(drop=True)
    raise DataError(
        f"{where}: has no time column ({', '.join(_STAMP_NAMES)}); "
        "name it: columns: {datetime: THEIR_NAME}"
    )


def _stamps(
    column: pd.Series, where: str, timezone: str | None, first_row: int
) -> tuple[NDArray[np.int64], bool]:
    """Return microseconds UTC, and whether finer digits were dropped."""
    if column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise DataError(f"{where}: row {row + first_row}: has no time")
    if pd.api.types.is_numeric_dtype(column) and not column.between(*_COMPACT_DATES).all():
        return _since_epoch(column.to_numpy(), where, first_row)
    parsed = _parse_times(column, where, first_row)
    if parsed.dt.tz is None:
        parsed = _localize(parsed, where, timezone)
    utc = parsed.dt.tz_convert("UTC").dt.tz_localize(None)
    nanoseconds = utc.dt.unit == "ns"
    finer = nanoseconds and bool((utc.astype("datetime64[ns]").astype("int64") % 1000).any())
    return utc.astype("datetime64[us]").astype("int64").to_numpy(), finer


def _since_epoch(
    values: NDArray[Any], where: str, first_row: int
) -> tuple[NDArray[np.int64], bool]:
    """Read numbers since 1970, UTC by definition, in the unit that their size tells."""
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DataError(f"{where}: row {row + first_row}: {values[row]} is no time")
    per_second = next(number for least, number in _EPOCH_UNITS if np.abs(values).max() >= least)
    if per_second > 1_000_000:
        whole = values.astype(np.int64)
        return whole // 1000, bool((whole % 1000).any())
    scaled = values * (1_000_000 // per_second)
    return np.rint(scaled).astype(np.int64), False


def _parse_times(column: pd.Series, where: str, first_row: int) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    text = column.astype(str).str.strip()
    if text.str.fullmatch(r"\d{8}").all():
        return pd.Series(pd.to_datetime(text, format="%Y%m%d"))
    try:
        return pd.Series(pd.to_datetime(text, format="ISO8601"))
    except ValueError:
        pass  # another form, or offsets that change with the season
    bad = pd.to_datetime(text, format="mixed", errors="coerce", utc=True).isna()
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{where}: row {row + first_row}: {column.iloc[row]!r} is no time; "
            "write 2018-01-31T12:00:00Z"
        )
    either = text.str.match(_DAY_OR_MONTH_FIRST)
    if either.any():
        row = int(np.flatnonzero(either)[0])
        raise DataError(
            f"{where}: row {row + first_row}: {column.iloc[row]!r} may begin with the day or with "
            "the month; write 2018-01-31"
        )
    zoned = text.str.contains(_OFFSET)
    if zoned.any() and not zoned.all():
        row = int(np.flatnonzero(~zoned)[0])
        raise DataError(
            f"{where}: row {row + first_row}: {column.iloc[row]!r} has no time zone, and other "
            "rows have one"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # that it guesses each row by itself
            return pd.Series(pd.to_datetime(text, utc=bool(zoned.all())))
    except (ValueError, UserWarning) as error:
        raise DataError(
            f"{where}: its times are written in more than one way; write 2018-01-31T12:00:00Z"
        ) from error


def _localize(parsed: pd.Series, where: str, timezone: str | None) -> pd.Series:
    if timezone is None:
        # A date without a time is a session's label, not an instant, so it needs no zone.
        if (parsed == parsed.dt.normalize()).all():
            return parsed.dt.tz_localize("UTC")
        raise DataError(
            f"{where}: its times have no time zone; say which: timezone: UTC, or "
            "timezone: America/New_York"
        )
    try:
        return parsed.dt.tz_localize(timezone, ambiguous="infer")
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{where}: a time does not exist or is ambiguous in {timezone}: {reason}; "
            "write the file's times in UTC"
        ) from error


def _check_order(stamps: NDArray[np.int64], where: str, first_row: int) -> None:
    steps = np.diff(stamps)
    if (steps > 0).all():
        return
    row = int(np.flatnonzero(steps <= 0)[0]) + 1
    now, before = pd.to_datetime(stamps[[row, row - 1]], unit="us", utc=True)
    what = "stands there twice" if now == before else f"comes after {before}"
    raise DataError(
        f"{where}: row {row + first_row}: out of order: {now} {what}; sort the bars by time and "
        "keep one a stamp"
    )


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


def _commonest_step(stamps: NDArray[np.int64]) -> Timeframe:
    steps, counts = np.unique(np.diff(stamps), return_counts=True)
    return Timeframe.from_seconds(float(steps[int(np.argmax(counts))]) / 1e6)


def _seen(
    stamps: NDArray[np.int64], timeframe: Timeframe, stamp: str | None, zone: str, where: str
) -> NDArray[np.int64]:
    """Return the bars' ends as Backtrader writes them, where *stamp* says what the stamps are.

    A day ends at 23:59:59.99997: midnight itself belongs to the next, and would put a bar
    that ends there into the next day, week or month.
    """
    if stamp is None:
        return stamps
    if stamp == "start" and timeframe.unit == "M":
        raise DataError(f"{where}: stamp: start does not work with months; stamp the bars' end")
    ends = stamps + (timeframe.seconds * 1_000_000 if stamp == "start" else 0)
    local = pd.to_datetime(ends, unit="us", utc=True).tz_convert(zone)
    return np.where(local == local.normalize(), ends - _BEFORE_MIDNIGHT, ends)
