"""Every verb of the command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import csv
import json
import os
import pty
import select
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import atms
from atms.cli import progress

SMALL = """\
data:
  feeds:
    - {source: bars.csv, symbol: X/Y}
strategy: {name: ma_cross, params: {fast: 3, slow: 8}}
report: {picture: false, html: false}
"""
TALKATIVE = """\
import logging
import sys


class Mine(bt.Strategy):
    def __init__(self):
        print("said in init")

    def next(self):
        if len(self) == 3:
            print("said in next")
            sys.stdout.write("written in next\\n")
            logging.getLogger("mine").warning("logged in next")
            self.buy()

    def stop(self):
        print("said in stop")
"""


@pytest.fixture
def small(workdir: Path, frame) -> str:
    """A config over 120 hourly bars from 2024-01-01 00:00 to 2024-01-05 23:00."""
    frame(120).to_csv(workdir / "bars.csv")
    (workdir / "small.yaml").write_text(SMALL)
    return "small.yaml"


@pytest.fixture
def backtest(small, cli) -> Callable[..., dict[str, Any]]:
    """Run a backtest; return what --json prints."""

    def call(*options: str) -> dict[str, Any]:
        code, out, err = cli("backtest", "-c", small, *options, "--json")
        assert code == 0, err
        return dict(json.loads(out))

    return call


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A folder with three runs in its ledger, r0, r1 and r2, the oldest first."""
    folder = tmp_path_factory.mktemp("archive")
    hours = pd.date_range("2024-01-01", periods=120, freq="1h", tz="UTC", name="datetime")
    wave = 100 + 5 * np.sin(np.arange(120) / 4)  # it crosses its averages again and again
    bars = pd.DataFrame({"open": wave, "high": wave, "low": wave, "close": wave}, index=hours)
    bars.to_csv(folder / "bars.csv")
    (folder / "small.yaml").write_text(SMALL)
    done = []
    before = Path.cwd()
    os.chdir(folder)
    try:
        for number in range(3):
            config = atms.load_config("small.yaml", {"run": {"name": f"r{number}"}}, environment={})
            result = atms.backtest(config)
            done.append((result, folder / result.save()))
    finally:
        os.chdir(before)
    return folder, done


@pytest.fixture
def archive(made_once, workdir: Path, monkeypatch) -> list[Any]:
    """Stand in the folder with three runs, to read only; return (result, folder) of each."""
    monkeypatch.chdir(made_once[0])
    return list(made_once[1])


def run_atms(*args: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "atms", *args], capture_output=True, text=True, check=False, **more
    )


# ---- --json --------------------------------------------------------------------------------------
JSON_VERBS = [
    ("config", "show"),
    ("config", "explain"),
    ("config", "validate"),
    ("config", "schema"),
    ("strategies", "list"),
    ("strategies", "show", "ma_cross"),
    ("runs", "list"),
    ("runs", "show", "last"),
    ("trades",),
    ("trades", "last"),
]


@pytest.mark.parametrize("verb", JSON_VERBS, ids=" ".join)
def test_with_json_standard_output_is_json_alone(verb, archive, cli) -> None:
    code, out, _ = cli(*verb, "--json")
    assert code == 0
    assert json.loads(out)


@pytest.mark.parametrize("verb", JSON_VERBS, ids=" ".join)
def test_without_json_standard_output_is_for_people(verb, archive, cli) -> None:
    code, out, err = cli(*verb)
    assert code == 0, err
    assert out.strip()
    assert "\x1b[" not in out + err  # no colours where there is no terminal
    if verb != ("config", "schema"):
        with pytest.raises(json.JSONDecodeError):
            json.loads(out)


def test_what_a_strategy_prints_goes_to_standard_error_and_the_log(
    small, write_strategy, cli
) -> None:
    path = write_strategy(TALKATIVE)
    code, out, err = cli("backtest", "-c", small, "-s", path, "--json")
    assert code == 0
    folder = Path(json.loads(out)["folder"])
    log = (folder / "run.log").read_text()
    for line in ("said in init", "said in next", "written in next", "said in stop"):
        assert err.splitlines().count(line) == 1
        assert log.splitlines().count(line) == 1
    assert "logged in next" in log
    assert "logged in next" in err


def test_without_json_a_strategys_prints_stay_out_of_standard_output_too(
    small, write_strategy, cli
) -> None:
    code, out, err = cli("backtest", "-c", small, "-s", write_strategy(TALKATIVE))
    assert code == 0
    assert "said in" not in out
    assert "said in next" in err


@pytest.mark.parametrize(
    "verb",
    [
        ("backtest", "-c", "small.yaml", "-s", "mine.py"),
        ("config", "validate", "-c", "small.yaml", "-s", "mine.py"),
        ("strategies", "show", "mine.py"),
    ],
    ids=["backtest", "validate", "show"],
)
def test_what_a_strategy_file_prints_while_it_is_imported_stays_out_of_the_json(
    verb, small, write_strategy, cli
) -> None:
    write_strategy("print('said on import')\n\n\nclass Mine(bt.Strategy):\n    pass\n")
    code, out, err = cli(*verb, "--json")
    assert code == 0, err
    assert json.loads(out)
    assert "said on import" in err


def test_a_log_handler_that_a_strategy_file_sets_up_stays_out_of_the_json(
    small, write_strategy
) -> None:
    write_strategy(
        "import logging\nimport sys\n\nlogging.basicConfig(stream=sys.stdout)\n\n\n"
        "class Mine(bt.Strategy):\n    def next(self):\n        logging.warning('logged')\n"
    )
    done = run_atms("backtest", "-c", small, "-s", "mine.py", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


# ---- backtest ------------------------------------------------------------------------------------
def test_backtest_prints_what_a_trader_always_wants_and_where_the_files_are(small, cli) -> None:
    code, out, err = cli("backtest", "-c", small)
    assert code == 0
    for words in (
        "from", "to", "days / bars", "start value", "final value", "total return", "buy and hold",
        "CAGR", "volatility", "Sharpe", "Sortino", "Calmar", "trades", "win rate",
        "profit factor", "average win / loss", "best / worst trade", "expectancy", "fees",
        "max drawdown", "peak", "valley", "recovered", "days",
    ):  # fmt: skip
        assert words in out, words
    (folder,) = Path("runs").iterdir()
    assert f"files: runs/{folder.name}" in err
    assert "page:" not in err  # these tests make none


def test_backtest_says_where_the_page_is(small, cli) -> None:
    _, _, err = cli("backtest", "-c", small, "--set", "report.html=true")
    (folder,) = Path("runs").iterdir()
    assert f"page: runs/{folder.name}/report.html" in err
    assert (folder / "report.html").exists()


def test_backtest_writes_every_file_that_is_promised(backtest) -> None:
    folder = Path(backtest("--set", "report.picture=true")["folder"])
    assert {
        "metrics.json", "trades.csv", "fills.csv", "orders.parquet", "equity.parquet",
        "bars.parquet", "lines.parquet", "manifest.json", "run.log", "equity.png",
    } <= {path.name for path in folder.iterdir()}  # fmt: skip


def test_the_json_of_a_backtest_is_its_metrics_file(backtest) -> None:
    found = backtest()
    metrics = json.loads((Path(found["folder"]) / "metrics.json").read_text())
    assert {key: found[key] for key in metrics} == metrics
    assert found["status"] == "finished"
    assert Path(found["folder"]).name == found["id"]


def test_out_is_the_runs_folder(backtest) -> None:
    found = backtest("--out", "deep/down/mine")
    assert found["folder"] == "deep/down/mine"
    assert Path("deep/down/mine/manifest.json").is_file()
    assert not Path("runs").exists()


def test_an_output_folder_that_holds_something_is_kept_and_a_new_one_made_beside_it(
    backtest,
) -> None:
    Path("mine").mkdir()
    Path("mine/precious.txt").write_text("mine")
    found = [backtest("--out", "mine")["folder"] for _ in range(2)]
    assert found == ["mine-2", "mine-3"]
    assert [path.name for path in Path("mine").iterdir()] == ["precious.txt"]
    assert Path("mine/precious.txt").read_text() == "mine"
    ids = [json.loads((Path(f) / "manifest.json").read_text())["run_id"] for f in found]
    assert len(set(ids)) == 2


def test_an_empty_output_folder_is_used(backtest) -> None:
    Path("mine").mkdir()
    assert backtest("--out", "mine")["folder"] == "mine"


def test_later_config_files_win(backtest) -> None:
    Path("later.yaml").write_text("broker: {cash: 5000}\n")
    assert backtest()["start_value"] == 10_000
    assert backtest("-c", "later.yaml")["start_value"] == 5000


@pytest.mark.parametrize("short", [True, False])
def test_options_choose_strategy_parameters_and_keys(short: bool, backtest) -> None:
    found = backtest(
        *(("-s", "ma_cross", "-p", "fast=2") if short else ("--strategy", "ma_cross")),
        *(("-p", "slow=5") if short else ("--param", "fast=2", "--param", "slow=5")),
        *("--set", "broker.cash=777", "--set", "run.name=mine"),
    )
    config = json.loads((Path(found["folder"]) / "manifest.json").read_text())["config"]
    assert config["strategy"] == {"name": "ma_cross", "params": {"fast": 2, "slow": 5}}
    assert config["broker"]["cash"] == 777
    assert config["run"]["name"] == "mine"


@pytest.mark.parametrize(
    ("text", "start", "end", "bars"),
    [
        # Hourly bars, the last day included: 3 days of 24.
        ("2024-01-02..2024-01-04", "2024-01-02T00", "2024-01-04T23", 72),
        ("20240102-20240104", "2024-01-02T00", "2024-01-04T23", 72),
        ("2024-01-04..", "2024-01-04T00", "2024-01-05T23", 48),
        ("..2024-01-01", "2024-01-01T00", "2024-01-01T23", 24),
        ("2024-01-02T06:00..2024-01-02T12:00", "2024-01-02T06", "2024-01-02T11", 6),
    ],
)
def test_timerange_chooses_the_bars(text: str, start: str, end: str, bars: int, backtest) -> None:
    found = backtest("-s", "buy_and_hold", "--timerange", text)
    assert (found["start"][:13], found["end"][:13], found["bars"]) == (start, end, bars)


def test_an_option_overrides_the_files_time_range(backtest) -> None:
    Path("small.yaml").write_text(SMALL + "run: {timerange: 2024-01-01..2024-01-02}\n")
    assert backtest()["bars"] == 48
    assert backtest("--timerange", "2024-01-03..2024-01-05")["bars"] == 72


@pytest.mark.parametrize("symbol", ["BTC[PERP]", "BTC[perp]", "X[/]Y", "A:x:B"])
def test_a_symbol_is_printed_as_it_is_whatever_it_means_to_the_printer(
    symbol: str, small, cli
) -> None:
    # Square brackets are markup to the library that prints the tables, :x: is a picture.
    code, out, err = cli("backtest", "-c", small, "--set", f"data.feeds.0.symbol='{symbol}'")
    assert code == 0, err
    assert symbol in out
    for verb in (("runs", "list"), ("trades",)):
        code, out, err = cli(*verb)
        assert code == 0, err
        assert symbol in out


def test_a_config_file_of_a_hundred_lines_is_named_with_its_line(small, cli) -> None:
    # :100: and :x: are pictures to the library that prints messages.
    Path("long.yaml").write_text("#\n" * 99 + "broker: {csh: 1}\n")
    code, _, err = cli("config", "validate", "-c", small, "-c", "long.yaml")
    assert code == 2
    assert "long.yaml:100: broker.csh: unknown key" in err


# ---- exit codes ----------------------------------------------------------------------------------
EXITS = [
    (0, ()),
    (1, ("-s", "raises.py")),
    (2, ("--set", "broker.csh=1")),
    (2, ("-s", "nothing_of_that_name")),
    (2, ("--no-such-option",)),
    (3, ("--set", "data.feeds.0.source=nowhere.csv")),
    (2, ("--set", "ledger.url=postgresql+asyncpg://host/db")),
    (4, ("--set", "ledger.url=sqlite:///nowhere/atms.db")),
    (130, ("-s", "interrupted.py")),
]


@pytest.mark.parametrize(("code", "options"), EXITS, ids=[str(code) for code, _ in EXITS])
def test_exit_codes_are_as_documented(code: int, options, small, write_strategy, cli) -> None:
    for name, error in (("raises", "ValueError"), ("interrupted", "KeyboardInterrupt")):
        body = f"class Mine(bt.Strategy):\n    def next(self):\n        raise {error}\n"
        write_strategy(body, f"{name}.py")
    found, _, err = cli("backtest", "-c", small, *options)
    assert found == code
    assert "Traceback" not in err


def test_the_help_documents_the_exit_codes(cli) -> None:
    code, out, _ = cli("--help")
    assert code == 0
    said = " ".join(out.split())
    for words in ("0 good", "1 the run failed", "2 usage or config", "3 data", "130 Ctrl-C"):
        assert words in said
    assert "4 venue or database" in said


def test_an_unknown_verb_is_a_usage_error_with_the_nearest(cli) -> None:
    code, _, err = cli("bactest")
    assert code == 2
    assert "backtest" in err


# ---- runs and trades -----------------------------------------------------------------------------
def test_without_a_ledger_there_are_no_runs_and_none_is_made(workdir: Path, cli) -> None:
    code, out, err = cli("runs", "list")
    assert (code, out) == (0, "")
    assert "no runs yet; make one with: python -m atms backtest" in err
    code, out, _ = cli("runs", "list", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize("verb", [("runs", "show", "last"), ("runs", "show", "x"), ("trades",)])
def test_without_a_ledger_no_run_can_be_shown(verb, workdir: Path, cli) -> None:
    code, out, err = cli(*verb)
    assert (code, out) == (2, "")
    assert "there are no runs yet" in err
    assert list(workdir.iterdir()) == []


def test_runs_are_listed_the_newest_first(archive, cli) -> None:
    ids = [result.id for result, _ in archive]
    code, out, _ = cli("runs", "list", "--json")
    rows = json.loads(out)
    assert [row["id"] for row in rows] == ids[::-1]
    assert {row["status"] for row in rows} == {"finished"}
    code, out, err = cli("runs", "list")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ids[::-1]


def test_runs_are_listed_up_to_a_limit_and_the_rest_counted(archive, cli) -> None:
    ids = [result.id for result, _ in archive]
    code, out, err = cli("runs", "list", "-n", "1")
    assert code == 0
    assert ids[2] in out
    assert ids[1] not in out
    assert "2 older ones" in err
    code, out, _ = cli("runs", "list", "-n", "2", "--json")
    assert [row["id"] for row in json.loads(out)] == [ids[2], ids[1]]


@pytest.mark.parametrize("words", ["id", "prefix", "last", "latest", "folder"])
def test_a_run_is_found_by_id_prefix_last_and_folder(words: str, archive, cli) -> None:
    result, folder = archive[2 if words in ("last", "latest") else 1]
    named = {
        "id": result.id,
        "prefix": result.id[: result.id.index("-r") + 3],  # up to the label, which is unique
        "folder": str(folder.relative_to(Path.cwd())),
    }.get(words, words)
    code, out, err = cli("runs", "show", named, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["id"] == result.id
    assert found["metrics"]["final_value"] == result.metrics["final_value"]
    assert Path(found["folder"]).samefile(folder)


def test_a_prefix_of_several_runs_lists_them(archive, cli) -> None:
    code, out, err = cli("runs", "show", "20")
    assert (code, out) == (2, "")
    assert "3 runs start with '20'" in err
    assert all(result.id in err for result, _ in archive)


def test_a_run_that_is_not_there_is_refused_with_the_nearest(archive, cli) -> None:
    run = archive[0][0].id
    code, _, err = cli("runs", "show", f"x{run[1:]}")
    assert code == 2
    assert f"did you mean '{run}'?" in err
    assert cli("runs", "show", "zz")[0] == 2


def test_a_run_whose_files_are_gone_says_so(backtest, cli) -> None:
    folder = Path(backtest()["folder"])
    folder.rename("elsewhere")
    for asked in (("runs", "show", "last"), ("compare", "last", "last")):
        code, _, err = cli(*asked)
        assert code == 1
        assert "the run's files are gone" in err
    assert f"python -m atms report {folder.name}" in err
    assert cli("report", folder.name)[0] == 0


def test_a_runs_page_names_its_files_and_status(archive, cli) -> None:
    run = archive[0][0].id
    code, out, _ = cli("runs", "show", run)
    assert code == 0
    assert f"{run}, finished" in out
    assert "manifest.json" in out


def test_trades_are_the_rows_of_the_runs_file(archive, cli) -> None:
    code, out, _ = cli("trades", "--json")
    assert code == 0
    with (archive[2][1] / "trades.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    found = json.loads(out)
    assert len(found) == len(rows) > 1
    for trade, row in zip(found, rows, strict=True):
        assert trade["trade_id"] == int(row["trade_id"])
        assert trade["net_pnl"] == float(row["net_pnl"])
        assert trade["entry_ts"].replace("+00:00", "Z") == row["entry_ts"]
        assert (trade["exit_ts"] or "").replace("+00:00", "Z") == row["exit_ts"]


def test_trades_of_a_run_without_any_are_explained(backtest, write_strategy, cli) -> None:
    backtest("-s", write_strategy("class Mine(bt.Strategy):\n    pass\n"))
    code, out, err = cli("trades")
    assert (code, out) == (0, "")
    assert "no trades: the strategy placed no order on 120 bars" in err
    code, out, _ = cli("trades", "--json")
    assert (code, json.loads(out)) == (0, [])


# ---- strategies ----------------------------------------------------------------------------------
def test_strategies_are_listed_with_their_first_line(cli) -> None:
    code, out, _ = cli("strategies", "list")
    assert code == 0
    lines = dict(line.split(None, 1) for line in out.splitlines())
    assert lines["ma_cross"].startswith("Long while the fast moving average")
    assert "buy_and_hold" in lines
    _, out, _ = cli("strategies", "list", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert rows["ma_cross"]["class"] == "atms.strategies.ma_cross:MovingAverageCross"


def test_files_in_the_users_own_strategies_folder_are_listed(write_strategy, cli) -> None:
    write_strategy("class Mine(bt.Strategy):\n    pass\n", "strategies/mine.py")
    write_strategy("", "strategies/_helper.py")
    _, out, _ = cli("strategies", "list", "--json")
    names = [row["name"] for row in json.loads(out)]
    assert "strategies/mine.py" in names
    assert not [name for name in names if "_helper" in name]


DOCUMENTED = '''class Mine(bt.Strategy):
    """Buys [long] only, and :x: says so.

    Params:
        level: a fraction.
    """

    params = dict(level=0.5, word="a")
'''


@pytest.mark.parametrize("spec", ["mine.py", "mine.py:Mine", "mine:Mine"])
def test_a_users_strategy_is_shown(spec: str, write_strategy, cli) -> None:
    write_strategy(DOCUMENTED)
    code, out, err = cli("strategies", "show", spec)
    assert code == 0, err
    assert "Mine" in out
    assert "Buys [long] only, and :x: says so." in out
    assert "level=0.5, word='a'" in out
    code, out, _ = cli("strategies", "show", spec, "--json")
    found = json.loads(out)
    assert found["params"] == {"level": "0.5", "word": "'a'"}
    assert found["text"].startswith("Buys [long] only, and :x: says so.")


def test_the_example_of_a_strategy_runs(small, cli) -> None:
    _, out, _ = cli("strategies", "show", "ma_cross", "--json")
    words = json.loads(out)["example"].split()
    assert words[:4] == ["python", "-m", "atms", "backtest"]
    code, _, err = cli(*words[3:], "-c", small)
    assert code == 0, err


def test_a_strategy_that_is_not_there_is_refused_with_the_nearest(cli) -> None:
    code, _, err = cli("strategies", "show", "ma_crss")
    assert code == 2
    assert "did you mean 'ma_cross'?" in err


# ---- config --------------------------------------------------------------------------------------
CONFIGS = {
    "quick-start": "",
    "small": SMALL,
    "ranges": SMALL + "run: {timerange: 2024-01-02T06:00.., timezone: America/New_York}\n",
    "stores": SMALL + "stores: {m: {venue: kraken, key: '${K}', options: {a: [1, {b: off}]}}}\n",
    "feeds": SMALL.replace(
        "- {", "- {instrument: {tick: '0.10'}, timeframe: 1h, columns: {close: close}, "
    ).replace(
        "X/Y}",
        "X/Y, name: a}\n    - {of: a, resample: 1d, name: b}\n"
        "    - {store: s, name: c, symbol: XBT/USD, timeframe: 1m}",
    )
    + "stores: {s: {venue: kraken}}\nsizer: {name: 'a:B', params: {x: 1e-9}}\n",
    "words": SMALL + "run: {name: 'on: [x] #1', out: 'no'}\n",
    "emoji": SMALL + "run: {name: 'a :x: b'}\n",
    "percent": SMALL + "broker: {cash: 1e7, commission: 0.075%}\nledger: {enabled: false}\n",
}


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["yaml", "json"])
@pytest.mark.parametrize("text", CONFIGS.values(), ids=CONFIGS)
def test_what_config_show_prints_is_itself_that_config(text: str, form, small, cli) -> None:
    Path("c.yaml").write_text(text)
    options = ("-c", "c.yaml") if text else ()
    code, shown, err = cli("config", "show", *options, *form)
    assert (code, err) == (0, "")
    Path("shown.yaml").write_text(shown)
    code, again, err = cli("config", "show", "-c", "shown.yaml", *form)
    assert (code, err) == (0, "")
    assert again == shown
    original = atms.load_config(*options[1:]).config
    assert atms.load_config("shown.yaml").config == original


def test_config_show_has_the_sections_in_the_order_of_thought(small, cli) -> None:
    _, out, _ = cli("config", "show", "-c", small)
    assert list(yaml.safe_load(out)) == [
        "version", "run", "stores", "data", "strategy", "sizer", "risk", "broker", "execution",
        "operations", "ledger", "report",
    ]  # fmt: skip


def test_config_show_gives_paths_from_the_current_folder(small, cli) -> None:
    Path("sub").mkdir()
    for name in ("bars.csv", "small.yaml"):
        Path(name).rename(f"sub/{name}")
    code, out, _ = cli("config", "show", "-c", "sub/small.yaml")
    assert code == 0
    Path("shown.yaml").write_text(out)
    code, _, err = cli("backtest", "-c", "shown.yaml")
    assert code == 0, err


def test_config_explain_names_the_origin_of_every_value(small, cli, monkeypatch) -> None:
    monkeypatch.setenv("ATMS__BROKER__CASH", "5")
    Path(".env").write_text("ATMS__RUN__SEED=7\n")
    code, out, _ = cli("config", "explain", "-c", small, "-p", "fast=2", "--set", "run.name=x")
    assert code == 0
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines()}
    assert rows["broker.cash"] == "5.0 environment ATMS__BROKER__CASH"
    assert rows["run.seed"] == "7 .env ATMS__RUN__SEED"
    assert rows["run.name"] == "x --set run.name"
    assert rows["strategy.params.fast"] == "2 -p fast"
    assert rows["strategy.params.slow"] == "8 small.yaml:4"
    assert rows["data.feeds.0.source"] == "bars.csv small.yaml:3"
    assert rows["broker.commission"] == "0.0 default"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-s", "ma_crss"), "did you mean 'ma_cross'?"),
        (("-p", "fsat=3"), "ma_cross: has no parameter 'fsat'; did you mean 'fast'?"),
        (("--set", "sizer=backtrader.sizers:Nope"), "there is no 'Nope'"),
        (("--set", "report.analyzers=[nope]"), "there is no 'nope'"),
    ],
)
def test_config_validate_looks_up_what_is_named(options, words: str, small, cli) -> None:
    code, out, err = cli("config", "validate", "-c", small, *options)
    assert (code, out) == (2, "")
    assert words in err


def test_config_validate_runs_nothing(small, workdir: Path, cli) -> None:
    code, out, err = cli("config", "validate", "-c", small)
    assert (code, out, err) == (0, "valid: MovingAverageCross, 1 feed(s)\n", "")
    assert {path.name for path in workdir.iterdir()} == {"bars.csv", "small.yaml"}


# ---- processes, pipes, terminals -----------------------------------------------------------------
def test_the_script_and_the_module_are_the_same(small) -> None:
    script = Path(sysconfig.get_path("scripts")) / "atms"
    args = ("config", "explain", "-c", small, "--set", "broker.csh=1")
    module = run_atms(*args)
    done = subprocess.run([script, *args], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", module.stderr)
    assert module.returncode == 2
    assert "did you mean 'cash'?" in module.stderr


PIPED = [
    ("config", "show"),
    ("config", "explain"),
    ("config", "schema"),
    ("strategies", "list"),
    ("strategies", "list", "--json"),
]


def run_into_closed_pipe(*args: str) -> tuple[int, str]:
    """Run with a standard output whose reader has gone before the first line, as head may."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "atms", *args],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    return done.returncode, done.stderr


@pytest.mark.parametrize("verb", PIPED, ids=" ".join)
def test_a_closed_pipe_is_no_error(verb) -> None:
    assert run_into_closed_pipe(*verb) == (0, "")


def test_a_closed_pipe_loses_no_run(small) -> None:
    # `atms backtest | head -1`: the reader has seen enough, and the run is kept all the same.
    code, err = run_into_closed_pipe("backtest", "-c", small)
    assert "Traceback" not in err
    (folder,) = Path("runs").iterdir()
    assert (folder / "manifest.json").is_file()
    assert len(atms.runs()) == 1
    assert code == 0


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show the bar at once, not after half a second."""
    monkeypatch.setattr(progress, "_SHOW_AFTER", 0.0)


def cerebro_at(bar: int) -> Any:
    """What the bar looks at: a Cerebro whose first strategy is as long as the bars seen."""
    return SimpleNamespace(runningstrats=[range(bar)])


@pytest.mark.parametrize("colour", [False, True], ids=["plain", "FORCE_COLOR"])
def test_the_progress_bar_is_silent_where_there_is_no_terminal(
    colour: bool, eager, capfd, monkeypatch
) -> None:
    if colour:  # as continuous integration sets it; a file is a file all the same
        monkeypatch.setenv("FORCE_COLOR", "1")
    before = threading.active_count()
    with progress.ProgressBar().watch(cerebro_at(250), 1000):
        watching = threading.active_count() - before
    assert watching == 0
    assert capfd.readouterr() == ("", "")


def test_the_progress_bar_shows_bars_and_speed_on_a_terminal(eager, monkeypatch) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    shown = b""
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress.ProgressBar().watch(cerebro_at(250), 1000):
            while b"250/1,000 bars" not in shown:
                ready, _, _ = select.select([ours], [], [], 20)
                assert ready, f"no bar after: {shown!r}"
                shown += os.read(ours, 4096)
        monkeypatch.undo()
    os.close(ours)
    assert b"backtest" in shown


def test_a_run_in_a_file_shows_no_progress(small, cli, eager) -> None:
    code, out, err = cli("backtest", "-c", small)
    assert code == 0
    assert "bars/s" not in out + err
    assert "\r" not in out + err
