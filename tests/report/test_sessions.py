"""Which bars belong to one day of trading, and how many such days a year has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import atms
from atms.report.sessions import Sampling, sampling


def sampled(index: pd.DatetimeIndex) -> Sampling:
    return sampling(index.tz_convert("UTC").as_unit("us").astype("int64").to_numpy())


def sample(name: str) -> pd.DatetimeIndex:
    path = Path(atms.__file__).parent / "samples" / f"{name}.parquet"
    return pd.DatetimeIndex(pd.read_parquet(path, columns=["datetime"])["datetime"])


def hours(start: str, periods: int) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=periods, freq="1h", tz="UTC")


def currency_hours(start: str, weeks: int) -> pd.DatetimeIndex:
    """Return hourly bars from Sunday 22:00 to Friday 21:00 UTC; *start* is a Sunday."""
    sunday = pd.Timestamp(start, tz="UTC")
    assert sunday.day_name() == "Sunday"
    spans = [hours(str(sunday + pd.Timedelta(weeks=week, hours=22)), 120) for week in range(weeks)]
    return pd.DatetimeIndex(np.concatenate([span.tz_localize(None) for span in spans]), tz="UTC")


def last_bars(index: pd.DatetimeIndex, found: Sampling) -> pd.DatetimeIndex:
    return index[found.last]


def test_a_market_around_the_clock_is_measured_on_utc_days_365_a_year() -> None:
    index = hours("2024-01-01 07:00", 40 * 24)  # from within a day into the 41st
    found = sampled(index)
    ends = last_bars(index, found)
    assert (found.periods_per_year, len(ends)) == (365, 41)
    assert (ends[:-1].hour == 23).all()
    assert ends[-1] == index[-1]
    assert "365" in found.note


def test_an_exchange_is_measured_on_its_sessions_252_a_year() -> None:
    index = pd.bdate_range("2024-01-01", periods=60, tz="UTC")
    found = sampled(index)
    assert found.periods_per_year == 252
    assert found.last.tolist() == list(range(60))
    assert "252" in found.note


def test_bars_within_a_session_are_measured_at_its_last_bar() -> None:
    days = pd.bdate_range("2024-01-01", periods=40, tz="UTC")
    index = pd.DatetimeIndex([day + pd.Timedelta(hours=h) for day in days for h in (15, 18, 20)])
    found = sampled(index)
    assert (found.periods_per_year, len(found.last)) == (252, 40)
    assert (last_bars(index, found).hour == 20).all()


def test_a_holiday_makes_no_period() -> None:
    index = pd.bdate_range("2024-01-01", periods=60, tz="UTC").delete([10, 11, 12])
    assert len(sampled(index).last) == 57


def test_a_currency_market_counts_sunday_with_monday_260_a_year() -> None:
    index = currency_hours("2024-01-07", weeks=8)
    found = sampled(index)
    ends = last_bars(index, found)
    assert (found.periods_per_year, len(ends)) == (260, 8 * 5)
    assert "Sunday" not in set(ends.day_name())
    assert set(ends[ends.day_of_week < 4].hour) == {23}
    assert set(ends[ends.day_of_week == 4].hour) == {21}
    assert "260" in found.note


def test_a_real_currency_market_has_about_260_periods_a_year() -> None:
    index = sample("EURUSD_1h")
    found = sampled(index)
    years = (index[-1] - index[0]).days / 365.25
    assert found.periods_per_year == 260
    assert len(found.last) / years == pytest.approx(260, abs=2)


def test_trading_after_midnight_utc_makes_no_session_of_its_own() -> None:
    # Six weeks, each session from 14:30 to 01:00 UTC: Friday's last hour lies on a Saturday.
    days = pd.bdate_range("2024-01-01", periods=30, tz="UTC")
    index = pd.DatetimeIndex(
        [day + pd.Timedelta(minutes=m) for day in days for m in range(14 * 60 + 30, 25 * 60, 30)]
    )
    found = sampled(index)
    assert (found.periods_per_year, len(found.last)) == (252, 30)


def test_the_bundled_minute_bars_of_a_stock_count_about_one_day_a_session() -> None:
    # January 2011 had 20 sessions; the last one's evening may count as one more, weekends not.
    index = sample("SPY_1m")
    assert sampled(index).periods_per_year == pytest.approx(252 * len(index) / 20, rel=0.06)


def test_a_chain_is_open_around_the_clock_though_the_bars_end_on_a_thursday() -> None:
    # Five whole days, Sunday to Thursday: no currency market trades a Sunday morning.
    index = sample("WETHUSDC_1m")
    assert sampled(index).periods_per_year == pytest.approx(365 * len(index) / 5, rel=1e-3)


def test_under_thirty_days_each_bar_is_measured_and_the_note_says_so() -> None:
    found = sampled(hours("2024-01-01", 10 * 24))
    assert found.last.tolist() == list(range(240))
    assert found.periods_per_year == 365 * 24
    assert "each bar" in found.note
    assert "30 days" in found.note


@pytest.mark.parametrize(("days", "periods"), [(29, 29 * 24), (30, 30)])
def test_thirty_days_are_enough_for_daily_returns(days: int, periods: int) -> None:
    assert len(sampled(hours("2024-01-01", days * 24)).last) == periods


def test_a_few_bars_of_a_long_timeframe_are_measured_each() -> None:
    found = sampled(pd.bdate_range("2024-01-01", periods=20, tz="UTC"))
    assert (len(found.last), found.periods_per_year) == (20, 252)


def test_days_before_1970_have_their_weekday_too() -> None:
    index = pd.bdate_range("1960-01-01", periods=60, tz="UTC")
    assert sampled(index).periods_per_year == 252
    assert sampled(hours("1960-01-01", 60 * 24)).periods_per_year == 365


@pytest.mark.parametrize("stamps", [[0], [-1]])
def test_one_bar_is_one_period(stamps: list[int]) -> None:
    assert sampling(np.array(stamps, dtype=np.int64)).last.tolist() == [0]
