"""The page on paper: what stands on its sheets, read from the drawn figures themselves."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import backtrader as bt
import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import atms
from atms.artefacts import config_yaml
from atms.report.page.blocks import Column, Contents, Section, Table
from atms.report.page.making import parts
from atms.report.static import document, pdf, png
from atms.report.static.flow import Flow, fold
from atms.report.static.series_charts import thinned
from atms.report.static.style import written
from atms.result import Result


class OftenTrades(bt.Strategy):
    """Buys and closes as seeded dice fall, on every data."""

    params = dict(chance=0.2)

    def next(self) -> None:
        for data in self.datas:
            if random.random() < self.p.chance:
                if self.getposition(data):
                    self.close(data=data)
                else:
                    self.buy(data=data, size=1)


Sheets = list[Figure]


@pytest.fixture
def sheets(monkeypatch: pytest.MonkeyPatch) -> Sheets:
    """The figures that a PDF is made of; to write them would take most of the time."""
    found: Sheets = []
    monkeypatch.setattr(document.PdfPages, "savefig", lambda _, figure: found.append(figure))
    return found


def texts(sheets: Sheets) -> list[str]:
    return [
        text.get_text()
        for sheet in sheets
        for text in sheet.findobj(matplotlib.text.Text)
        if text.get_text()
    ]


def drawn(result: Result, sheets: Sheets) -> list[str]:
    pdf(*parts(result, config_yaml(result.config)), Path("out.pdf"))
    return texts(sheets)


_made: list[Result] = []


@pytest.fixture
def result(frame: Callable[..., pd.DataFrame]) -> Result:
    """A run with some 80 trades, made once: nothing changes a Result."""
    if not _made:
        _made.append(_run(frame))
    return _made[0]


def _run(frame: Callable[..., pd.DataFrame]) -> Result:
    return atms.backtest(OftenTrades, data=frame(900), cash=10_000, commission=0.001)


def test_every_section_and_figure_of_the_page_is_on_paper(result: Result, sheets: Sheets) -> None:
    said, _ = parts(result, config_yaml(result.config))
    found = drawn(result, sheets)
    for section in said.sections:
        assert section.title in found
    for figure in said.strip:
        assert written(figure.value, figure.kind) in found
    for badge in said.badges:
        assert any(badge.title in text for text in found)
    assert f"{result.metrics['sharpe']:,.3f}" in found


def test_the_config_is_there_whole(result: Result, sheets: Sheets) -> None:
    found = drawn(result, sheets)
    for line in config_yaml(result.config).splitlines():
        assert any(line in text for text in found), line


def test_long_tables_are_cut_and_say_by_how_much(result: Result, sheets: Sheets) -> None:
    assert len(result.trades) > 60
    found = drawn(result, sheets)
    assert f"{len(result.trades) - 40:,} more rows are in report.html and the run's files." in found


def test_every_fill_is_marked_in_the_price_chart(result: Result, sheets: Sheets) -> None:
    buys = int((result.fills["side"] == "buy").sum())
    assert f"buys, {buys:,}" in drawn(result, sheets)


def test_feeds_beyond_six_are_named_not_drawn(
    frame: Callable[..., pd.DataFrame], sheets: Sheets
) -> None:
    data = {f"f{number}": frame(60, seed=number) for number in range(9)}
    found = drawn(atms.backtest(OftenTrades, data=data, cash=10_000), sheets)
    (left,) = [text for text in found if text.startswith("Not drawn here: ")]
    assert len(left.partition(": ")[2].partition(". They")[0].split(", ")) == 3


@pytest.mark.parametrize(
    "symbol", ["</script><script>", "$x^2$ and $\\frac{1}{0}$", "ビットコイン", "50 % & co_x"]
)
def test_a_symbol_is_text_whatever_it_is(
    frame: Callable[..., pd.DataFrame], sheets: Sheets, symbol: str
) -> None:
    data = {"source": frame(60), "name": symbol, "symbol": symbol}
    found = drawn(atms.backtest(OftenTrades, data=data, cash=10_000), sheets)
    assert any(symbol in text for text in found)


@pytest.mark.parametrize(("bars", "chance"), [(2, 0.0), (3, 1.0)])
def test_runs_with_next_to_nothing_in_them_have_sheets_and_a_picture(
    frame: Callable[..., pd.DataFrame], sheets: Sheets, bars: int, chance: float
) -> None:
    result = atms.backtest(OftenTrades, data=frame(bars), cash=10_000, params={"chance": chance})
    assert drawn(result, sheets)
    for sheet in sheets:
        sheet.draw_without_rendering()
    png(*parts(result, ""), Path("out.png"))
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_cut_to_what_is_on_it(result: Result) -> None:
    png(*parts(result, ""), Path("out.png"))
    width, height = np.frombuffer(Path("out.png").read_bytes()[16:24], dtype=">u4")
    assert width == int(8.27 * 120)
    assert 1000 < height < 2600


# ---- pieces --------------------------------------------------------------------------------------
def test_a_heading_is_never_alone_at_the_end_of_a_sheet() -> None:
    done: Sheets = []
    flow = Flow(done.append, 5.0, "foot")
    flow.canvas(4.0)
    flow.heading("second")
    flow.canvas(0.3)  # fits by itself, not with its heading
    flow.close()
    assert ["second" in texts([sheet]) for sheet in done] == [False, True]


def test_a_long_text_goes_on_over_sheets_without_losing_a_line() -> None:
    done: Sheets = []
    flow = Flow(done.append, 4.0, "foot")
    flow.text("\n".join(f"line {number}" for number in range(200)))
    flow.close()
    assert len(done) > 5
    found = set(texts(done))
    assert {f"line {number}" for number in range(200)} <= found


def test_a_line_that_is_too_long_is_folded_and_keeps_its_words() -> None:
    words = " ".join(str(number) for number in range(200))
    lines = fold(words, 8.0)
    assert len(lines) > 3
    assert " ".join(lines) == words


def test_columns_that_do_not_fit_are_named(sheets: Sheets) -> None:
    columns = [Column(f"c{n}", f"a column with a long title {n}") for n in range(9)]
    table = Table("wide", "Wide", columns, [["x"] * 9])
    contents = Contents("Title", [], [], [], [Section("s", "Section", [table])], {})
    pdf(contents, {}, Path("out.pdf"))
    found = " ".join(texts(sheets))
    for column in columns:
        assert column.title in found
    assert "Columns that did not fit: " in found


def test_thinning_keeps_both_ends_and_every_stretchs_extremes() -> None:
    values = np.zeros(50_000)
    values[12_345], values[40_001] = 5.0, -3.0
    values[100:200] = np.nan
    places = thinned(values, 1000)
    assert len(places) <= 1002
    assert {0, 49_999, 12_345, 40_001} <= set(places.tolist())


def test_undefined_is_a_dash_and_zero_is_zero() -> None:
    assert written(None, "percent") == written(float("nan"), "money") == "–"
    assert written(0.0, "percent") == "0.00%"
    assert written(0, "count") == "0"
    assert written(1_514_764_800_000_000.0, "time") == "2018-01-01"  # 17,532 days of 86,400 s
