"""The table of drawdowns, and the stretches that the chart shades."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from atms.report.page.blocks import Table, Text
from atms.report.page.parts.drawdowns import drawdowns, shades
from atms.report.page.parts.given import Given
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageSwing


def day(text: str) -> float:
    return pd.Timestamp(text, tz="UTC").timestamp() * 1e6


def deep() -> Given:
    """Return an account of 32 days: -5 % on days 2 to 4, -20 % from day 6 on."""
    return Given(held([100.0, 95.0, 97.0, 100.0, 110.0, 99.0, 88.0, *[104.5] * 25]))


def test_the_deepest_comes_first_with_its_dates_and_days() -> None:
    (table,) = drawdowns(deep()).blocks
    assert isinstance(table, Table)
    deepest, second = table.rows
    assert deepest[1] == pytest.approx(-0.2)
    assert deepest[2:4] == [day("2024-01-05"), day("2024-01-07")]
    assert deepest[4] is None
    assert deepest[5:] == [27.0, 2.0, None]
    assert second[1] == pytest.approx(-0.05)
    assert second[2:] == [
        day("2024-01-01"), day("2024-01-02"), day("2024-01-04"), 3.0, 1.0, 2.0,
    ]  # fmt: skip


def test_the_shades_are_the_same_stretches() -> None:
    first, second = shades(deep())
    assert (first["from"], first["to"]) == (day("2024-01-05"), day("2024-02-01"))
    assert (second["from"], second["to"]) == (day("2024-01-01"), day("2024-01-04"))


@pytest.mark.parametrize("step", ["1h", "1D"])
def test_the_deepest_is_the_metrics_own(step: str) -> None:
    result = ran(PageSwing, bars(900, step=step), commission=0.001)
    (table,) = drawdowns(Given(result)).blocks
    assert isinstance(table, Table)
    assert len(table.rows) <= 10
    metrics, first = result.metrics, table.rows[0]
    assert first[1] == pytest.approx(metrics["max_drawdown"], abs=1e-12)
    ends = ("start", "valley", "end")
    dates = [metrics[f"max_drawdown_{name}"] for name in ends]
    assert first[2:5] == [None if one is None else pd.Timestamp(one).timestamp() * 1e6
                          for one in dates]  # fmt: skip
    assert first[5] == metrics["max_drawdown_days"]


def test_an_account_that_never_fell_says_so() -> None:
    (found,) = drawdowns(Given(held([100.0, 101.0]))).blocks
    assert isinstance(found, Text)
    assert "never stood below" in found.text


def test_without_an_equity_curve_nothing_fell() -> None:
    result = held([100.0])
    given = Given(replace(result, equity=result.equity.iloc[:0]))
    (found,) = drawdowns(given).blocks
    assert isinstance(found, Text)
    assert shades(given) == []
