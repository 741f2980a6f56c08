"""Splits and dividends: cases computed by hand, Yahoo's own example, and Yahoo's own column."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from atms.errors import ConfigError, DataError
from atms.feeds.adjusting import FACTOR, Action, adjusted, read_actions
from atms.feeds.boundaries import Session
from atms.feeds.raw import RawBars, finished
from atms.feeds.reading import read_bars, read_raw
from atms.feeds.resampling import resampled
from atms.model import Timeframe

NEW_YORK = "America/New_York"
DAY = 86_400_000_000
# The dividends of the S&P 500 fund over ten years, by ex-date, as it paid them.
SPY_DIVIDENDS = """\
2008-03-20 0.642, 2008-06-20 0.669, 2008-09-19 0.691, 2008-12-19 0.719, 2009-03-20 0.561,
2009-06-19 0.518, 2009-09-18 0.508, 2009-12-18 0.590, 2010-03-19 0.480, 2010-06-18 0.531,
2010-09-17 0.602, 2010-12-17 0.653, 2011-03-18 0.553, 2011-06-17 0.628, 2011-09-16 0.625,
2011-12-16 0.770, 2012-03-16 0.614, 2012-06-15 0.688, 2012-09-21 0.779, 2012-12-21 1.022,
2013-03-15 0.694, 2013-06-21 0.839, 2013-09-20 0.838, 2013-12-20 0.980, 2014-03-21 0.825,
2014-06-20 0.937, 2014-09-19 0.939, 2014-12-19 1.135, 2015-03-20 0.931, 2015-06-19 1.030,
2015-09-18 1.033, 2015-12-18 1.212, 2016-03-18 1.050, 2016-06-17 1.078, 2016-09-16 1.082,
2016-12-16 1.329, 2017-03-17 1.033, 2017-06-16 1.183, 2017-09-15 1.235, 2017-12-15 1.351"""


def daily(closes: list[float], start: str = "2003-02-13", **more: Any) -> RawBars:
    """Return bars of sessions, weekends left out, whose open, high and low stand at the close."""
    days = pd.bdate_range(start, periods=len(closes), unit="us")
    close = np.array(closes, dtype=float)
    columns = {name: close.copy() for name in ("open", "high", "low", "close")}
    more = {name: np.asarray(values, dtype=float) for name, values in more.items()}
    volume = {"volume": np.full(len(close), 100.0)}
    return RawBars("x", "x (made)", 0, days.asi8, {**columns, **volume, **more})


def action(day: str, kind: str, value: float) -> Action:
    return Action(date.fromisoformat(day), kind, value)


def close_of(bars: RawBars) -> list[float]:
    return [float(value) for value in bars.columns["close"]]


def refusal(bars: RawBars, *actions: Action, kind: type[Exception] = DataError, **o: Any) -> str:
    with pytest.raises(kind) as caught:
        adjusted(bars, actions, **o)
    return str(caught.value)


def table(text: str) -> str:
    Path("actions.csv").write_text(text)
    return "actions.csv"


def misread(text: str) -> str:
    with pytest.raises(DataError) as caught:
        read_actions(table(text))
    return str(caught.value)


# ---- by hand -------------------------------------------------------------------------------------
def test_prices_before_a_split_are_divided_and_volumes_multiplied() -> None:
    raw = daily([400.0, 404.0, 102.0, 103.0])  # Thursday, Friday, Monday, Tuesday
    bars = adjusted(raw, [action("2003-02-17", "split", 4)])
    for name in ("open", "high", "low", "close"):
        assert bars.columns[name].tolist() == [100.0, 101.0, 102.0, 103.0]
    assert bars.columns["volume"].tolist() == [400.0, 400.0, 100.0, 100.0]
    assert bars.columns[FACTOR].tolist() == [0.25, 0.25, 1.0, 1.0]
    assert bars.notes == ("x: adjusted for 1 splits and 0 dividends",)


def test_a_reverse_split_raises_the_prices_before_it() -> None:
    bars = adjusted(daily([1.0, 1.5, 16.0]), [action("2003-02-17", "split", 0.1)])
    assert close_of(bars) == [10.0, 15.0, 16.0]
    assert bars.columns["volume"].tolist() == [10.0, 10.0, 100.0]


def test_a_dividend_takes_its_share_of_the_last_close_from_all_before() -> None:
    bars = adjusted(daily([50.0, 100.0, 98.0, 99.0]), [action("2003-02-17", "dividend", 2)])
    assert close_of(bars) == [49.0, 98.0, 98.0, 99.0]
    assert bars.columns["volume"].tolist() == [100.0] * 4


def test_the_example_that_yahoo_published_comes_out() -> None:
    raw = daily([46.99, 48.30, 24.96, 24.53])
    raw = replace(raw, stamps=np.array([12096, 12097, 12101, 12102]) * DAY)  # 13 to 19 February
    actions = [action("2003-02-18", "split", 2), action("2003-02-19", "dividend", 0.08)]
    assert [round(value, 2) for value in close_of(adjusted(raw, actions))] == [
        23.42, 24.07, 24.88, 24.53,
    ]  # fmt: skip


def test_a_dividend_with_a_split_is_that_of_a_new_share() -> None:
    raw = daily([80.0, 100.0, 49.0])
    actions = [action("2003-02-17", "split", 2), action("2003-02-17", "dividend", 1)]
    # A new share closed at 50, and is worth 49 without its dividend.
    assert close_of(adjusted(raw, actions)) == pytest.approx([39.2, 49.0, 49.0], rel=1e-15)


def test_actions_on_a_day_without_a_session_count_from_the_next_session() -> None:
    raw = daily([10.0, 20.0, 10.0])  # 2003-02-15 is a Saturday
    assert close_of(adjusted(raw, [action("2003-02-15", "split", 2)])) == [5.0, 10.0, 10.0]


def test_the_order_of_the_actions_does_not_matter() -> None:
    raw = daily([46.99, 48.30, 24.96, 24.53])
    actions = [action("2003-02-17", "split", 2), action("2003-02-18", "dividend", 0.08)]
    one, other = adjusted(raw, actions), adjusted(raw, actions[::-1])
    assert close_of(one) == close_of(other)


def test_every_price_of_a_bar_is_adjusted_and_nothing_else() -> None:
    raw = daily(
        [4.0, 4.0, 1.0], ask_open=[8, 8, 2], mark_high=[12, 12, 3], adj_close=[1, 1, 1],
        funding_rate=[5, 5, 5], quote_volume=[7, 7, 7],
    )  # fmt: skip
    columns = adjusted(raw, [action("2003-02-17", "split", 4)]).columns
    assert columns["ask_open"].tolist() == [2, 2, 2]
    assert columns["mark_high"].tolist() == [3, 3, 3]
    assert columns["adj_close"].tolist() == [1, 1, 1]
    assert columns["funding_rate"].tolist() == [5, 5, 5]
    assert columns["quote_volume"].tolist() == [7, 7, 7]


def test_the_factor_gives_the_prices_back() -> None:
    raw = daily([46.99, 48.30, 24.96, 24.53])
    bars = adjusted(raw, [action("2003-02-17", "split", 3), action("2003-02-18", "dividend", 0.5)])
    assert (raw.columns["close"] * bars.columns[FACTOR]).tolist() == close_of(bars)


def test_the_bars_that_were_given_stay_as_they_were() -> None:
    raw = daily([400.0, 404.0, 102.0])
    adjusted(raw, [action("2003-02-17", "split", 4)])
    assert close_of(raw) == [400.0, 404.0, 102.0]
    assert FACTOR not in raw.columns


# ---- real ----------------------------------------------------------------------------------------
def spy_dividends() -> list[Action]:
    pairs = (text.split() for text in SPY_DIVIDENDS.split(","))
    return [action(day, "dividend", float(value)) for day, value in pairs]


def test_ten_years_of_dividends_give_the_adjusted_close_of_yahoo() -> None:
    raw = read_raw("sample:SPY_1d_adjusted", name="x")
    bars = adjusted(raw, spy_dividends())
    # Between two ex-dates Yahoo's own ratio to its close moves by as much.
    np.testing.assert_allclose(bars.columns["close"], raw.columns["adj_close"], rtol=1e-6)
    ours, theirs = (np.diff(np.log(c)) for c in (bars.columns["close"], raw.columns["adj_close"]))
    assert np.abs(ours - theirs).max() < 1e-6


def test_without_one_of_the_dividends_it_does_not() -> None:
    raw = read_raw("sample:SPY_1d_adjusted", name="x")
    bars = adjusted(raw, spy_dividends()[1:])
    off = np.abs(bars.columns["close"] / raw.columns["adj_close"] - 1) > 1e-6
    assert off.sum() == 55  # the sessions before the first ex-date


def test_the_dividends_are_those_that_the_steps_of_the_adjusted_close_imply() -> None:
    raw = read_raw("sample:SPY_1d_adjusted", name="x")
    ratio = raw.columns["adj_close"] / raw.columns["close"]
    implied = raw.columns["close"][:-1] * (1 - ratio[:-1] / ratio[1:])
    rows = np.flatnonzero(implied > 0.01)
    found = {
        date.fromordinal(719163 + int(raw.stamps[row + 1] // DAY)): round(implied[row], 3)
        for row in rows
    }
    assert found == {action.day: action.value for action in spy_dividends()}


def test_adjusted_bars_run_as_yahoo_adjusted_ones_do() -> None:
    ours = finished(adjusted(read_raw("sample:SPY_1d_adjusted", name="x"), spy_dividends()))
    theirs = read_bars("sample:SPY_1d_adjusted", name="x", adjust="adj_close")
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(ours.columns[name], theirs.columns[name], rtol=1e-6)


def test_adjusting_days_and_resampling_them_is_in_order() -> None:
    raw = adjusted(read_raw("sample:SPY_1d_adjusted", name="x"), spy_dividends())
    weeks = resampled(raw, Timeframe(1, "w"), stamp="start")
    assert weeks.columns[FACTOR][-1] == 1.0
    assert weeks.columns["close"][-1] == raw.columns["close"][-1]


# ---- dates and moments ---------------------------------------------------------------------------
def hourly(zone: str = NEW_YORK) -> RawBars:
    """Return bars around the clock from 2024-03-08 to 2024-03-12, stamped at their start."""
    first = int(datetime(2024, 3, 8, tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000
    stamps = first + np.arange(4 * 24) * 3_600_000_000
    columns = {name: np.full(len(stamps), 100.0) for name in ("open", "high", "low", "close")}
    return RawBars("x", "x (made)", 0, stamps, {**columns, "volume": np.ones(len(stamps))})


@pytest.mark.parametrize("stamp", ["start", "end"])
def test_a_bar_of_less_than_a_day_belongs_to_its_date_in_the_zone(stamp: str) -> None:
    raw = hourly()
    if stamp == "end":
        raw = replace(raw, stamps=raw.stamps + 3_600_000_000)
    bars = adjusted(raw, [action("2024-03-11", "split", 2)], stamp=stamp, zone=NEW_YORK)
    assert bars.stamp == stamp
    # Friday, Saturday, and a Sunday of 23 hours.
    assert np.flatnonzero(bars.columns[FACTOR] == 1.0)[0] == 71


def test_without_a_zone_bars_of_less_than_a_day_are_refused() -> None:
    message = refusal(hourly(), action("2024-03-11", "split", 2), kind=ConfigError)
    assert message == "x (made): say in which zone its days are: zone: America/New_York, say"


def test_the_last_close_of_the_session_counts_if_one_is_given() -> None:
    raw = hourly()
    raw.columns["close"][15] = 50.0  # 15:00 to 16:00 on Friday the 8th
    split = [action("2024-03-09", "dividend", 5)]
    around = adjusted(raw, split, zone=NEW_YORK)
    regular = adjusted(raw, split, zone=NEW_YORK, session=Session.parse("09:00-16:00"))
    assert around.columns[FACTOR][0] == 0.95
    assert regular.columns[FACTOR][0] == 0.9


def test_a_session_over_midnight_has_the_date_on_which_it_closes() -> None:
    bars = adjusted(
        hourly(), [action("2024-03-11", "split", 2)], zone=NEW_YORK,
        session=Session.parse("18:00-17:00"),
    )  # fmt: skip
    # Monday the 11th begins on Sunday at 18:00, 65 hours after Friday's midnight: one was skipped.
    assert np.flatnonzero(bars.columns[FACTOR] == 1.0)[0] == 65


# ---- refusals ------------------------------------------------------------------------------------
@pytest.mark.parametrize("day", ["2003-02-12", "2003-02-13", "2003-02-19"])
def test_an_action_outside_the_data_is_refused_or_skipped(day: str) -> None:
    raw = daily([4.0, 4.0, 4.0])
    assert refusal(raw, action(day, "split", 2)) == (
        f"x (made): the split of {day} is outside the data, 2003-02-13 .. 2003-02-17; leave it "
        "out, or skip what is outside (outside: skip)"
    )
    bars = adjusted(raw, [action(day, "split", 2)], outside="skip")
    assert close_of(bars) == [4.0, 4.0, 4.0]
    assert bars.notes[-1] == "x: 1 splits and dividends outside the data are skipped"


@pytest.mark.parametrize("value", [4.0, 5.0])
def test_a_dividend_that_is_no_less_than_the_close_is_refused(value: float) -> None:
    message = refusal(daily([9.0, 4.0, 9.0]), action("2003-02-17", "dividend", value))
    assert message == (
        f"x (made): the dividend of 2003-02-17, {value:g}: is no less than the close before it, 4"
    )


def test_a_dividend_after_a_close_that_is_missing_is_refused() -> None:
    raw = daily([9.0, np.nan, 9.0])
    assert "close before it, nan" in refusal(raw, action("2003-02-17", "dividend", 1))


def test_an_action_that_stands_there_twice_is_refused() -> None:
    twice = [action("2003-02-17", "dividend", 1), action("2003-02-17", "dividend", 2)]
    message = refusal(daily([9.0, 9.0, 9.0]), *twice)
    assert message == "x (made): the dividend of 2003-02-17 stands there twice; make them one"


@pytest.mark.parametrize("wrong", [("merger", 2.0), ("split", 0.0), ("split", float("nan"))])
def test_an_action_that_is_none_is_refused(wrong: tuple[str, float]) -> None:
    message = refusal(daily([9.0, 9.0, 9.0]), action("2003-02-17", *wrong))
    assert message.endswith("is no value of a split or a dividend")


def test_bars_are_not_adjusted_twice() -> None:
    split = action("2003-02-17", "split", 4)
    once = adjusted(daily([4.0, 4.0, 1.0]), [split])
    assert refusal(once, split) == ("x (made): has a column adjust_factor: it is adjusted already")


def test_bars_of_more_than_a_day_are_refused() -> None:
    raw = resampled(read_raw("sample:SPY_1d", name="x"), Timeframe(1, "w"), stamp="start")
    assert "adjust the daily bars, and resample them" in refusal(raw, spy_dividends()[0])


def test_bars_out_of_order_and_words_that_are_none_are_refused() -> None:
    raw = daily([9.0, 9.0, 9.0])
    split = action("2003-02-17", "split", 4)
    assert "out of order" in refusal(raw.take(np.array([1, 0, 2])), split)
    assert "has 1 bars" in refusal(raw.take(np.array([1])), split)
    assert refusal(raw, split, kind=ConfigError, outside="x").endswith("write refuse, or skip")
    assert refusal(raw, split, kind=ConfigError, stamp="x") == "stamp: 'x': write start, or end"
    assert "'Mars' is no time zone" in refusal(hourly(), split, kind=ConfigError, zone="Mars")


# ---- the table -----------------------------------------------------------------------------------
def test_a_table_is_read_whatever_its_order_and_its_other_columns() -> None:
    source = table(
        "Kind, Value ,Date,note\ndividend,0.5,2020-08-07,x\nSPLIT,4,20200831,y\n"
        "dividend,1,2020-02-07T00:00:00Z,\n"
    )
    assert read_actions(source) == [
        action("2020-02-07", "dividend", 1),
        action("2020-08-07", "dividend", 0.5),
        action("2020-08-31", "split", 4),
    ]


def test_a_frame_is_read_like_a_file() -> None:
    frame = pd.DataFrame({"date": pd.to_datetime(["2020-08-31"]), "kind": ["split"], "value": [4]})
    assert read_actions(frame) == [action("2020-08-31", "split", 4)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("31/08/2020,split,4", "row 3: '31/08/2020' is no date; write 2020-08-31"),
        ("2020-08-31T09:30,split,4", "row 3: '2020-08-31T09:30' is a time; write the ex-date, "),
        ("2020-08-31,divident,4", "row 3: 'divident' is no kind of action; did you mean 'divid"),
        ("2020-08-31,merger,4", "row 3: 'merger' is no kind of action; write split, or dividend"),
        ("2020-08-31,split,4:1", "row 3: '4:1' is no value of a split; write a number above zero"),
        ("2020-08-31,split,0", "row 3: 0 is no value of a split"),
        ("2020-08-31,split,-4", "row 3: -4 is no value of a split"),
        ("2020-08-31,split,", "row 3: nan is no value of a split"),
        (",split,4", "row 3: nan is no date"),
        ("2020-02-07,dividend,2", "row 3: a second dividend on 2020-02-07; make them one row"),
    ],
)
def test_a_row_that_is_wrong_is_named(line: str, message: str) -> None:
    found = misread(f"date,kind,value\n2020-02-07,dividend,1\n{line}\n")
    assert found.startswith(f"actions: actions.csv: {message}")


def test_a_table_without_a_column_or_a_row_is_refused() -> None:
    assert misread("day,value\n2020-08-31,4\n") == (
        "actions: actions.csv: has no column date and no kind; it has: day, value. "
        "Write date,kind,value"
    )
    assert misread("date,kind,value\n") == ("actions: actions.csv: holds no split and no dividend")
    with pytest.raises(DataError, match=r"nowhere.csv: no such file"):
        read_actions("nowhere.csv")
