"""Bad input: a clear error that says where, what and the way out, and nothing half-written."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atms

CONFIG = """\
data:
  feeds:
    - {source: bars.csv, symbol: X/Y}
strategy: buy_and_hold
report: {picture: false}
"""
BARS = 48  # hourly, from 2024-01-01 00:00 UTC: bar n is that of hour n - 1


@pytest.fixture
def bars(workdir: Path, frame) -> Any:
    """Hourly bars in bars.csv, and a config that runs on them."""
    made = frame(BARS)
    made.to_csv(workdir / "bars.csv")
    (workdir / "c.yaml").write_text(CONFIG)
    return made


@pytest.fixture
def refused(bars, cli, workdir: Path) -> Callable[..., str]:
    """Run a backtest that must be refused before it begins; return the error."""

    def call(expected_code: int, *options: str) -> str:
        code, out, err = cli("backtest", "-c", "c.yaml", *options)
        assert code == expected_code, err
        assert out == ""
        assert err.startswith("error: ")
        assert_no_crash(err)
        assert not (workdir / "runs").exists()
        assert not (workdir / "atms.db").exists()
        assert_nothing_half_written(workdir)
        return str(err)

    return call


@pytest.fixture
def broken_off(bars, cli, workdir: Path) -> Callable[..., tuple[str, atms.Result]]:
    """Run a backtest that breaks off; return the error and the run that was kept."""

    def call(expected_code: int, *options: str) -> tuple[str, atms.Result]:
        code, _, err = cli("backtest", "-c", "c.yaml", *options)
        assert code == expected_code, err
        assert_no_crash(err)
        assert_nothing_half_written(workdir)
        kept = atms.load_run("last")
        assert f"kept in runs/{kept.id}" in err
        return str(err), kept

    return call


def assert_no_crash(err: str) -> None:
    assert "Traceback" not in err
    assert "bug in atms" not in err


def assert_nothing_half_written(folder: Path) -> None:
    assert [path for path in folder.rglob("*") if "partial" in path.name] == []
    for run in (folder / "runs").glob("*"):
        assert (run / "manifest.json").is_file()


def strategy(**methods: str) -> str:
    """Return the text of a strategy whose methods hold one statement each."""
    lines = ["class Mine(bt.Strategy):"]
    for name, statement in methods.items():
        lines += [f"    def {name}(self):", f"        {statement}", ""]
    return "\n".join(lines) + "\n"


def line_of(path: str, text: str) -> str:
    """Return ``file:line`` of the line that holds *text*."""
    lines = Path(path).read_text().splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if text in line]
    return f"{path}:{number}"


# ---- data ----------------------------------------------------------------------------------------
def edited(*, row: int, text: str) -> str:
    """Return bars.csv with file line *row* replaced; the header is line 1."""
    lines = Path("bars.csv").read_text().splitlines()
    lines[row - 1] = text
    return "\n".join(lines) + "\n"


STAMP = "2024-01-01 04:00:00+00:00"  # of file line 6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: "", ["the file is empty"]),
        (lambda: "\n\n", ["the file is empty"]),
        (lambda: "datetime,open,high,low,close\n", ["holds no bars"]),
        (
            lambda: "".join(Path("bars.csv").read_text().splitlines(keepends=True)[:2]),
            ["has one bar", "at least two"],
        ),
        (
            lambda: Path("bars.csv").read_text().replace("low", "bottom"),
            ["has no column low", "bottom", "columns: {low: THEIR_NAME}"],
        ),
        (
            lambda: Path("bars.csv").read_text().replace("datetime", "moment"),
            ["has no time column", "columns: {datetime: THEIR_NAME}"],
        ),
        (
            lambda: edited(row=6, text=f"{STAMP},1,2,abc,1,5"),
            ["row 6", "low is 'abc'", "no number"],
        ),
        (
            lambda: edited(row=6, text=f"{STAMP},1,2,,1,5"),
            ["row 6", "missing_values", "1 of 48", "data.audit: warn"],
        ),
        (lambda: edited(row=6, text=f"{STAMP},1,inf,1,1,5"), ["row 6", "missing or infinite"]),
        (lambda: edited(row=6, text="noon,1,2,1,1,5"), ["row 6", "'noon' is no time"]),
        (lambda: edited(row=6, text=",1,2,1,1,5"), ["row 6", "has no time"]),
        (
            lambda: "datetime,open,high,low,close\n,1,1,1,1\n,1,1,1,1\n",
            ["row 2", "has no time"],
        ),
        (
            lambda: Path("bars.csv").read_text().replace("+00:00", ""),
            ["no time zone", "timezone: UTC"],
        ),
        (
            lambda: edited(row=6, text="2024-01-01 04:00:00,1,2,1,1,5"),
            ["no time zone", "row 6"],
        ),
        (
            lambda: edited(row=6, text="2023-12-31 04:00:00+00:00,1,2,1,1,5"),
            ["row 6", "unsorted", "before the bar above"],
        ),
        (
            lambda: edited(row=6, text="2024-01-01 03:00:00+00:00,1,2,1,1,5"),
            ["row 6", "duplicates", "stood there before"],
        ),
        (lambda: "\x00\x01\x02", []),
        (lambda: edited(row=6, text=f"{STAMP},1,2,1,1,5,6,7"), ["line 6"]),
    ],
    ids=[
        "empty", "blank lines", "header only", "one bar", "no low", "no time column", "text",
        "gap", "infinite", "no time", "empty time", "empty times", "no zone", "one without zone",
        "out of order", "twice", "bytes", "too many fields",
    ],
)  # fmt: skip
def test_bad_bars_are_refused_by_file_and_row(
    content: Callable[[], str], words: list[str], refused, workdir: Path
) -> None:
    (workdir / "bad.csv").write_text(content())
    err = refused(3, "--set", "data.feeds.0.source=bad.csv")
    assert "X/Y" in err  # the feed
    assert "bad.csv" in err
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere.csv", "nowhere.csv: no such file"),
        ("nowhere.parquet", "nowhere.parquet: no such file"),
        ("bars.xlsx", "not a .csv or .parquet file"),
        ("no.parquet", "no.parquet: cannot be read"),
        ("latin.csv", "latin.csv: cannot be read"),
        ("folder.csv", "folder.csv: cannot be read"),
        ("sample:BTCUSD_1H", "there is no bundled 'BTCUSD_1H'; did you mean 'BTCUSD_1h'?"),
        ("sample:zzz", "bundled: BTCUSD_1h"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(source: str, words: str, refused) -> None:
    Path("bars.xlsx").touch()
    Path("no.parquet").write_text("no parquet")
    Path("latin.csv").write_bytes(b"datetime,open\n2024,\xe9\xff\n")
    Path("folder.csv").mkdir()
    err = refused(3, "--set", f"data.feeds.0.source={source}")
    assert words in err
    assert "X/Y" in err


def test_two_data_without_common_span_are_refused_with_both_spans(refused, frame) -> None:
    frame(24, start="2025-03-01").to_csv("later.csv")
    err = refused(
        3, "--set", "data.feeds=[{source: bars.csv, name: a}, {source: later.csv, name: b}]"
    )
    assert "a and b have no time in common" in err
    assert "2024-01-01 00:00 .. 2024-01-02 23:00" in err
    assert "2025-03-01 00:00 .. 2025-03-01 23:00" in err


@pytest.mark.parametrize("indicator", ["bt.ind.SMA(period=60)", "bt.ind.EMA(period=60)"])
def test_an_indicator_longer_than_the_data_is_refused_with_both_lengths(
    indicator: str, refused, write_strategy
) -> None:
    # Backtrader alone would call nothing, and say nothing.
    path = write_strategy(strategy(__init__=f"self.average = {indicator}", next="self.buy()"))
    err = refused(3, "-s", path)
    assert "need 60 bars" in err
    assert "there are 48" in err
    assert "shorter periods" in err


def test_an_indicator_as_long_as_the_data_runs_its_one_bar(bars, write_strategy, cli) -> None:
    path = write_strategy(
        strategy(__init__="bt.ind.SMA(period=48)", next="print('bar', len(self))")
    )
    code, _, err = cli("backtest", "-c", "c.yaml", "-s", path)
    assert code == 0, err
    assert "bar 48" in err.splitlines()


def test_a_time_range_outside_the_data_is_refused_with_what_there_is(refused) -> None:
    err = refused(3, "--timerange", "2020-01-01..2020-02-01")
    assert "0 bars in 2020-01-01..2020-02-01" in err
    assert "covers 2024-01-01 00:00 .. 2024-01-02 23:00 UTC" in err


# ---- config --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--set", "broker.cash=0"), ["--set broker.cash", "greater than 0"]),
        (("--set", "broker.cash=.nan"), ["--set broker.cash", "finite"]),
        (("-p", "fast=3"), ["buy_and_hold", "no parameter 'fast'"]),
        (("-s", "ma_cross", "-p", "fsat=3"), ["no parameter 'fsat'", "did you mean 'fast'?"]),
        (("-p", "fast"), ["-p 'fast'", "NAME=VALUE"]),
        (("--timerange", "2020-01-01"), ["--timerange", "2018-01-01..2018-06-30"]),
        (("--set", "run.timezone=Mars/Phobos"), ["run.timezone", "Mars/Phobos"]),
        (
            ("--set", "data.feeds.0.timezone=Mars/Phobos"),
            ["data.feeds.0.timezone", "Mars/Phobos"],
        ),
    ],
)
def test_a_wrong_option_is_refused(options, words: list[str], refused) -> None:
    err = refused(2, *options)
    for word in words:
        assert word in err


def test_zero_cash_in_a_file_is_refused_by_line(refused) -> None:
    Path("c.yaml").write_text(CONFIG + "broker:\n  cash: 0\n")
    assert "c.yaml:7: broker.cash: " in refused(2)


def test_a_broken_env_file_is_refused_by_line(refused) -> None:
    Path(".env").write_text("A=1\nnot an assignment\n")
    assert ".env:2: " in refused(2)


# ---- the strategy's name -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("ma_crss", ["no 'ma_crss'", "did you mean 'ma_cross'?"]),
        ("zzz", ["no 'zzz'", "breakout, buy_and_hold, grid", "path/to/file.py:Class"]),
        ("nowhere.py", ["nowhere.py: no such file"]),
        ("nowhere.py:Mine", ["nowhere.py: no such file"]),
        ("nowhere.at_all:Mine", ["there is no such module"]),
        ("json:Mine", ["json:Mine", "no 'Mine'"]),
        ("two.py:On", ["two.py:On", "no 'On'", "did you mean 'One'?"]),
        ("two.py:X", ["two.py:X:", "no 'X'"]),
        ("two.py", ["say which class", "One, Two"]),
        ("two.py:bt", ["two.py:bt", "Strategy"]),
        ("two.py:Other", ["two.py:Other", "Strategy"]),
        ("none.py", ["none.py", "has: none"]),
        (":Mine", [":Mine"]),
        ("..mine:Mine", ["..mine"]),
        ("a b:Mine", ["a b"]),
    ],
)
def test_a_strategy_that_is_not_there_is_refused(
    spec: str, words: list[str], refused, write_strategy
) -> None:
    write_strategy(
        "class One(bt.Strategy):\n    pass\n\n\nclass Two(bt.Strategy):\n    pass\n\n\n"
        "class Other:\n    pass\n",
        "two.py",
    )
    write_strategy("ANSWER = 42\n", "none.py")
    err = refused(2, "-s", spec)
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("x = 1\nclass Mine(:\n    pass\n", ["bad.py:2: ", "class Mine(:"]),
        ("def f():\n    x = 1\n   y = 2\n", ["bad.py:3: "]),
        ("x = 1\0\n", ["bad.py", "null bytes"]),
        ("import nowhere_at_all\n", ["bad.py:1 ", "No module named 'nowhere_at_all'"]),
        ("from json import nothing\n", ["bad.py:1 ", "nothing"]),
        ("x = 1\ny = 1 / 0\n", ["bad.py:2 ", "ZeroDivisionError"]),
        ("import sys\nsys.exit()\n", ["bad.py:2 ", "SystemExit"]),
        ("import sys\nsys.exit(5)\n", ["bad.py:2 ", "SystemExit"]),
    ],
    ids=["syntax", "indent", "nul", "import", "from", "raise", "exit", "exit 5"],
)
def test_a_strategy_file_that_cannot_be_imported_is_refused_by_line(
    content: str, words: list[str], refused
) -> None:
    Path("bad.py").write_text(content)
    err = refused(1, "-s", "bad.py")
    for word in words:
        assert word in err


def test_a_missing_extra_is_one_line_with_the_command(refused, write_strategy, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "talib", None)  # as if it were not installed
    path = write_strategy("import talib\n\n\nclass Mine(bt.Strategy):\n    pass\n")
    (line,) = refused(2, "-s", path).splitlines()
    assert "talib" in line
    assert "pip install '.[talib]'" in line


@pytest.mark.skipif(
    importlib.util.find_spec("talib") is not None,
    reason="TA-Lib is installed, so Backtrader's wrapper of it works",
)
def test_backtraders_talib_without_talib_is_one_line_with_the_command(
    refused, write_strategy
) -> None:
    path = write_strategy(strategy(__init__="self.average = bt.talib.SMA(self.data)"))
    (line,) = refused(2, "-s", path).splitlines()
    assert "pip install '.[talib]'" in line


# ---- the strategy raises -------------------------------------------------------------------------
def test_a_strategy_that_raises_in_init_is_named_by_line_and_nothing_is_kept(
    refused, write_strategy
) -> None:
    path = write_strategy(strategy(__init__="raise ValueError('no good')"))
    err = refused(1, "-s", path)
    assert "strategy Mine raised in __init__" in err
    assert "ValueError: no good" in err
    assert line_of(path, "raise ValueError") in err


def test_a_strategy_that_raises_in_next_keeps_the_results_up_to_then(
    broken_off, write_strategy, cli
) -> None:
    # Bought on bar 2, filled on bar 3 at its open; broken off on bar 20, at 19:00.
    path = write_strategy(
        "class Mine(bt.Strategy):\n"
        "    def next(self):\n"
        "        if len(self) == 2:\n"
        "            self.buy(size=2)\n"
        "        if len(self) == 20:\n"
        "            self.helper()\n\n"
        "    def helper(self):\n"
        "        raise ValueError('no good')\n"
    )
    err, kept = broken_off(1, "-s", path)
    assert "strategy Mine raised in next at 2024-01-01 19:00:00 UTC, bar 20" in err
    assert "ValueError: no good" in err
    assert line_of(path, "self.helper()") in err
    assert line_of(path, "raise ValueError") in err
    assert kept.status == "failed"
    assert len(kept.equity) == 20
    assert [str(moment) for moment in kept.fills["ts"]] == ["2024-01-01 02:00:00+00:00"]
    assert list(kept.fills["size"]) == [2.0]
    assert "ValueError: no good" in kept.log
    _, out, _ = cli("runs", "list", "--json")
    (row,) = json.loads(out)
    assert (row["id"], row["status"]) == (kept.id, "failed")


def test_a_strategy_that_raises_in_stop_keeps_the_whole_run(broken_off, write_strategy) -> None:
    path = write_strategy(strategy(nextstart="self.buy()", stop="raise ValueError('no good')"))
    err, kept = broken_off(1, "-s", path)
    assert "strategy Mine raised in stop at 2024-01-02 23:00:00 UTC, bar 48" in err
    assert line_of(path, "raise ValueError") in err
    assert kept.status == "failed"
    assert len(kept.equity) == BARS
    assert len(kept.fills) == 1


@pytest.mark.parametrize("method", ["prenext", "notify_order(self, order)"])
def test_a_strategy_that_raises_in_any_other_method_is_named_by_line(
    method: str, broken_off, write_strategy
) -> None:
    name, _, arguments = method.partition("(")
    path = write_strategy(
        "class Mine(bt.Strategy):\n"
        "    def __init__(self):\n"
        "        self.average = bt.ind.SMA(period=3)\n\n"
        "    def next(self):\n"
        "        self.buy()\n\n"
        f"    def {name}({arguments or 'self)'}:\n"
        "        raise ValueError('no good')\n"
    )
    err, kept = broken_off(1, "-s", path)
    assert f"raised in {name} at 2024-01-01" in err
    assert line_of(path, "raise ValueError") in err
    assert kept.status == "failed"


def test_a_size_that_is_no_number_is_refused_where_it_is_ordered(
    broken_off, write_strategy
) -> None:
    path = write_strategy(strategy(next="self.buy(size=float('nan'))"))
    err, kept = broken_off(1, "-s", path)
    assert "the order's size is nan" in err
    assert "2024-01-01 00:00:00 UTC, bar 1" in err
    assert line_of(path, "self.buy") in err
    assert kept.status == "failed"
    assert len(kept.orders) == 0


@pytest.mark.parametrize("code", ["", "3"])
def test_a_strategy_that_calls_exit_has_failed(code: str, broken_off, write_strategy) -> None:
    path = write_strategy(strategy(next=f"len(self) == 5 and exit_now({code})").replace(
        "class", "from sys import exit as exit_now\n\n\nclass", 1
    ))  # fmt: skip
    err, kept = broken_off(1, "-s", path)
    assert "SystemExit" in err
    assert line_of(path, "len(self) == 5") in err
    assert kept.status == "failed"
    assert len(kept.equity) == 5


def test_an_endless_recursion_does_not_flood_the_screen(broken_off, write_strategy) -> None:
    path = write_strategy(strategy(next="self.next()"))
    err, kept = broken_off(1, "-s", path)
    assert "RecursionError" in err
    assert line_of(path, "self.next()") in err
    assert len(err.splitlines()) < 40
    assert len(kept.log.splitlines()) < 40


def test_a_failed_run_that_cannot_be_saved_still_says_why_it_failed(
    bars, cli, workdir, write_strategy
) -> None:
    path = write_strategy(strategy(next="raise ValueError('no good')"))
    (workdir / "file").touch()
    code, _, err = cli("backtest", "-c", "c.yaml", "-s", path, "--out", "file/mine")
    assert code == 1
    assert line_of(path, "raise ValueError") in err
    assert "ValueError: no good" in err
    assert "could not be written" in err
    assert_no_crash(err)
    assert_nothing_half_written(workdir)


def test_a_failed_run_that_the_ledger_refuses_still_says_why_it_failed(
    bars, cli, workdir, write_strategy
) -> None:
    path = write_strategy(strategy(next="raise ValueError('no good')"))
    options = ("--set", "ledger.url=sqlite:///nowhere/atms.db")
    code, _, err = cli("backtest", "-c", "c.yaml", "-s", path, *options)
    assert code in (1, 4)
    assert "ValueError: no good" in err
    (folder,) = (workdir / "runs").iterdir()
    assert str(folder.relative_to(workdir)) in err
    assert_no_crash(err)


# ---- zero trades ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("pass", "the strategy placed no order on 48 bars"),
        ("len(self) == 3 and self.buy(size=1e9)", "raise broker.cash"),
        (
            "self.position or self.buy(exectype=bt.Order.Limit, price=1)",
            "limit and stop prices were not reached",
        ),
        ("len(self) == 48 and self.buy()", "no next bar to fill on"),
    ],
    ids=["no order", "no cash", "limit", "last bar"],
)
def test_zero_trades_is_a_result_with_an_explanation(
    statement: str, words: str, bars, cli, write_strategy
) -> None:
    code, _, err = cli("backtest", "-c", "c.yaml", "-s", write_strategy(strategy(next=statement)))
    assert code == 0, err
    assert words in err
    kept = atms.load_run("last")
    assert kept.metrics["trades"] == 0
    assert kept.metrics["final_value"] == 10_000
    assert words in kept.explanation


def test_zero_trades_are_explained_with_json_too(bars, cli, write_strategy) -> None:
    path = write_strategy(strategy(next="pass"))
    code, out, err = cli("backtest", "-c", "c.yaml", "-s", path, "--json")
    assert code == 0, err
    assert json.loads(out)["trades"] == 0
    assert "the strategy placed no order on 48 bars" in out + err


# ---- writing fails -------------------------------------------------------------------------------
def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "options",
    [
        ("--out", "file/mine"),
        ("--out", "full/mine"),
        ("--out", "full"),
        ("--out", "file"),
        ("--set", "run.out=file"),
        ("--set", "run.out=full"),
        ("--set", "run.out=file/runs"),
    ],
    ids=" ".join,
)
def test_a_run_that_cannot_be_written_leaves_nothing_behind(
    options, bars, cli, workdir: Path
) -> None:
    (workdir / "file").write_text("mine")
    (workdir / "full").symlink_to("/dev/full")
    before = contents(workdir)
    code, _, err = cli("backtest", "-c", "c.yaml", *options)
    assert code == 1, err
    assert options[1].removeprefix("run.out=") in err
    assert "--out" in err  # the way out
    assert_no_crash(err)
    assert contents(workdir) == before


LIMITED = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from atms.cli.main import app
app(sys.argv[2:], prog_name="atms")
"""


def run_limited(limit: int, *args: str) -> subprocess.CompletedProcess[str]:
    """Run with no file allowed to grow beyond *limit* bytes."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *args],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("out", [(), ("--out", "deep/mine")], ids=["runs", "out"])
def test_a_file_that_grows_too_large_leaves_nothing_half_written(out, bars, workdir: Path) -> None:
    done = run_limited(2000, "backtest", "-c", "c.yaml", *out)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "nothing half-written is left" in done.stderr
    assert_no_crash(done.stderr)
    assert_nothing_half_written(workdir)
    assert not [path for path in workdir.rglob("*") if path.name.startswith(("manifest", "bars.p"))]
    assert not (workdir / "atms.db").exists()


def test_a_ledger_that_cannot_grow_keeps_the_files_and_is_usable_afterwards(
    bars, cli, workdir: Path
) -> None:
    # The run's files stay below this size, and the ledger's tables do not.
    done = run_limited(40_000, "backtest", "-c", "c.yaml")
    assert done.returncode == 4, done.stderr
    (folder,) = (workdir / "runs").iterdir()
    assert f"the run's files are kept in runs/{folder.name}" in done.stderr
    assert_no_crash(done.stderr)
    assert atms.load_run(str(folder)).status == "finished"
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 0, err
    assert len(atms.runs()) == 1


def test_a_full_disk_under_standard_output_loses_no_run(bars, workdir: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "atms", "backtest", "-c", "c.yaml"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert_no_crash(done.stderr)
    (folder,) = (workdir / "runs").iterdir()
    assert atms.load_run(str(folder)).status == "finished"
    assert_nothing_half_written(workdir)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///nowhere/atms.db", "unable to open database file"),
        ("sqlite:///bars.csv", "not a database"),
        ("sqlite:///folder", "unable to open database file"),
        ("postgresql://me@host/db", "postgresql+psycopg2://"),
        ("nosuch://host/db", "SQLite or PostgreSQL"),
    ],
)
def test_a_ledger_that_cannot_be_written_keeps_the_files_and_says_so(
    url: str, words: str, bars, cli, workdir: Path
) -> None:
    (workdir / "folder").mkdir()
    data = (workdir / "bars.csv").read_bytes()
    code, _, err = cli("backtest", "-c", "c.yaml", "--set", f"ledger.url={url}")
    assert code == (2 if url.startswith("postgresql:") else 4), err
    assert words in err
    (folder,) = (workdir / "runs").iterdir()
    assert f"the run's files are kept in runs/{folder.name}" in err
    assert_no_crash(err)
    assert_nothing_half_written(workdir)
    assert atms.load_run(str(folder)).status == "finished"
    assert (workdir / "bars.csv").read_bytes() == data


@pytest.mark.parametrize(
    "verb", [("runs", "list"), ("runs", "show", "last"), ("trades",)], ids=" ".join
)
@pytest.mark.parametrize("url", ["sqlite:///bars.csv", "postgresql://me@host/db", "garbage"])
def test_a_ledger_that_cannot_be_read_is_an_error_of_the_database_or_of_its_url(
    url: str, verb, bars, cli, monkeypatch
) -> None:
    monkeypatch.setenv("ATMS__LEDGER__URL", url)
    code, out, err = cli(*verb)
    assert code == (4 if url.startswith("sqlite") else 2), err
    assert out == ""
    assert "ledger" in err
    assert_no_crash(err)


def test_what_is_no_database_url_is_refused_before_the_run(refused) -> None:
    err = refused(2, "--set", "ledger.url=garbage")
    assert "--set ledger.url: " in err
    assert "sqlite:///atms.db" in err


# ---- Ctrl-C --------------------------------------------------------------------------------------
ENDLESS = "__import__('threading').Event().wait()"  # until it is interrupted
READY = "print('READY', flush=True)"
# A shell may have started the tests with Ctrl-C ignored, which children inherit.
INTERRUPTIBLE = """\
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from atms.cli.main import app
app(sys.argv[1:], prog_name="atms")
"""


def interrupt_when_ready(*args: str) -> tuple[int, str, str]:
    """Run in a process, send it a Ctrl-C when it says READY; return code, output, error."""
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        before = ""
        while "READY" not in before:
            line = process.stderr.readline()
            assert line, f"it ended before it was ready: {before}"
            before += line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    return process.returncode, out, before + err


def test_ctrl_c_keeps_what_was_done_and_says_so(bars, write_strategy, workdir: Path) -> None:
    path = write_strategy(
        "class Mine(bt.Strategy):\n"
        "    def next(self):\n"
        "        if len(self) == 2:\n"
        "            self.buy()\n"
        "        if len(self) == 10:\n"
        f"            {READY}\n"
        f"            {ENDLESS}\n"
    )
    code, out, err = interrupt_when_ready("backtest", "-c", "c.yaml", "-s", path)
    assert (code, out) == (130, "")
    assert_no_crash(err)
    assert_nothing_half_written(workdir)
    kept = atms.load_run("last")
    assert f"interrupted; what was done up to then is kept in runs/{kept.id}" in err
    assert "10 bars" in err
    assert kept.status == "interrupted"
    assert len(kept.equity) == 10
    assert len(kept.fills) == 1
    assert list(atms.runs()["status"]) == ["interrupted"]


def test_ctrl_c_before_the_first_bar_writes_nothing_and_says_so(
    bars, write_strategy, workdir: Path
) -> None:
    path = write_strategy(strategy(__init__=f"{READY}; {ENDLESS}"))
    code, out, err = interrupt_when_ready("backtest", "-c", "c.yaml", "-s", path)
    assert (code, out) == (130, "")
    assert "interrupted; nothing was written" in err
    assert_no_crash(err)
    assert not (workdir / "runs").exists()
    assert not (workdir / "atms.db").exists()


INTERRUPTS_SAVING = """\
class Interrupting:
    def __str__(self):
        raise KeyboardInterrupt


class Mine(bt.Analyzer):
    def get_analysis(self):
        return {"x": Interrupting()}  # turned into text when it is written
"""


def test_ctrl_c_while_the_files_are_written_leaves_none_half_written(
    bars, cli, write_strategy, workdir: Path
) -> None:
    write_strategy(INTERRUPTS_SAVING, "analyzer.py")
    code, _, err = cli("backtest", "-c", "c.yaml", "--set", "report.analyzers=[analyzer.py]")
    assert code == 130
    assert "interrupted; nothing was written" in err
    assert_nothing_half_written(workdir)
    assert list((workdir / "runs").glob("*")) == []
    assert not (workdir / "atms.db").exists()


def test_ctrl_c_while_the_ledger_is_written_says_that_the_files_are_kept(
    bars, cli, workdir: Path, monkeypatch
) -> None:
    def interrupted(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("atms.ledger.file_run", interrupted)
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 130
    (folder,) = (workdir / "runs").iterdir()
    assert atms.load_run(str(folder)).status == "finished"
    assert "nothing was written" not in err
    assert folder.name in err


def test_an_unexpected_error_is_called_a_bug_and_shown_whole(bars, cli, monkeypatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("atms.cli.backtest.run", broken)
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 1
    assert "Traceback" in err
    assert "ZeroDivisionError: ours" in err
    assert "this is a bug in atms: please report it" in err


def test_a_run_after_a_failed_one_is_not_touched_by_it(bars, cli, write_strategy) -> None:
    # Modules, the garbage collector and the logging of a run that broke off are put back.
    path = write_strategy(strategy(next="raise ValueError"))
    assert cli("backtest", "-c", "c.yaml", "--out", "before")[0] == 0
    assert cli("backtest", "-c", "c.yaml", "-s", path)[0] == 1
    assert cli("backtest", "-c", "c.yaml", "--out", "after")[0] == 0
    values = [
        atms.load_run(folder).equity["value"].to_numpy(dtype=np.float64)
        for folder in ("before", "after")
    ]
    assert values[0].tobytes() == values[1].tobytes()
