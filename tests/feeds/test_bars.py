"""Bars from files and frames: what is understood, what is refused, and not a bit changed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from atms.errors import DataError
from atms.feeds.bars import Bars, select
from atms.feeds.history import history_feed
from atms.feeds.reading import read_bars
from atms.feeds.sources import SAMPLES, sample_names
from atms.model import Timeframe, TimeRange

HOUR = 3_600_000_000
NEW_YEAR = 1_514_764_800  # 2018-01-01 00:00 UTC, in seconds since 1970


def table(stamps: Any, **more: Any) -> pd.DataFrame:
    """Return bars with *stamps* in a column of their own, and *more* columns."""
    close = np.arange(100.0, 100.0 + len(stamps))
    columns = {"open": close, "high": close + 1, "low": close - 1, "close": close}
    return pd.DataFrame({"datetime": stamps, **columns, "volume": 1.0, **more})


def read(source: Any, **options: Any) -> Bars:
    return read_bars(source, name="x", **options)


def moments(bars: Bars) -> list[str]:
    return [f"{m:%Y-%m-%d %H:%M}" for m in pd.to_datetime(bars.stamps, unit="us", utc=True)]


def refusal(source: Any, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(source, **options)
    return str(caught.value)


# ---- CSV, Parquet, frame -------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "frame", "path"])
def test_every_form_gives_the_same_bars(form: str, frame, workdir: Path) -> None:
    made = frame(50)
    source: Any = made
    if form in ("csv", "csv.gz"):
        made.to_csv(f"bars.{form}")
        source = f"bars.{form}"
    elif form in ("parquet", "path"):
        made.to_parquet("bars.parquet")
        source = "bars.parquet" if form == "parquet" else workdir / "bars.parquet"
    bars = read(source)
    assert bars.stamps.tolist() == [int(moment.timestamp()) * 1_000_000 for moment in made.index]
    assert list(bars.columns) == ["open", "high", "low", "close", "volume"]
    for name in bars.columns:
        assert bars.columns[name].tobytes() == made[name].to_numpy().tobytes()
    assert bars.timeframe == Timeframe(1, "h")
    assert bars.notes == ()


def test_decimals_of_a_csv_are_read_to_the_last_bit() -> None:
    rng = np.random.default_rng(3)
    texts = [f"{value:.{digits}f}" for value, digits in zip(
        rng.uniform(0.0001, 70_000, 3000), rng.integers(1, 17, 3000), strict=True
    )]  # fmt: skip
    lines = [
        f"{date.fromordinal(700_000 + n)},{text},{text},{text},{text}"
        for n, text in enumerate(texts)
    ]
    Path("bars.csv").write_text("date,open,high,low,close\n" + "\n".join(lines) + "\n")
    assert read("bars.csv").columns["close"].tolist() == [float(text) for text in texts]


def test_the_frame_that_was_given_is_left_as_it_was(frame) -> None:
    made = frame(20).assign(adj_close=50.0)
    before = made.copy(deep=True)
    read(made, adjust="adj_close", stamp="start")
    pd.testing.assert_frame_equal(made, before)


# ---- names ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "rename", [str.upper, str.title, lambda name: f" {name} "], ids=["upper", "title", "blanks"]
)
def test_columns_are_matched_whatever_their_case(rename, frame) -> None:
    made = frame(5).reset_index()
    bars = read(made.rename(columns=rename))
    assert bars.columns["close"].tolist() == made["close"].tolist()
    assert bars.columns["volume"].tolist() == made["volume"].tolist()
    assert bars.extras == ()


@pytest.mark.parametrize(
    "name", ["datetime", "timestamp", "date", "time", "open_time", "ts", "Date", "Open Time"]
)
def test_the_time_column_is_found_by_its_usual_names(name: str) -> None:
    stamps = ["2018-01-01", "2018-01-02"]
    bars = read(table(stamps).rename(columns={"datetime": name}))
    assert moments(bars) == ["2018-01-01 00:00", "2018-01-02 00:00"]
    assert bars.extras == ()


def test_names_are_mapped(frame) -> None:
    made = frame(5).reset_index()
    theirs = {"datetime": "When", "open": "O", "high": "H", "low": "L", "close": "Last"}
    bars = read(made.rename(columns=theirs), columns=theirs)
    assert bars.columns["close"].tolist() == made["close"].tolist()
    assert bars.extras == ()


def test_a_mapping_wins_over_a_column_of_that_name() -> None:
    made = table(["2018-01-01", "2018-01-02"], Last=[7.0, 8.0])
    assert read(made, columns={"close": "Last"}).columns["close"].tolist() == [7.0, 8.0]


def test_a_mapping_to_a_column_that_is_not_there_is_refused_with_the_nearest() -> None:
    made = table(["2018-01-01", "2018-01-02"]).rename(columns={"close": "Last"})
    said = refusal(made, columns={"close": "last"})
    assert "columns.close names 'last'" in said
    assert "did you mean 'Last'?" in said


def test_several_missing_columns_are_named_at_once_with_what_there_is() -> None:
    said = refusal(table(["2018-01-01", "2018-01-02"]).drop(columns=["high", "low"]))
    assert "has no column high and no low" in said
    assert "it has: datetime, open, close, volume" in said


def test_a_column_that_stands_there_twice_is_refused_by_name() -> None:
    made = table(["2018-01-01", "2018-01-02"])
    assert "close" in refusal(pd.concat([made, made[["close"]]], axis=1))


def test_a_row_with_more_fields_than_the_header_does_not_shift_the_columns() -> None:
    # With one field too many in every row, pandas takes the first column for an index.
    Path("bars.csv").write_text(
        "date,open,high,low,close\n2018-01-01,1,4,0,2,9\n2018-01-02,2,5,1,3,9\n"
    )
    assert "bars.csv" in refusal("bars.csv")


def test_volume_is_optional_and_then_not_a_number() -> None:
    bars = read(table(["2018-01-01", "2018-01-02"]).drop(columns="volume"))
    assert np.isnan(bars.columns["volume"]).all()
    made = table(["2018-01-01", "2018-01-02"]).assign(volume=[np.nan, 5.0])
    assert np.isnan(read(made).columns["volume"]).tolist() == [True, False]


# ---- times ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9], ids=["s", "ms", "us", "ns"])
@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_an_epoch_is_read_in_its_own_unit(factor: int, dtype: str) -> None:
    stamps = pd.array([(NEW_YEAR + 60 * n) * factor for n in range(4)], dtype=dtype)
    bars = read(table(stamps))
    assert bars.stamps.tolist() == [(NEW_YEAR + 60 * n) * 1_000_000 for n in range(4)]
    assert bars.timeframe == Timeframe(1, "m")
    assert bars.notes == ()


def test_seconds_with_a_fraction_are_read_to_the_nearest_microsecond() -> None:
    # 1514764800.1 is no float; the nearest one lies 95 ns below it, and no digit was finer.
    bars = read(table([NEW_YEAR + 0.1, NEW_YEAR + 60.2, NEW_YEAR + 120.3]))
    assert (bars.stamps - NEW_YEAR * 1_000_000).tolist() == [100_000, 60_200_000, 120_300_000]
    assert bars.notes == ()


@pytest.mark.parametrize("stamps", [[20180101, 20180102], ["20180101", "20180102"]])
def test_compact_dates_are_dates_or_refused_and_never_seconds(stamps: list[Any]) -> None:
    # As seconds since 1970 they would be two seconds of a day in August 1970.
    try:
        bars = read(table(stamps))
    except DataError:
        return
    assert moments(bars) == ["2018-01-01 00:00", "2018-01-02 00:00"]


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (["2018-01-01T00:00:00Z", "2018-01-01T01:00:00Z"], ["00:00", "01:00"]),
        (["2018-01-01 00:00:00+00:00", "2018-01-01 01:00:00+00:00"], ["00:00", "01:00"]),
        (["2018-01-01T02:00:00+02:00", "2018-01-01T03:00:00+02:00"], ["00:00", "01:00"]),
        (["2017-12-31T19:00-05:00", "2017-12-31T20:00-05:00"], ["00:00", "01:00"]),
    ],
)
def test_iso_times_with_an_offset_are_read(stamps: list[str], expected: list[str]) -> None:
    assert moments(read(table(stamps))) == [f"2018-01-01 {hour}" for hour in expected]


def test_offsets_may_change_with_the_season() -> None:
    # In Berlin 2018-03-25 02:00 is skipped: 01:00+01:00 is 00:00 UTC, 03:00+02:00 is 01:00 UTC.
    stamps = ["2018-03-25T01:00+01:00", "2018-03-25T03:00+02:00", "2018-03-25T04:00+02:00"]
    bars = read(table(stamps))
    assert moments(bars) == [f"2018-03-25 0{hour}:00" for hour in range(3)]


def test_naive_times_are_refused_with_the_way_out() -> None:
    said = refusal(table(["2018-01-01T09:30", "2018-01-01T09:31"]))
    assert "no time zone" in said
    assert "timezone: America/New_York" in said


@pytest.mark.parametrize("naive", [0, 1, 2])
def test_one_naive_time_among_others_is_refused(naive: int) -> None:
    stamps = [f"2018-01-01T0{n}:30" + ("" if n == naive else "Z") for n in range(3)]
    assert "no time zone" in refusal(table(stamps))


def test_naive_times_are_read_in_the_zone_that_is_given() -> None:
    # New York is 5 hours behind UTC in winter, 4 in summer.
    for day, hour in (("2018-01-05", "14"), ("2018-07-05", "13")):
        bars = read(table([f"{day}T09:30", f"{day}T09:31"]), timezone="America/New_York")
        assert moments(bars) == [f"{day} {hour}:30", f"{day} {hour}:31"]


def test_times_with_an_offset_ignore_the_zone_that_is_given() -> None:
    bars = read(table(["2018-01-05T09:30Z", "2018-01-05T09:31Z"]), timezone="America/New_York")
    assert moments(bars)[0] == "2018-01-05 09:30"


def test_the_hour_that_comes_twice_in_autumn_is_read_in_order() -> None:
    # 2018-11-04 in New York: 01:00 EDT is 05:00 UTC, an hour later 01:00 EST is 06:00 UTC.
    stamps = [f"2018-11-04T{t}" for t in ("00:30", "01:00", "01:30", "01:00", "01:30", "02:00")]
    bars = read(table(stamps), timezone="America/New_York")
    assert moments(bars) == [
        f"2018-11-04 {t}" for t in ("04:30", "05:00", "05:30", "06:00", "06:30", "07:00")
    ]


@pytest.mark.parametrize(
    "stamps",
    [
        ["2018-11-04T00:00", "2018-11-04T01:00", "2018-11-04T02:00"],  # which 01:00?
        ["2018-03-11T01:00", "2018-03-11T02:30", "2018-03-11T03:00"],  # there was no 02:30
    ],
    ids=["ambiguous", "missing"],
)
def test_an_hour_that_cannot_be_told_is_refused(stamps: list[str]) -> None:
    said = refusal(table(stamps), timezone="America/New_York")
    assert "America/New_York" in said
    assert "UTC" in said


def test_a_date_is_a_sessions_label_and_needs_no_zone() -> None:
    for stamps in (["2018-01-01", "2018-01-02"], [date(2018, 1, 1), date(2018, 1, 2)]):
        bars = read(table(stamps))
        assert moments(bars) == ["2018-01-01 00:00", "2018-01-02 00:00"]
        assert bars.timeframe == Timeframe(1, "d")


def test_the_index_of_a_frame_is_its_time(frame) -> None:
    made = frame(3)
    local = made.set_index(made.index.tz_convert("Asia/Tokyo"))
    assert read(local).stamps.tolist() == read(made).stamps.tolist()
    naive = made.set_index(made.index.tz_localize(None))
    assert "no time zone" in refusal(naive)
    assert read(naive, timezone="UTC").stamps.tolist() == read(made).stamps.tolist()


@pytest.mark.parametrize(
    "stamps",
    [
        pd.to_datetime(["2018-01-01T00:00:00.123456789Z", "2018-01-01T01:00:00.000000999Z"]),
        ["2018-01-01T00:00:00.123456789Z", "2018-01-01T01:00:00.000000999Z"],
        [NEW_YEAR * 10**9 + 123_456_789, (NEW_YEAR + 3600) * 10**9 + 999],
    ],
    ids=["stamps", "text", "epoch"],
)
def test_stamps_finer_than_a_microsecond_are_truncated_with_a_note(stamps: Any) -> None:
    bars = read(table(stamps))
    assert (bars.stamps - NEW_YEAR * 1_000_000).tolist() == [123_456, HOUR]
    (note,) = bars.notes
    assert "finer than a microsecond are truncated" in note


def test_nine_digits_that_are_zero_beyond_the_microsecond_need_no_note() -> None:
    bars = read(table(["2018-01-01T00:00:00.123456000Z", "2018-01-01T01:00:00.000000000Z"]))
    assert bars.stamps[0] == NEW_YEAR * 1_000_000 + 123_456
    assert bars.notes == ()


def test_a_moment_before_1970_is_truncated_downwards() -> None:
    stamps = [pd.Timestamp(-1, tz="UTC"), pd.Timestamp(10**9, tz="UTC")]  # nanoseconds
    assert read(table(stamps)).stamps.tolist() == [-1, 1_000_000]


@pytest.mark.parametrize(
    "stamps",
    [
        [np.nan, np.nan],
        [NEW_YEAR, np.inf],
        [NEW_YEAR, np.nan],
        ["noon", "midnight"],
        ["2018-01-01T00:00Z", None],
        [None, None],
    ],
    ids=["NaN", "infinite", "gap", "words", "none", "all none"],
)
def test_what_is_no_time_is_refused(stamps: list[Any]) -> None:
    said = refusal(table(stamps))
    assert "row" in said
    assert "time" in said


@pytest.mark.parametrize("years", [(1, 2), (1677, 1678), (2262, 2263), (9998, 9999)])
def test_years_far_away_are_read(years: tuple[int, int]) -> None:
    # Nanoseconds in 64 bits reach from 1677 to 2262 only.
    stamps = [f"{year:04}-06-01T00:00:00Z" for year in years]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = [
        int((datetime(year, 6, 1, tzinfo=UTC) - epoch).total_seconds()) * 1_000_000
        for year in years
    ]
    assert read(table(stamps)).stamps.tolist() == expected


# ---- extra columns -------------------------------------------------------------------------------
def test_extra_columns_become_lines_and_text_is_left_out_with_a_note() -> None:
    big = 123456789012345678901234567890
    bars = read(
        table(
            ["2018-01-01", "2018-01-02"],
            count=[1, 2],
            words=["a", "b"],
            rate=["0.5", "0.25"],
            huge=[str(big), "2"],
            flag=[True, False],
            gap=[None, 1.5],
            moment=pd.to_datetime(["2018-01-01", "2018-01-02"]),
        )
    )
    assert bars.extras == ("count", "rate", "huge", "flag", "gap")
    assert bars.columns["count"].tolist() == [1.0, 2.0]
    assert bars.columns["rate"].tolist() == [0.5, 0.25]
    assert bars.columns["huge"].tolist() == [float(big), 2.0]
    assert bars.columns["flag"].tolist() == [1.0, 0.0]
    assert np.isnan(bars.columns["gap"]).tolist() == [True, False]
    assert all(column.dtype == np.float64 for column in bars.columns.values())
    assert [re.search(r"'(\w+)'", note)[1] for note in bars.notes] == ["words", "moment"]  # type: ignore[index]


def test_a_big_integer_in_a_csv_is_a_number() -> None:
    # pandas reads integers beyond 64 bits as text; Uniswap's liquidity has 20 digits and more.
    Path("bars.csv").write_text(
        "date,open,high,low,close,liquidity\n"
        "2018-01-01,1,1,1,1,25399948719137456789\n2018-01-02,1,1,1,1,7\n"
    )
    assert read("bars.csv").columns["liquidity"].tolist() == [25399948719137456789.0, 7.0]


@pytest.mark.parametrize(
    ("name", "line"), [("my column", "my_column"), ("a-b", "a_b"), ("24h", "x_24h"), ("é", "é")]
)
def test_an_extra_column_gets_a_name_that_python_can_write(name: str, line: str) -> None:
    bars = read(table(["2018-01-01", "2018-01-02"], **{name: [1, 2]}))
    assert bars.extras == (line,)


def test_two_columns_that_become_one_name_are_not_silently_one() -> None:
    bars = read(table(["2018-01-01", "2018-01-02"], **{"a-b": [1, 2], "a_b": [3, 4]}))
    assert len(bars.extras) == 2 or bars.notes


def lines_seen(made: pd.DataFrame, names: tuple[str, ...]) -> list[tuple[float, float]]:
    """Return close and the line that has one of *names*, as a strategy sees them bar by bar."""
    seen: list[tuple[float, float]] = []

    class Look(bt.Strategy):
        def next(self) -> None:
            (line,) = [a for a in self.data.getlinealiases() if a in names]
            seen.append((self.data.close[0], getattr(self.data.lines, line)[0]))

    cerebro = bt.Cerebro()
    cerebro.adddata(history_feed(made, name="x"))
    cerebro.addstrategy(Look)
    cerebro.run()
    return seen


@pytest.mark.parametrize(
    "name",  # what Backtrader itself calls so, on a feed or on its lines
    ["lines", "home", "advance", "buflen", "next", "start", "p", "name", "len", "class", "size"],
)
def test_an_extra_column_called_as_something_of_backtraders_breaks_nothing(name: str) -> None:
    made = table(["2018-01-01", "2018-01-02", "2018-01-03"], **{name: [5.0, 6.0, 7.0]})
    assert lines_seen(made, (name, f"x_{name}")) == [(100.0, 5.0), (101.0, 6.0), (102.0, 7.0)]


def test_open_interest_fills_the_line_that_backtrader_has_for_it() -> None:
    made = table(["2018-01-01", "2018-01-02"], openinterest=[5.0, 6.0])
    assert lines_seen(made, ("openinterest",)) == [(100.0, 5.0), (101.0, 6.0)]


# ---- adjusting -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["adj_close", "Adj Close", "Adj_Close"])
def test_prices_are_scaled_to_the_adjusted_close(name: str) -> None:
    made = pd.DataFrame(
        {
            "date": ["2018-01-01", "2018-01-02"],
            "open": [96.0, 50.0],
            "high": [104.0, 60.0],
            "low": [88.0, 40.0],
            "close": [100.0, 50.0],
            name: [50.0, 50.0],  # a two-for-one split: the first day counts half
            "volume": [10.0, 20.0],
        }
    )
    bars = read(made, adjust="adj_close")
    assert {key: values.tolist() for key, values in bars.columns.items()} == {
        "open": [48.0, 50.0],
        "high": [52.0, 60.0],
        "low": [44.0, 40.0],
        "close": [50.0, 50.0],
        "volume": [10.0, 20.0],
        "adj_close": [50.0, 50.0],
    }
    assert read(made).columns["close"].tolist() == [100.0, 50.0]


def test_the_adjusted_close_of_real_bars_becomes_the_close_to_the_last_bit() -> None:
    bars = read("sample:SPY_1d_adjusted", adjust="adj_close")
    assert bars.columns["close"].tobytes() == bars.columns["adj_close"].tobytes()
    raw = pd.read_csv(SAMPLES / "SPY_1d_adjusted.csv")
    adjusted = next(c for c in raw if c.lower().replace(" ", "_") == "adj_close")
    opens = next(c for c in raw if c.lower() == "open")
    closes = next(c for c in raw if c.lower() == "close")
    expected = raw[opens] * (raw[adjusted] / raw[closes])
    np.testing.assert_allclose(bars.columns["open"], expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "there is no such column"),
        ({"adj_close": [50.0, np.nan]}, "gaps"),
        ({"adj_close": [50.0, 50.0], "close": [100.0, 0.0]}, "zero"),
        ({"adj_close": ["a", "b"]}, "adj_close"),
    ],
)
def test_prices_that_cannot_be_adjusted_are_refused(more: dict[str, Any], words: str) -> None:
    made = table(["2018-01-01", "2018-01-02"])
    for name, values in more.items():
        made[name] = values
    assert words in refusal(made, adjust="adj_close")


# ---- the length of a bar, and which end its stamp is ---------------------------------------------
@pytest.mark.parametrize(
    ("stamps", "timeframe"),
    [
        (pd.date_range("2018-01-01", periods=9, freq="15min", tz="UTC"), "15m"),
        (pd.date_range("2018-01-01", periods=9, freq="4h", tz="UTC"), "4h"),
        (pd.bdate_range("2018-01-01", periods=9, tz="UTC"), "1d"),  # weekends are gaps
        (pd.date_range("2018-01-01", periods=9, freq="7D", tz="UTC"), "1w"),
        (pd.date_range("2018-01-01", periods=9, freq="30s", tz="UTC"), "30s"),
    ],
)
def test_the_length_of_a_bar_is_the_commonest_step(stamps: Any, timeframe: str) -> None:
    assert str(read(table(stamps)).timeframe) == timeframe


def test_a_stated_length_wins_over_the_commonest_step(frame) -> None:
    assert read(frame(9), timeframe=Timeframe(30, "m")).timeframe == Timeframe(30, "m")


def times_seen(made: pd.DataFrame, **options: Any) -> list[str]:
    """Return the times at which a strategy in stock Backtrader gets each bar."""
    times: list[str] = []

    class Look(bt.Strategy):
        def next(self) -> None:
            times.append(f"{self.data.datetime.datetime(0):%d. %H:%M}")

    cerebro = bt.Cerebro()
    cerebro.adddata(history_feed(made, name="x", **options))
    cerebro.addstrategy(Look)
    cerebro.run()
    return times


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("start", ["01. 06:00", "01. 07:00", "01. 08:00"]),
        ("end", ["01. 05:00", "01. 06:00", "01. 07:00"]),
        (None, ["01. 05:00", "01. 06:00", "01. 07:00"]),
    ],
)
def test_backtrader_sees_a_bar_stamped_at_its_start_when_it_ends(
    stamp: str | None, expected: list[str], frame
) -> None:
    made = frame(3, start="2024-01-01 05:00")
    assert times_seen(made, stamp=stamp) == expected
    # The source's own stamps are what the results show.
    assert moments(read(made, stamp=stamp)) == [f"2024-01-01 0{hour}:00" for hour in (5, 6, 7)]


@pytest.mark.parametrize(
    ("zone", "start"),  # two hours before midnight there
    [
        ("UTC", "2024-01-01 22:00"),
        ("America/New_York", "2024-01-02 03:00"),
        ("America/New_York", "2024-07-02 02:00"),
        ("Europe/Berlin", "2024-01-01 21:00"),
        ("Europe/Berlin", "2024-07-01 20:00"),
        ("Asia/Kolkata", "2024-01-01 16:30"),
    ],
)
def test_a_bar_that_ends_at_midnight_belongs_to_the_day_that_ends(
    zone: str, start: str, frame
) -> None:
    # A float day resolves 10 us and Backtrader rounds up within 10 us of a whole second.
    seen = times_seen(frame(3, start=start), stamp="start", zone=zone)
    assert seen == ["01. 23:00", "01. 23:59", "02. 01:00"]


def test_a_month_has_no_end_that_can_be_counted(frame) -> None:
    assert "months" in refusal(frame(3, step="MS"), timeframe=Timeframe(1, "M"), stamp="start")


# ---- order, prices, number -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stamps", "words"),
    [
        (["2018-01-01", "2018-01-03", "2018-01-02"], ["row 2", "2018-01-02", "comes after"]),
        (["2018-01-01", "2018-01-02", "2018-01-02"], ["row 2", "2018-01-02", "twice"]),
    ],
)
def test_bars_out_of_order_are_refused_by_row(stamps: list[str], words: list[str]) -> None:
    said = refusal(table(stamps))
    for word in words:
        assert word in said


def test_the_row_of_a_file_is_its_line(workdir: Path) -> None:
    table(["2018-01-01", "2018-01-02", "2018-01-03"]).assign(close=[1, "x", 3]).to_csv(
        "bars.csv", index=False
    )
    assert "row 3: close is 'x'" in refusal("bars.csv")
    assert Path("bars.csv").read_text().splitlines()[3 - 1].startswith("2018-01-02")


@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_price_that_is_missing_or_infinite_is_refused(name: str, value: float) -> None:
    made = table(["2018-01-01", "2018-01-02", "2018-01-03"])
    made.loc[[1, 2], name] = value
    said = refusal(made)
    assert f"row 1: {name} is missing or infinite (and in 1 more rows)" in said


def test_prices_may_be_zero_and_negative() -> None:
    made = table(["2018-01-01", "2018-01-02"]).assign(close=[-37.63, 0.0])  # as oil in April 2020
    assert read(made).columns["close"].tolist() == [-37.63, 0.0]


def test_one_bar_and_none_are_refused() -> None:
    assert "has one bar" in refusal(table(["2018-01-01"]))
    assert "holds no bars" in refusal(table([]))
    assert "holds no bars" in refusal(pd.DataFrame())


# ---- choosing a span -----------------------------------------------------------------------------
DAYS = [f"2018-01-{day:02}" for day in range(1, 11)]


@pytest.mark.parametrize(
    ("text", "kept", "before"),
    [
        (None, 10, 0),
        ("2018-01-01..2018-01-10", 10, 0),
        ("2018-01-03..2018-01-05", 5, 2),  # the bars before the start are kept to warm up
        ("2018-01-03..", 10, 2),
        ("..2018-01-05", 5, 0),
        ("2017-01-01..2019-01-01", 10, 0),
        ("2018-01-03T00:00..2018-01-05T00:00", 4, 2),  # a moment is no whole day
        ("2018-01-02T00:00:00.000001..2018-01-10", 10, 2),
        ("2018-01-09..2018-01-10", 10, 8),
    ],
)
def test_a_span_is_chosen_to_the_bar(text: str | None, kept: int, before: int) -> None:
    bars, found = select(read(table(DAYS)), TimeRange.parse(text) if text else None)
    assert (len(bars), found) == (kept, before)
    assert moments(bars) == [f"{day} 00:00" for day in DAYS[:kept]]
    assert bars.columns["close"].tolist() == [100.0 + n for n in range(kept)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2018-01-05..2018-01-05", 1),
        ("2018-01-10..", 1),
        ("..2018-01-01", 1),
        ("2019-01-01..", 0),
        ("..2017-12-31", 0),
    ],
)
def test_a_span_of_fewer_than_two_bars_is_refused_with_what_there_is(text: str, count: int) -> None:
    with pytest.raises(DataError) as caught:
        select(read(table(DAYS)), TimeRange.parse(text))
    assert str(caught.value) == (
        f"x: has {count} bars in {text}; it covers 2018-01-01 00:00 .. 2018-01-10 00:00 UTC"
    )


def test_a_bar_stamped_at_its_start_is_chosen_by_its_own_stamp(frame) -> None:
    made = frame(48)
    bars, before = select(
        read(made, stamp="start"), TimeRange.parse("2024-01-01T10:00..2024-01-01T12:00")
    )
    assert before == 10
    assert moments(bars)[before:] == ["2024-01-01 10:00", "2024-01-01 11:00"]


# ---- the bundled bars ----------------------------------------------------------------------------
def documented() -> dict[str, tuple[int, str, str, str]]:
    """Return sample -> (bars, first day, last day, stamp), as the table beside them says."""
    rows = re.findall(
        r"^\| `(\w+)\.(?:csv|parquet)` \|[^|]*\| ([\d,]+) \| (\S+) \.\. (\S+) \| ([^|]+) \|",
        (SAMPLES / "README.md").read_text(),
        re.MULTILINE,
    )
    return {
        name: (int(bars.replace(",", "")), first, last, stamp.strip())
        for name, bars, first, last, stamp in rows
    }


def test_every_bundled_file_is_documented_and_every_documented_one_is_there() -> None:
    assert sorted(documented()) == sample_names()


@pytest.mark.parametrize("name", sample_names())
def test_a_bundled_file_reads_as_documented(name: str) -> None:
    count, first, last, _ = documented()[name]
    bars = read(f"sample:{name}")
    assert len(bars) == count
    assert (moments(bars)[0][:10], moments(bars)[-1][:10]) == (first, last)
    assert bars.notes == ()


@pytest.mark.parametrize("name", sample_names())
def test_the_documented_licence_and_source_of_a_bundled_file_are_named(name: str) -> None:
    (row,) = [
        line
        for line in (SAMPLES / "README.md").read_text().splitlines()
        if line.startswith(f"| `{name}.")
    ]
    source, licence = row.split("|")[6:8]
    assert "@" in source
    assert licence.strip()
