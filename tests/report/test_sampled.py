"""The wealth that returns are measured on: made again from a run's frames, it is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from atms.report.metrics import metrics
from atms.report.sampled import of_result
from atms.report.spells import spells
from atms.result import Result
from atms.stored import read_result
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageGiver, PageIdle, PageSaver, PageSwing

LATE = bars(700, seed=3, start="2024-01-20")
RUNS: dict[str, dict[str, Any]] = {
    "daily": {"strategy": PageSwing, "data": bars(400, step="1D"), "commission": 0.001},
    "bar by bar": {"strategy": PageSwing, "data": bars(300)},
    "in a range": {"strategy": PageSwing, "data": bars(1000), "timerange": "2024-01-20.."},
    "of two feeds": {
        "strategy": PageSwing, "data": {"one": bars(1200), "two": LATE}, "benchmark": "two",
    },
    "with its own year": {
        "strategy": PageSwing, "data": bars(1000), "report__periods_per_year": 300,
    },
    "with cash added": {"strategy": PageSaver, "data": bars(1030)},
    "with cash added on its last bar": {"strategy": PageSaver, "data": bars(1000)},
    "with cash added that no value shows": {"strategy": PageGiver, "data": bars(100)},
    "priced 0": {
        "strategy": PageSwing, "data": bars(60, step="1D", open=0.0), "data__audit": "warn",
    },
}  # fmt: skip


def assert_the_figures_follow(result: Result) -> None:
    """Hold that what metrics.json says of returns follows from the sampled wealth."""
    found = of_result(result)
    assert found is not None
    assert found.exact
    again = metrics(
        found.returns, periods_per_year=found.periods_per_year, benchmark=found.benchmark
    )
    for name, value in again.items():
        assert result.metrics[name] == value, name
    if found.hold[0]:
        assert result.metrics["benchmark_return"] == found.hold[-1] / found.hold[0] - 1
    deepest = min(spells(found.wealth), key=lambda one: one.depth)
    assert result.metrics["max_drawdown_start"] == found.times[deepest.peak].isoformat()
    assert result.metrics["max_drawdown_valley"] == found.times[deepest.valley].isoformat()
    assert result.metrics["returns_note"] == found.note


@pytest.mark.parametrize("settings", RUNS.values(), ids=RUNS)
def test_the_figures_follow_from_a_runs_frames_to_the_last_bit(settings: dict[str, Any]) -> None:
    assert_the_figures_follow(ran(**settings))


def test_they_follow_from_a_runs_files_too() -> None:
    folder = ran(**RUNS["with cash added"]).save()
    assert_the_figures_follow(read_result(Path(folder)))


# ---- cash that was added -------------------------------------------------------------------------
def with_deposit(
    drawdown: list[float], total: float | None = None, values: tuple[float, float] = (90, 180)
) -> Result:
    """Return an account of 100 that is 90 after a bar, gets 110, and is 180 after the next."""
    result = held(list(values), total_return=total)
    ts = pd.DatetimeIndex([result.equity.index[1]])
    row = {"kind": ["deposit"], "amount": [110.0], "ts": ts}
    return replace(
        result, equity=result.equity.assign(drawdown=drawdown), cash_flows=pd.DataFrame(row)
    )


def test_cash_that_came_before_a_bars_fills_is_no_profit() -> None:
    # 100 -> 90 is -10 %; 200 -> 180 again: 81 of the peak's 100.
    found = of_result(with_deposit([-0.1, -0.19]))
    assert found is not None
    assert found.exact
    assert found.wealth == pytest.approx([100, 90, 81])


def test_cash_that_came_after_a_bars_fills_is_no_profit() -> None:
    # 90 -> 70 before it came: 70 of 100.
    found = of_result(with_deposit([-0.1, -0.3]))
    assert found is not None
    assert found.exact
    assert found.wealth == pytest.approx([100, 90, 70])


@pytest.mark.parametrize(("total", "wealth"), [(0.2, [100, 110, 120]), (0.3, [100, 110, 130])])
def test_of_an_account_that_never_fell_the_total_return_tells(
    total: float, wealth: list[float]
) -> None:
    # Before the fills: 240 of 220 is 12 / 11. After them: 240 - 110 of 110 is 13 / 11.
    found = of_result(with_deposit([0.0, 0.0], total, (110, 240)))
    assert found is not None
    assert found.exact
    assert found.wealth == pytest.approx(wealth)


def test_where_no_way_gives_the_drawdown_that_was_written_the_wealth_is_what_was_held() -> None:
    found = of_result(with_deposit([-0.1, -0.5]))
    assert found is not None
    assert not found.exact
    assert found.wealth.tolist() == [100, 90, 180]


# ---- what is not there ---------------------------------------------------------------------------
def test_a_run_without_an_equity_curve_has_none() -> None:
    result = held([100.0])
    assert of_result(replace(result, equity=result.equity.iloc[:0])) is None
    assert of_result(replace(result, metrics={**result.metrics, "start_value": None})) is None


def test_without_bars_there_is_no_benchmark() -> None:
    result = held([100.0, 101.0])
    found = of_result(replace(result, bars=result.bars.iloc[:0]))
    assert found is not None
    assert np.isnan(found.hold).all()
    assert found.benchmark is None
    assert found.returns == pytest.approx([0.0, 0.01])


def test_an_account_that_went_broke_has_no_returns() -> None:
    found = of_result(held([100.0, 0.0, 5.0]))
    assert found is not None
    assert found.broke
    assert len(found.returns) == 0


def test_the_first_value_is_the_starting_cash_at_the_first_bar() -> None:
    found = of_result(ran(PageIdle, bars(48)))
    assert found is not None
    assert (len(found.times), found.wealth[0]) == (49, 100_000)
    assert found.times[0] == found.times[1]
