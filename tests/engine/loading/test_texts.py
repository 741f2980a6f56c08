"""A text file is loaded in columns as Backtrader loads it line by line."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pytest

from atms.engine.loading import tables
from tests.engine.loading.same import bars, compare

MINUTES = bt.TimeFrame.Minutes
GENERIC = bt.feeds.GenericCSVData


def generic(text: str, lookahead: int = 0, kind: Any = GENERIC, **params: Any) -> Any:
    """Load *text* both ways and say how."""
    Path("bars.csv").write_text(text)
    params = {"timeframe": MINUTES, **params}
    return compare(lambda: kind(dataname="bars.csv", **params), lookahead=lookahead, again=1)


def fast(text: str, lookahead: int = 0, kind: Any = GENERIC, **params: Any) -> None:
    part = generic(text, lookahead, kind, **params)
    assert part.fast, part


def stock(text: str, kind: Any = GENERIC, **params: Any) -> None:
    part = generic(text, 0, kind, **params)
    assert not part.fast, part


def csv(n: int = 40, form: str = "%Y-%m-%d %H:%M:%S", **made: Any) -> str:
    return str(bars(n, **made).to_csv(date_format=form))


def with_row(text: str, number: int, row: str) -> str:
    lines = text.split("\n")
    lines[number] = row
    return "\n".join(lines)


@pytest.fixture(params=[1 << 22, 300])
def portion(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Read files in one portion, and in many."""
    monkeypatch.setattr(tables, "PORTION", request.param)
    yield request.param


@pytest.mark.usefixtures("portion")
@pytest.mark.parametrize("lookahead", [0, 2])
def test_a_plain_file_is_loaded_to_the_same_bits(lookahead: int) -> None:
    fast(csv(), lookahead)
    fast(csv().rstrip("\n"), lookahead)
    fast(csv(1), lookahead)
    fast(csv(0), lookahead)
    fast("", lookahead)


@pytest.mark.usefixtures("portion")
@pytest.mark.parametrize("lookahead", [0, 2])
@pytest.mark.parametrize(
    "window",
    [
        {"fromdate": datetime(2024, 1, 1, 10)},
        {"todate": datetime(2024, 1, 1, 10)},
        {"fromdate": datetime(2024, 1, 1, 7), "todate": date(2024, 1, 1)},
        {"fromdate": datetime(2025, 1, 1)},
        {"todate": datetime(2023, 1, 1)},
    ],
)
def test_only_the_bars_between_the_dates_are_loaded(window: dict[str, Any], lookahead: int) -> None:
    fast(csv(), lookahead, **window)
    fast(csv(), lookahead, **{**window, "timeframe": bt.TimeFrame.Days})


@pytest.mark.parametrize(
    ("dtformat", "written"),
    [
        ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M"),
        ("%Y%m%d%H%M%S", "%Y%m%d%H%M%S"),
        ("%d/%m/%Y  %H.%M", "%d/%m/%Y  %H.%M"),
        ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f"),
        ("%d %b %y %I %p", "%d %b %y %I %p"),
        ("%Y-%j %H", "%Y-%j %H"),
        ("%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"),
    ],
)
@pytest.mark.parametrize("timeframe", [MINUTES, bt.TimeFrame.Days, bt.TimeFrame.Weeks])
def test_every_format_of_dates_is_read(dtformat: str, written: str, timeframe: int) -> None:
    fast(csv(form=written, tz="America/New_York"), dtformat=dtformat, timeframe=timeframe)


@pytest.mark.parametrize("timeframe", [MINUTES, bt.TimeFrame.Days])
def test_dates_and_times_may_stand_in_two_columns(timeframe: int) -> None:
    text = csv(form="%Y-%m-%d,%H:%M").replace(",open", "x,open", 1)
    columns = {"open": 2, "high": 3, "low": 4, "close": 5, "volume": 6, "openinterest": -1}
    two = {"dtformat": "%Y-%m-%d", "tmformat": "%H:%M", "time": 1, "timeframe": timeframe}
    fast(text.replace('"', ""), **two, **columns)
    fast(csv(form="%Y.%m.%d,%H:%M").replace('"', ""), kind=bt.feeds.MT4CSVData, timeframe=timeframe)
    fast(csv(form="%m-%d-%y,%I:%M %p").replace('"', ""), **columns, time=1, dtformat="%m-%d-%y",
         tmformat="%I:%M %p", timeframe=timeframe)  # fmt: skip


@pytest.mark.parametrize("timeframe", [MINUTES, bt.TimeFrame.Days])
@pytest.mark.parametrize(
    ("dtformat", "write"),
    [
        (1, lambda stamp: str(int(stamp.timestamp()))),
        (1, lambda stamp: f" {int(stamp.timestamp()):_} "),
        (2, lambda stamp: repr(stamp.timestamp() + 0.1234565)),
        (2, lambda stamp: f"{stamp.timestamp() + 0.9999999:.7f}"),
        (2, lambda stamp: f"{stamp.timestamp():.6e}"),
    ],
)
def test_seconds_since_1970_are_read(
    dtformat: int, write: Callable[[datetime], str], timeframe: int
) -> None:
    lines = ["stamp,open,high,low,close,volume,openinterest"]
    for row in bars(30, step="7777s").tz_localize(UTC).itertuples():
        lines.append(",".join([write(row.Index), *map(str, row[1:])]))
    fast("\n".join(lines), dtformat=dtformat, timeframe=timeframe)


def test_fractions_of_seconds_are_rounded_as_python_rounds_them() -> None:
    made = np.random.default_rng(5).uniform(0, 3e9, 400).tolist()
    halves = [k + f / 1e6 + 5e-7 for k in range(0, 2000, 97) for f in (1, 2, 123_456, 999_999)]
    lines = [f"{seconds!r},1,2,3,4,5,6" for seconds in (*made, *halves)]
    fast("\n".join(lines), dtformat=2, headers=False)


@pytest.mark.usefixtures("portion")
def test_a_line_that_is_too_long_does_not_make_up_for_one_that_is_too_short() -> None:
    lines = [f"{n * 60},1,2,3,4,5,6" for n in range(1, 20)]
    lines[4] += ",7"
    lines[5] = "360,1,2,3,4,5"
    columns = {"dtformat": 1, "headers": False, "openinterest": -1}
    for last in (lines, lines[:6], [*lines[:5], "1,2", *lines[7:]]):
        assert not generic("\n".join(last), **columns).fast


@pytest.mark.parametrize("seconds", ["-5", "253402300800", "1e400", "nan", "", "1.5", "x"])
@pytest.mark.parametrize("dtformat", [1, 2])
def test_seconds_out_of_the_ordinary_are_left_to_backtrader(seconds: str, dtformat: int) -> None:
    if (seconds, dtformat) != ("1.5", 2):
        stock(f"h\n{seconds},1,1,1,1,1,1\n", dtformat=dtformat)


@pytest.mark.parametrize("dtformat", [0, 3, None, True])
def test_a_format_that_is_none_fails_as_it_does_in_backtrader(dtformat: Any) -> None:
    generic("h\n20240101,1,1,1,1,1,1\n", dtformat=dtformat)


@pytest.mark.parametrize("tz", [None, "Europe/Berlin", "US/Eastern"])
@pytest.mark.parametrize("tzinput", [None, "Asia/Tokyo", "US/Eastern"])
@pytest.mark.parametrize("timeframe", [MINUTES, bt.TimeFrame.Days])
@pytest.mark.parametrize("sessionend", [None, time(16), time(7, 30, 1, 5)])
def test_zones_and_sessions_move_the_stamps(
    tz: str | None, tzinput: str | None, timeframe: int, sessionend: time | None
) -> None:
    pytest.importorskip("pytz")
    fast(csv(80, start="2024-11-01", step="3h"), tz=tz, tzinput=tzinput, timeframe=timeframe,
         sessionend=sessionend)  # fmt: skip


def test_a_session_that_ends_in_a_zone_is_kept() -> None:
    fast(csv(80), timeframe=bt.TimeFrame.Days, sessionend=time(16, tzinfo=UTC))


@pytest.mark.parametrize("null", [float("nan"), 0.0, 7, "1.25", "x", "", None])
def test_empty_fields_take_the_null_value(null: Any) -> None:
    text = with_row(csv(), 5, "2024-01-01 04:00:00,1.5,,1,,3,")
    part = generic(text, nullvalue=null)
    assert part.fast == (null not in ("x", "", None))
    assert generic(text, nullvalue=null, volume=-1, close=None).fast == part.fast


@pytest.mark.parametrize("separator", [";", "\t", " ", "|", ",,", "·", ";;"])
def test_every_separator_is_read(separator: str) -> None:
    fast(csv(form="%Y-%m-%dT%H").replace(",", separator), separator=separator,
         dtformat="%Y-%m-%dT%H")  # fmt: skip


def test_fields_that_end_like_the_separator_are_split_as_python_splits() -> None:
    generic("h\n2024;;1;;;2;;3;;4;;5;;6\n", separator=";;", dtformat="%Y", headers=True)


@pytest.mark.parametrize("number", ["1_0.5", " 1 ", "+1", "1e3", "inf", "-Infinity", "nan", "٣",
                                    "1e400", "0.1000000000000000055511151231257827"])  # fmt: skip
def test_a_number_is_whatever_python_reads_as_one(number: str) -> None:
    fast(with_row(csv(), 5, f"2024-01-01 04:00:00,{number},2,1,1,3,1"))


@pytest.mark.parametrize(
    "row",
    [
        "2024-01-01 04:00:00,x,2,1,1,3,1",
        "2024-01-01 04:00:00,1",
        "2024-01-01 04:00:00,1,2,1,1,3,1,9,9",
        "",
        "2024-13-01 04:00:00,1,2,1,1,3,1",
        "2024-02-30 04:00:00,1,2,1,1,3,1",
        "2024-01-01 04:00:60,1,2,1,1,3,1",
        "2024-01-01 04:00:61,1,2,1,1,3,1",
        "2024-01-01 24:00:00,1,2,1,1,3,1",
        "0000-01-01 04:00:00,1,2,1,1,3,1",
        "2024-1-1 4:0:0,1,2,1,1,3,1",
        "2024-01-01  04:00:00,1,2,1,1,3,1",
        "2024-01-01T04:00:00,1,2,1,1,3,1",
        "２024-01-01 04:00:00,1,2,1,1,3,1",
        " 024-01-01 04:00:00,1,2,1,1,3,1",
        "2024-01-0: 04:00:00,1,2,1,1,3,1",
        "2024-01-01 0/:00:00,1,2,1,1,3,1",
    ],
)
def test_an_odd_line_is_read_or_refused_as_backtrader_does(row: str) -> None:
    generic(with_row(csv(), 20, row))
    generic(with_row(csv(), 20, row), lookahead=1, todate=datetime(2024, 1, 1, 10))
    generic(with_row(csv(), 20, row), timeframe=bt.TimeFrame.Days)


def test_dates_of_one_digit_are_read_one_by_one() -> None:
    fast("\n".join(f"{2020 + n}-{n}-{n},1,2,3,4,5,6" for n in range(1, 10)), dtformat="%Y-%m-%d",
         headers=False)  # fmt: skip


def test_a_leap_day_and_the_ends_of_time_are_read() -> None:
    days = ["2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31", "1969-12-31", "1900-02-28"]
    fast("\n".join(f"{day},1,2,3,4,5,6" for day in days), dtformat="%Y-%m-%d", headers=False)
    generic("1900-02-29,1,2,3,4,5,6", dtformat="%Y-%m-%d", headers=False)


@pytest.mark.parametrize("form", ["%Y-%m-%d %Y", "%H:%M", "%Y-%m", "%Y-%m-%d %", "%%%Y-%m-%d"])
def test_a_format_without_a_date_is_left_to_python(form: str) -> None:
    generic("2024-01-01 2024,1,2,3,4,5,6\n2024-01,1,2,3,4,5,6", dtformat=form, headers=False)
    generic("12:30,1,2,3,4,5,6\n", dtformat=form, headers=False)
    generic("%2024-01-01,1,2,3,4,5,6\n", dtformat=form, headers=False)


@pytest.mark.parametrize("columns", [{"open": -2}, {"datetime": -7}, {"close": 9}, {"low": "3"},
                                     {"volume": 1.0}, {"time": 9}, {"datetime": "0"}])  # fmt: skip
def test_columns_are_taken_as_backtrader_takes_them(columns: dict[str, Any]) -> None:
    generic(csv(), **columns)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_files_of_other_systems_are_loaded_in_columns(end: str) -> None:
    Path("bars.csv").write_bytes(csv().replace("\n", end).encode())
    assert compare(lambda: GENERIC(dataname="bars.csv", timeframe=MINUTES)).fast


def test_a_text_in_memory_is_loaded_in_columns() -> None:
    def make(text: str) -> Any:
        return GENERIC(dataname=io.StringIO(text), name="mine", timeframe=MINUTES)

    assert compare(lambda: make(csv())).fast
    assert not compare(lambda: make(csv().replace("\n", "\r\n"))).fast


def test_a_stream_that_cannot_go_back_is_read_by_backtrader() -> None:
    class Stream(io.StringIO):
        pass

    part = compare(lambda: GENERIC(dataname=Stream(csv()), name="mine", timeframe=MINUTES))
    assert not part.fast


def test_a_file_that_is_not_there_raises_what_backtrader_raises() -> None:
    compare(lambda: GENERIC(dataname="nowhere.csv"))


def test_dates_by_a_function_of_the_users_are_asked_for_at_each_row() -> None:
    seen: list[Any] = []

    def read(text: str) -> datetime:
        seen.append(text)
        if text.startswith("x"):
            raise ValueError("mine")
        return datetime.fromisoformat(text)

    for text in (csv(), with_row(csv(), 9, "x,1,2,3,4,5,6")):
        part = generic(text, dtformat=read, todate=datetime(2024, 1, 1, 12))
        assert part.why == "row by row, by its own _load"
        quarter = len(seen) // 4  # theirs, ours, and both again
        assert seen == seen[:quarter] * 4
        seen.clear()


class Wider(GENERIC):
    lines = ("bid", "ask")
    params = (("bid", 5), ("ask", None), ("nullvalue", 0.5))


class OwnLine(GENERIC):
    def _loadline(self, tokens: list[str]) -> bool:
        if tokens[1] == "skip":
            return True
        return bool(super()._loadline(tokens))


def test_a_subclass_that_adds_lines_is_loaded_in_columns() -> None:
    fast(csv(), kind=Wider)
    fast(csv(form="%Y/%m/%d"), kind=bt.feeds.SierraChartCSVData, timeframe=bt.TimeFrame.Days)


def test_a_subclass_that_reads_lines_itself_is_asked_for_each_line() -> None:
    part = generic(csv(), kind=OwnLine)
    assert part.why == "row by row, by its own _load"


BACKTRADER = bt.feeds.BacktraderCSVData


@pytest.mark.usefixtures("portion")
@pytest.mark.parametrize("lookahead", [0, 1])
def test_backtraders_own_format_is_loaded_in_columns(lookahead: int) -> None:
    day, minute = csv(form="%Y-%m-%d"), csv(form="%Y-%m-%d,%H:%M:%S").replace('"', "")
    for text in (day, minute, minute.replace("2024-01", "2024/01").replace(":", ".")):
        fast(text, lookahead, BACKTRADER)
        fast(text, lookahead, BACKTRADER, todate=datetime(2024, 1, 1, 9), sessionend=time(16))
    assert not generic(day, kind=BACKTRADER, sessionend=time(16, tzinfo=UTC)).fast


@pytest.mark.parametrize("row", ["2024-01-01,1,2,3", "2024-01-01,12:00:00,1,2,3,4,5,x", "",
                                 "2024-02-30,1,2,3,4,5,6", "2024-01-01,1,2,3,4,5,6,7"])  # fmt: skip
def test_an_odd_line_of_backtraders_format_fails_as_it_does_there(row: str) -> None:
    generic(with_row(csv(form="%Y-%m-%d"), 9, row), kind=BACKTRADER)


YAHOO = bt.feeds.YahooFinanceCSVData


def yahoo(*odd: str) -> str:
    frame = bars(30, step="1D").assign(openinterest=lambda bars: bars.volume * 1000.5)
    frame["volume"] = frame.close * 0.987654321
    return str(frame.to_csv(date_format="%Y-%m-%d")) + "".join(f"{line}\n" for line in odd)


@pytest.mark.usefixtures("portion")
@pytest.mark.parametrize(
    "params",
    [{}, {"adjclose": False}, {"adjvolume": False}, {"round": False}, {"decimals": 4},
     {"roundvolume": 2}, {"swapcloses": True}, {"reverse": True}, {"roundvolume": None},
     {"todate": datetime(2024, 1, 9), "fromdate": datetime(2024, 1, 3)}],
)  # fmt: skip
def test_yahoos_format_is_loaded_in_columns(params: dict[str, Any]) -> None:
    fast(yahoo(), 1, YAHOO, timeframe=bt.TimeFrame.Days, **params)


@pytest.mark.parametrize(
    ("odd", "as_columns"),
    [
        ("2024-02-01,1,2,3,4,null,6", True),
        ("2024-02-01,1,2,3,4,5,", True),
        ("2024-02-01,1,2,3,4,5,-", True),
        ("null,1,2,3,4,5,6", False),
        ("2024-02-01,1,2,3,4,0,6", False),
        ("2024-02-01,1,2,3,4,5", False),
        ("2024-02-01,1,2,x,4,5,6", False),
    ],
)
def test_an_odd_line_of_yahoos_is_taken_as_backtrader_takes_it(odd: str, as_columns: bool) -> None:
    for text in (yahoo(odd), yahoo(odd, "2024-02-02,1,2,3,4,5,6")):
        part = generic(text, kind=YAHOO, timeframe=bt.TimeFrame.Days)
        assert part.fast == as_columns


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "shift_jis"])
@pytest.mark.parametrize("row", ["2024-01-01 04:00:00,1,2,1,1,3,1", "x"])
def test_a_file_that_the_user_opened_is_read_from_where_it_stands(encoding: str, row: str) -> None:
    Path("bars.csv").write_text("a first line\n" + with_row(csv(), 20, row), encoding=encoding)

    def make() -> Any:
        file = Path("bars.csv").open(encoding=encoding)  # noqa: SIM115 - the feed closes it
        file.readline()
        return GENERIC(dataname=file, name="mine", timeframe=MINUTES)

    assert compare(make).fast == (row != "x")


def test_bytes_that_are_no_text_fail_as_in_backtrader() -> None:
    Path("bars.csv").write_bytes(csv().encode() + b"2024-01-02 00:00:00,\xff\n")
    compare(lambda: GENERIC(dataname="bars.csv", timeframe=MINUTES))
