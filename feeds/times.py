"""Times as people write them -> the source's stamps, and what Backtrader sees of them."""

from __future__ import annotations

import warnings
from datetime import time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import DataError
from atms.model import Timeframe

STAMP_NAMES = ("datetime", "timestamp", "date", "time", "open_time", "ts")
# least size of a number of that unit, and how many make a second
_EPOCH_UNITS = ((1e17, 10**9), (1e14, 10**6), (1e11, 10**3), (0, 1))
_COMPACT_DATES = (19_000_101, 21_001_231)  # 20180131; as seconds these were days of 1970
_DAY_OR_MONTH_FIRST = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}"
_OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
# A day's last moment. Its own in Backtrader is 20 microseconds later, but a float day resolves only
# 12, and Backtrader takes what lies within 10 of a full second for it: for the next day, then.
_BEFORE_MIDNIGHT = 30  # microseconds
END_OF_DAY = time(23, 59, 59, 1_000_000 - _BEFORE_MIDNIGHT)


def stamp_column(frame: pd.DataFrame, found: dict[str, Any], where: str) -> pd.Series:
    """Take the time column out of *found* (our name -> the frame's); DataError if there is none."""
    if "date" in found and "time" in found and not {"datetime", "timestamp"} & set(found):
        both = frame[found.pop("date")].astype(str) + " " + frame[found.pop("time")].astype(str)
        return both.reset_index(drop=True)
    for name in STAMP_NAMES:
        if name in found:
            return pd.Series(frame[found.pop(name)]).reset_index(drop=True)
    if not pd.api.types.is_numeric_dtype(frame.index):
        return frame.index.to_series().reset_index(drop=True)
    if "Unnamed: 0" in found:  # a frame's index, as pandas writes it to CSV
        return pd.Series(frame[found.pop("Unnamed: 0")]).reset_index(drop=True)
    present = ", ".join(map(str, frame.columns))
    raise DataError(
        f"{where}: has no time column ({', '.join(STAMP_NAMES)}); it has: {present}. "
        "Name it: columns: {datetime: THEIR_NAME}"
    )


def read_stamps(
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


def check_order(stamps: NDArray[np.int64], where: str, first_row: int) -> None:
    """Refuse stamps that do not rise, by row."""
    steps = np.diff(stamps)
    if (steps > 0).all():
        return
    row = int(np.flatnonzero(steps <= 0)[0]) + 1
    now, before = pd.to_datetime(stamps[[row, row - 1]], unit="us", utc=True)
    what = "stands there twice" if now == before else f"comes after {before}"
    raise DataError(
        f"{where}: row {row + first_row}: out of order: {now} {what}; sort the bars by time and "
        "keep one a stamp, or say data.audit: warn"
    )


def session_dates(stamps: NDArray[np.int64], timeframe: Timeframe) -> bool:
    """Return whether *stamps* are dates of sessions, which no time zone moves."""
    return timeframe.seconds >= 86_400 and not (stamps % 86_400_000_000).any()


def bar_ends(
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
    if session_dates(stamps, timeframe):
        zone = "UTC"
    local = pd.to_datetime(stamps, unit="us", utc=True).tz_convert(zone)
    if stamp == "start" and timeframe.unit in "dw" and (local == local.normalize()).all():
        # A day's end is the next midnight there, 23 or 25 hours later when the clocks change.
        walls = local.tz_localize(None) + pd.Timedelta(seconds=timeframe.seconds)
        local = walls.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    elif stamp == "start":
        local = local + pd.Timedelta(seconds=timeframe.seconds)
    naive = local.tz_convert("UTC").tz_localize(None)
    ends: NDArray[np.int64] = naive.astype("datetime64[us]").astype("int64").to_numpy()
    return np.where(local == local.normalize(), ends - _BEFORE_MIDNIGHT, ends)


def commonest_step(stamps: NDArray[np.int64]) -> Timeframe:
    """Return the step that stands between most stamps."""
    apart = np.diff(stamps)
    steps, counts = np.unique(apart[apart > 0], return_counts=True)
    if not len(steps):
        return Timeframe.from_seconds(1)  # of one stamp nothing can be said
    return Timeframe.from_seconds(float(steps[int(np.argmax(counts))]) / 1e6)
