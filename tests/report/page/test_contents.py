"""A page's contents: every kind of run gives sane ones, with the numbers of its metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from atms.artefacts import config_yaml
from atms.report.page.blocks import Chart, Code, Contents
from atms.report.page.contents import contents
from atms.report.page.parts.appendix import shortened
from atms.report.page.parts.meanings import MEANINGS
from atms.report.page.series import series
from atms.result import Result
from atms.stored import read_result
from tests.report.page.runs import assert_sane, bars, blocks, held, ran, tables, texts
from tests.report.page.strategies import (
    PageAverage,
    PageBroken,
    PageIdle,
    PageOnce,
    PageSaver,
    PageShort,
    PageSwing,
)

EVIL = "</script><script>alert(1)</script>"


def broke() -> Result:
    rising = bars(100, step="1D")
    rising.iloc[10:, :4] *= 2
    return ran(PageShort, rising, data__audit="warn")


RUNS: dict[str, Callable[[], Result]] = {
    "no trades": lambda: ran(PageIdle),
    "one bar": lambda: ran(PageBroken, params={"at": 1}),
    "two bars": lambda: ran(PageIdle, bars(2)),
    "one trade": lambda: ran(PageOnce),
    "an open trade": lambda: ran(PageOnce, bars(10)),
    "many trades": lambda: ran(PageSwing, bars(900, step="1D"), commission=0.001),
    "an undefined indicator": lambda: ran(PageAverage, bars(60)),
    "cash added": lambda: ran(PageSaver, bars(1030)),
    "failed": lambda: ran(PageBroken, params={"words": EVIL}),
    "broke": broke,
    "a benchmark priced 0": lambda: ran(
        PageOnce, bars(60, step="1D", open=0.0), data__audit="warn"
    ),
    "a symbol like a script": lambda: ran(
        PageSwing, {"one": {"source": bars(), "symbol": EVIL, "name": "one"}}
    ),
    "forty symbols": lambda: ran(
        PageSwing, {f"s{seed}": bars(60, seed=seed) for seed in range(40)}
    ),
}


@pytest.mark.parametrize("make", RUNS.values(), ids=RUNS)
def test_every_run_gives_a_sane_page_fresh_or_from_its_files(make: Callable[[], Result]) -> None:
    result = make()
    found = contents(result, config_text=config_yaml(result.config))
    assert_sane(found)
    for name, value in result.metrics.items():
        assert found.metrics[name] == (None if value != value else value), name
    for figure in found.strip:
        assert figure.value == result.metrics[figure.id], figure.id
    stored = read_result(Path(result.save()))
    assert asdict(contents(stored, config_text=config_yaml(stored.config))) == asdict(found)


def test_an_interrupted_run_gives_a_sane_page() -> None:
    result = replace(ran(PageBroken), status="interrupted", failure="KeyboardInterrupt: ")
    assert_sane(contents(result))


def test_a_run_of_which_only_the_ledger_is_left_gives_a_sane_page() -> None:
    result = ran(PageSwing, commission=0.001)
    left = replace(
        result, equity=result.equity.iloc[:0], bars=result.bars.iloc[:0], lines=pd.DataFrame(),
        audit=(), log="", warmup="",
    )  # fmt: skip
    found = contents(left, missing=["The folder is gone."])
    assert_sane(found)
    assert found.strip[0].value == result.metrics["total_return"]
    assert "The folder is gone." in texts(found, "equity")
    assert "no equity curve" in texts(found, "equity")
    assert next(badge.state for badge in found.badges if badge.id == "missing") == "bad"


def test_the_strip_is_the_eight_numbers_with_what_stands_beside_them() -> None:
    result = ran(PageSwing, bars(900, step="1D"), commission=0.001)
    found = {figure.id: figure for figure in contents(result).strip}
    assert list(found) == [
        "total_return", "cagr", "sharpe", "max_drawdown", "trade_profit_factor", "trade_win_rate",
        "trades", "exposure",
    ]  # fmt: skip
    assert found["total_return"].against == (
        f"buy and hold {result.metrics['benchmark_return']:.2%}"
    )
    low, high = found["sharpe"].interval or (np.nan, np.nan)
    assert low < result.metrics["sharpe"] < high


def about(found: Contents) -> dict[str, str]:
    return dict(found.about)


def test_the_header_says_what_ran_on_what_and_when() -> None:
    result = ran(PageSwing, bars(900), name="first try", params={"every": 9}, seed=5)
    found = contents(result)
    assert found.title == "first try: PageSwing on data"
    said = about(found)
    assert said["Strategy"].endswith("strategies:PageSwing")
    assert said["Parameters"] == "every=9"
    assert said["Run"] == "backtest"
    assert said["Timeframe"] == "1h"
    assert said["Period"] == "2024-01-01 to 2024-02-07 (37 days)"
    assert (said["Bars"], said["Currency"], said["Seed"]) == ("900", "USD", "5")
    assert said["Run id"] == result.id
    assert said["Config hash"] == result.provenance.hashes["config"][:12]


def test_a_run_of_a_few_days_shows_the_time_of_day() -> None:
    found = about(contents(ran(PageIdle, bars(30))))
    assert found["Period"] == "2024-01-01 00:00 to 2024-01-02 05:00 UTC (1.21 days)"


def test_of_many_symbols_the_header_names_a_few() -> None:
    found = about(contents(RUNS["forty symbols"]()))
    assert found["Symbols"] == "s0, s1, s2, s3, s4, s5, s6, s7 and 32 others"


def test_a_live_run_names_its_account() -> None:
    live = replace(held([100.0]), mode="live")
    live = replace(live, balances=live.balances.assign(account="kraken-main"))
    assert about(contents(live))["Run"] == "live, account kraken-main"


def test_every_figure_has_a_meaning_and_its_exact_value() -> None:
    result = ran(PageSwing, bars(900, step="1D"), commission=0.001)
    rows = {row[0]: row[1:] for row in tables(contents(result))["figures"].rows}
    assert set(rows) == set(result.metrics) == set(MEANINGS)
    assert float(rows["sharpe"][0]) == result.metrics["sharpe"]
    assert all(meaning for _, meaning in rows.values())


def test_columns_of_packed_tables_are_those_of_the_series() -> None:
    result = ran(PageSwing, bars(100))
    packed = series(result)
    for table in tables(contents(result)).values():
        if table.series:
            assert {one.key for one in table.columns} <= set(packed[table.series]), table.id


def test_the_config_and_the_log_stand_in_the_appendix() -> None:
    result = replace(ran(PageBroken), log="a word\n" * 3)
    found = contents(result, config_text="run: {}\n")
    codes = {block.id: block.text for block in blocks(found) if isinstance(block, Code)}
    assert codes["config"] == "run: {}\n"
    assert codes["log"] == "a word\n" * 3
    assert "no such luck" in codes["failure"]


def test_a_long_log_keeps_both_ends() -> None:
    found = shortened("a" * 15_000 + "b" * 15_000, "run.log")
    assert found.startswith("a" * 10_000)
    assert found.endswith("b" * 10_000)
    assert "10,000 characters are left out here; run.log has them" in found


def test_trades_that_were_not_made_are_explained() -> None:
    assert "placed no order on 200 bars" in texts(contents(ran(PageIdle)), "trades")


def test_a_curve_names_a_benchmark_only_where_there_is_one() -> None:
    priceless = bars(60, step="1D", open=0.0)
    titles = [
        block.title
        for result in (ran(PageOnce), ran(PageOnce, priceless, data__audit="warn"))
        for block in blocks(contents(result))
        if isinstance(block, Chart) and block.id == "equity-chart"
    ]
    assert titles == [
        "Equity against buy and hold of data, drawdown beneath", "Equity, drawdown beneath",
    ]  # fmt: skip
