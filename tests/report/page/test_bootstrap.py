"""The stationary bootstrap: what it draws, and the intervals that come of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from atms.report.metrics import metrics
from atms.report.page.blocks import Table, Text
from atms.report.page.parts import bootstrap as module
from atms.report.page.parts.bootstrap import bootstrap, figures, mean_block, stationary
from atms.report.page.parts.given import Given
from atms.report.page.parts.robustness import robustness
from atms.result import Result
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageIdle, PageSwing


def walk(seed: int, count: int = 400) -> Result:
    """Return an account of many small gains and losses."""
    steps = np.random.default_rng(seed).normal(0.001, 0.01, count)
    values: list[float] = (100 * np.cumprod(1 + steps)).tolist()
    result = held(values)
    returns = np.diff([100.0, *values]) / [100.0, *values[:-1]]
    return replace(
        result, metrics={**result.metrics, **metrics(returns, periods_per_year=252), "trades": 0}
    )


def with_trades(net: list[float]) -> Result:
    frame = pd.DataFrame({"status": "closed", "net_pnl": net})
    result = held([100.0] * 5)
    mean, won = float(np.mean(net)), float(np.mean(np.array(net) > 0))
    figures_of = {**result.metrics, "expectancy": mean, "trade_win_rate": won}
    return replace(result, trades=frame, metrics=figures_of)


# ---- what is drawn -------------------------------------------------------------------------------
def test_blocks_follow_the_returns_around_the_end_to_the_beginning() -> None:
    places = stationary(50, 10.0, 400, np.random.default_rng(1))
    assert places.shape == (400, 50)
    assert places.min() == 0
    assert places.max() == 49
    goes_on = np.diff(places, axis=1) % 50 == 1
    # A block ends with a chance of 1 in 10; of those that end, 1 in 50 begins where it would go on.
    assert goes_on.mean() == pytest.approx(0.9 + 0.1 / 50, abs=0.01)


def test_every_return_is_drawn_as_often_as_every_other() -> None:
    places = stationary(20, 5.0, 20_000, np.random.default_rng(2))
    assert np.bincount(places.ravel()) / places.size == pytest.approx(np.full(20, 0.05), rel=0.05)


def test_blocks_of_one_are_drawn_one_by_one() -> None:
    places = stationary(40, 1.0, 500, np.random.default_rng(3))
    goes_on = np.diff(places, axis=1) % 40 == 1
    assert goes_on.mean() == pytest.approx(1 / 40, abs=0.005)


def test_the_mean_of_a_resample_varies_as_its_blocks_demand() -> None:
    # Two values i apart are of one block with a chance of (1 - p)^i, and then have the circular
    # autocovariance of the data; else they know nothing of each other.
    values = np.cumsum(np.random.default_rng(4).normal(size=30))
    d, n, p = values - values.mean(), 30, 1 / 6
    lags = range(1, n)
    expected = np.mean(d * d) / n + 2 / n**2 * sum(
        (n - i) * (1 - p) ** i * np.mean(d * np.roll(d, -i)) for i in lags
    )
    places = stationary(n, 6.0, 40_000, np.random.default_rng(5))
    assert values[places].mean(axis=1).var() == pytest.approx(expected, rel=0.03)


def test_the_mean_block_is_the_cube_root() -> None:
    assert [mean_block(count) for count in (1, 8, 365, 1000)] == [1.0, 2.0, 7.0, 10.0]


# ---- figures of many at once ---------------------------------------------------------------------
def test_the_figures_of_each_series_are_its_metrics() -> None:
    many = np.random.default_rng(6).normal(0.0, 0.02, (5, 60))
    many[0, 0] = -0.5  # its deepest drawdown is from the starting capital
    found = figures(many, 365, 0.02)
    for place, returns in enumerate(many):
        own = metrics(returns, periods_per_year=365, risk_free=0.02)
        for name, values in found.items():
            assert values[place] == pytest.approx(own[name]), name


# ---- intervals -----------------------------------------------------------------------------------
def test_the_page_is_the_same_each_time() -> None:
    result = walk(1)
    assert bootstrap(Given(result)) == bootstrap(Given(result))


def test_another_seed_of_the_run_draws_otherwise() -> None:
    result = walk(1)
    config = result.config.model_copy(
        update={"run": result.config.run.model_copy(update={"seed": 2})}
    )
    other = bootstrap(Given(replace(result, config=config)))
    assert other.found["sharpe"] != bootstrap(Given(result)).found["sharpe"]
    assert other.found["sharpe"] == pytest.approx(bootstrap(Given(result)).found["sharpe"], abs=0.3)


def test_drawn_one_by_one_the_interval_is_as_wide_as_the_normal_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "mean_block", lambda count: 1.0)
    # Of 400 independent returns the mean has a standard error of s / 20; 1.96 of them each side,
    # and a Sharpe ratio likewise 1.96 * sqrt(252 / 400) each side of itself.
    result = walk(1)
    low, high = bootstrap(Given(result)).found["sharpe"]
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(252 / 400), rel=0.1)
    assert low < result.metrics["sharpe"] < high


def test_many_returns_are_joined_so_that_drawing_stays_cheap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LONGEST", 100)
    monkeypatch.setattr(module, "mean_block", lambda count: 1.0)
    found = bootstrap(Given(walk(1, 401)))
    assert (found.together, found.periods) == (5, 80)  # one is left over
    low, high = found.found["sharpe"]
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(252 / 400), rel=0.2)


def test_a_win_rates_interval_is_that_of_the_binomial_distribution() -> None:
    # 100 trades, half of them won: 0.5 +- 1.96 * sqrt(0.25 / 100); the mean of +-1 is twice it.
    found = bootstrap(Given(with_trades([1.0, -1.0] * 50)))
    assert found.trades == 100
    assert found.found["trade_win_rate"] == pytest.approx((0.402, 0.598), abs=0.025)
    assert found.found["expectancy"] == pytest.approx((-0.196, 0.196), abs=0.05)


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(ran(PageIdle, bars(60, step="1D")), id="nothing held"),
        pytest.param(held([100.0, 110.0]), id="two bars"),
        pytest.param(held([100.0] * 20 + [-5.0] * 20), id="broke"),
        pytest.param(with_trades([5.0] * 9), id="nine trades"),
    ],
)
def test_what_is_too_little_has_no_interval_and_says_so(result: Result) -> None:
    given = Given(result)
    found = bootstrap(given)
    assert found.found == {}
    (said,) = robustness(given, found).blocks
    assert isinstance(said, Text)
    assert "no interval" in said.text


def test_a_figure_that_is_undefined_has_no_interval() -> None:
    result = walk(1)
    found = bootstrap(Given(replace(result, metrics={**result.metrics, "cagr": None})))
    assert "cagr" not in found.found
    assert "sharpe" in found.found


def test_the_table_shows_the_runs_own_figure_between_the_ends() -> None:
    given = Given(ran(PageSwing, bars(400, step="1D"), commission=0.001))
    section = robustness(given, bootstrap(given))
    rows: list[Any] = [
        row for block in section.blocks if isinstance(block, Table) for row in block.rows
    ]
    assert len(rows) == 7
    assert [row[1] for row in rows[:3]] == [
        given.metrics[name] for name in ("total_return", "cagr", "max_drawdown")
    ]
    assert all(low <= value <= high for _, value, low, high in rows)
    assert "blocks of 7 in the mean" in str(section.blocks[0])
