"""Longer bars: every value against a plain loop, every boundary against a walk along the clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from atms.errors import ConfigError, DataError
from atms.feeds.boundaries import Session
from atms.feeds.raw import RawBars
from atms.feeds.reading import read_bars, read_raw
from atms.feeds.resampling import resampled
from atms.model import Timeframe

MINUTE = 60_000_000
HOUR = 60 * MINUTE
PRICES = ("open", "high", "low", "close")
REGULAR = Session.parse("09:30-16:00")
NEW_YORK = "America/New_York"
# One day on which the clocks go forward and one on which they go back.
CHANGES = {
    NEW_YORK: ("2024-03-10", "2024-11-03"),
    "Europe/London": ("2024-03-31", "2024-10-27"),
    "Australia/Sydney": ("2024-10-06", "2024-04-07"),
    "Europe/Dublin": ("2024-03-31", "2024-10-27"),  # whose standard time is that of summer
    "Australia/Lord_Howe": ("2024-10-06", "2024-04-07"),  # by half an hour
    "America/Sao_Paulo": ("2018-11-04", "2018-02-18"),  # at midnight, which is skipped
    "America/Havana": ("2024-03-10", "2024-11-03"),  # midnight is shown twice
    "America/St_Johns": ("2010-03-14", "2010-11-07"),  # just after midnight, into the day before
}
TWO_WAYS = [(zone, day) for zone, days in CHANGES.items() for day in days]


def made(stamps: Any, *, seed: int = 5, **more: Any) -> RawBars:
    """Return bars with random prices at *stamps* (microseconds)."""
    stamps = np.asarray(stamps, dtype=np.int64)
    rng = np.random.default_rng(seed)
    open_, close = rng.uniform(90, 110, (2, len(stamps)))
    columns = {
        "open": open_,
        "high": np.maximum(open_, close) + rng.uniform(0, 1, len(stamps)),
        "low": np.minimum(open_, close) - rng.uniform(0, 1, len(stamps)),
        "close": close,
        "volume": rng.uniform(0, 1000, len(stamps)),
    }
    more = {name: np.asarray(values, dtype=float) for name, values in more.items()}
    return RawBars("x", "x (made)", 0, stamps, {**columns, **more})


def at(text: str, zone: str = "UTC") -> int:
    """Return *text*, a time on the clocks of *zone*, in microseconds."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * 1_000_000


def every(minutes: int, first: str, last: str, zone: str = "UTC") -> np.ndarray:
    return np.arange(at(first, zone), at(last, zone), minutes * MINUTE)


def clock(stamps: Any, zone: str = "UTC") -> list[str]:
    """Return what the clocks of *zone* show."""
    local = pd.to_datetime(np.asarray(stamps), unit="us", utc=True).tz_convert(zone)
    return [f"{moment:%a %Y-%m-%d %H:%M}" for moment in local]


def longer(bars: Any, timeframe: str, **options: Any) -> RawBars:
    return resampled(bars, Timeframe.parse(timeframe), **{"stamp": "start", **options})


def refusal(bars: Any, timeframe: str, kind: type[Exception] = DataError, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        longer(bars, timeframe, **options)
    return str(caught.value)


# ---- the reference: plain loops ------------------------------------------------------------------
def walk(zone: str, first: int, last: int, minutes: int) -> list[int]:
    """Return where bars of *minutes* begin: walk along the clock, minute by minute.

    One begins where the clock shows a multiple since midnight, or skips one. What it shows for a
    second time begins another only if the time shown twice holds a whole bar.
    """
    there, found, shown = ZoneInfo(zone), [], {}
    before = None
    for instant in range(first, last, MINUTE):
        wall = datetime.fromtimestamp(instant // 1_000_000, there).replace(tzinfo=None)
        back = shown.get(wall)
        shown[wall] = instant
        passed = [wall]
        while before is not None and passed[-1] - timedelta(minutes=1) > before:
            passed.append(passed[-1] - timedelta(minutes=1))
        before = wall
        multiple = any((w.hour * 60 + w.minute) % minutes == 0 for w in passed)
        if multiple and (back is None or minutes <= (instant - back) // MINUTE):
            found.append(instant)
    return found


def looped(raw: RawBars, key: Callable[[int], Any]) -> list[tuple[Any, list[float]]]:
    """Return key -> open, high, low, close, volume, one bar after another."""
    found: list[tuple[Any, list[float]]] = []
    rows = zip(
        raw.stamps.tolist(), *(raw.columns[c].tolist() for c in (*PRICES, "volume")), strict=True
    )
    for stamp, open_, high, low, close, volume in rows:
        if not found or found[-1][0] != key(stamp):
            found.append((key(stamp), [open_, high, low, close, volume]))
            continue
        bar = found[-1][1]
        bar[1], bar[2], bar[3] = max(bar[1], high), min(bar[2], low), close
        bar[4] += volume
    return found


def values(raw: RawBars) -> list[list[float]]:
    return np.array([raw.columns[c] for c in (*PRICES, "volume")]).T.tolist()


# ---- boundaries ----------------------------------------------------------------------------------
@pytest.mark.parametrize("minutes", [15, 30, 60, 120, 240, 420])
@pytest.mark.parametrize(("zone", "day"), TWO_WAYS)
def test_bars_under_a_day_begin_where_the_clock_shows_it(zone: str, day: str, minutes: int) -> None:
    change = date.fromisoformat(day)
    first, last = (f"{change + timedelta(days=days)}T00:00" for days in (-1, 2))
    raw = made(every(1, first, last, zone))
    expected = walk(zone, at(first, zone), at(last, zone), minutes)
    assert longer(raw, f"{minutes}m", zone=zone).stamps.tolist() == expected


@pytest.mark.parametrize(("zone", "day"), TWO_WAYS)
def test_a_day_of_a_change_has_all_its_hours_and_no_other(zone: str, day: str) -> None:
    change = date.fromisoformat(day)
    first, last = (f"{change + timedelta(days=days)}T00:00" for days in (-2, 3))
    raw = made(every(1, first, last, zone))
    days = longer(raw, "1d", zone=zone)
    lengths = np.diff(days.stamps) / HOUR
    forward = list(CHANGES[zone]).index(day) == 0
    step = 0.5 if zone == "Australia/Lord_Howe" else 1
    odd = 24 - step if forward else 24 + step
    # Where the clocks go back over midnight, the hour is added to the day that is shown twice.
    assert sorted(lengths) == sorted([24.0, 24.0, 24.0, odd])
    total = days.columns["volume"].sum()
    assert total == pytest.approx(raw.columns["volume"].sum())


def test_a_day_of_23_hours_ends_an_hour_early() -> None:
    raw = made(every(60, "2024-03-09T00:00", "2024-03-12T00:00", NEW_YORK) + HOUR)
    days = longer(raw, "1d", zone=NEW_YORK, stamp="end")
    assert clock(days.stamps, NEW_YORK) == [
        "Sun 2024-03-10 00:00", "Mon 2024-03-11 00:00", "Tue 2024-03-12 00:00",
    ]  # fmt: skip
    assert np.diff(days.stamps).tolist() == [23 * HOUR, 24 * HOUR]


def test_four_hours_of_new_york_begin_at_the_same_times_all_year() -> None:
    raw = made(every(60, "2024-01-01T00:00", "2025-01-01T00:00", NEW_YORK))
    bars = longer(raw, "4h", zone=NEW_YORK)
    begin = {text[-5:] for text in clock(bars.stamps, NEW_YORK)}
    assert begin == {"00:00", "04:00", "08:00", "12:00", "16:00", "20:00"}
    assert len(bars) == 366 * 6


@pytest.mark.parametrize(("stamp", "later"), [("start", 0), ("end", 7)])
def test_weeks_begin_on_monday_at_midnight_of_the_zone(stamp: str, later: int) -> None:
    raw = made(every(60, "2024-02-26T00:00", "2024-03-25T00:00", NEW_YORK) + HOUR * (later > 0))
    weeks = longer(raw, "1w", zone=NEW_YORK, stamp=stamp)
    first = date(2024, 2, 26) + timedelta(days=later)
    assert clock(weeks.stamps, NEW_YORK) == [
        f"Mon {first + timedelta(days=7 * n)} 00:00" for n in range(4)
    ]


@pytest.mark.parametrize(
    ("timeframe", "begin"),
    [
        ("1M", ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01"]),
        ("3M", ["2024-01-01"]),
        ("2d", ["2024-01-02", "2024-01-04"]),  # 19,724 days after 1970
        ("48h", ["2024-01-02", "2024-01-04"]),
        ("2w", ["2024-01-01", "2024-01-15"]),
    ],
)
def test_longer_lengths_are_counted_on_the_calendar(timeframe: str, begin: list[str]) -> None:
    zone = "Europe/London"  # its clocks go forward in March
    raw = made(every(60, "2024-01-01T00:00", "2024-06-20T00:00", zone))
    found = [text[4:14] for text in clock(longer(raw, timeframe, zone=zone).stamps, zone)]
    assert found[: len(begin)] == begin
    assert len(found) == len(begin) or timeframe in ("2d", "48h", "2w")


# ---- values --------------------------------------------------------------------------------------
KEYS: dict[str, Callable[[datetime], Any]] = {
    "5m": lambda m: (m.date(), (m.hour * 60 + m.minute) // 5, m.fold),
    "1h": lambda m: (m.date(), m.hour, m.fold),
    "4h": lambda m: (m.date(), m.hour // 4),
    "1d": lambda m: m.date(),
    "1w": lambda m: m.isocalendar()[:2],
    "1M": lambda m: (m.year, m.month),
}


@pytest.mark.parametrize("zone", ["UTC", *list(CHANGES)[:3]])
@pytest.mark.parametrize("timeframe", KEYS)
def test_every_value_is_that_of_a_plain_loop(timeframe: str, zone: str) -> None:
    # 4 months of minutes over a change of the clocks, seven of eight of them missing.
    stamps = every(1, "2024-02-01T00:00", "2024-06-01T00:00")
    raw = made(stamps[np.random.default_rng(11).random(len(stamps)) < 1 / 8])
    there = ZoneInfo(zone)
    expected = looped(
        raw, lambda stamp: KEYS[timeframe](datetime.fromtimestamp(stamp // 1_000_000, there))
    )
    assert values(longer(raw, timeframe, zone=zone, partial="keep")) == [bar for _, bar in expected]


@pytest.mark.parametrize(
    ("timeframe", "rule"),
    [("2h", "2h"), ("4h", "4h"), ("1d", "1D"), ("1w", "W-MON"), ("1M", "MS"), ("3M", "QS")],
)
def test_bars_around_the_clock_are_those_of_pandas(timeframe: str, rule: str) -> None:
    raw = read_raw("sample:BTCUSD_1h", name="x")
    frame = pd.DataFrame(raw.columns, index=pd.to_datetime(raw.stamps, unit="us", utc=True))
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    expected = frame.resample(rule, closed="left", label="left").agg(how)
    found = longer(raw, timeframe, partial="keep")
    assert found.stamps.tolist() == expected.index.as_unit("us").asi8.tolist()
    for name in PRICES:
        assert found.columns[name].tolist() == expected[name].tolist()
    # pandas makes up for rounding where it adds.
    np.testing.assert_allclose(found.columns["volume"], expected["volume"], rtol=1e-13)


def test_minutes_made_of_trades_give_the_hours_made_of_trades(shared_data: Path) -> None:
    trades = pd.read_parquet(shared_data / "ticks" / "XRPETH_trades_2019-10.parquet")
    price = "price" if "price" in trades else "close"
    hours = trades.set_index("datetime")[price].resample("1h").ohlc().dropna()
    raw = read_raw(shared_data / "crypto_spot" / "XRPETH_1m_2019-10.parquet", name="x")
    found = longer(raw, "1h", partial="keep")
    assert found.stamps.tolist() == hours.index.as_unit("us").asi8.tolist()
    assert values(found)[0][:4] == hours.iloc[0].tolist()
    for name in PRICES:
        assert found.columns[name].tolist() == hours[name].tolist()


def test_a_missing_bar_makes_no_bar_and_no_flat_one() -> None:
    stamps = [at("2024-01-01T00:00"), at("2024-01-01T00:05"), at("2024-01-01T03:55")]
    found = longer(made(stamps), "1h", partial="keep")
    assert clock(found.stamps) == ["Mon 2024-01-01 00:00", "Mon 2024-01-01 03:00"]


def test_a_bar_that_ends_at_a_boundary_belongs_to_what_ends_there() -> None:
    starts = every(60, "2024-01-01T00:00", "2024-01-03T00:00")
    by_start = longer(made(starts), "4h")
    by_end = longer(made(starts + HOUR), "4h", stamp="end")
    assert by_end.stamps.tolist() == (by_start.stamps + 4 * HOUR).tolist()
    assert values(by_end) == values(by_start)


def test_longer_bars_of_longer_bars_are_those_of_the_shorter() -> None:
    raw = made(every(5, "2024-03-01T00:00", "2024-04-01T00:00", NEW_YORK), x_volume=np.ones(8916))
    hours = longer(raw, "2h", zone=NEW_YORK)
    for timeframe in ("4h", "1d", "1w"):
        direct, twice = (longer(bars, timeframe, zone=NEW_YORK) for bars in (raw, hours))
        assert twice.stamps.tolist() == direct.stamps.tolist()
        for name in (*PRICES, "x_volume"):
            assert twice.columns[name].tolist() == direct.columns[name].tolist()


def test_a_volume_or_a_quote_that_is_unknown_stays_so() -> None:
    raw = made(every(60, "2024-01-01T00:00", "2024-01-01T12:00"))
    raw.columns["volume"][:] = 1.0
    raw.columns["volume"][5] = np.nan
    raw.columns["ask_high"] = np.where(raw.columns["volume"] == 1, 7, np.nan)
    columns = longer(raw, "4h").columns
    assert str(columns["volume"].tolist()) == "[4.0, nan, 4.0]"
    assert str(columns["ask_high"].tolist()) == "[7.0, nan, 7.0]"


def test_columns_that_name_a_price_are_joined_like_it() -> None:
    raw = made(
        every(60, "2024-01-01T00:00", "2024-01-01T04:00"),
        ask_open=[1, 2, 3, 4], ask_high=[5, 9, 7, 8], mark_low=[4, 3, 1, 2], ask_close=[1, 2, 3, 4],
        quote_volume=[1, 2, 3, 4], volume_usd=[1, 2, 3, 4],
        funding_rate=[0.1, 0.2, 0.3, 0.4], adj_close=[5, 6, 7, 8], trades=[1, 2, 3, 4],
    )  # fmt: skip
    columns = longer(raw, "4h").columns
    extra = {name: values.tolist() for name, values in columns.items() if name not in PRICES}
    del extra["volume"]
    assert extra == {
        "ask_open": [1], "ask_high": [9], "mark_low": [1], "ask_close": [4],
        "quote_volume": [10], "volume_usd": [10],
        "funding_rate": [0.4], "adj_close": [8], "trades": [4],
    }  # fmt: skip
    assert longer(raw, "4h", how={"trades": "sum"}).columns["trades"].tolist() == [10]
    assert longer(raw, "4h", how={"trades": "first"}).columns["trades"].tolist() == [1]


# ---- stamps that are dates -----------------------------------------------------------------------
def test_dates_of_sessions_are_moved_by_no_zone() -> None:
    raw = read_raw("sample:SPY_1d", name="x")
    weeks = longer(raw, "1w", zone=NEW_YORK)
    assert clock(weeks.stamps[:2]) == ["Mon 1999-11-01 00:00", "Mon 1999-11-08 00:00"]
    expected = looped(raw, lambda s: datetime.fromtimestamp(s // 1_000_000, UTC).isocalendar()[:2])
    assert values(weeks) == [bar for _, bar in expected]


def test_bars_that_are_fit_to_run_are_taken_too() -> None:
    bars = read_bars("sample:BTCUSD_1h", name="x", stamp="start")
    found = longer(bars, "1d")
    assert values(found) == values(longer(read_raw("sample:BTCUSD_1h", name="x"), "1d"))
    assert (found.timeframe, found.stamp) == (Timeframe(1, "d"), "start")


# ---- partial bars --------------------------------------------------------------------------------
def test_a_bar_that_the_data_do_not_cover_is_left_out_and_said() -> None:
    raw = made(every(60, "2024-01-01T11:00", "2024-01-04T23:00"))
    found = longer(raw, "1d")
    assert clock(found.stamps) == ["Tue 2024-01-02 00:00", "Wed 2024-01-03 00:00"]
    assert found.notes == (
        "x: the first 1d bar, stamped 2024-01-01 00:00 UTC, is partial and left out",
        "x: the last 1d bar, stamped 2024-01-04 00:00 UTC, is partial and left out",
    )


def test_a_partial_bar_is_kept_if_that_is_wanted_and_said() -> None:
    raw = made(every(60, "2024-01-01T11:00", "2024-01-03T00:00"))
    found = longer(raw, "1d", partial="keep")
    assert clock(found.stamps) == ["Mon 2024-01-01 00:00", "Tue 2024-01-02 00:00"]
    assert found.notes == (
        "x: the first 1d bar, stamped 2024-01-01 00:00 UTC, is partial and kept",
    )


@pytest.mark.parametrize("stamp", ["start", "end"])
@pytest.mark.parametrize(("zone", "day"), TWO_WAYS[:6])
def test_a_week_of_days_is_whole_though_its_sunday_has_23_hours_or_25(
    zone: str, day: str, stamp: str
) -> None:
    sunday = date.fromisoformat(day)
    first, last = (f"{sunday + timedelta(days=days)}T00:00" for days in (-13, 1))
    raw = made(every(60, first, last, zone) + HOUR * (stamp == "end"))
    days = longer(raw, "1d", zone=zone, stamp=stamp)
    weeks = longer(days, "1w", zone=zone, stamp=stamp)
    assert (len(days), len(weeks), weeks.notes) == (14, 2, ())
    assert len(longer(days.take(np.arange(13)), "1w", zone=zone, stamp=stamp)) == 1


def test_a_week_is_whole_on_friday_where_saturday_never_has_a_bar() -> None:
    days = made([at(f"2024-01-{day:02}T00:00") for day in (1, 2, 3, 4, 5, 8, 9, 10, 11, 12)])
    assert len(longer(days, "1w")) == 2
    thursday = days.take(np.arange(9))
    assert len(longer(thursday, "1w")) == 1


def test_a_month_that_begins_on_a_sunday_is_whole_from_monday() -> None:
    raw = read_raw("sample:SPY_1d", name="x")
    since = raw.take(np.flatnonzero(raw.stamps >= at("2018-04-02T00:00")))  # the 1st was Easter
    assert clock(longer(since, "1M").stamps[:1]) == ["Sun 2018-04-01 00:00"]
    later = raw.take(np.flatnonzero(raw.stamps >= at("2018-04-03T00:00")))
    assert clock(longer(later, "1M").stamps[:1]) == ["Tue 2018-05-01 00:00"]


def test_a_week_is_not_whole_on_friday_where_the_weekend_is_traded() -> None:
    raw = made(every(24 * 60, "2024-01-01T00:00", "2024-01-13T00:00"))
    assert len(longer(raw, "1w")) == 1


def test_less_than_a_week_tells_nothing_of_the_weekend() -> None:
    raw = made(every(60, "2024-01-01T00:00", "2024-01-06T00:00"))  # Monday to Friday
    assert "has no whole bar of 1w; keep the partial ones" in refusal(raw, "1w")


def test_nothing_but_partial_bars_is_refused() -> None:
    raw = made(every(60, "2024-01-01T11:00", "2024-01-02T10:00"))
    assert refusal(raw, "1d") == (
        "x (made): has no whole bar of 1d; keep the partial ones (partial: keep), or choose a "
        "shorter timeframe"
    )


# ---- sessions ------------------------------------------------------------------------------------
def test_days_of_regular_hours_are_those_of_the_exchange() -> None:
    raw = read_raw("sample:SPY_1m", name="x")
    days = longer(raw, "1d", stamp="end", zone=NEW_YORK, session=REGULAR)
    daily = read_raw("sample:SPY_1d", name="x")
    rows = np.searchsorted(daily.stamps, days.stamps // (24 * HOUR) * 24 * HOUR)
    assert len(days) == 20
    assert {text[-5:] for text in clock(days.stamps, NEW_YORK)} == {"16:00"}
    for name in ("high", "low", "close"):  # two sources: not every trade is in both
        same = np.isclose(days.columns[name], daily.columns[name][rows], rtol=1e-3)
        assert same.sum() >= 18
    assert days.notes == (
        "x: 6380 bars outside the hours 09:30-16:00 America/New_York are left out",
    )


def test_hours_are_counted_from_the_opening_and_the_last_ends_with_the_session() -> None:
    raw = read_raw("sample:SPY_1m", name="x")
    hours = longer(raw, "1h", stamp="end", zone=NEW_YORK, session=REGULAR)
    assert [text[-5:] for text in clock(hours.stamps[:8], NEW_YORK)] == [
        "10:30", "11:30", "12:30", "13:30", "14:30", "15:30", "16:00", "10:30",
    ]  # fmt: skip
    starts = longer(replace(raw, stamps=raw.stamps - MINUTE), "1h", zone=NEW_YORK, session=REGULAR)
    assert values(starts) == values(hours)
    assert clock(starts.stamps[:1], NEW_YORK)[0].endswith("09:30")


def test_a_session_over_midnight_belongs_to_the_date_on_which_it_closes() -> None:
    session = Session.parse("17:00-17:00")
    raw = made(every(60, "2024-03-01T17:00", "2024-03-15T17:00", NEW_YORK))
    weekend = pd.to_datetime(raw.stamps, unit="us", utc=True).tz_convert(NEW_YORK)
    open_ = ~((weekend.day_of_week == 5) | ((weekend.day_of_week == 4) & (weekend.hour >= 17))
              | ((weekend.day_of_week == 6) & (weekend.hour < 17)))  # fmt: skip
    raw = raw.take(np.flatnonzero(open_))
    days = longer(raw, "1d", zone=NEW_YORK, session=session)
    assert clock(days.stamps, NEW_YORK)[4:7] == [
        "Thu 2024-03-07 17:00", "Sun 2024-03-10 17:00", "Mon 2024-03-11 17:00",
    ]  # fmt: skip
    weeks = longer(raw, "1w", zone=NEW_YORK, session=session)
    assert clock(weeks.stamps, NEW_YORK) == ["Sun 2024-03-03 17:00", "Sun 2024-03-10 17:00"]


@pytest.mark.parametrize("text", ["", "9-16", "25:00-26:00", "09:30", "09:30-16:00-17:00"])
def test_a_session_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no session; write 09:30-16:00$"):
        Session.parse(text)


# ---- refusals ------------------------------------------------------------------------------------
def test_a_bar_in_two_longer_ones_is_refused() -> None:
    raw = made(every(60, "2024-01-01T00:00", "2024-01-03T00:00"))
    assert refusal(raw, "1d", zone="Asia/Kolkata") == (
        "x (made): row 18: the bar of 1h that is stamped at its start, 2024-01-01 18:00 UTC, lies "
        "only in part inside a 1d of Asia/Kolkata; give the zone and the session that the bars "
        "fit, or their timeframe"
    )
    ends = replace(raw, stamps=raw.stamps + HOUR)
    assert "stamped at its end, 2024-01-01 19:00" in refusal(
        ends, "1d", zone="Asia/Kolkata", stamp="end"
    )
    assert "a 1M of UTC" in refusal(longer(raw_year(), "1w"), "1M")


def raw_year() -> RawBars:
    return made(every(24 * 60, "2024-01-01T00:00", "2025-01-01T00:00"))


def test_months_make_quarters_and_years() -> None:
    months = longer(raw_year(), "1M")
    assert clock(longer(months, "3M").stamps) == [
        "Mon 2024-01-01 00:00", "Mon 2024-04-01 00:00", "Mon 2024-07-01 00:00",
        "Tue 2024-10-01 00:00",
    ]  # fmt: skip
    assert len(longer(months, "12M")) == 1


def test_a_bar_that_reaches_into_the_session_is_refused() -> None:
    raw = made(every(60, "2024-01-01T00:00", "2024-01-03T00:00", NEW_YORK))
    message = refusal(raw, "1d", zone=NEW_YORK, session=REGULAR)
    assert "row 9: the bar of 1h that is stamped at its start, 2024-01-01 14:00 UTC" in message
    assert "lies only in part inside the hours 09:30-16:00" in message


def test_hours_without_a_bar_are_refused() -> None:
    raw = made(every(60, "2024-01-01T00:00", "2024-01-01T04:00"))
    message = refusal(raw, "4h", session=Session.parse("10:00-12:00"))
    assert message == "x (made): has no bar in the hours 10:00-12:00 UTC"


@pytest.mark.parametrize(
    ("timeframe", "options", "message"),
    [
        ("1h", {}, "x (made): 1h is not longer than its bars, of 1h"),
        ("36h", {}, "36h: is no whole number of days; write 1d, or 2d"),
        ("4h", {"stamp": None}, "x (made): say whether its stamps are bar starts or ends: "),
        ("4h", {"stamp": "middle"}, "x (made): say whether its stamps are bar starts or ends: "),
        ("4h", {"zone": "Mars/Base"}, "'Mars/Base' is no time zone; write UTC, or America/"),
        ("4h", {"zone": "America"}, "'America' is no time zone"),
        ("4h", {"partial": "maybe"}, "partial: 'maybe': write drop, or keep"),
        ("4h", {"how": {"trades": "sum"}}, "x (made): how: has no column 'trades'; it has: open, "),
        ("4h", {"how": {"volume": "mean"}}, "how: volume: 'mean' is none of first, max, min, "),
    ],
)
def test_an_argument_that_is_wrong_is_refused(timeframe: str, options: Any, message: str) -> None:
    raw = made(every(60, "2024-01-01T00:00", "2024-01-03T00:00"))
    assert refusal(raw, timeframe, ConfigError, **options).startswith(message)


def test_dates_have_no_session() -> None:
    raw = read_raw("sample:SPY_1d", name="x")
    message = refusal(raw, "1w", ConfigError, zone=NEW_YORK, session=REGULAR)
    assert message == "x (sample:SPY_1d): its stamps are dates, which have no hours of trading"


def test_what_the_source_says_of_its_stamps_need_not_be_said() -> None:
    raw = replace(made(every(60, "2024-01-01T00:00", "2024-01-02T00:00")), stamp="start")
    assert values(longer(raw, "4h", stamp=None)) == values(longer(raw, "4h"))


def test_bars_out_of_order_or_without_a_price_are_refused_by_row() -> None:
    raw = made(every(60, "2024-01-01T00:00", "2024-01-02T00:00"))
    turned = raw.take(np.arange(len(raw))[::-1])
    assert "row 1: out of order" in refusal(turned, "4h")
    raw.columns["low"][3] = math.nan
    assert refusal(raw, "4h") == "x (made): row 3: low is missing; drop or mend the row"


def test_one_bar_has_no_length_unless_it_is_stated() -> None:
    one = made([at("2024-01-01T00:00")])
    assert "has 1 bars, which have no length" in refusal(one, "1d")
    hour = replace(one, timeframe=Timeframe(1, "h"))
    assert len(longer(hour, "1d", partial="keep")) == 1
