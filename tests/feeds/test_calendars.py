"""Session calendars: hours on the days when clocks change, holidays, half days, unknown years."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from atms.errors import ConfigError, UnknownName
from atms.feeds.calendars import (
    DAY,
    Calendar,
    Ints,
    calendar_names,
    canonical,
    load_calendar,
)
from atms.feeds.slots import Places, expected_stamps, places
from atms.model import Timeframe

MINUTE = Timeframe(1, "m")
CALENDARS = ("24/7", "24/5", "fx", "XNYS", "XASX", "XHKG", "CMES")


def us(text: str) -> int:
    """Return microseconds since 1970 of a UTC time."""
    return int(np.datetime64(text, "us").astype(np.int64))


def load(name: str, first: str, last: str) -> Calendar:
    return load_calendar(name, us(first), us(last))


def hours(calendar: Calendar, date: str) -> list[str]:
    """Return the stretches that begin on *date* UTC, as ``14:30-21:00``."""
    begin = us(date)
    rows = np.flatnonzero((calendar.opens >= begin) & (calendar.opens < begin + DAY))
    ends = [pd.to_datetime([calendar.opens[row], calendar.closes[row]], unit="us") for row in rows]
    return [f"{first:%H:%M}-{last:%H:%M}" for first, last in ends]


def minutes(first: str, last: str) -> Ints:
    """Return the stamps of all minutes from *first* to *last*, the latter not included."""
    return np.arange(us(first), us(last), 60_000_000)


def attended(name: str, *sessions: str, left_out: int = 0) -> Places:
    """Return where the minutes of *sessions*, ``2024-03-08T14:30/21:00``, stand in the row.

    Of the last session the first *left_out* minutes are missing.
    """
    stamps = []
    for session in " ".join(sessions).split():
        begin, end = session.split("/")
        first, last = us(begin), us(f"{begin[:11]}{end}")
        stamps.append(np.arange(first, last if last > first else last + DAY, 60_000_000))
    stamps[-1] = stamps[-1][left_out:]
    row = np.concatenate(stamps)
    calendar = load_calendar(name, int(row[0]), int(row[-1]))
    return places(calendar, row, MINUTE, "start")


# ---- names --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "name"),
    [("24/7", "24/7"), ("FX", "fx"), ("xnys", "XNYS"), ("NYSE", "XNYS"), ("Auto", "auto")],
)
def test_a_calendar_is_known_by_any_of_its_names(written: str, name: str) -> None:
    assert canonical(written) == name


def test_an_unknown_calendar_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="'XLOM' is no calendar; did you mean 'XLON'"):
        canonical("XLOM")
    with pytest.raises(ConfigError, match="write auto, 24/7, 24/5, fx, or an exchange's code"):
        load("nonsense", "2024-01-01", "2024-02-01")


def test_every_code_of_the_library_may_be_named() -> None:
    names = calendar_names()
    assert {"24/7", "fx", "XNYS", "XLON", "XHKG", "CMES", "NYSE"} <= set(names)
    assert len(names) > 90


# Some calendars of the library do not work with every release of pandas.
@pytest.mark.parametrize("name", ["ASEX", "XTAE", "XKRX", "XBOM", "XSAU", "IEPA", "us_futures"])
def test_an_exchange_has_sessions_or_says_why_not(name: str) -> None:
    calendar = load(name, "2024-03-01", "2024-03-20")
    if calendar.trouble:
        assert calendar.trouble.startswith("cannot be made: ")
        assert calendar.known[0] > us("2024-03-20")
    assert bool(len(calendar.opens)) != bool(calendar.trouble)
    assert (calendar.closes > calendar.opens).all()
    assert (calendar.opens[1:] >= calendar.closes[:-1]).all()


def test_bars_around_the_clock_need_no_library_of_exchanges() -> None:
    code = (
        "import sys; from atms.feeds.reading import read_raw; from atms.feeds.audit import examine;"
        "a = examine(read_raw('sample:BTCUSD_1h', name='x'));"
        "b = examine(read_raw('sample:EURUSD_1h', name='x'), calendar='fx');"
        "print(a.calendar[:4], b.calendar, 'exchange_calendars' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "24/7 fx False\n"


# ---- the days on which clocks change ------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        # New York: 10 March and 3 November 2024. 09:30-16:00.
        ("XNYS", ("2024-03-08", "14:30-21:00"), ("2024-03-11", "13:30-20:00")),
        ("XNYS", ("2024-11-01", "13:30-20:00"), ("2024-11-04", "14:30-21:00")),
        # London and Frankfurt: 31 March (Easter, so 28 March and 2 April) and 27 October 2024.
        ("XLON", ("2024-03-28", "08:00-16:30"), ("2024-04-02", "07:00-15:30")),
        ("XLON", ("2024-10-25", "07:00-15:30"), ("2024-10-28", "08:00-16:30")),
        ("XETR", ("2024-03-28", "08:00-16:30"), ("2024-04-02", "07:00-15:30")),
        ("XETR", ("2024-10-25", "07:00-15:30"), ("2024-10-28", "08:00-16:30")),
        # Sydney: 7 April and 6 October 2024. 10:00-16:00; in summer the
        # session begins on the day before in UTC.
        ("XASX", ("2024-04-04", "23:00-05:00"), ("2024-04-08", "00:00-06:00")),
        ("XASX", ("2024-10-04", "00:00-06:00"), ("2024-10-06", "23:00-05:00")),
    ],
)
def test_an_exchange_keeps_its_hours_when_its_clock_changes(
    name: str, before: tuple[str, str], after: tuple[str, str]
) -> None:
    calendar = load(name, before[0], after[0])
    assert hours(calendar, before[0]) == [before[1]]
    assert hours(calendar, after[0]) == [after[1]]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("XNYS", "2024-03-08T14:30/21:00", "2024-03-11T13:30/20:00"),
        ("XNYS", "2024-11-01T13:30/20:00", "2024-11-04T14:30/21:00"),
        ("XLON", "2024-03-28T08:00/16:30", "2024-04-02T07:00/15:30"),
        ("XLON", "2024-10-25T07:00/15:30", "2024-10-28T08:00/16:30"),
        ("XASX", "2024-04-03T23:00/05:00 2024-04-04T23:00/05:00", "2024-04-08T00:00/06:00"),
        ("XASX", "2024-10-04T00:00/06:00", "2024-10-06T23:00/05:00"),
        # The currency week opens on the very Sunday: at 21:00 UTC in summer, 22:00 in winter.
        ("fx", "2024-03-07T22:00/22:00", "2024-03-10T21:00/21:00"),
        ("fx", "2024-10-31T21:00/21:00", "2024-11-03T22:00/22:00"),
    ],
)
def test_over_a_change_of_clocks_a_full_record_has_no_gap_and_one_missing_minute_is_one(
    name: str, before: str, after: str
) -> None:
    full = attended(name, before, after)
    assert full.expected.all()
    assert full.missing().sum() == 0
    assert attended(name, before, after, left_out=1).missing().sum() == 1
    # Had the session stayed at its old hour, the whole first or last hour would be missing.
    assert attended(name, before, after, left_out=60).missing().sum() == 60


def test_a_day_around_the_clock_has_24_hours_whatever_clocks_do() -> None:
    stamps = minutes("2024-03-09", "2024-04-08")
    calendar = load_calendar("24/7", int(stamps[0]), int(stamps[-1]))
    assert places(calendar, stamps, MINUTE, None).missing().sum() == 0
    assert len(expected_stamps(calendar, us("2024-03-10"), us("2024-03-10T23:59"), MINUTE)) == 1440


# ---- holidays, half days, lunch -----------------------------------------------------------------
def test_a_gap_over_a_holiday_is_none() -> None:
    # 4 July 2023, a Tuesday, is a holiday, and the 3rd closes at 13:00 New York.
    full = attended("XNYS", "2023-07-03T13:30/17:00", "2023-07-05T13:30/20:00")
    assert full.missing().sum() == 0
    assert full.expected.all()


def test_bars_after_a_half_day_are_outside_and_no_gap() -> None:
    found = attended("XNYS", "2023-07-03T13:30/20:00", "2023-07-05T13:30/20:00")
    assert found.missing().sum() == 0
    assert (~found.expected).sum() == 180


def test_lunch_is_no_gap() -> None:
    calendar = load("XHKG", "2024-03-04", "2024-03-08")
    assert hours(calendar, "2024-03-05") == ["01:30-04:00", "05:00-08:00"]
    found = attended("XHKG", "2024-03-05T01:30/04:00", "2024-03-05T05:00/08:00")
    assert found.missing().sum() == 0
    assert found.expected.all()


def test_the_currency_week_has_its_five_days_and_christmas_may_be_traded_or_not() -> None:
    calendar = load("fx", "2018-12-17", "2018-12-28")
    # Required: to 17:00 New York on the 24th, and again from 17:00 on the 25th.
    assert us("2018-12-24T22:00") in calendar.closes
    assert us("2018-12-25T22:00") in calendar.opens
    assert calendar.hours is not None
    opens, closes = calendar.hours
    inside = (opens <= us("2018-12-25T12:00")) & (us("2018-12-25T12:00") < closes)
    assert inside.any()
    week = expected_stamps(calendar, us("2018-12-16"), us("2018-12-22"), Timeframe(1, "h"))
    assert len(week) == 120


def test_globex_rests_for_an_hour_a_day() -> None:
    calendar = load("CMES", "2024-01-08", "2024-01-12")
    assert hours(calendar, "2024-01-08") == ["23:00-22:00"]  # 17:00 to 16:00 Chicago


# ---- bars that a calendar expects ---------------------------------------------------------------
def test_expected_days_are_the_sessions_dates() -> None:
    calendar = load("XNYS", "2024-01-01", "2024-01-31")
    found = expected_stamps(calendar, us("2024-01-01"), us("2024-01-31"), Timeframe(1, "d"))
    # January 2024 has 23 weekdays; New Year and Martin Luther King's day are holidays.
    assert len(found) == 21
    assert us("2024-01-15") not in found


def test_a_short_last_bar_ends_with_the_session() -> None:
    calendar = load("XNYS", "2024-01-08", "2024-01-08")
    begin, end = us("2024-01-08"), us("2024-01-08T23:00")
    starts = expected_stamps(calendar, begin, end, Timeframe(1, "h"))
    ends = expected_stamps(calendar, begin, end, Timeframe(1, "h"), "end")
    assert len(starts) == len(ends) == 7
    assert (starts[-1], ends[-1]) == (us("2024-01-08T20:30"), us("2024-01-08T21:00"))


@pytest.mark.parametrize("name", CALENDARS)
@pytest.mark.parametrize("text", ["1m", "7m", "1h", "4h", "1d", "2d", "1w", "1M", "3M"])
@pytest.mark.parametrize("stamp", ["start", "end"])
def test_the_bars_that_a_calendar_expects_leave_no_gap(name: str, text: str, stamp: str) -> None:
    timeframe = Timeframe.parse(text)
    first, last = us("2023-01-16"), us("2023-05-15" if timeframe.seconds < 86_400 else "2024-12-16")
    calendar = load_calendar(name, first, last)
    stamps = expected_stamps(calendar, first, last, timeframe, stamp)
    found = places(calendar, stamps, timeframe, stamp)
    assert found.missing().sum() == 0
    assert found.expected.all()
    without = places(calendar, np.delete(stamps, 2), timeframe, stamp).missing()
    assert np.flatnonzero(without).tolist() == [1]
    assert without[1] == 1


@pytest.mark.parametrize("text", ["2h", "4h", "8h"])
@pytest.mark.parametrize("name", ["XLON", "XHKG", "XTKS"])
def test_short_last_bars_leave_no_gap_whichever_end_is_stamped(name: str, text: str) -> None:
    # London's 8.5 hours end half an hour after the first 8; Hong Kong and Tokyo pause for lunch.
    first, last = us("2024-03-01"), us("2024-04-30")
    calendar, timeframe = load_calendar(name, first, last), Timeframe.parse(text)
    for stamp in ("start", "end"):
        stamps = expected_stamps(calendar, first, last, timeframe, stamp)
        assert places(calendar, stamps, timeframe, stamp).missing().sum() == 0


def test_a_bar_of_the_clock_that_reaches_over_lunch_is_expected_once() -> None:
    # Hong Kong, 01:30-04:00 and 05:00-08:00 UTC, in bars that begin at 00:00, 03:00 and 06:00.
    days = us("2024-03-04") + np.arange(5)[:, None] * DAY
    stamps = (days + np.array([0, 3, 6]) * 60 * 60_000_000).reshape(-1)
    calendar = load_calendar("XHKG", int(stamps[0]), int(stamps[-1]))
    found = places(calendar, stamps, Timeframe(3, "h"), "start")
    assert found.missing().sum() == 0
    assert found.expected.all()


def test_bars_counted_from_local_midnight_stay_whole_when_clocks_change() -> None:
    # New York, 08:00 and 12:00, four hours each: 13:00 and 17:00 UTC, from 11 March 12:00, 16:00.
    days = pd.bdate_range("2024-03-04", "2024-03-15")
    local = [day + pd.Timedelta(hours=hour) for day in days for hour in (8, 12)]
    moments = pd.DatetimeIndex(local).tz_localize("America/New_York").tz_convert("UTC")
    stamps = np.asarray(moments.as_unit("us").asi8)
    calendar = load_calendar("XNYS", int(stamps[0]), int(stamps[-1]))
    assert places(calendar, stamps, Timeframe(4, "h"), "start").missing().sum() == 0


@pytest.mark.parametrize("first", ["09:00", "09:30"])
def test_hours_of_the_clock_and_hours_from_the_opening_are_both_whole(first: str) -> None:
    # 09:00 New York, 10:00 ... 15:00, or 09:30, 10:30 ... 15:30; before and after clocks change.
    days = [
        *pd.bdate_range("2024-03-04", "2024-03-08"),
        *pd.bdate_range("2024-03-11", "2024-03-15"),
    ]
    local = [
        day + pd.Timedelta(f"{first}:00") + pd.Timedelta(hours=n) for day in days for n in range(7)
    ]
    moments = pd.DatetimeIndex(local).tz_localize("America/New_York").tz_convert("UTC")
    stamps = np.asarray(moments.as_unit("us").asi8)
    calendar = load_calendar("XNYS", int(stamps[0]), int(stamps[-1]))
    found = places(calendar, stamps, Timeframe(1, "h"), "start")
    assert found.missing().sum() == 0
    assert found.expected.all()


def test_stamps_that_jitter_by_milliseconds_leave_no_gap() -> None:
    early_and_late = np.array([14_000, 17_000, -3_000, 14_000, -3_000, 14_000])
    stamps = minutes("2024-01-01", "2024-01-03")[::480] + early_and_late
    calendar = load_calendar("24/7", int(stamps[0]), int(stamps[-1]))
    for stamp in (None, "end"):
        assert places(calendar, stamps, Timeframe(8, "h"), stamp).missing().sum() == 0


@pytest.mark.parametrize("hour", [0, 5, 14, 21])
def test_days_stamped_at_any_hour_of_their_session_are_its_date(hour: int) -> None:
    # Midnight UTC (a date), midnight of New York, its opening, its close.
    calendar = load("XNYS", "2024-01-02", "2024-01-31")
    dates = calendar.dates[(calendar.dates >= us("2024-01-02") // DAY)]
    stamps = dates[:20] * DAY + hour * 3_600_000_000
    found = places(calendar, stamps, Timeframe(1, "d"), None)
    assert found.missing().sum() == 0
    assert found.expected.all()


def test_a_day_that_is_stamped_where_it_ends_is_not_the_next_days() -> None:
    # Monday's currency session ends at 17:00 New York, which is where Tuesday's begins.
    calendar = load("fx", "2024-01-08", "2024-01-31")
    dates = calendar.dates[calendar.dates >= us("2024-01-08") // DAY][:15]
    ends = places(calendar, dates * DAY + 22 * 60 * 60_000_000, Timeframe(1, "d"), None)
    assert ends.missing().sum() == 0
    assert ends.expected.all()


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-31", "2024-02-29", "2024-03-28", "2024-05-31"],  # the last session
        ["2024-01-01", "2024-02-01", "2024-03-01", "2024-05-01"],  # the first day
    ],
)
def test_a_missing_month_is_a_gap_whatever_its_bar_is_stamped_with(dates: list[str]) -> None:
    stamps = np.array([us(date) for date in dates])
    calendar = load_calendar("XNYS", int(stamps[0]), int(stamps[-1]))
    assert places(calendar, stamps, Timeframe(31, "d"), None).missing().tolist() == [0, 0, 1]


@pytest.mark.parametrize("first", ["2024-01-01", "2024-01-05", "2024-01-07"])
def test_a_missing_week_is_a_gap_whether_stamped_on_monday_friday_or_sunday(first: str) -> None:
    stamps = us(first) + np.array([0, 1, 2, 4, 5]) * 7 * DAY
    calendar = load_calendar("24/5", int(stamps[0]), int(stamps[-1]))
    assert places(calendar, stamps, Timeframe(1, "w"), None).missing().tolist() == [0, 0, 1, 0]


# ---- years that a calendar does not know --------------------------------------------------------
def test_a_calendar_knows_years_before_the_librarys_usual_twenty() -> None:
    calendar = load("XNYS", "1990-01-02", "2022-03-10")
    assert calendar.trouble == ""
    assert us("1990-01-02") // DAY in calendar.dates


def test_a_calendar_that_does_not_know_the_year_says_which_it_knows() -> None:
    calendar = load("XTKS", "1996-12-02", "1997-03-03")
    assert calendar.trouble == "knows 1997-01-01 .."
    assert calendar.known[0] == us("1997-01-01")
    assert calendar.dates[0] >= us("1997-01-01") // DAY
    assert len(load("XTKS", "1980-01-01", "1981-01-01").opens) == 0


def test_stamps_of_impossible_years_are_no_error() -> None:
    for name in CALENDARS:
        calendar = load_calendar(
            name, -(2**63), 2**63 - 1 if name in ("24/7", "fx") else us("1950-01-01")
        )
        assert calendar.known[0] >= us("1900-01-01")
