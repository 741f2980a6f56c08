"""``compare --html``: what the page of several runs says."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import atms
from atms.cli.compare_page import contents, write_page
from atms.comparing import compare
from atms.report.page.blocks import Chart, Contents, Table, Text
from atms.result import Result

NAMES = ["A", "B"]


@pytest.fixture
def two(frame: Callable[..., pd.DataFrame]) -> list[Result]:
    def run(cash: float, fast: int) -> Result:
        params = {"fast": fast, "slow": 20}
        return atms.backtest(strategy="ma_cross", data=frame(200), cash=cash, params=params)

    return [run(10_000, 3), run(20_000, 5)]


def said(results: list[Result]) -> Contents:
    return contents(results, NAMES, compare(results, NAMES))


def blocks(page: Contents, kind: type) -> list[Chart | Table | Text]:
    return [block for section in page.sections for block in section.blocks
            if isinstance(block, kind)]  # fmt: skip


def test_every_run_has_its_curve_and_its_column(two: list[Result]) -> None:
    page = said(two)
    (chart,) = blocks(page, Chart)
    assert chart.options["series"] == ["equity:A", "equity:B"]
    figures, _ = blocks(page, Table)
    assert [column.key for column in figures.columns] == ["figure", "A", "B"]
    shown = {row[0]: row[1:] for row in figures.rows}
    total = [result.metrics["total_return"] for result in two]
    better = total.index(max(total))
    expected = [f"{value:.2%}" for value in total]
    expected[better] += " *"
    assert shown["total return"] == expected
    assert [figure.value for figure in page.strip] == total


def test_what_forbids_the_comparison_stands_before_the_curves(two: list[Result]) -> None:
    first = said(two).sections[0].blocks
    assert "other starting cash: A: 10,000.00; B: 20,000.00" in [
        block.text for block in first if isinstance(block, Text) and block.state == "warn"
    ]
    assert isinstance(first[-1], Chart)


def test_only_keys_that_differ_are_listed_with_a_dash_where_one_is_not_set(
    two: list[Result],
) -> None:
    _, configs = blocks(said(two), Table)
    rows = {row[0]: row[1:] for row in configs.rows}
    assert rows["strategy.params.fast"] == ["3", "5"]
    assert "strategy.params.slow" not in rows
    assert "nan" not in str(configs.rows)


def test_a_run_without_equity_has_figures_and_no_curve(two: list[Result]) -> None:
    bare = replace(two[1], equity=two[1].equity.iloc[:0])
    (chart,) = blocks(said([two[0], bare]), Chart)
    assert chart.options["series"] == ["equity:A"]


def test_the_command_writes_the_page_and_says_so(
    two: list[Result], cli: Callable[..., tuple[int, str, str]]
) -> None:
    folders = [str(result.save(name)) for name, result in zip(NAMES, two, strict=True)]
    code, out, err = cli("compare", *folders, "--html", "pages/two.html")
    assert code == 0
    assert "pages/two.html" in err
    assert "total return" in out
    page = Path("pages/two.html").read_text(encoding="utf-8")
    assert two[0].id in page
    assert re.search(r"Keys that differ", html.unescape(page))


def test_a_symbol_stays_text(two: list[Result], tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    results = [replace(one, feeds=(replace(one.feeds[0], symbol=evil),)) for one in two]
    write_page(tmp_path / "x.html", results, NAMES, compare(results, NAMES))
    assert evil not in (tmp_path / "x.html").read_text(encoding="utf-8")
