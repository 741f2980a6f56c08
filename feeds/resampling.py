"""Longer bars out of shorter ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import ConfigError, DataError
from atms.feeds.bars import PRICES, Bars
from atms.feeds.boundaries import (
    DAY,
    WHOLE_DAY,
    Instants,
    Session,
    Spans,
    check_zone,
    inside,
    moved,
    spans,
    to_utc,
)
from atms.feeds.joining import joined, joining_rules
from atms.feeds.raw import RawBars, raw_of
from atms.feeds.times import check_order, commonest_step, session_dates
from atms.model import Timeframe

_SECOND = 1_000_000
_LEAST_MONTH = 28 * DAY


def resampled(
    bars: Bars | RawBars,
    timeframe: Timeframe,
    *,
    stamp: str | None = None,
    zone: str = "UTC",
    session: Session | None = None,
    partial: str = "drop",
    how: Mapping[str, str] | None = None,
) -> RawBars:
    """Return bars of *timeframe*, stamped as *bars* are.

    Open is the first, high the highest, low the lowest, close the last; ask_open, mark_high and
    the like as the price that they name. Volume is added up, from left to right, and so is every
    column with the word volume in its name (quote_volume, volume_usd); where a part is unknown
    (NaN), so is the sum. Any other column keeps its last value. Where there was no bar there is
    none. The boundaries are those of :func:`atms.feeds.boundaries.spans`.

    A first bar is partial where the data begin after it does, a last one where they end before
    it. The market counts as open all the time, or all the hours of *session*; on Saturday and
    Sunday only if there are bars on them, or less than a week of data to tell by.

    Args:
        bars: in order of time, none without a price.
        timeframe: longer than that of *bars*.
        stamp: ``"start"`` if the bars are stamped at their start, ``"end"`` if at their end;
            default: what the source says of itself.
        zone: where days begin at midnight; stamps that are dates (00:00 UTC, a day or longer)
            stay in UTC.
        session: hours of trading in *zone*: days begin and end with them, bars outside are left
            out. Default: from midnight to midnight.
        partial: ``"drop"`` leaves partial bars out, ``"keep"`` keeps them; a note says so.
        how: for columns that need another way, first, max, min, last or sum:
            ``{"trades": "sum"}``.

    Raises:
        ConfigError: an argument that is not as described.
        DataError: bars that are out of order, have no price, reach over a boundary, or leave
            nothing.
    """
    if partial not in ("drop", "keep"):
        raise ConfigError(f"partial: {partial!r}: write drop, or keep")
    given = _given(
        bars if isinstance(bars, RawBars) else raw_of(bars), timeframe, stamp, zone, session
    )
    rules = joining_rules(given.raw, how or {})
    rows = _traded(given)
    found = spans(given.moments[rows], timeframe, given.zone, given.session)
    _check_nested(given, found, rows, timeframe)
    firsts = np.flatnonzero(np.diff(found.starts, prepend=found.starts[0] - 1))
    longer = replace(
        given.raw,
        first_row=0,
        stamps=(found.starts if given.stamp == "start" else found.ends)[firsts],
        columns={
            name: joined(given.raw.columns[name][rows], firsts, rule)
            for name, rule in rules.items()
        },
        timeframe=timeframe,
        stamp=given.stamp,
        notes=given.raw.notes + _left_out(given, rows),
    )
    return _whole(longer, _partial(given, found), partial)


@dataclass(frozen=True)
class _Given:
    """The shorter bars, checked, and what is known of them."""

    raw: RawBars
    length: Timeframe
    stamp: str
    zone: str
    session: Session

    @property
    def moments(self) -> Instants:
        """A moment inside each bar, at its stamp: what ends at midnight is not of the next day."""
        return self.raw.stamps - (self.stamp == "end")

    @property
    def far(self) -> Instants:
        """A moment inside each bar, at its other side; that of a month is its least."""
        size = self.length.seconds * _SECOND
        if self.length.unit == "M":
            size = self.length.count * _LEAST_MONTH
        return self.raw.stamps + (size - 1 if self.stamp == "start" else -size)

    @property
    def covered(self) -> tuple[int, int]:
        """From when to when the data last, microseconds UTC."""
        first, last = (int(stamp) for stamp in self.raw.stamps[[0, -1]])
        if self.stamp == "start":
            return first, moved(last, self.length, self.zone)
        return moved(first, self.length, self.zone, back=True), last


def _given(
    raw: RawBars, timeframe: Timeframe, stamp: str | None, zone: str, session: Session | None
) -> _Given:
    """Return what is known of *raw*, or say what is wrong with it or with the arguments."""
    stamp = _stamp(raw, stamp)
    check_zone(zone)
    if not len(raw) or (len(raw) == 1 and raw.timeframe is None):
        raise DataError(f"{raw.where}: has {len(raw)} bars, which have no length; give it more")
    check_order(raw.stamps, raw.where, raw.first_row)
    for name in PRICES:
        missing = np.flatnonzero(~np.isfinite(raw.columns[name]))
        if len(missing):
            row = missing[0] + raw.first_row
            raise DataError(f"{raw.where}: row {row}: {name} is missing; drop or mend the row")
    length = raw.timeframe or commonest_step(raw.stamps)
    if timeframe.seconds <= length.seconds:
        raise ConfigError(f"{raw.where}: {timeframe} is not longer than its bars, of {length}")
    if session_dates(raw.stamps, length):
        if session is not None:
            raise ConfigError(f"{raw.where}: its stamps are dates, which have no hours of trading")
        zone = "UTC"
    return _Given(raw, length, stamp, zone, session or WHOLE_DAY)


def _stamp(raw: RawBars, stamp: str | None) -> str:
    said = stamp or raw.stamp
    if said not in ("start", "end"):
        raise ConfigError(
            f"{raw.where}: say whether its stamps are bar starts or ends: stamp: start, or stamp: "
            "end"
        )
    return said


def _traded(given: _Given) -> NDArray[np.intp]:
    """Return the rows inside the hours of trading."""
    traded = inside(given.moments, given.zone, given.session)
    half = np.flatnonzero(~traded & inside(given.far, given.zone, given.session))
    if len(half):
        raise DataError(_reaching(given, int(half[0]), f"the hours {given.session}"))
    if not traded.any():
        raise DataError(f"{given.raw.where}: has no bar in the hours {given.session} {given.zone}")
    return np.flatnonzero(traded)


def _left_out(given: _Given, rows: NDArray[np.intp]) -> tuple[str, ...]:
    number = len(given.raw) - len(rows)
    if not number:
        return ()
    hours = f"{given.session} {given.zone}"
    return (f"{given.raw.name}: {number} bars outside the hours {hours} are left out",)


def _check_nested(
    given: _Given, found: Spans, rows: NDArray[np.intp], timeframe: Timeframe
) -> None:
    """Refuse a bar that lies in two longer ones, which could only be guessed apart."""
    far = given.far[rows]
    # Where the clocks are changed a bar may be shorter than its name.
    over = found.even & ((far < found.starts) | (far >= found.limits))
    if over.any():
        row = int(rows[int(np.flatnonzero(over)[0])])
        raise DataError(_reaching(given, row, f"a {timeframe} of {given.zone}"))


def _reaching(given: _Given, row: int, what: str) -> str:
    raw = given.raw
    return (
        f"{raw.where}: row {row + raw.first_row}: the bar of {given.length} that is stamped at its "
        f"{given.stamp}, {_text(int(raw.stamps[row]))}, lies only in part inside {what}; give the "
        "zone and the session that the bars fit, or their timeframe"
    )


def _partial(given: _Given, found: Spans) -> tuple[bool, bool]:
    """Return whether the data begin after the first longer bar does, and end before the last."""
    begin, over = given.covered
    opening, last_day = int(found.first_days[0]), int(found.last_days[-1])
    if over - begin > 7 * DAY and not (_weekend(found.days)).any():
        while _weekend(opening):
            opening += 1
        while _weekend(last_day):
            last_day -= 1
    offset, zone = given.session.offset, given.zone
    sides = np.array([opening * DAY, last_day * DAY + given.session.length]) + offset
    opens, closes = (int(side) for side in to_utc(sides, zone))
    return begin > max(opens, int(found.starts[0])), over < min(closes, int(found.ends[-1]))


def _weekend(days: NDArray[np.int64] | int) -> NDArray[np.bool_]:
    return np.asarray((days + 3) % 7 >= 5)  # 1970-01-01 was a Thursday


def _whole(longer: RawBars, is_partial: tuple[bool, bool], partial: str) -> RawBars:
    """Return the bars without the partial ones, or with them; the notes say which."""
    done = "left out" if partial == "drop" else "kept"
    notes = [
        f"{longer.name}: the {which} {longer.timeframe} bar, stamped "
        f"{_text(int(longer.stamps[row]))}, is partial and {done}"
        for which, row, found in zip(("first", "last"), (0, -1), is_partial, strict=True)
        if found
    ]
    rows = np.arange(len(longer))
    if partial == "drop":
        rows = rows[is_partial[0] : len(rows) - is_partial[1]]
    if not len(rows):
        raise DataError(
            f"{longer.where}: has no whole bar of {longer.timeframe}; keep the partial ones "
            "(partial: keep), or choose a shorter timeframe"
        )
    return replace(longer.take(rows), notes=(*longer.notes, *notes))


def _text(instant: int) -> str:
    return f"{pd.Timestamp(instant, unit='us', tz='UTC'):%Y-%m-%d %H:%M} UTC"
