"""The small chart of ``runs show``: where it stands, in which characters, and when it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO, TextIOWrapper

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import atms
from atms.cli.chart import beside
from atms.cli.tables import results_table
from atms.result import Result


class BuysOnce(bt.Strategy):
    """Buys on the first bar."""

    def next(self) -> None:
        if not self.position:
            self.buy(size=10)


@pytest.fixture
def result(frame: Callable[..., pd.DataFrame]) -> Result:
    return atms.backtest(BuysOnce, data=frame(300), cash=10_000, ledger__enabled=False)


def drawn(result: Result, width: int, encoding: str = "utf-8", terminal: bool = False) -> list[str]:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding=encoding, errors="replace")
    page = Console(file=stream, width=width, force_terminal=terminal)
    page.print(beside(page, results_table(result.metrics, "USD"), result))
    stream.flush()
    return raw.getvalue().decode(encoding).splitlines()


def test_a_wide_page_has_the_chart_beside_the_figures(result: Result) -> None:
    lines = drawn(result, 120)
    assert len(lines) == 13  # the figures' 12 or the chart's 13, never both
    assert lines[0].split()[0] == "from"
    assert "equity, " in lines[0]
    assert "drawdown, to " in lines[8]
    first, last = result.equity.index[[0, -1]]
    assert lines[12].split() == [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"]
    assert max(map(len, lines)) <= 120


def test_from_80_columns_on_there_is_a_chart_and_beneath_the_figures_if_need_be(
    result: Result,
) -> None:
    lines = drawn(result, 80)
    assert "equity, " in lines[12]
    assert max(map(len, lines)) <= 80


def test_below_80_columns_there_is_none(result: Result) -> None:
    assert not any("equity, " in line for line in drawn(result, 79))


def test_an_encoding_without_braille_gets_other_characters(result: Result) -> None:
    chart = [line[78:] for line in drawn(result, 120, "latin-1")]
    assert any(":" in line for line in chart[1:8])
    assert "?" not in "".join(chart)  # it stands for a character that the encoding lacks


def test_colours_are_for_terminals_alone(result: Result) -> None:
    assert "\x1b" not in "".join(drawn(result, 120))
    assert "\x1b[32m" in "".join(drawn(result, 120, terminal=True))


def test_the_extremes_that_it_names_are_those_of_the_equity(result: Result) -> None:
    value = result.equity["value"]
    first = drawn(result, 140)[0]
    assert f"equity, {value.min():,.2f} to {value.max():,.2f}" in first


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_without_a_value_there_is_no_chart(result: Result, values: list[float]) -> None:
    bare = result.equity.iloc[: len(values)].assign(value=values)
    assert len(drawn(replace(result, equity=bare), 120)) == 12
