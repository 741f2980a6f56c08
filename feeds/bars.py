"""Bars as columns: read from a file or a frame, checked, and ready to be bulk-loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import DataError, did_you_mean
from atms.model import Timeframe, TimeRange

PRICES = ("open", "high", "low", "close")
SAMPLES = Path(__file__).resolve().parent.parent / "atms" / "samples"
_STAMP_NAMES = ("datetime", "timestamp", "date", "time", "open_time", "ts")
_OURS = {*PRICES, "volume", "adj_close", *_STAMP_NAMES}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UNITS = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (0, "s"))


@dataclass(frozen=True)
class Bars:
    """Columns of equal length n, in order of time.

    Attributes:
        name: how errors and results call it.
        stamps: the source's own stamps, microseconds since 1970 UTC, int64, shape (n,), rising.
        columns: open, high, low, close, volume (NaN where the source has none), then every
            extra column; float64, shape (n,).
        timeframe: the length of a bar.
        close_after: microseconds from a stamp to the moment at which Backtrader may see the bar.
        notes: what was left out or changed on the way in.
    """

    name: str
    stamps: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    timeframe: Timeframe
    close_after: int = 0
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def extras(self) -> tuple[str, ...]:
        """Names of the columns beyond open, high, low, close and volume."""
        return tuple(name for name in self.columns if name not in (*PRICES, "volume"))

    @property
    def span(self) -> str:
        """First and last stamp, for messages."""
        first, last = pd.to_datetime(self.stamps[[0, -1]], unit="us", utc=True)
        return f"{first:%Y-%m-%d %H:%M} .. {last:%Y-%m-%d %H:%M} UTC"

    def digest(self) -> str:
        """Return a hash of the stamps and every column."""
        found = hashlib.sha256(self.stamps.tobytes())
        for name, values in self.columns.items():
            found.update(name.encode())
            found.update(values.tobytes())
        return found.hexdigest()

    def until(self, end: datetime | None) -> Bars:
        """Return the bars with stamps before *end*."""
        if end is None:
            return self
        return self.cut(0, int(np.searchsorted(self.stamps, micros(end), side="left")))

    def cut(self, first: int, last: int) -> Bars:
        """Return bars *first* to *last* (not included), by position."""
        columns = {name: values[first:last] for name, values in self.columns.items()}
        return replace(self, stamps=self.stamps[first:last], columns=columns)


def micros(moment: datetime) -> int:
    """Return microseconds since 1970 UTC of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def read_bars(
    source: str | Path | pd.DataFrame,
    *,
    name: str,
    timeframe: Timeframe | None = None,
    timezone: str | None = None,
    stamp: str | None = None,
    adjust: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Bars:
    """Read bars from a .csv or .parquet file, ``sample:NAME``, or a DataFrame.

    The time is a column called datetime (or timestamp, date, time ...) or a DataFrame's index.

    Args:
        source: where from.
        name: how errors call it.
        timeframe: the length of a bar; default: the commonest step between stamps.
        timezone: the zone of stamps that carry none.
        stamp: ``"start"`` if stamps are bar starts: Backtrader then sees each bar at its end.
        adjust: ``"adj_close"`` scales the prices to that column.
        columns: our name -> the source's name.

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
            return pd.read_csv(path, skipinitialspace=True)
    except FileNotFoundError:
        raise DataError(f"{name}: {path}: no such file") from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{name}: {path}: the file is empty") from None
    except (OSError, ValueError) as error:  # parser, decoding and arrow errors are ValueErrors
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
        if key not in values and key != "datetime":
            extra = _extra(frame[column])
            if extra is None:
                notes.append(f"{name}: column {column!r} holds no numbers and is left out")
            else:
                values[_line_name(key)] = extra
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
        values,
        frame_length,
        close_after=_close_after(frame_length, where) if stamp == "start" else 0,
        notes=tuple(notes),
    )


def _match_columns(frame: pd.DataFrame, where: str, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return our name -> the frame's column; the mapping first, then by name whatever the case."""
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
    for name in _STAMP_NAMES:
        if name in found:
            return pd.Series(frame[found.pop(name)]).reset_index(drop=True)
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.index.to_series().reset_index(drop=True)
    raise DataError(
        f"{where}: has no time column ({', '.join(_STAMP_NAMES)}); "
        "name it: columns: {datetime: THEIR_NAME}"
    )


def _stamps(
    column: pd.Series, where: str, timezone: str | None, first_row: int
) -> tuple[NDArray[np.int64], bool]:
    """Return microseconds UTC, and whether finer digits were dropped."""
    if pd.api.types.is_numeric_dtype(column):
        largest = float(np.nanmax(np.abs(column.to_numpy(dtype=float))))
        unit = next(unit for least, unit in _EPOCH_UNITS if largest >= least)
        parsed = pd.to_datetime(column, unit=unit, utc=True)  # an epoch is UTC by definition
    else:
        parsed = _parse_times(column, where, first_row)
    if parsed.isna().any():
        row = int(np.flatnonzero(parsed.isna())[0])
        raise DataError(f"{where}: row {row + first_row}: has no time")
    if parsed.dt.tz is None:
        parsed = _localize(parsed, where, timezone)
    utc = parsed.dt.tz_convert("UTC").dt.tz_localize(None)
    finer = utc.dt.unit == "ns" and bool(
        (utc.astype("datetime64[ns]").astype("int64") % 1000).any()
    )
    return utc.astype("datetime64[us]").astype("int64").to_numpy(), finer


def _parse_times(column: pd.Series, where: str, first_row: int) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    try:
        return pd.to_datetime(column, format="ISO8601")
    except ValueError:
        pass  # not ISO 8601, or offsets that change with the season: tried next
    for parse in (
        lambda: pd.to_datetime(column, format="ISO8601", utc=True),
        lambda: pd.to_datetime(column),
    ):
        try:
            return pd.Series(parse())
        except ValueError as error:
            last = error
    bad = pd.to_datetime(column, format="mixed", errors="coerce", utc=True).isna()
    row = int(np.flatnonzero(bad)[0]) if bad.any() else 0
    raise DataError(
        f"{where}: row {row + first_row}: {column.iloc[row]!r} is no time; "
        "write 2018-01-31T12:00:00Z"
    ) from last


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


def _line_name(text: str) -> str:
    """Return *text* as a Backtrader line name: an identifier that no feed attribute hides."""
    name = "".join(letter if letter.isalnum() else "_" for letter in text)
    return f"x_{name}" if not name or name[0].isdigit() or name in ("openinterest",) else name


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


def _close_after(timeframe: Timeframe, where: str) -> int:
    if timeframe.unit == "M":
        raise DataError(f"{where}: stamp: start does not work with months; stamp the bars' end")
    return timeframe.seconds * 1_000_000


def select(bars: Bars, timerange: TimeRange | None) -> tuple[Bars, int]:
    """Return the bars up to the range's end, and how many of them come before its start.

    Raises:
        DataError: fewer than two bars inside the range.
    """
    if timerange is None:
        return bars, 0
    known = bars.until(timerange.end)
    before = 0
    if timerange.start is not None:
        before = int(np.searchsorted(known.stamps, micros(timerange.start), side="left"))
    if len(known) - before < 2:
        raise DataError(
            f"{bars.name}: has {len(known) - before} bars in {timerange}; it covers {bars.span}"
        )
    return known, before
