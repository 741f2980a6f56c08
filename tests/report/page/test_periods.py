"""Months and years: by hand, and together the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest

from atms.report.page.blocks import Chart, Section, Table
from atms.report.page.parts.given import Given
from atms.report.page.parts.periods import periods, returns_by
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageShort, PageSwing


def table(section: Section, ident: str) -> Table:
    (found,) = [b for b in section.blocks if isinstance(b, Table) and b.id == ident]
    return found


def test_a_stretch_runs_from_the_last_value_before_it_to_its_own_last() -> None:
    keys, found = returns_by(np.array([100.0, 110.0, 121.0, 60.5]), np.array([1, 1, 2]))
    assert keys.tolist() == [1, 2]
    assert found == pytest.approx([0.21, -0.5])


def test_months_stand_in_their_year_and_those_without_a_bar_are_undefined() -> None:
    # 100 -> 110 by the 31st of January, -> 99 by the 1st of February; the rest of 2024 has none.
    found = table(periods(Given(held([105.0, 110.0, 99.0], start="2024-01-30"))), "monthly")
    (row,) = found.rows
    assert row[0] == "2024"
    assert row[1:3] == pytest.approx([0.10, -0.10])
    assert row[3:13] == [None] * 10
    assert row[13] == pytest.approx(-0.01)


def test_the_best_and_the_worst_month_are_named() -> None:
    values = [*[110.0] * 31, *[99.0] * 29, *[108.9] * 31]
    found = table(periods(Given(held(values))), "monthly")
    assert found.note.startswith("2 of 3 months above 0; the best 10.00%, the worst -10.00%.")


def test_a_year_begins_where_the_last_one_ended() -> None:
    found = table(periods(Given(held([110.0, 99.0, 198.0], start="2023-12-30"))), "yearly")
    assert [row[0] for row in found.rows] == ["2023", "2024"]
    assert [row[1] for row in found.rows] == pytest.approx([-0.01, 1.0])
    assert [row[2] for row in found.rows] == [0.0, 0.0]  # the benchmark stood still


@pytest.mark.parametrize("step", ["1h", "1D", "7D"])
def test_the_product_of_the_months_is_the_total_return(step: str) -> None:
    result = ran(PageSwing, bars(900, step=step), commission=0.001)
    section = periods(Given(result))
    months = [one for row in table(section, "monthly").rows for one in row[1:13] if one is not None]
    years = [row[13] for row in table(section, "monthly").rows]
    for found in (months, years, [row[1] for row in table(section, "yearly").rows]):
        whole = math.prod(1 + one for one in found) - 1
        assert whole == pytest.approx(result.metrics["total_return"], abs=1e-12)
    hold = math.prod(1 + row[2] for row in table(section, "yearly").rows) - 1
    assert hold == pytest.approx(result.metrics["benchmark_return"], abs=1e-12)


def test_after_an_account_went_broke_no_month_has_a_return() -> None:
    values = [*[100.0] * 20, *[-50.0] * 20, *[-60.0] * 30]
    found = table(periods(Given(held(values))), "monthly")
    assert found.rows[0][1:4] == [pytest.approx(-1.5), None, None]


def test_a_benchmark_without_a_price_is_left_out_of_the_years() -> None:
    result = ran(PageShort, bars(60, step="1D", open=0.0), data__audit="warn")
    section = periods(Given(result))
    (chart,) = [b for b in section.blocks if isinstance(b, Chart) and b.id == "yearly-chart"]
    assert tuple(chart.y) == ("run",)
    assert [row[2] for row in table(section, "yearly").rows] == [None]
