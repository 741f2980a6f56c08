"""Where bars begin and end on a zone's clocks, on the days too when these are changed."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import ConfigError
from atms.model import Timeframe

DAY = 86_400_000_000
_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1)
_LONGEST_CHANGE = 3 * 3600 * _SECOND
Instants = NDArray[np.int64]


@dataclass(frozen=True)
class Session:
    """The hours of trading on a zone's clocks, *opens* included, *closes* not.

    One that passes midnight (18:00-17:00, or 17:00-17:00 for a day of 24 hours) belongs to the
    date on which it closes: Sunday evening is Monday's.
    """

    opens: time
    closes: time

    @classmethod
    def parse(cls, text: str) -> Session:
        """Read ``09:30-16:00``; ValueError says what is allowed."""
        found = re.fullmatch(r"\s*(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s*", text)
        numbers = [int(part) for part in found.groups()] if found else [99] * 4
        try:
            return cls(time(numbers[0], numbers[1]), time(numbers[2], numbers[3]))
        except ValueError:
            raise ValueError(f"{text!r} is no session; write 09:30-16:00") from None

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"

    @property
    def offset(self) -> int:
        """From midnight of the session's date to its opening, microseconds; may be negative."""
        opens, closes = _micros(self.opens), _micros(self.closes)
        return opens - DAY if opens and closes <= opens else opens

    @property
    def length(self) -> int:
        """Hours of trading on a day of 24 hours, microseconds."""
        return (_micros(self.closes) - _micros(self.opens) - 1) % DAY + 1


WHOLE_DAY = Session(time(0), time(0))


@dataclass(frozen=True)
class Spans:
    """The longer bar that each of n moments lies in; every array has shape (n,).

    Attributes:
        days: the date of the moment's session, in days since 1970.
        first_days, last_days: the dates that the longer bar begins and ends with.
        starts: where it begins, microseconds UTC.
        ends: where its last session closes.
        limits: where the next one begins, if it follows at once.
        even: whether no clock is changed meanwhile.
    """

    days: Instants
    first_days: Instants
    last_days: Instants
    starts: Instants
    ends: Instants
    limits: Instants
    even: NDArray[np.bool_]


def check_zone(zone: str) -> str:
    """Return *zone*; ConfigError if there is no time zone of that name."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # an OSError: the name of a folder
        raise ConfigError(f"{zone!r} is no time zone; write UTC, or America/New_York") from None
    return zone


def to_wall(instants: Instants, zone: str) -> Instants:
    """Return what the zone's clocks show, as microseconds since their 1970; shape kept."""
    if zone == "UTC":
        return instants
    index = pd.DatetimeIndex(instants.view("datetime64[us]")).tz_localize("UTC")
    return _integers(index.tz_convert(zone).tz_localize(None))


def to_utc(walls: Instants, zone: str, *, later: bool = False) -> Instants:
    """Return when the zone's clocks show *walls*; shape kept.

    What they show twice is the first of both, or the *later*; what they skip is the moment at
    which they skip it.
    """
    if zone == "UTC":
        return walls
    index = pd.DatetimeIndex(walls.view("datetime64[us]"))
    first = np.full(len(walls), not later)
    # Its shift_forward shifts to the next full hour, and not all clocks are changed by hours.
    there = index.tz_localize(zone, ambiguous=first, nonexistent="NaT")
    found = _integers(there.tz_convert("UTC").tz_localize(None))
    if there.hasnans:
        skipped = np.flatnonzero(there.isna())
        found = found.copy()
        found[skipped] = _changes(walls[skipped], ZoneInfo(zone))
    return found


def _changes(skipped: Instants, zone: ZoneInfo) -> list[int]:
    """Return when the clocks are changed that never show *skipped*."""
    found: dict[int, int] = {}  # by date: a second's bars have thousands in one hour
    for wall in skipped.tolist():
        if wall // DAY not in found:
            naive = _EPOCH + timedelta(microseconds=wall)
            after = naive.replace(tzinfo=zone, fold=1).utcoffset()
            early, late = (
                int(naive.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (1, 0)
            )
            moments = range(early, late + 1)
            first = bisect.bisect_left(
                moments, True, key=lambda at: datetime.fromtimestamp(at, zone).utcoffset() == after
            )
            found[wall // DAY] = moments[first] * _SECOND
    return [found[wall // DAY] for wall in skipped.tolist()]


def moved(instant: int, length: Timeframe, zone: str, *, back: bool = False) -> int:
    """Return *instant* and one bar more, or one less: a day later the clocks show the same."""
    count = -length.count if back else length.count
    if length.unit in "smh":
        return instant + count * length.seconds // length.count * _SECOND
    wall = to_wall(np.array([instant]), zone).view("datetime64[us]")
    if length.unit == "M":
        month = wall.astype("datetime64[M]")
        there = (month + np.timedelta64(count, "M")).astype("datetime64[us]") + (wall - month)
    else:
        there = wall + np.timedelta64(count * length.seconds // length.count, "s")
    return int(to_utc(there.astype(np.int64), zone)[0])


def session_days(moments: Instants, zone: str, session: Session = WHOLE_DAY) -> Instants:
    """Return the date of each moment's session, in days since 1970; shape kept."""
    days = (to_wall(moments, zone) - session.offset) // DAY
    each, row = np.unique(days, return_inverse=True)
    # A clock that is set back just after midnight shows the day before once more.
    begun = moments >= to_utc((each + 1) * DAY + session.offset, zone)[row]
    return np.where(begun, days + 1, days)


def inside(moments: Instants, zone: str, session: Session) -> NDArray[np.bool_]:
    """Return whether each moment lies inside the hours of *session*."""
    if session.length == DAY:
        return np.ones(len(moments), dtype=bool)
    since_opening = (to_wall(moments, zone) - session.offset) % DAY
    return since_opening < session.length


def spans(
    moments: Instants, timeframe: Timeframe, zone: str, session: Session = WHOLE_DAY
) -> Spans:
    """Return the longer bar of each moment; *moments* rise.

    Days begin with the session, weeks on Monday, months on the first. Bars under a day are
    counted anew from each opening, in hours that the clocks show: four hours from midnight are
    00:00, 04:00 ... 20:00 on the day of a change too, and one of them then lasts three hours or
    five. 2d and 2w are counted from 1970, 3M are a year's quarters.

    Raises:
        ConfigError: a length of more than a day that is no whole number of days.
    """
    length = timeframe.seconds * _SECOND
    days = session_days(moments, zone, session)
    if timeframe.unit in "smh" and length < DAY:
        return _within_days(moments, days, length, zone, session)
    if timeframe.unit in "smh":
        if length % DAY:
            raise ConfigError(f"{timeframe}: is no whole number of days; write 1d, or 2d")
        timeframe = Timeframe(length // DAY, "d")
    return _of_days(days, timeframe, zone, session)


def _of_days(days: Instants, timeframe: Timeframe, zone: str, session: Session) -> Spans:
    each, row = np.unique(_number(days, timeframe), return_inverse=True)
    first, next_ = _first_day(each, timeframe), _first_day(each + 1, timeframe)
    starts = to_utc(first * DAY + session.offset, zone)
    limits = to_utc(next_ * DAY + session.offset, zone)
    ends = to_utc((next_ - 1) * DAY + session.offset + session.length, zone)
    even = (limits - starts) % DAY == 0
    return Spans(days, first[row], next_[row] - 1, starts[row], ends[row], limits[row], even[row])


def _number(days: Instants, timeframe: Timeframe) -> Instants:
    if timeframe.unit == "w":
        days = (days + 3) // 7  # 1970-01-01 was a Thursday
    elif timeframe.unit == "M":
        days = days.view("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return days // timeframe.count


def _first_day(numbers: Instants, timeframe: Timeframe) -> Instants:
    numbers = numbers * timeframe.count
    if timeframe.unit == "w":
        return numbers * 7 - 3
    if timeframe.unit == "M":
        return numbers.view("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return numbers


def _within_days(
    moments: Instants, days: Instants, length: int, zone: str, session: Session
) -> Spans:
    whole = _of_days(days, Timeframe(1, "d"), zone, session)
    starts = moments - (moments - whole.starts) % length
    limits = np.minimum(starts + length, whole.limits)
    for day in np.unique(days[~whole.even]):
        rows = slice(*np.searchsorted(days, [day, day + 1]))
        opens, limit = whole.starts[rows][0], whole.limits[rows][0]
        edges = _edges(int(day) * DAY + session.offset, length, int(limit - opens) - DAY, zone)
        edges = np.append(edges[(edges >= opens) & (edges < limit)], limit)
        bar = np.searchsorted(edges, moments[rows], side="right") - 1
        starts[rows], limits[rows] = edges[bar], edges[bar + 1]
    ends = np.minimum(limits, whole.ends)
    return Spans(days, days, days, starts, ends, limits, whole.even)


def _edges(opening: int, length: int, longer: int, zone: str) -> Instants:
    """Return where the bars of a day of a change begin, that is *longer* than others."""
    walls = np.arange(0, DAY, length) + opening
    edges = to_utc(walls, zone)
    if length > longer:
        return np.unique(edges)
    # An hour that is shown twice is two bars, even if it begins before midnight.
    again = np.arange(-(_LONGEST_CHANGE // length) * length, DAY, length) + opening
    return np.union1d(edges, to_utc(again, zone, later=True))


def _integers(index: pd.DatetimeIndex) -> Instants:
    found: Instants = index.as_unit("us").asi8
    return found


def _micros(moment: time) -> int:
    return (moment.hour * 3600 + moment.minute * 60 + moment.second) * _SECOND
