"""Crisis windows: whose dates, which runs, and what of them."""

from __future__ import annotations

import pandas as pd
import pytest

from atms.report.page.blocks import Table
from atms.report.page.parts.crises import WINDOWS, Window, crises
from atms.report.page.parts.given import Given
from atms.result import Result
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageSwing

DAILY = {"returns_note": "daily returns (by hand)"}


def rows(result: Result) -> list[list[object]]:
    return [
        list(row)
        for section in crises(Given(result))
        for table in section.blocks
        if isinstance(table, Table)
        for row in table.rows
    ]


def test_a_window_counts_from_the_last_value_before_it_to_its_last_day() -> None:
    # From 2010-01-01: worth 100 up to April, 90 from the 1st of May 2010 on, 80 from the 22nd of
    # May, 70 from the 23rd on.
    index = pd.date_range("2010-01-01", "2012-01-31", freq="1D", tz="UTC")
    value = pd.Series(100.0, index)
    for start, worth in (("2010-05-01", 90.0), ("2010-05-22", 80.0), ("2010-05-23", 70.0)):
        value[start:] = worth
    found = rows(held(value.tolist(), start="2010-01-01", **DAILY))
    by_name = {str(row[0]): row for row in found}
    flash = by_name["Flash crash of 2010"]
    assert flash[1:3] == ["2010-05-01", "2010-05-22"]
    assert flash[3] == pytest.approx(-0.2)
    assert flash[4] == 0.0
    assert by_name["Fukushima"][3] == 0.0
    # The crisis of 2007 to 2011 began before the run.
    assert set(by_name) == {
        "Flash crash of 2010", "Fukushima", "US downgrade, European debt",
    }  # fmt: skip


def test_a_run_of_less_than_two_years_has_none() -> None:
    assert crises(Given(held([100.0] * 700, start="2010-01-01", **DAILY))) == []


def test_a_run_that_saw_no_window_whole_has_none() -> None:
    assert crises(Given(held([100.0] * 800, start="2016-01-01", **DAILY))) == []


def test_a_run_that_is_measured_bar_by_bar_has_none() -> None:
    assert crises(Given(held([100.0] * 800, start="2010-01-01", returns_note="returns of"))) == []


def test_a_whole_run_agrees_with_its_own_equity() -> None:
    result = ran(PageSwing, bars(1500, step="1D", start="2018-01-01"), commission=0.001)
    (covid,) = rows(result)
    value, close = result.equity["value"], result.bars.set_index("datetime")["close"]
    assert covid[3] == pytest.approx(value["2020-09-20"] / value["2020-02-09"] - 1)
    assert covid[4] == pytest.approx(close["2020-09-20"] / close["2020-02-09"] - 1)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
def test_every_window_ends_after_it_begins(window: Window) -> None:
    assert pd.Timestamp(window.start) < pd.Timestamp(window.end)
