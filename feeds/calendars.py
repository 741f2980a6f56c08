"""Session calendars: around the clock, the currency week, and the world's exchanges."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import UnknownName, did_you_mean

Ints = NDArray[np.int64]
HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR
OWN = ("auto", "24/7", "24/5", "fx")  # the rest are exchange_calendars' codes
ITS_OWN_WEEK = "its own week"  # found in the bars themselves, where no calendar fits
# No calendar is asked about stamps beyond: they are mistakes, and their dates overflow.
EARLIEST = -2_208_988_800_000_000  # 1900-01-01
LATEST = 7_258_118_400_000_000  # 2200-01-01
NEW_YORK = "America/New_York"
_FX_HOUR = 17  # New York: the currency week's first and last hour, and where its days meet
_EPOCH = 719_163  # 1970-01-01 as datetime counts days
_PADDING = 10  # days around the range, so that it never lies in the middle of a session
# exchange_calendars lets these sessions meet at 17:00 Chicago; Globex rests for the hour before.
_RESTS = {"CMES": HOUR}


@dataclass(frozen=True)
class Calendar:
    """When a market is open, over a range of time.

    Attributes:
        name: as a config writes it.
        zone: the zone whose dates are the sessions' dates.
        roll: hours by which a session's date begins before that zone's midnight.
        opens: where each stretch of trading without a pause begins, microseconds since 1970
            UTC, shape (m,), rising; bars are expected from there ...
        closes: ... to there, shape (m,).
        dates: dates that have a session, days since 1970, shape (k,), rising.
        hours: opens and closes between which no bar can be; None where bars outside the
            sessions are usual, as on exchanges.
        known: the first instant that the calendar knows, and the first that it does not know.
        trouble: why it does not know all of the range, in words; empty if it does.
    """

    name: str
    zone: str
    roll: int
    opens: Ints
    closes: Ints
    dates: Ints
    hours: tuple[Ints, Ints] | None = None
    known: tuple[int, int] = (EARLIEST, LATEST)
    trouble: str = ""

    @property
    def never_closes(self) -> bool:
        """Whether it is the calendar around the clock, every day."""
        return self.name == "24/7"

    @property
    def exchange(self) -> bool:
        """Whether the sessions are an exchange's, with holidays and half days of its own."""
        return self.name not in (*OWN, ITS_OWN_WEEK)

    def local(self, stamps: Ints) -> Ints:
        """Return *stamps* as that zone's clocks show them, moved by the roll, microseconds."""
        return to_local(stamps, self.zone) + self.roll * HOUR


def to_local(stamps: Ints, zone: str) -> Ints:
    """Return what clocks in *zone* show at *stamps*, microseconds, shape (n,)."""
    if zone == "UTC":
        return stamps
    moments = pd.DatetimeIndex(stamps.view("datetime64[us]"), tz="UTC")
    return np.asarray(moments.tz_convert(zone).tz_localize(None).as_unit("us").asi8)


def weekdays(days: Ints) -> Ints:
    """Return Monday 0 .. Sunday 6 of days since 1970, which began on a Thursday."""
    return (days + 3) % 7


def calendar_names() -> list[str]:
    """Return every name that a config may give, exchanges' other names among them."""
    return [*OWN, *(name for name in _exchanges().get_calendar_names() if name not in OWN)]


def canonical(name: str) -> str:
    """Return the calendar's own name, whatever the case; ``auto`` stays.

    Raises:
        UnknownName: there is no such calendar.
    """
    if name.lower() in OWN:
        return name.lower()
    library = _exchanges()
    known = library.get_calendar_names()
    for spelling in (name, name.upper(), name.lower()):
        if spelling in known:
            return str(library.resolve_alias(spelling))
    near = did_you_mean(name.upper(), known)
    raise UnknownName(
        f"calendar: {name!r} is no calendar{near}; write {', '.join(OWN)}, or an exchange's "
        "code, as XNYS or XLON"
    )


def load_calendar(name: str, first: int, last: int) -> Calendar:
    """Return the calendar called *name*, for stamps *first* to *last*, microseconds since 1970.

    It covers some days more on either side, and never more than the years 1900 to 2199.
    ``fx`` is the currency week, Sunday 17:00 to Friday 17:00 New York; there, 25 December and
    1 January (from 17:00 the day before) may be traded or not.

    Raises:
        UnknownName: there is no such calendar.
    """
    begin = min(max(first, EARLIEST), LATEST) // DAY - _PADDING
    end = min(max(last, EARLIEST), LATEST) // DAY + _PADDING
    name = canonical(name)
    days = np.arange(max(begin, EARLIEST // DAY), min(end, LATEST // DAY - 1) + 1)
    if name == "fx":
        return _currency_week(days)
    if name == "24/5":
        days = days[weekdays(days) < 5]
        hours = merged(days * DAY, (days + 1) * DAY)
        return Calendar(name, "UTC", 0, *hours, days, hours)
    if name in ("24/7", "auto"):
        whole = merged(days * DAY, (days + 1) * DAY)
        return Calendar("24/7", "UTC", 0, *whole, days)
    return _exchange(name, days)


def merged(opens: Ints, closes: Ints) -> tuple[Ints, Ints]:
    """Join sessions that meet; both arrays rise, shape (m,)."""
    if not len(opens):
        return opens, closes
    apart = opens[1:] > closes[:-1]
    return opens[np.append(True, apart)], closes[np.append(apart, True)]


def _currency_week(days: Ints) -> Calendar:
    dates = days[weekdays(days) < 5]
    # Monday's session begins on Sunday evening; clocks never change between 17:00 and 17:00.
    opens, closes = _at_fx_hour(dates - 1), _at_fx_hour(dates)
    traded = ~_holidays(dates)
    required = merged(opens[traded], closes[traded])
    roll = 24 - _FX_HOUR
    return Calendar("fx", NEW_YORK, roll, *required, dates[traded], merged(opens, closes))


def _at_fx_hour(days: Ints) -> Ints:
    clock = pd.DatetimeIndex((days * DAY + _FX_HOUR * HOUR).view("datetime64[us]"))
    return np.asarray(clock.tz_localize(NEW_YORK).tz_convert("UTC").as_unit("us").asi8)


def _holidays(days: Ints) -> NDArray[np.bool_]:
    dates = days.view("datetime64[D]")
    months = dates.astype("datetime64[M]")
    day = (dates - months).astype(np.int64) + 1
    month = months.astype(np.int64) % 12 + 1
    return np.asarray(((month == 12) & (day == 25)) | ((month == 1) & (day == 1)))


# ---- exchanges ----------------------------------------------------------------------------------
def _exchanges() -> ModuleType:
    # Its import takes a third of a second, which runs on other calendars need not wait for.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("exchange_calendars")


def _exchange(name: str, days: Ints) -> Calendar:
    """Return an exchange's calendar; where it knows nothing of the range, one without sessions."""
    first, last = int(days[0]), int(days[-1])
    built, known, trouble = _build(name, _date(first), _date(last)), (EARLIEST, LATEST), ""
    if isinstance(built, Exception):
        low, high = _bounds(name)
        if low <= first and last <= high:
            return _without_sessions(name, _reason(built))
        known, trouble = (low * DAY, (high + 1) * DAY), f"knows {_between(low, high)}"
        first, last = max(first, low), min(last, high)
        if first >= last:
            return _without_sessions(name, trouble)
        built = _build(name, _date(first), _date(last))
        if isinstance(built, Exception):
            return _without_sessions(name, _reason(built))
    return _from_schedule(name, built, known, trouble)


def _build(name: str, first: str | None, last: str | None) -> Any:
    """Return exchange_calendars' object, or the exception that tells why there is none."""
    library = _exchanges()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses parts of pandas that are on their way out
        try:
            return library.get_calendar(name, start=first, end=last)
        # Out of bounds; no session at all; holidays that this release cannot work out.
        except (ValueError, NotImplementedError, library.errors.CalendarError) as error:
            return error


def _bounds(name: str) -> tuple[int, int]:
    """Return the first and the last day that the calendar knows, days since 1970."""
    usual = _build(name, None, None)
    bounds = [None, None]
    if not isinstance(usual, Exception):
        bounds = [usual.bound_min(), usual.bound_max()]
    low, high = (None if one is None else one.toordinal() - _EPOCH for one in bounds)
    return (
        EARLIEST // DAY if low is None else low,
        LATEST // DAY - 1 if high is None else high,
    )


def _reason(error: Exception) -> str:
    return f"cannot be made: {str(error).splitlines()[0][:100]}"


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))


def _between(low: int, high: int) -> str:
    since = _date(low) if low > EARLIEST // DAY else ""
    return f"{since} .. {_date(high) if high < LATEST // DAY - 1 else ''}".strip()


def _without_sessions(name: str, trouble: str) -> Calendar:
    none = np.empty(0, dtype=np.int64)
    return Calendar(name, "UTC", 0, none, none, none, None, (LATEST, LATEST), trouble)


def _from_schedule(name: str, built: Any, known: tuple[int, int], trouble: str) -> Calendar:
    schedule, zone = built.schedule, str(built.tz)
    opens, closes, pauses, resumes = (
        np.asarray(pd.DatetimeIndex(schedule[column]).as_unit("us").asi8)
        for column in ("open", "close", "break_start", "break_end")
    )
    labels = np.asarray(schedule.index.as_unit("us").asi8)
    early = int((labels - to_local(opens, zone)).max())
    if rest := _RESTS.get(name):
        closes = np.where(closes - opens == DAY, closes - rest, closes)
    halves = pauses > EARLIEST  # else not a time: no pause for lunch
    stretches = merged(
        np.sort(np.append(opens, resumes[halves])), np.sort(np.append(closes, pauses[halves]))
    )
    roll = max(0, -(-early // HOUR))
    return Calendar(name, zone, roll, *stretches, labels // DAY, None, known, trouble)
