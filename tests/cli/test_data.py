"""``atms data``: what it prints and writes, where, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from atms import ledger
from atms.feeds.adjusting import adjusted, read_actions
from atms.feeds.boundaries import Session
from atms.feeds.exporting import about_file
from atms.feeds.raw import RawBars
from atms.feeds.reading import read_raw
from atms.feeds.resampling import resampled
from atms.feeds.sources import sample_names
from atms.ledger.bars import Series
from atms.model import Timeframe

URL = "sqlite:///atms.db"
FEEDS = """\
data:
  feeds:
    - {name: spy, source: bars.csv, timezone: UTC, calendar: 24/7, stamp: start}
    - {name: days, of: spy, resample: 1d}
    - {name: other, source: "sample:SPY_1d"}
strategy: buy_and_hold
"""
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(cli: Call) -> Call:
    """Run a verb of ``atms data``; return exit code, standard output, standard error."""
    return lambda *args: cli("data", *args)


@pytest.fixture
def good(data: Call) -> Callable[..., Any]:
    """Run a verb that works; return what --json prints."""

    def call(*args: str) -> Any:
        code, out, err = data(*args, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return call


@pytest.fixture
def bars(frame, workdir: Path) -> RawBars:
    """Three days of hourly bars in bars.csv."""
    frame(72).to_csv("bars.csv")
    return read_raw("bars.csv", name="bars.csv")


@pytest.fixture
def stored(bars: RawBars) -> str:
    """The same bars in the ledger, under a symbol with a colon and a slash."""
    of = Series("kraken", "BTC/USD:USD", Timeframe(1, "h"), "start")
    ledger.create(URL)
    ledger.write_bars(URL, of, bars)
    return str(of)


def same(path: str, expected: RawBars) -> bool:
    found = read_raw(path, name="x")
    return found.stamps.tolist() == expected.stamps.tolist() and all(
        found.columns[name].tobytes() == values.tobytes()
        for name, values in expected.columns.items()
    )


# ---- list ----------------------------------------------------------------------------------------
def test_list_shows_every_sample_though_there_is_no_ledger(data: Call, workdir: Path) -> None:
    code, out, err = data("list")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:]] == [
        f"sample:{name}" for name in sample_names()
    ]
    (spy,) = (line for line in out.splitlines() if line.startswith("sample:SPY_1d "))
    assert spy.split()[1:5] == ["1d", "5241", "1999-11-01", "2020-08-28"]
    assert list(workdir.iterdir()) == []


def test_list_shows_the_series_of_the_ledger(data: Call, good, stored: str) -> None:
    row = good("list")[-1]
    assert row == {
        "source": "ledger:kraken:BTC/USD:USD:1h", "timeframe": "1h", "bars": 72,
        "first": "2024-01-01T00:00:00+00:00", "last": "2024-01-03T23:00:00+00:00", "stamp": "start",
    }  # fmt: skip
    assert "ledger:kraken:BTC/USD:USD:1h" in data("list")[1].splitlines()[-1]


def test_everything_that_list_names_can_be_read(good, stored: str) -> None:
    for row in good("list"):
        assert good("check", row["source"])[0]["bars"] == row["bars"]


# ---- check ---------------------------------------------------------------------------------------
def test_check_prints_a_line_a_check_and_passes(data: Call, bars: RawBars) -> None:
    code, out, err = data("check", "bars.csv", "--stamp", "start")
    assert (code, err) == (0, "")
    head, titles, *lines = out.splitlines()
    assert head.startswith(
        "bars.csv   72 bars of 1h, 2024-01-01T00:00:00Z .. 2024-01-03T23:00:00Z, calendar 24/7"
    )
    assert titles.split() == ["check", "verdict", "count", "first", "what"]
    assert {line.split()[1] for line in lines} <= {"pass", "info"}
    assert len(lines) >= 15


def test_check_fails_with_3_and_says_where(data: Call, bars: RawBars) -> None:
    lines = Path("bars.csv").read_text().splitlines()
    lines[10], lines[11] = lines[11], lines[10]
    Path("bars.csv").write_text("\n".join(lines) + "\n")
    code, out, err = data("check", "bars.csv")
    assert code == 3
    assert err == "error: the audit fails: bars.csv\n"
    (line,) = (line for line in out.splitlines() if line.startswith("unsorted"))
    assert line.split()[:3] == ["unsorted", "fail", "1"]
    assert "row 12" in line
    code, out, err = data("check", "bars.csv", "sample:SPY_1d", "--json")
    assert (code, err) == (3, "error: the audit fails: bars.csv\n")
    assert [(audit["feed"], audit["verdict"]) for audit in json.loads(out)] == [
        ("bars.csv", "fail"), ("SPY_1d", json.loads(out)[1]["verdict"]),
    ]  # fmt: skip


def test_check_against_another_source_tells_what_they_disagree_about(good) -> None:
    audit, *_ = good("check", "sample:SPY_1d", "--against", "sample:SPY_1d_adjusted")
    last = audit["findings"][-1]
    assert (last["check"], last["verdict"], last["count"]) == ("sources", "warn", 76)
    assert audit["verdict"] == "warn"


def test_check_counts_gaps_against_the_calendar_that_is_named(good, bars: RawBars) -> None:
    def verdicts(*options: str) -> dict[str, str]:
        (audit,) = good("check", "sample:SPY_1d", *options)
        return {one["check"]: one["verdict"] for one in audit["findings"]}

    assert verdicts("--calendar", "XNYS")["gaps"] == "pass"
    assert verdicts("--calendar", "24/7")["gaps"] == "warn"


def test_check_of_a_config_checks_every_feed_as_the_config_says(data: Call, bars: RawBars) -> None:
    Path("c.yaml").write_text(FEEDS)
    code, out, err = data("check", "-c", "c.yaml", "--json")
    assert (code, err) == (0, "days: has no source of its own that could be checked\n")
    audits = {audit["feed"]: audit for audit in json.loads(out)}
    assert {name: audit["bars"] for name, audit in audits.items()} == {"spy": 72, "other": 5241}
    assert audits["spy"]["calendar"] == "24/7"
    part = FEEDS + "run: {timerange: 2024-01-02..}\n"
    Path("c.yaml").write_text(part)
    (first, *_) = json.loads(data("check", "-c", "c.yaml", "--json")[1])
    assert first["bars"] == 48


def test_check_without_anything_to_check_is_a_usage_error(data: Call, bars: RawBars) -> None:
    code, out, err = data("check")
    assert (code, out) == (2, "")
    assert err.startswith("error: name a SOURCE (see: python -m atms data list), or a config")
    Path("c.yaml").write_text(FEEDS)
    code, out, err = data("check", "-c", "c.yaml", "--calendar", "fx")
    assert (code, out) == (2, "")
    assert err == "error: these options go with a SOURCE; a config states them feed by feed\n"


def test_a_narrow_terminal_cuts_no_source_and_no_place(
    data: Call, bars: RawBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert "sample:SPY_1d_adjusted " in data("list")[1]
    text = " ".join(data("check", "sample:SPY_1d_adjusted")[1].split())
    assert "by up to 59.3 bp; first: 2015-03-05T00:00:00Z, row 1808 close_outside" in text


# ---- export --------------------------------------------------------------------------------------
@pytest.mark.parametrize("out", ["out.csv", "out.csv.gz", "out.parquet"])
def test_export_writes_every_bit(out: str, good, bars: RawBars) -> None:
    assert good("export", "bars.csv", out) == {
        "source": "bars.csv", "out": out, "timeframe": "1h", "bars": 72,
        "first": "2024-01-01T00:00:00+00:00", "last": "2024-01-03T23:00:00+00:00", "stamp": None,
        "notes": [],
    }  # fmt: skip
    assert same(out, bars)


def test_export_of_a_series_in_the_ledger_says_what_it_is(good, stored: str, bars: RawBars) -> None:
    good("export", stored, "out.parquet")
    assert same("out.parquet", bars)
    assert about_file("out.parquet") == {
        "timeframe": "1h", "stamp": "start", "source": stored, "venue": "kraken",
        "symbol": "BTC/USD:USD",
    }  # fmt: skip


def test_export_of_a_time_range_writes_that(data: Call, bars: RawBars) -> None:
    code, out, err = data("export", "bars.csv", "out.csv", "--timerange", "2024-01-02..2024-01-02")
    assert (code, out, err) == (0, "", "24 bars of 1h written to out.csv\n")
    assert same("out.csv", bars.take(np.arange(24, 48)))


def test_export_reads_what_it_is_told_of_the_source(good) -> None:
    Path("odd.csv").write_text(
        "When,open,high,low,Last\n2024-01-02 09:30,1,1,1,1\n2024-01-02 09:35,1,1,1,2\n"
    )
    good("export", "odd.csv", "out.csv", "--timezone", "America/New_York",
         "--columns", "datetime=When", "--columns", "close=Last")  # fmt: skip
    assert Path("out.csv").read_text().splitlines()[2] == "2024-01-02T14:35:00Z,1,1,1,2,"


def test_export_does_not_overwrite_unless_it_is_told_to(data: Call, bars: RawBars) -> None:
    Path("out.csv").write_text("mine")
    code, out, err = data("export", "bars.csv", "out.csv")
    assert (code, out) == (1, "")
    assert err == "error: out.csv: is there already; choose another name, or overwrite it\n"
    assert Path("out.csv").read_text() == "mine"
    assert data("export", "bars.csv", "out.csv", "--force")[0] == 0
    assert same("out.csv", bars)


# ---- resample ------------------------------------------------------------------------------------
def test_resample_writes_longer_bars(good, bars: RawBars) -> None:
    found = good("resample", "bars.csv", "4h", "out.parquet", "--stamp", "start")
    assert (found["timeframe"], found["bars"], found["stamp"]) == ("4h", 18, "start")
    assert same("out.parquet", resampled(bars, Timeframe(4, "h"), stamp="start"))
    assert about_file("out.parquet") == {
        "timeframe": "4h", "stamp": "start", "source": "bars.csv",
    }  # fmt: skip


def test_resample_takes_zone_session_and_what_is_to_be_done_with_columns(data: Call) -> None:
    code, _, err = data(
        "resample", "sample:SPY_1m", "1d", "out.csv", "--stamp", "end", "--zone",
        "America/New_York", "--session", "09:30-16:00", "--how", "volume=max", "--partial", "keep",
    )  # fmt: skip
    assert (code, err) == (
        0,
        "note: SPY_1m: 6380 bars outside the hours 09:30-16:00 America/New_York are left out\n"
        "20 bars of 1d written to out.csv\n",
    )
    raw = read_raw("sample:SPY_1m", name="x")
    expected = resampled(
        raw, Timeframe(1, "d"), stamp="end", zone="America/New_York",
        session=Session.parse("09:30-16:00"), how={"volume": "max"}, partial="keep",
    )  # fmt: skip
    assert same("out.csv", expected)


def test_resample_of_a_series_knows_its_stamp(good, stored: str) -> None:
    assert good("resample", stored, "1d", "out.csv")["bars"] == 3


def test_resample_says_which_bars_are_partial(good, bars: RawBars) -> None:
    found = good("resample", "bars.csv", "1w", "out.csv", "--stamp", "start", "--partial", "keep")
    assert found["notes"] == [
        "bars.csv: the last 1w bar, stamped 2024-01-01 00:00 UTC, is partial and kept"
    ]


# ---- adjust --------------------------------------------------------------------------------------
def test_adjust_writes_adjusted_bars(data: Call) -> None:
    Path("actions.csv").write_text(
        "date,kind,value\n2017-09-15,dividend,1.235\n2017-12-15,dividend,1.351\n"
    )
    code, out, err = data("adjust", "sample:SPY_1d_adjusted", "actions.csv", "out.parquet")
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "note: SPY_1d_adjusted: adjusted for 0 splits and 2 dividends",
        "2,519 bars of 1d written to out.parquet",
    ]
    raw = read_raw("sample:SPY_1d_adjusted", name="x")
    assert same("out.parquet", adjusted(raw, read_actions("actions.csv")))


def test_adjust_skips_what_is_outside_if_it_is_told_to(data: Call, bars: RawBars) -> None:
    Path("actions.csv").write_text("date,kind,value\n2024-01-02,split,2\n2030-01-02,split,2\n")
    needed = ("adjust", "bars.csv", "actions.csv", "out.csv", "--zone", "UTC")
    code, _, err = data(*needed)
    assert code == 3
    assert "the split of 2030-01-02 is outside the data, 2024-01-01 .. 2024-01-03" in err
    assert not Path("out.csv").exists()
    assert data(*needed, "--skip-outside")[0] == 0
    assert pd.read_csv("out.csv")["adjust_factor"].tolist() == [0.5] * 24 + [1] * 48


# ---- wrong input ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ("export nowhere.csv out.csv", 3, "nowhere.csv: nowhere.csv: no such file"),
        ("export sample:SPY out.csv", 3, "SPY: there is no bundled 'SPY'; did you mean"),
        ("export ledger:a:b:1h out.csv", 3, "ledger:a:b:1h: is not in the ledger"),
        ("export ledger:a:1h out.csv", 3, "ledger:a:1h: three parts are needed"),
        ("export bars.csv out.txt", 3, "out.txt: has no known ending; write .csv, .csv.gz, .parqu"),
        ("export bars.csv no/out.csv", 1, "no/out.csv: cannot be written: No such file or direct"),
        ("export bars.csv out.csv --timerange soon", 2, "--timerange: 'soon' is no time range"),
        ("export bars.csv out.csv --timerange 1999", 3, "bars.csv (bars.csv): has no bars in 1999"),
        ("export bars.csv out.csv --timeframe 1x", 2, "--timeframe: '1x' is no timeframe"),
        ("export bars.csv out.csv --timezone Mars", 2, "'Mars' is no time zone"),
        ("export bars.csv out.csv --stamp middle", 2, "--stamp: 'middle': write start, or end"),
        ("export bars.csv out.csv --columns close", 2, "--columns: 'close': write a name, = and"),
        ("resample bars.csv 4h out.csv", 2, "bars.csv (bars.csv): say whether its stamps are bar"),
        ("resample bars.csv 4x out.csv", 2, "TIMEFRAME: '4x' is no timeframe"),
        ("resample bars.csv 1h out.csv --stamp end", 2, "bars.csv (bars.csv): 1h is not longer"),
        ("resample bars.csv 4h out.csv --session 9", 2, "--session: '9' is no session"),
        ("resample bars.csv 4h out.csv --how a", 2, "--how: 'a': write a name, = and a value"),
        ("adjust bars.csv nowhere.csv out.csv", 3, "actions: nowhere.csv: no such file"),
        ("check bars.csv --calendar Mars", 2, ""),
    ],
)
def test_what_is_wrong_is_said_in_a_line_and_nothing_is_written(
    args: str, code: int, message: str, data: Call, bars: RawBars, workdir: Path
) -> None:
    found, out, err = data(*args.split())
    assert (found, out) == (code, "")
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
    assert not [path for path in workdir.iterdir() if "out" in path.name]


@pytest.mark.parametrize("verb", ["list", "check", "export", "resample", "adjust"])
def test_every_verb_has_help_with_an_example(verb: str, data: Call) -> None:
    code, out, _ = data(verb, "--help")
    assert code == 0
    assert verb == "list" or f"python -m atms data {verb} " in out
