"""Which calendar bars follow, found from their own rhythm where none is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from atms.feeds.calendars import (
    DAY,
    HOUR,
    ITS_OWN_WEEK,
    NEW_YORK,
    Calendar,
    Ints,
    load_calendar,
    merged,
    to_local,
    weekdays,
)
from atms.feeds.rhythm import HALF, Presence, clock_moves, rounder_end, seasons_of
from atms.feeds.slots import bar_dates
from atms.model import Timeframe

# The same shares as those by which figures choose between 365, 260 and 252 days a year.
_WEEKEND, _SUNDAY_EVENING = 0.01, 0.002
_FITS = 0.005  # at most this share of dates may be none of the exchange's
_LONGEST_PAUSE = 4 * HOUR  # a longer one may be a closing
_WEEK = 7 * DAY
_QUARTER = HOUR // 4
_TYPICAL = 0.75  # of the weeks have bars in a quarter of an hour that is typical


def guess(stamps: Ints, timeframe: Timeframe) -> tuple[Calendar, str]:
    """Return the calendar that bars follow by their rhythm, and what speaks for it.

    In this order: bars on weekends, or no pause, are ``24/7``; bars on Sunday evening are
    ``fx``, or ``CMES`` if they rest for an hour a day; dates and hours that fit New
    York's exchanges are ``XNYS``; the same where the clock is off; else weekdays,
    and of bars within the day the hours in which most weeks have bars.

    Args:
        stamps: microseconds since 1970 UTC, rising, shape (n,), n at least 1.
        timeframe: the length of a bar.
    """
    span = int(stamps[0]), int(stamps[-1])
    length = timeframe.seconds * 1_000_000
    if length >= _WEEK:
        return load_calendar("24/5", *span), "bars of a week or longer"
    if length >= DAY:
        return _of_days(stamps, timeframe)
    return _within_days(stamps, length)


# ---- bars of days -------------------------------------------------------------------------------
def _of_days(stamps: Ints, timeframe: Timeframe) -> tuple[Calendar, str]:
    span = int(stamps[0]), int(stamps[-1])
    share = np.bincount(weekdays(stamps // DAY), minlength=7) / len(stamps)
    monday, *_, friday, saturday, sunday = share
    if saturday > _WEEKEND and (sunday or monday or len(stamps) < 10):
        return load_calendar("24/7", *span), "bars on weekends"
    late = bool((stamps % DAY >= 20 * HOUR).mean() > 0.5)
    week = load_calendar("fx", *span)
    if sunday > _SUNDAY_EVENING and not saturday and (friday or late):
        return week, "bars on Sundays and none on Saturdays"
    calendar = load_calendar("XNYS", *span)
    dates = bar_dates(calendar, stamps, timeframe)
    if _on_sessions(calendar, dates):
        return calendar, "no bar on a holiday of New York's"
    for days in (1, -1):
        if (saturday or sunday) and _on_sessions(calendar, dates + days):
            return calendar, f"the dates fit New York's sessions moved by {days:+d} day"
    every = week.dates[(week.dates >= dates[0]) & (week.dates <= dates[-1])]
    if _on_sessions(week, dates) and float((~np.isin(every, dates)).mean()) <= _FITS:
        return week, "every weekday but 25 December and 1 January"
    weekdays_only = load_calendar("24/5", *span)
    if not sunday:
        return weekdays_only, "five days a week"
    whole = load_calendar("24/7", *span).dates
    own = whole[share[weekdays(whole)] > 0.5 / 7]
    return replace(weekdays_only, name=ITS_OWN_WEEK, dates=own, hours=None), "no calendar fits"


def _on_sessions(calendar: Calendar, dates: Ints) -> bool:
    return float((~np.isin(dates, calendar.dates)).mean()) <= _FITS


# ---- bars within the day ------------------------------------------------------------------------
def _within_days(stamps: Ints, length: int) -> tuple[Calendar, str]:
    span = int(stamps[0]), int(stamps[-1])
    if _open_on_weekends(stamps):
        return load_calendar("24/7", *span), "bars on weekends"
    pauses = np.diff(stamps)
    if not len(pauses) or int(pauses.max()) <= max(_LONGEST_PAUSE, 2 * length):
        return load_calendar("24/7", *span), "never a pause"
    begins = stamps - length if rounder_end(stamps, length) == "end" else stamps
    seen = Presence.of(begins, length)
    hours = np.bincount(seen.moments[seen.present] % DAY // HOUR, minlength=24)
    filled = int((hours >= 0.2 * hours.mean()).sum())
    found = None
    if filled >= 22:
        found = _around_the_clock(seen, begins, length)
    elif filled <= 20:
        found = _new_york(seen, begins, length)
    return found or (_typical_week(begins, length), "no calendar fits; the hours of most weeks")


def _open_on_weekends(stamps: Ints) -> bool:
    hours, days = stamps % DAY // HOUR, weekdays(stamps // DAY)
    saturday = float(((days == 5) & (hours >= 3)).mean())
    weekend = saturday + float(((days == 6) & (hours < 20)).mean())
    if int(stamps[-1] - stamps[0]) < 2 * _WEEK:
        return weekend > _WEEKEND
    # Of the week's 168 hours 41; a market with a weekend of its own fills next to none of them.
    return saturday > _WEEKEND and weekend / 41 >= 0.5 * (1 - weekend) / 127


def _around_the_clock(seen: Presence, begins: Ints, length: int) -> tuple[Calendar, str] | None:
    span = int(begins[0]), int(begins[-1])
    evening = (weekdays(begins // DAY) == 6) & (begins % DAY >= 20 * HOUR)
    name, what = "fx", "opens on Sunday evening"
    if _rests_daily(seen):
        name, what = "CMES", "opens on Sunday evening, rests an hour a day"
    calendar = load_calendar(name, *span)
    if float(evening.mean()) > _SUNDAY_EVENING:
        return calendar, what
    moved = np.sort(begins + clock_moves(calendar, begins, length))
    if (moved != begins).any() and _fills(calendar, moved, length, 0.01, 0.95):
        return calendar, f"{what}, on another clock"
    weekdays_only = load_calendar("24/5", *span)
    if _fills(weekdays_only, begins, length, 0.01, 0.9):
        return weekdays_only, "no bars on weekends"
    return None


def _rests_daily(seen: Presence) -> bool:
    """Whether some half hour of New York's clock has no bar on most days, Monday to Thursday."""
    local = to_local(seen.moments, NEW_YORK)
    early_week = weekdays(local // DAY) < 4
    halves = (local % DAY // HALF)[early_week]
    days = np.bincount(halves, minlength=48)
    filled = np.bincount(halves[seen.present[early_week]], minlength=48)
    return bool((filled < 0.5 * days).any())


def _fills(calendar: Calendar, begins: Ints, length: int, outside: float, inside: float) -> bool:
    """Whether at most that share of half hours with bars lies outside the calendar's hours.

    And whether at least that share of the half hours of its sessions has bars.
    """
    seen = Presence.of(begins, length)
    hours = seen.within(*(calendar.hours or (calendar.opens, calendar.closes)))
    beyond = float((seen.present & ~hours).sum() / seen.present.sum())
    return beyond <= outside and seen.share(calendar.opens, calendar.closes) >= inside


def _new_york(seen: Presence, begins: Ints, length: int) -> tuple[Calendar, str] | None:
    calendar = load_calendar("XNYS", int(begins[0]), int(begins[-1]))
    if not len(calendar.opens):
        return None
    if _trades_as(calendar, begins) and seen.share(calendar.opens, calendar.closes) >= 0.8:
        return calendar, "bars in New York's sessions, and none on its holidays"
    moved = np.sort(begins + clock_moves(calendar, begins, length))
    fits = _trades_as(calendar, moved) and _fills(calendar, moved, length, 0.08, 0.97)
    if (moved != begins).any() and fits:
        return calendar, "New York's sessions, on another clock"
    return None


def _trades_as(calendar: Calendar, begins: Ints) -> bool:
    # New York's evening trading lasts beyond midnight UTC; the date changes in its night.
    dates = (begins - 5 * HOUR) // DAY
    return _on_sessions(calendar, dates[np.append(True, np.diff(dates) != 0)])


def _typical_week(begins: Ints, length: int) -> Calendar:
    """Return a calendar of the quarter hours of the week in which three of four weeks have bars.

    Each season is looked at by itself, as its clocks show other hours. Longer bars count where
    they are stamped.
    """
    seen = Presence.of(begins, min(length, _QUARTER), _QUARTER)
    since_monday = seen.first + np.arange(len(seen.present)) + 3 * 96  # 1970 began on a Thursday
    weeks, of_week = since_monday // 672, since_monday % 672
    used = np.unique(weeks[seen.present])
    used = used[1:-1] if len(used) > 2 else used  # the first and the last may be parts
    expected = np.zeros(len(seen.present), dtype=bool)
    seasons = seasons_of(seen.moments, "Australia/Sydney")
    for season in np.unique(seasons):
        whole = (seasons == season) & np.isin(weeks, used)
        count = len(np.unique(weeks[whole & seen.present]))
        share = np.bincount(of_week[whole & seen.present], minlength=672) / max(count, 1)
        expected |= (seasons == season) & (share[of_week] >= _TYPICAL)
    opens = (seen.first + np.flatnonzero(expected)) * _QUARTER
    closes = opens + _QUARTER
    if length <= _QUARTER:
        opens, closes = merged(opens, closes)
    weekdays_only = load_calendar("24/5", int(begins[0]), int(begins[-1]))
    return replace(weekdays_only, name=ITS_OWN_WEEK, opens=opens, closes=closes, hours=None)
