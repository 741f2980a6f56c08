"""``atms compare`` and the library's ``compare``: figures and configs side by side."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import atms
from atms.cli.tables import money, number, percent
from atms.comparing import _LESS, _MORE, _MORE_MONEY, compare
from atms.errors import ConfigError
from atms.result import Result

BREAKS = """\
import backtrader as bt


class Breaks(bt.Strategy):
    def next(self):
        if len(self) == 60:
            raise RuntimeError("on the sixtieth bar")
"""
RANDOM = """\
import os

import backtrader as bt


class Random(bt.Strategy):
    def next(self):
        if os.urandom(1)[0] % 2:
            self.buy()
        else:
            self.close()
"""


def wave(bars: int = 240, start: str = "2024-01-01") -> pd.DataFrame:
    """Hourly bars that cross their averages again and again."""
    hours = pd.date_range(start, periods=bars, freq="1h", tz="UTC", name="datetime")
    close = 100 + 5 * np.sin(np.arange(bars) / 4) + np.arange(bars) / 50
    return pd.DataFrame({"open": close, "high": close, "low": close, "close": close}, index=hours)


@pytest.fixture(scope="module")
def run() -> Callable[..., Result]:
    """Run a backtest on waves; each one is run once."""
    known: dict[str, Result] = {}

    def call(**more: Any) -> Result:
        key = repr(sorted((name, str(value)) for name, value in more.items()))
        if key not in known:
            config = {
                "data": {"source": wave(), "symbol": "X/Y"},
                "strategy": "ma_cross",
                "params": {"fast": 3, "slow": 8},
                **more,
            }
            known[key] = atms.backtest(**config)
        return known[key]

    return call


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Result]]:
    """A folder with six runs in its ledger, the oldest first: fast is 2, 3, 4, 5, 6 and 7 bars."""
    folder = tmp_path_factory.mktemp("archive")
    wave().to_csv(folder / "bars.csv")
    before = Path.cwd()
    os.chdir(folder)
    try:
        done = []
        for fast in range(2, 8):
            result = atms.backtest(
                {"data": {"feeds": [{"source": "bars.csv", "symbol": "X/Y"}]}},
                strategy="ma_cross",
                params={"fast": fast, "slow": 12},
                name=f"fast{fast}",
                report__picture=False,
                cash=1_000_000,
                sizer={"name": "backtrader.sizers:PercentSizer", "params": {"percents": 95}},
            )
            result.save()
            done.append(result)
    finally:
        os.chdir(before)
    return folder, done


@pytest.fixture
def six(archive, monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """Stand in the folder with six runs; return them, the oldest first."""
    monkeypatch.chdir(archive[0])
    return list(archive[1])


def with_figures(result: Result, name: str, **figures: Any) -> Result:
    """Return *result* as another run, with some figures changed."""
    return replace(result, id=name, metrics={**result.metrics, **figures})


def with_hashes(result: Result, name: str, **hashes: str) -> Result:
    """Return *result* as another run, made of something else."""
    made_of = replace(result.provenance, hashes={**result.provenance.hashes, **hashes})
    return replace(result, id=name, provenance=made_of)


# ---- figures -------------------------------------------------------------------------------------
def test_a_column_holds_a_runs_figures_and_a_row_one_figure(run) -> None:
    one, other = run(), run(params={"fast": 5, "slow": 8})
    metrics = compare([one, other]).metrics
    assert list(metrics.columns) == [one.id, other.id]
    assert metrics[one.id].to_dict() == one.metrics
    assert metrics.loc["sharpe"].to_list() == [one.metrics["sharpe"], other.metrics["sharpe"]]


def test_a_figure_that_a_run_does_not_have_is_none(run) -> None:
    older = run()
    newer = replace(older, id="newer", metrics={**older.metrics, "new_figure": 1.5})
    row = compare([older, newer]).metrics.loc["new_figure"]
    assert row[older.id] is None
    assert row["newer"] == 1.5


@pytest.mark.parametrize(
    ("figure", "values", "best"),
    [
        ("sharpe", (0.5, 1.5, -2.0), "b"),
        ("max_drawdown", (-0.2, -0.1, -0.3), "b"),  # nearer zero
        ("volatility", (0.3, 0.2, 0.4), "b"),
        ("longest_drawdown_days", (30.0, 20.0, 40.0), "b"),
        ("cvar_95", (-0.03, -0.02, -0.04), "b"),
        ("sharpe", (None, 1.5, -2.0), "b"),
        ("sharpe", (1.5, 1.5, -2.0), "ab"),
        ("sharpe", (1.5, 1.5, 1.5), ""),
        ("sharpe", (None, 1.5, None), ""),  # the best of one is no distinction
        ("exposure", (0.1, 0.2, 0.3), ""),  # more is neither better nor worse
        ("fees", (1.0, 2.0, 3.0), ""),
        ("start", ("2024-01-01", "2024-01-02", "2024-01-03"), ""),
    ],
)
def test_the_best_of_a_row_is_marked_where_better_is_defined(figure, values, best, run) -> None:
    runs = [with_figures(run(), name, **{figure: v}) for name, v in zip("abc", values, strict=True)]
    row = compare(runs).best.loc[figure]
    assert "".join(row.index[row]) == best


def test_a_run_that_broke_off_is_never_the_best(run) -> None:
    good = with_figures(run(), "good", sharpe=1.0)
    other = with_figures(run(), "other", sharpe=0.5)
    broken = replace(with_figures(run(), "broken", sharpe=9.0), status="failed")
    row = compare([good, broken, other]).best.loc["sharpe"]
    assert list(row.index[row]) == ["good"]


def test_money_is_better_only_out_of_the_same_cash(run) -> None:
    one = with_figures(run(), "one", final_value=11_000.0)
    same = with_figures(run(), "same", final_value=12_000.0)
    richer = with_figures(run(), "richer", final_value=120_000.0, start_value=100_000.0)
    assert compare([one, same]).best.at["final_value", "same"]
    assert not compare([one, richer]).best.loc["final_value"].any()


def test_every_figure_that_can_be_better_is_one_that_runs_have(run) -> None:
    assert {*_MORE, *_LESS, *_MORE_MONEY} - set(run().metrics) == set()


# ---- configs -------------------------------------------------------------------------------------
def test_only_keys_that_differ_are_there_in_the_configs_order(run) -> None:
    one = run()
    other = run(params={"fast": 5, "slow": 8}, commission="1%", name="other")
    config = compare([one, other]).config
    assert list(config.index) == ["run.name", "strategy.params.fast", "broker.commission"]
    assert config.loc["strategy.params.fast"].to_list() == [3, 5]
    assert config.loc["broker.commission"].to_list() == [0.0, 0.01]


def test_what_a_run_does_not_set_is_missing(run) -> None:
    one, other = run(), run(strategy="buy_and_hold", params={})
    config = compare([one, other]).config
    assert config.loc["strategy.params.slow"].to_list() == [8, pd.NA]
    assert config.at["strategy.name", other.id] == "buy_and_hold"


def test_a_run_again_differs_in_no_key(run) -> None:
    again = replace(run(), id="again")
    assert compare([run(), again]).config.empty


# ---- what they are made of -----------------------------------------------------------------------
def test_runs_of_the_same_data_and_code_say_so(run) -> None:
    found = compare([run(), run(params={"fast": 5, "slow": 8})])
    assert found.notes == ("same data", "same code", "same versions")
    assert found.warnings == ()


def test_other_code_is_named_by_its_file(run) -> None:
    one, other = run(), run(strategy="buy_and_hold", params={})
    assert "other code: ma_cross.py, buy_and_hold.py" in compare([one, other]).notes


def test_of_several_runs_it_is_said_which_are_alike(run) -> None:
    runs = [run(), with_hashes(run(), "b", code="x"), replace(run(), id="c")]
    assert "other code (A = C, B)" in compare(runs, ["A", "B", "C"]).notes


def test_other_data_is_warned_of_by_the_feeds_name(run) -> None:
    other = run(data={"source": wave().mul(2), "symbol": "X/Y"})
    (warning,) = compare([run(), other]).warnings
    assert warning == "other data: data: figures of other bars"


def test_the_same_bars_under_another_name_are_the_same_data(run) -> None:
    renamed = run(data={"source": wave(), "symbol": "X/Y", "name": "renamed"})
    found = compare([run(), renamed])
    assert found.notes[0] == "same data under other names"
    assert found.warnings == ()


def test_other_versions_are_named(run) -> None:
    made_of = run().provenance
    newer = replace(made_of, versions={**made_of.versions, "numpy": "9.9"})
    other = replace(run(), id="other", provenance=newer)
    expected = f"other versions: numpy {np.__version__} and 9.9"
    assert compare([run(), other]).notes[2] == expected


def test_another_period_is_warned_of(run) -> None:
    shorter = run(timerange="2024-01-02..2024-01-08")
    warnings = compare([run(), shorter], ["A", "B"]).warnings
    assert (
        "other periods: A: 2024-01-01 .. 2024-01-10 23:00; B: 2024-01-02 .. 2024-01-08 23:00"
        in warnings
    )


def test_other_periods_a_year_are_warned_of(run) -> None:
    (warning,) = compare([run(), run(report__periods_per_year=252)], ["A", "B"]).warnings
    assert warning.startswith("returns measured otherwise: A: returns of each bar")
    assert warning.endswith("taken as 252 a year")


def test_another_currency_is_warned_of_once_for_those_alike(run) -> None:
    euro = run(data={"source": wave(), "symbol": "X/Y", "currency": "EUR"})
    third = replace(run(), id="third")
    assert compare([run(), euro, third], ["A", "B", "C"]).warnings == (
        "other currencies: A, C: USD; B: EUR",
    )


def test_other_starting_cash_is_warned_of(run) -> None:
    (warning,) = compare([run(), run(cash=50_000)], ["A", "B"]).warnings
    assert warning == "other starting cash: A: 10,000.00; B: 50,000.00"


def test_a_run_that_failed_is_warned_of(run, workdir: Path) -> None:
    Path("breaks.py").write_text(BREAKS)
    with pytest.raises(atms.StrategyError) as caught:
        run(strategy="breaks.py", params={})
    assert caught.value.result is not None
    warnings = compare([run(), caught.value.result], ["A", "B"]).warnings
    assert "B failed: its figures are of what was done up to then" in warnings


def test_a_strategy_that_does_not_repeat_itself_is_warned_of(workdir: Path) -> None:
    Path("random_one.py").write_text(RANDOM)
    runs = [
        atms.backtest(strategy="random_one.py", data=wave(), name=name) for name in ("one", "two")
    ]
    (warning,) = compare(runs, ["A", "B"]).warnings
    assert warning.startswith("A and B are of the same config, data, code and versions")
    assert compare([runs[0], replace(runs[0], id="again")]).warnings == ()


def test_one_run_is_no_comparison(run) -> None:
    with pytest.raises(ConfigError, match="needs two runs"):
        compare([run()])


def test_a_run_given_twice_is_refused(run) -> None:
    with pytest.raises(ConfigError, match=f"{run().id} is given twice"):
        compare([run(), run()])


# ---- the verb ------------------------------------------------------------------------------------
def figures_of(result: Result) -> list[str]:
    """Return some of a run's figures as the terminal writes them."""
    m = result.metrics
    shown = [percent(m[name]) for name in ("total_return", "volatility", "max_drawdown", "alpha")]
    return [*shown, number(m["sharpe"]), money(m["final_value"]), money(m["fees"])]


def test_two_runs_fit_on_eighty_columns_whole(six, cli, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = cli("compare", six[0].id, six[1].id)
    assert code == 0, err
    table = out.partition("first bar")[2]
    assert max(map(len, table.splitlines())) <= 80
    assert "…" not in out
    for figure in figures_of(six[0]) + figures_of(six[1]):
        assert re.search(rf"(?<![\d.,-]){re.escape(figure)}(?![\d%])", out), figure


@pytest.mark.parametrize(("columns", "tables"), [("60", 3), ("80", 2), ("200", 1)])
def test_more_runs_than_fit_stand_below_each_other(columns, tables, six, cli, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = cli("compare", *(result.id for result in six))
    assert code == 0, err
    figures = out.partition("their configs differ in:")[0]
    heads = re.findall(r"^ +([A-F](?: +[A-F])*) *$", figures, re.MULTILINE)
    assert len(heads) == tables
    assert " ".join(heads).split() == [*"ABCDEF"]
    table = out.partition("first bar")[2]
    assert max(map(len, table.splitlines())) <= int(columns)
    for result in six:
        for figure in figures_of(result):
            assert re.search(rf"(?<![\d.,-]){re.escape(figure)}(?![\d%])", out), figure


def test_a_page_too_narrow_for_one_run_is_widened_not_cut(six, cli, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    _, out, _ = cli("compare", six[0].id, six[1].id)
    assert all(figure in out for figure in figures_of(six[0]))
    assert "…" not in out


def test_the_best_of_a_row_has_a_star(six, cli) -> None:
    _, out, _ = cli("compare", *(result.id for result in six))
    (line,) = [line for line in out.splitlines() if line.startswith("Sharpe")]
    cells = line.split()[1:]
    best = max(range(6), key=lambda index: six[index].metrics["sharpe"])
    assert [index for index, cell in enumerate(cells) if cell.endswith("*")] == [best]


def test_what_differs_in_the_configs_is_shown_and_what_is_alike_is_not(six, cli) -> None:
    _, out, _ = cli("compare", six[0].id, six[1].id)
    settings = out.partition("their configs differ in:")[2].split()
    assert settings == ["A", "B", "run.name", "fast2", "fast3", "strategy.params.fast", "2", "3"]
    assert "same data; same code; same versions" in out


def test_a_run_is_named_by_id_its_start_last_or_its_folder(six, cli) -> None:
    start = six[0].id.rpartition("-")[0]
    for name in (six[0].id, start, f"runs/{six[0].id}"):
        code, out, err = cli("compare", name, "last")
        assert code == 0, err
        assert six[0].id in out
        assert six[5].id in out


def test_with_json_standard_output_is_json_alone(six, cli) -> None:
    code, out, err = cli("compare", six[0].id, six[1].id, "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["metrics"]["sharpe"] == {r.id: r.metrics["sharpe"] for r in six[:2]}
    assert told["config"]["strategy.params.fast"] == {six[0].id: 2, six[1].id: 3}
    best = max(six[:2], key=lambda result: result.metrics["sharpe"])
    assert told["best"]["sharpe"] == [best.id]
    assert [one["id"] for one in told["runs"]] == [six[0].id, six[1].id]
    assert (told["notes"][0], told["warnings"]) == ("same data", [])


def test_warnings_go_to_standard_error(six, cli, tmp_path: Path) -> None:
    other = atms.backtest(
        strategy="ma_cross",
        data=wave(start="2025-01-01"),
        report__picture=False,
        ledger__enabled=False,
    ).save(tmp_path / "other")
    code, out, err = cli("compare", six[0].id, str(other))
    assert code == 0
    assert "warning: other data" in err
    assert "warning: other periods: A: 2024-01-01 .. 2024-01-10 23:00; B: 2025-01-01" in err
    assert "other periods" not in out


def test_two_names_of_one_run_are_refused(six, cli) -> None:
    code, out, err = cli("compare", "last", six[5].id)
    assert (code, out) == (2, "")
    assert f"last and {six[5].id} are the same run" in err


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (("last",), "needs two runs"),
        (("last", "nonsense"), "there is no run 'nonsense'"),
        (("last", "20"), "6 runs start with '20'"),
        ((), "Missing argument"),
        (("last", "--wrong"), "No such option"),
    ],
)
def test_what_cannot_be_compared_is_an_error_of_usage(runs, said, six, cli) -> None:
    code, out, err = cli("compare", *runs)
    assert (code, out) == (2, "")
    assert said in err


def test_in_a_pipe_there_is_no_colour(six, cli) -> None:
    _, out, err = cli("compare", six[0].id, six[1].id)
    assert "\x1b" not in out + err


def test_help_shows_examples(cli) -> None:
    code, out, _ = cli("compare", "-h")
    assert code == 0
    assert "python -m atms compare runs/one runs/two --json" in out
