"""Faults that a reader of the whole found, each held by the story in which it bit."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

import atms
from atms.feeds.sources import SAMPLES


class Nothing(bt.Strategy):
    pass


class Seen(bt.Strategy):
    """Notes the strategy's own times and the first data's closes."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float]] = []

    def next(self) -> None:
        self.rows.append((f"{self.data.datetime.datetime(0):%Y-%m-%d %H:%M}", self.data.close[0]))


# ---- stamps and lengths --------------------------------------------------------------------------
def test_two_feeds_say_what_their_stamps_are_or_neither_does(frame: Callable) -> None:
    # Else the one without a word is seen an hour before the other.
    one, other = {"source": frame(30), "stamp": "start"}, {"source": frame(30)}
    with pytest.raises(atms.ConfigError, match=r"data\.feeds\.b: .*stamp"):
        atms.backtest(Nothing, data={"a": one, "b": other})
    atms.backtest(Nothing, data={"a": one, "b": {**other, "stamp": "start"}})


def test_longer_bars_must_be_longer(frame: Callable) -> None:
    with pytest.raises(atms.ConfigError, match=r"30m is not longer than .*\(1h\)"):
        atms.backtest(Nothing, data={"a": {"source": frame(30), "resample": "30m"}})


def test_a_timeframe_that_the_bars_do_not_have_is_refused(frame: Callable) -> None:
    with pytest.raises(atms.DataError, match="timeframe is 1d, and its bars are 1h apart"):
        atms.backtest(Nothing, data={"source": frame(30), "timeframe": "1d"})


def test_feeds_in_two_currencies_warn_that_they_are_added_up(frame: Callable) -> None:
    feeds = {name: {"source": frame(30), "currency": name} for name in ("EUR", "USD")}
    (warning,) = atms.backtest(Nothing, data=feeds).warnings
    assert "EUR and USD" in warning


def test_the_date_of_a_session_is_the_same_in_every_zone() -> None:
    result = atms.backtest(Seen, data="sample:SPY_1d", timezone="America/New_York")
    assert result.strategy.rows[0] == ("1999-11-01 00:00", 135.5625)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_resampled_day_is_a_day_of_the_runs_zone_whatever_gaps_there_are(zone: str) -> None:
    # A currency week: Sunday evening to Friday evening, a gap in every one, and both DST changes.
    # Not December: on the 26th there is just the last hour, which Backtrader adds to the next day.
    feed = {"source": "sample:EURUSD_1h", "stamp": "start", "resample": "1d"}
    bars = atms.backtest(
        Nothing, data=feed, timezone=zone, timerange="2016..2016-11", warmup=0
    ).bars
    hours = pd.read_parquet(SAMPLES / "EURUSD_1h.parquet").set_index("datetime")
    # The warm-up's bars before the range go into its first day.
    hours = hours[:"2016-11-30 23:59"].tz_convert(zone)
    days = hours["close"].groupby(hours.index.date).last()
    got = bars["close"].to_numpy()[1:]
    expected = days.to_numpy()[-len(got) :]
    assert len(got) > 230
    assert np.array_equal(got, expected)


# ---- figures -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "a_year"), [("W-FRI", 365.25 / 7), ("W-SUN", 365.25 / 7), ("MS", 365.25 / 31)]
)
def test_weekly_and_monthly_bars_are_annualised_by_their_own_step(rule: str, a_year: float) -> None:
    daily = pd.read_csv(SAMPLES / "SPY_1d.csv", parse_dates=["datetime"], index_col="datetime")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    longer = daily.resample(rule).agg(how)
    metrics = atms.backtest(Nothing, data=longer).metrics
    assert metrics["periods_per_year"] == pytest.approx(a_year)
    assert "days" in metrics["returns_note"]


def test_the_weekly_growth_of_spy_is_that_of_its_days() -> None:
    feeds = {"source": "sample:SPY_1d", "resample": "1w"}
    config = {"data": {"feeds": [feeds]}, "strategy": "buy_and_hold", "broker": {"cash": 140}}
    weekly = atms.backtest(config).metrics["cagr"]
    config["data"] = {"feeds": [{"source": "sample:SPY_1d"}]}
    # Sessions a year: 252 are assumed, 251.6 there were.
    assert weekly == pytest.approx(atms.backtest(config).metrics["cagr"], rel=0.02)


# ---- what a run was made of ----------------------------------------------------------------------
def test_the_data_hash_covers_a_resampled_source() -> None:
    hashes = {
        sample: atms.backtest(
            Nothing, data={"source": f"sample:{sample}", "resample": "1w"}
        ).provenance.hashes["data"]
        for sample in ("SPY_1d", "MSFT_1d")
    }
    assert hashes["SPY_1d"] != hashes["MSFT_1d"]


STRATEGY = """
from strategies import helpers


class Mine(bt.Strategy):
    def next(self):
        if len(self) == helpers.N:
            self.buy()
"""


@pytest.fixture
def project(workdir: Path, write_strategy: Callable[..., str]) -> Path:
    """A research folder with a package of strategies, as docs/library.md shows it."""
    write_strategy(STRATEGY, "strategies/mine.py")
    (workdir / "strategies" / "__init__.py").touch()
    (workdir / "strategies" / "helpers.py").write_text("N = 3\n")
    return workdir


def test_the_code_hash_covers_what_a_package_imports_from_itself(project: Path) -> None:
    def code() -> str:
        result = atms.backtest(strategy="strategies/mine.py", data="sample:GLD_1d")
        return result.provenance.hashes["code"]

    before = code()
    (project / "strategies" / "helpers.py").write_text("N = 30\n")
    assert code() != before


def test_a_file_that_a_sibling_begins_to_import_is_covered_from_then_on(project: Path) -> None:
    def code() -> dict[str, str]:
        return atms.backtest(strategy="strategies/mine.py", data="sample:GLD_1d").provenance.code

    (project / "strategies" / "deeper.py").write_text("M = 3\n")
    assert "deeper.py" not in code()
    (project / "strategies" / "helpers.py").write_text("import deeper\nN = 3\n")
    assert "deeper.py" in code()


def test_the_code_hash_covers_the_sizer(write_strategy: Callable[..., str]) -> None:
    def code(size: str) -> str:
        body = f"class Z(bt.Sizer):\n    def _getsizing(self, *args):\n        return {size}\n"
        sizer = write_strategy(body, "sz.py")
        result = atms.backtest(Nothing, data="sample:GLD_1d", sizer=f"{sizer}:Z")
        return result.provenance.hashes["code"]

    assert code("1") != code("0.5")


@pytest.mark.parametrize(
    "command", [["-m", "atms"], ["-c", "from atms.cli.main import main; main()"]]
)
@pytest.mark.parametrize("inside", [True, False], ids=["in the folder", "from elsewhere"])
def test_a_package_of_strategies_is_found_from_both_commands_and_from_anywhere(
    project: Path, tmp_path_factory: pytest.TempPathFactory, command: list[str], inside: bool
) -> None:
    folder = project if inside else tmp_path_factory.mktemp("elsewhere")
    done = subprocess.run(
        [sys.executable, "-P", *command, "backtest", "-s", str(project / "strategies" / "mine.py")],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


# ---- where a run is kept -------------------------------------------------------------------------
@pytest.mark.parametrize("out", [".", "a/..", "deep/er/still"])
def test_any_folder_can_be_a_runs_folder(workdir: Path, out: str) -> None:
    folder = atms.backtest(Nothing, data="sample:GLD_1d").save(out)
    assert (folder / "manifest.json").exists()


def test_a_home_folder_is_the_users(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(workdir / "home"))
    (workdir / "home").mkdir()
    atms.backtest(Nothing, data="sample:GLD_1d").save("~/mine")
    assert (workdir / "home" / "mine" / "manifest.json").exists()
    assert not (workdir / "~").exists()


def test_a_very_long_name_is_cut_in_the_folders_name() -> None:
    result = atms.backtest(Nothing, data="sample:GLD_1d", name="n" * 300)
    assert result.save().is_dir()
    assert result.config.run.name == "n" * 300


def test_a_run_is_read_back_when_the_variable_of_its_ledger_is_gone(
    monkeypatch: pytest.MonkeyPatch, workdir: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")
    folder = atms.backtest(Nothing, data="sample:GLD_1d").save()
    assert (workdir / "other.db").exists()
    monkeypatch.delenv("DATABASE_URL")
    assert atms.load_run(str(folder)).status == "finished"


def test_the_config_beside_a_run_runs_it_again(cli: Callable) -> None:
    first = atms.load_run(_saved(cli, "backtest", "-p", "fast=12"))
    again = atms.load_run(_saved(cli, "backtest", "-c", str(first.folder / "config.yaml")))
    assert again.metrics["final_value"] == first.metrics["final_value"]
    assert again.provenance.hashes == first.provenance.hashes


def _saved(cli: Callable, *command: str) -> str:
    code, _, err = cli(*command)
    assert code == 0, err
    return str(max(Path("runs").iterdir(), key=os.path.getmtime))


def test_why_a_run_broke_off_is_kept_and_shown(cli: Callable, write_strategy: Callable) -> None:
    body = "class Mine(bt.Strategy):\n    def next(self):\n        raise ValueError('no good')\n"
    cli("backtest", "-s", write_strategy(body))
    _, out, _ = cli("runs", "show", "last")
    assert "ValueError: no good" in out
    assert "mine.py:6" in out


# ---- secrets and odd surroundings ----------------------------------------------------------------
@pytest.mark.parametrize("name", ["password", "apiToken", "private_key", "PIN"])
def test_an_option_named_like_a_secret_is_given_like_one(name: str) -> None:
    base = {"data": {"feeds": [{"source": "sample:GLD_1d"}]}, "strategy": "buy_and_hold"}
    options = {"venue": "kraken", "options": {name: "hunter2"}}
    with pytest.raises(atms.ConfigError, match="a secret is named, never written") as caught:
        atms.load_config({**base, "stores": {"main": options}})
    assert "hunter2" not in str(caught.value)
    options["options"] = {name: "${HUNTER}", "sandbox": True}
    loaded = atms.load_config({**base, "stores": {"main": options}}, environment={"HUNTER": "h2"})
    shown = {key: value for key, value, _ in loaded.explain()}
    assert shown[f"stores.main.options.{name}"].startswith("${HUNTER} (sha256:")


@pytest.mark.parametrize("name", ["DATABASE_URL", "PAPER_TRADING", "ATMS__BROKER__CASH"])
def test_a_variable_set_to_nothing_is_not_set(name: str) -> None:
    assert atms.load_config(environment={name: ""}).config.broker.cash == 10_000


@pytest.mark.parametrize(
    "surroundings", [{"COLUMNS": ""}, {"COLUMNS": "abc"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_odd_terminals_get_their_table(surroundings: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "atms", "backtest", "-s", "buy_and_hold"],
        capture_output=True, text=True, env={**os.environ, **surroundings},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "BuyAndHold" in done.stdout


def test_a_narrow_terminal_sees_fewer_columns_and_whole_ids(
    cli: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(_saved(cli, "backtest")).name
    monkeypatch.setenv("COLUMNS", "70")
    assert run in cli("runs", "list")[1]
    assert "…" not in cli("trades")[1]


@pytest.mark.parametrize("name", ["UP.CSV", "x.csv"])
def test_a_frame_written_by_pandas_is_read(frame: Callable, name: str) -> None:
    bars = frame(30)
    bars.index.name = None
    bars.to_csv(name)
    assert len(atms.backtest(Nothing, data=name).equity) == 30


def test_another_separator_is_named(frame: Callable) -> None:
    frame(30).to_csv("x.csv", sep=";")
    with pytest.raises(atms.DataError, match="is separated by ';'"):
        atms.backtest(Nothing, data="x.csv")


def test_validate_looks_for_the_source(cli: Callable) -> None:
    code, _, err = cli("config", "validate", "--set", "data.feeds.0.source=gone.csv")
    assert code == 3
    assert "gone.csv: no such file" in err
