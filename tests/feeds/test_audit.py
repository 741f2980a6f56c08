"""The audit: every flaw that is planted is found where it stands, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atms.errors import UnknownName
from atms.feeds.audit import Audit, compare, examine
from atms.feeds.calendars import DAY, HOUR, NEW_YORK, Ints, load_calendar, to_local
from atms.feeds.checks import CHECKS, RANKS, Finding
from atms.feeds.raw import RawBars
from atms.feeds.slots import expected_stamps
from atms.model import Timeframe

MINUTE = 60_000_000
ROOT = Path(__file__).resolve().parent.parent.parent


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def walk(stamps: Ints, seed: int = 7, **more: object) -> RawBars:
    """Return a clean random walk on *stamps*; text rows begin at 2, as a CSV's do."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.001, len(stamps)))), 3)
    opened = np.append(close[:1], close[:-1])
    columns = {
        "open": opened,
        "high": np.maximum(opened, close) + 0.01,
        "low": np.minimum(opened, close) - 0.01,
        "close": close,
        "volume": rng.integers(1, 1000, len(stamps)).astype(float),
    }
    return RawBars("x", "x (x.csv)", 2, np.array(stamps, dtype=np.int64), columns, **more)  # type: ignore[arg-type]


def hourly(n: int = 500) -> RawBars:
    """Return hours around the clock from 2024-01-01 00:00."""
    return walk(us("2024-01-01") + np.arange(n) * HOUR)


def sessions(
    name: str, timeframe: str, first: str = "2023-01-02", last: str = "2023-12-29"
) -> Ints:
    begin, end = us(first), us(last)
    return expected_stamps(load_calendar(name, begin, end), begin, end, Timeframe.parse(timeframe))


def finding(audit: Audit, check: str) -> Finding:
    return next(one for one in audit.findings if one.check == check)


def problems(audit: Audit) -> dict[str, int]:
    return {one.check: one.count for one in audit.problems()}


# ---- planted flaws ------------------------------------------------------------------------------
def swapped(raw: RawBars, row: int) -> RawBars:
    rows = np.arange(len(raw))
    rows[[row - 1, row]] = rows[[row, row - 1]]
    return raw.take(rows)


def repeated(raw: RawBars, row: int) -> RawBars:
    return raw.take(np.insert(np.arange(len(raw)), row, row - 1))


def put(column: str, value: float) -> Callable[[RawBars, int], RawBars]:
    def plant(raw: RawBars, row: int) -> RawBars:
        raw.columns[column][row] = value
        return raw

    return plant


def turned(raw: RawBars, row: int) -> RawBars:
    raw.columns["high"][row], raw.columns["low"][row] = (
        raw.columns["low"][row],
        raw.columns["high"][row],
    )
    return raw


def beyond(column: str, by: float) -> Callable[[RawBars, int], RawBars]:
    def plant(raw: RawBars, row: int) -> RawBars:
        edge = raw.columns["high" if by > 0 else "low"][row]
        raw.columns[column][row] = np.nextafter(edge, edge + by)  # the least that there is
        return raw

    return plant


def flat(raw: RawBars, row: int) -> RawBars:
    raw.columns["open"][row] = raw.columns["high"][row] = raw.columns["low"][row]
    raw.columns["close"][row] = raw.columns["low"][row]
    return raw


def without(raw: RawBars, row: int) -> RawBars:
    return raw.take(np.delete(np.arange(len(raw)), row + 1))


def raised(raw: RawBars, row: int) -> RawBars:
    """Lift the prices from *row* on by half."""
    for name in ("open", "high", "low", "close"):
        raw.columns[name][row:] *= 1.5
    raw.columns["high"][row] = raw.columns["high"][row] * 1.3  # no split: the bar itself is wild
    return raw


PLANTED = [
    ("unsorted", swapped),
    ("duplicates", repeated),
    ("missing_values", put("low", np.nan)),
    ("missing_values", put("close", np.inf)),
    ("zero_price", put("low", 0.0)),
    ("negative_price", put("low", -1.0)),
    ("high_below_low", turned),
    ("open_outside", beyond("open", 1.0)),
    ("open_outside", beyond("open", -1.0)),
    ("close_outside", beyond("close", 1.0)),
    ("close_outside", beyond("close", -1.0)),
    ("zero_volume", put("volume", 0.0)),
    ("missing_volume", put("volume", np.nan)),
    ("missing_volume", put("volume", -5.0)),
    ("jumps", raised),
    ("flat_bars", flat),
    ("gaps", without),
]


@pytest.mark.parametrize("rows", [(120,), (60, 200, 333)])
@pytest.mark.parametrize(("check", "plant"), PLANTED)
def test_planted_flaws_are_all_found_at_their_place_and_nothing_else(
    check: str, plant: Callable[[RawBars, int], RawBars], rows: tuple[int, ...]
) -> None:
    raw = hourly()
    for row in reversed(rows):  # from the end, so that rows keep their numbers
        raw = plant(raw, row)
    audit = examine(raw)
    found = finding(audit, check)
    assert found.count == len(rows)
    assert found.verdict == CHECKS[check][0]
    stamp = pd.Timestamp(int(raw.stamps[rows[0]]), unit="us")
    assert found.first == f"{stamp:%Y-%m-%dT%H:%M:%S}Z, row {rows[0] + 2}"
    told = {one.check for one in audit.findings if one.count}
    assert told == {check}


def test_a_clean_walk_has_a_line_for_every_check_and_no_problem() -> None:
    audit = examine(hourly())
    assert [one.check for one in audit.findings] == [name for name in CHECKS if name != "sources"]
    assert audit.problems() == ()
    assert audit.verdict in ("pass", "info")
    assert (audit.bars, audit.timeframe) == (500, "1h")
    assert audit.span == ("2024-01-01T00:00:00Z", "2024-01-21T19:00:00Z")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(["24/7", "24/5", "fx", "XNYS", "XHKG", "CMES"]),
    timeframe=st.sampled_from(["15m", "1h", "1d"]),
    day=st.integers(0, 300),
    seed=st.integers(0, 1000),
)
def test_a_clean_walk_on_any_calendar_passes(
    name: str, timeframe: str, day: int, seed: int
) -> None:
    first = us("2022-01-03") + day * DAY
    stamps = expected_stamps(
        load_calendar(name, first, first + 90 * DAY),
        first,
        first + 90 * DAY,
        Timeframe.parse(timeframe),
    )
    audit = examine(walk(stamps, seed, timeframe=Timeframe.parse(timeframe)), calendar=name)
    assert audit.problems() == ()


STAMPS = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20),
    st.lists(st.integers(0, 4000).map(lambda day: day * DAY), max_size=40),
    st.lists(
        st.integers(0, 9000).map(lambda half: us("2020-01-01") + half * HOUR // 2), max_size=60
    ),
    st.lists(st.integers(0, 400_000).map(lambda tick: us("2020-01-01") + tick), max_size=30),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    stamps=STAMPS,
    values=st.lists(st.floats(), min_size=4, max_size=4),
    seed=st.integers(0, 1000),
    calendar=st.sampled_from(["auto", "24/7", "24/5", "fx", "XNYS", "CMES", "XHKG", "XSHG"]),
    stamp=st.sampled_from([None, "start", "end"]),
    timeframe=st.sampled_from([None, "1s", "7m", "1h", "1d", "3d", "1w", "1M", "400d"]),
    volume=st.booleans(),
)
def test_no_bars_whatever_they_hold_make_the_audit_raise(
    stamps: list[int],
    values: list[float],
    seed: int,
    calendar: str,
    stamp: str | None,
    timeframe: str | None,
    volume: bool,
) -> None:
    pool = np.array([*values, 1.0, 1.0, 2.0, 0.0, -1.0, 3.0])
    rng = np.random.default_rng(seed)
    names = ("open", "high", "low", "close", *(("volume",) if volume else ()))
    columns = {name: rng.choice(pool, len(stamps)) for name in names}
    length = Timeframe.parse(timeframe) if timeframe else None
    raw = RawBars("x", "x", 0, np.array(stamps, dtype=np.int64), columns, length)
    audit = examine(raw, calendar=calendar, stamp=stamp)
    assert Audit.from_dict(json.loads(json.dumps(audit.as_dict()))) == audit
    assert all(one.verdict in RANKS and "\n" not in one.detail for one in audit.findings)
    assert all((one.count > 0) == (one.first is not None) for one in audit.findings)
    compare(raw, raw)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_handful_of_bars_is_audited_too(n: int) -> None:
    audit = examine(hourly(n))
    assert audit.bars == n
    assert audit.problems() == ()
    assert len(audit.findings) == len(CHECKS) - 1
    assert (audit.span == ("", "")) == (n == 0)


def test_bars_of_one_stamp_are_duplicates_and_no_error() -> None:
    audit = examine(walk(np.full(5, us("2024-01-01"))))
    assert problems(audit) == {"duplicates": 4}


def test_a_file_that_stands_upside_down_is_said_to() -> None:
    raw = hourly(50)
    audit = examine(raw.take(np.arange(50)[::-1]))
    assert problems(audit) == {"unsorted": 49}
    assert "the newest bar stands first" in finding(audit, "unsorted").detail


def test_where_the_high_is_below_the_low_nothing_is_outside_of_them_besides() -> None:
    raw = turned(hourly(), 10)
    assert problems(examine(raw)) == {"high_below_low": 1}


def test_bars_without_a_volume_are_no_flaw() -> None:
    raw = hourly()
    raw.columns["volume"][:] = np.nan
    audit = examine(raw)
    assert audit.problems() == ()
    assert finding(audit, "zero_volume").detail == "the source has no volume"
    del raw.columns["volume"]
    assert examine(raw).problems() == ()


# ---- gaps and jumps -----------------------------------------------------------------------------
def test_gaps_are_counted_in_bars_with_the_largest_and_the_first() -> None:
    raw = hourly()
    kept = np.delete(np.arange(500), [100, 300, 301, 302])
    found = finding(examine(raw.take(kept)), "gaps")
    assert found.count == 4
    assert found.first == "2024-01-05T03:00:00Z, row 101"  # the bar before the first one
    assert found.detail == (
        "4 bars missing in 2 gaps, the largest 3 bars (4.0 h) after 2024-01-13T11:00:00Z"
    )


def test_a_move_over_a_gap_is_no_jump() -> None:
    raw = raised(hourly(), 200)
    assert problems(examine(raw)) == {"jumps": 1}
    assert problems(examine(raw.take(np.delete(np.arange(500), 199)))) == {"gaps": 1}


def test_a_move_over_a_weekend_is_one_bars() -> None:
    stamps = sessions("XNYS", "1d")
    monday = int(np.flatnonzero(np.diff(stamps) == 3 * DAY)[5]) + 1
    assert problems(examine(raised(walk(stamps), monday))) == {"jumps": 1}


@pytest.mark.parametrize(("ratio", "words"), [(0.5, "2:1"), (1 / 3, "3:1"), (10.0, "1:10")])
def test_a_jump_over_night_by_a_whole_ratio_is_called_a_split(ratio: float, words: str) -> None:
    raw = walk(sessions("XNYS", "1d"))
    for name in ("open", "high", "low", "close"):
        raw.columns[name][100:] *= ratio
    found = finding(examine(raw), "jumps")
    assert found.count == 1
    assert f"look like a split that is not adjusted for, the first {words} at" in found.detail


def test_a_wild_bar_is_no_split() -> None:
    audit = examine(raised(walk(sessions("XNYS", "1d")), 100))
    assert finding(audit, "jumps").count == 1
    assert "split" not in finding(audit, "jumps").detail


@pytest.mark.parametrize(
    ("timeframe", "move", "jumps"),
    [("1m", 1.19, 0), ("1m", 1.21, 1), ("1h", 1.29, 0), ("1h", 1.31, 1), ("1d", 1.38, 0),
     ("1d", 1.42, 1), ("1w", 1.7, 0), ("1w", 1.9, 1), ("1d", 1 / 1.38, 0), ("1d", 1 / 1.42, 1)],
)  # fmt: skip
def test_how_far_a_close_may_be_from_the_one_before_depends_on_the_bars_length(
    timeframe: str, move: float, jumps: int
) -> None:
    step = Timeframe.parse(timeframe).seconds * 1_000_000
    raw = walk(us("2024-01-01") + np.arange(100) * step)
    for name in ("open", "high", "low", "close"):
        raw.columns[name][:] = 100.0
        raw.columns[name][50:] *= move
    assert finding(examine(raw, calendar="24/7"), "jumps").count == jumps


# ---- clocks that are off ------------------------------------------------------------------------
def wall(stamps: Ints, zone: str, hours: int = 0) -> Ints:
    """Return what clocks in *zone* show, taken for UTC: a zone that was forgotten."""
    return np.unique(to_local(stamps, zone)) + hours * HOUR


@pytest.mark.parametrize("calendar", ["auto", "given"])
@pytest.mark.parametrize(
    ("name", "zone", "hours", "moved"),
    [
        ("fx", NEW_YORK, 7, "-3 h or -2 h"),  # a broker's server time
        ("fx", NEW_YORK, 0, "+4 h or +5 h"),
        ("fx", "Europe/Berlin", 0, "-2 h or -1 h"),
        ("XNYS", NEW_YORK, 0, "+4 h or +5 h"),
        ("XNYS", "UTC", 1, "-1 h"),
        ("CMES", "America/Chicago", 0, "+5 h or +6 h"),
    ],
)
def test_a_zone_that_was_forgotten_is_found_and_is_no_gap(
    name: str, zone: str, hours: int, moved: str, calendar: str
) -> None:
    stamps = wall(sessions(name, "15m"), zone, hours)
    audit = examine(walk(stamps), calendar=name if calendar == "given" else "auto")
    assert problems(audit) == {"time_zone": len(stamps)}
    assert f"fit {name} only when moved by {moved};" in finding(audit, "time_zone").detail


def test_a_forgotten_zone_is_found_in_hours_that_begin_at_the_opening() -> None:
    # The last of seven is half over the close, so that half an hour less would fit as well.
    audit = examine(walk(wall(sessions("XNYS", "1h"), NEW_YORK)), calendar="XNYS")
    assert "moved by +4 h or +5 h" in finding(audit, "time_zone").detail


def test_stamps_at_the_end_of_the_bar_and_of_another_zone_are_no_gap() -> None:
    stamps = wall(sessions("fx", "15m") + 15 * MINUTE, NEW_YORK, 7)
    assert problems(examine(walk(stamps))) == {"time_zone": len(stamps)}


def test_bars_of_some_hours_show_no_clock() -> None:
    # Globex opens an hour after the currency week, and a week's last four hours end an hour early.
    audit = examine(walk(sessions("CMES", "4h")), calendar="fx")
    assert "time_zone" not in problems(audit)


def test_a_clock_that_follows_another_zones_summer_is_off_in_these_weeks_only() -> None:
    stamps = sessions("fx", "1h")
    berlin, new_york = (to_local(stamps, zone) - stamps for zone in ("Europe/Berlin", NEW_YORK))
    # Berlin is 6 hours ahead of New York but for some weeks in March and October: 5.
    odd = berlin - new_york == 5 * HOUR
    audit = examine(walk(np.unique(np.where(odd, stamps - HOUR, stamps))))
    assert problems(audit) == {"time_zone": int(odd.sum())}
    # Before it lie 118 hours of 2 to 6 January and nine weeks of 120: rows 2 to 1199.
    assert finding(audit, "time_zone").first == "2023-03-12T20:00:00Z, row 1200"


def test_bars_in_the_closed_weekend_are_counted() -> None:
    stamps = sessions("fx", "1h")
    saturday = us("2023-06-10T12:00")
    audit = examine(walk(np.sort(np.append(stamps, [saturday, saturday + HOUR]))))
    assert problems(audit) == {"time_zone": 2}
    assert str(finding(audit, "time_zone").first).startswith("2023-06-10T12:00:00Z")


def test_four_hours_of_the_clock_may_reach_over_the_weeks_ends() -> None:
    stamps = np.unique(sessions("fx", "1h") // (4 * HOUR) * (4 * HOUR))
    assert examine(walk(stamps), calendar="fx").problems() == ()


@pytest.mark.parametrize("days", [-1, 1])
def test_dates_that_are_a_day_off_are_found(days: int) -> None:
    stamps = sessions("XNYS", "1d") + days * DAY
    for calendar in ("auto", "XNYS"):
        audit = examine(walk(stamps), calendar=calendar)
        assert problems(audit) == {"time_zone": len(stamps)}
        assert f"moved by {-24 * days:+d} h" in finding(audit, "time_zone").detail


def test_days_on_which_the_exchange_is_closed_are_told() -> None:
    stamps = np.sort(np.append(sessions("XNYS", "1d"), us("2023-07-04")))
    audit = examine(walk(stamps), calendar="XNYS")
    assert problems(audit) == {"closed_days": 1}
    assert str(finding(audit, "closed_days").first).startswith("2023-07-04T00:00:00Z")


def test_bars_before_and_after_the_sessions_are_information() -> None:
    stamps = sessions("XNYS", "15m")
    early = np.unique(stamps // DAY) * DAY + 12 * HOUR
    audit = examine(walk(np.union1d(stamps, early)))
    assert audit.calendar.startswith("XNYS (guessed")
    assert audit.problems() == ()
    assert finding(audit, "outside_hours").count == len(early)


# ---- start or end of the bar --------------------------------------------------------------------
@pytest.mark.parametrize("name", ["XNYS", "fx", "CMES", "XHKG"])
@pytest.mark.parametrize(("true", "stated"), [("start", "end"), ("end", "start")])
def test_stamps_at_the_other_end_than_stated_are_found_and_are_no_gap(
    name: str, true: str, stated: str
) -> None:
    stamps = sessions(name, "5m", "2023-03-01", "2023-04-28")
    if true == "end":
        stamps = stamps + 5 * MINUTE
    for calendar in ("auto", name):
        right = examine(walk(stamps), calendar=calendar, stamp=true)
        wrong = examine(walk(stamps), calendar=calendar, stamp=stated)
        assert problems(right) == {}
        assert problems(wrong) == {"bar_stamp": len(stamps)}
        assert finding(wrong, "bar_stamp").detail.endswith(f"set stamp: {true}")


def test_what_the_source_says_of_its_stamps_counts_as_stated() -> None:
    stamps = sessions("XNYS", "5m", "2023-03-01", "2023-04-28")
    assert set(problems(examine(walk(stamps, stamp="end")))) == {"bar_stamp"}


def test_around_the_clock_no_end_of_the_bar_is_claimed() -> None:
    for stamp in ("start", "end"):
        found = finding(examine(hourly(), stamp=stamp), "bar_stamp")
        assert (found.verdict, found.count) == ("info", 0)


# ---- calendars ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "timeframe"),
    [("24/7", "1h"), ("24/7", "1d"), ("fx", "1h"), ("fx", "15m"), ("fx", "1d"), ("XNYS", "1d"),
     ("XNYS", "1h"), ("XNYS", "5m"), ("CMES", "30m")],
)  # fmt: skip
def test_the_calendar_is_found_from_the_bars_own_rhythm(name: str, timeframe: str) -> None:
    audit = examine(walk(sessions(name, timeframe)))
    assert audit.calendar.startswith(f"{name} (guessed: ")
    assert audit.problems() == ()


def test_an_exchange_that_is_not_known_is_measured_by_its_own_week() -> None:
    stamps = sessions("XASX", "15m")  # over two changes of Sydney's clock
    clean = examine(walk(stamps))
    assert clean.calendar.startswith("its own week (guessed: ")
    hole = examine(walk(np.delete(stamps, slice(2005, 2010))))
    assert finding(hole, "gaps").count == finding(clean, "gaps").count + 5
    assert "name the market's calendar" in finding(hole, "gaps").detail
    assert finding(clean, "time_zone").verdict == "info"  # its own hours tell nothing of a clock


def test_a_market_that_trades_on_sundays_is_no_clock_that_is_off() -> None:
    for timeframe in ("1d", "15m"):
        audit = examine(walk(sessions("XSAU", timeframe)))
        assert audit.calendar.startswith("its own week (guessed: ")
        assert "time_zone" not in problems(audit)


def test_days_and_parts_of_the_clock_without_a_pause_need_no_calendar() -> None:
    stamps = us("2024-01-02T09:00") + np.arange(300) * MINUTE  # five hours of a Tuesday
    assert problems(examine(walk(np.delete(stamps, [50, 51])))) == {"gaps": 2}


def test_an_unknown_calendar_is_an_error() -> None:
    with pytest.raises(UnknownName, match="XNYX"):
        examine(hourly(), calendar="XNYX")


def test_a_calendar_that_does_not_know_the_year_is_told_and_is_no_error() -> None:
    stamps = us("1996-12-02") + np.arange(120) * DAY
    stamps = stamps[(stamps // DAY + 3) % 7 < 5]
    audit = examine(walk(stamps), calendar="XTKS")
    found = finding(audit, "calendar")
    assert found.verdict == "warn"
    assert found.count == int((stamps < us("1997-01-01")).sum())
    assert found.detail == "calendar XTKS knows 1997-01-01 ..; gaps outside were not looked for"
    far = examine(walk(us("1980-01-01") + np.arange(10) * DAY), calendar="XTKS")
    assert problems(far) == {"calendar": 10}
    assert finding(far, "gaps").verdict == "info"


def test_bars_of_impossible_years_are_told() -> None:
    raw = hourly()
    raw.stamps[7] = us("0204-01-01")
    audit = examine(raw)
    assert problems(audit) == {"unsorted": 1, "calendar": 1, "gaps": 1}
    assert finding(audit, "calendar").detail == "1 bars lie before 1900 or after 2199"


# ---- two sources --------------------------------------------------------------------------------
def test_two_sources_that_agree_are_told_to() -> None:
    found = compare(hourly(), hourly())
    assert (found.check, found.verdict, found.count) == ("sources", "pass", 0)
    assert found.detail == "0 of 500 common bars close more than 1 bp apart"


def test_closes_more_than_a_basis_point_apart_are_counted() -> None:
    one, other = hourly(), hourly()
    other.columns["close"][[100, 200]] *= [1.00009, 1.005]
    other.columns["close"][300] *= 0.999
    found = compare(one, other)
    assert (found.verdict, found.count) == ("warn", 2)
    assert found.first == "2024-01-09T08:00:00Z, row 202"
    assert "the largest 49.8 bp at 2024-01-09T08:00:00Z" in found.detail


def test_bars_that_only_one_source_has_are_told_of_where_both_have_bars() -> None:
    one, other = hourly(), hourly()
    found = compare(one.take(np.delete(np.arange(500), 5)), other.take(np.arange(2, 400)))
    assert found.detail.endswith("; 0 bars only in x, 1 only in x")


def test_of_two_bars_with_one_stamp_the_last_is_compared() -> None:
    twice = repeated(hourly(), 100)
    twice.columns["close"][99] *= 2  # the first of the two
    assert compare(twice, hourly()).count == 0
    twice.columns["close"][100] *= 2
    assert compare(twice, hourly()).count == 1


def test_sources_without_a_common_stamp_disagree() -> None:
    found = compare(hourly(), walk(us("2020-01-01") + np.arange(9) * HOUR))
    assert (found.verdict, found.count) == ("warn", 0)
    assert "no stamp in common" in found.detail


# ---- the audit as a whole -----------------------------------------------------------------------
def test_the_verdict_is_the_worst_and_problems_begin_with_what_fails() -> None:
    raw = turned(without(hourly(), 50), 100)
    audit = examine(raw)
    assert audit.verdict == "fail"
    assert [one.check for one in audit.problems()] == ["high_below_low", "gaps"]


def test_an_audit_is_kept_as_json_and_comes_back_the_same() -> None:
    audit = examine(without(hourly(), 50))
    stored = json.loads(json.dumps(audit.as_dict()))
    assert stored["verdict"] == "warn"
    assert Audit.from_dict(stored) == audit


def test_the_page_on_data_has_the_table_of_checks() -> None:
    page = ROOT / "docs" / "data.md"
    if not page.exists():
        pytest.skip("docs/data.md is not there yet")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", page.read_text(encoding="utf-8"), re.M)
    assert dict(rows) == {name: verdict for name, (verdict, _) in CHECKS.items()}
