"""Rolling figures are the metrics of each window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atms.report.metrics import metrics
from atms.report.page.blocks import Table, Text
from atms.report.page.parts.given import Given
from atms.report.page.parts.rolling import rolled, rolling, windows
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageSwing


@pytest.mark.parametrize(
    ("count", "expected"),
    [(14, ()), (15, (5,)), (59, (19,)), (60, (30,)), (179, (30,)), (180, (30, 90)), (0, ())],
)
def test_the_windows_fit_the_run(count: int, expected: tuple[int, ...]) -> None:
    assert windows(count) == expected


def test_each_value_is_that_of_the_metrics_of_its_window() -> None:
    returns = np.random.default_rng(5).normal(0.001, 0.02, 50)
    sharpe, volatility = rolled(returns, 20, 365, 0.03)
    assert np.isnan(sharpe[:19]).all()
    for end in range(19, 50):
        own = metrics(returns[end - 19 : end + 1], periods_per_year=365, risk_free=0.03)
        assert sharpe[end] == pytest.approx(own["sharpe"])
        assert volatility[end] == pytest.approx(own["volatility"])


def test_a_window_in_which_nothing_moved_has_no_sharpe_ratio() -> None:
    sharpe, volatility = rolled(np.array([0.1] * 6 + [0.2]), 5, 252, 0.0)
    assert np.isnan(sharpe[4:6]).all()
    assert volatility[4:6].tolist() == [0.0, 0.0]
    assert np.isfinite(sharpe[6])


def table(result: object) -> Table:
    *_, found = rolling(Given(result))  # type: ignore[arg-type]
    assert isinstance(found, Table)
    return found


def test_the_table_has_the_windows_side_by_side_from_the_first_whole_one_on() -> None:
    found = table(ran(PageSwing, bars(400, step="1D")))
    keys = [column.key for column in found.columns]
    assert keys == ["time", "sharpe_30", "volatility_30", "sharpe_90", "volatility_90"]
    assert len(found.rows) == 400 - 29
    assert found.rows[0][3] is None
    assert None not in found.rows[60]


def test_of_many_returns_the_last_is_always_listed() -> None:
    result = ran(PageSwing, bars(2000, step="1D", start="2015-01-01"))
    found = table(result)
    assert 400 <= len(found.rows) <= 800
    assert "One day in 3" in found.note
    assert found.rows[-1][0] == result.equity.index[-1].timestamp() * 1e6


def test_a_short_run_says_that_it_has_none() -> None:
    (found,) = rolling(Given(held([100.0, 101.0, 99.0])))
    assert isinstance(found, Text)
    assert "Too few returns for rolling figures: 3." in found.text


def test_the_risk_free_rate_of_the_config_counts() -> None:
    result = ran(PageSwing, bars(100, step="1D"))
    config = result.config.model_copy(
        update={"report": result.config.report.model_copy(update={"risk_free": 0.5})}
    )
    cheaper = table(result).rows[0][1]
    assert table(replace(result, config=config)).rows[0][1] < cheaper
