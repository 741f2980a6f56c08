"""The histogram: its bins, its normal curve, and what has none."""

from __future__ import annotations

import numpy as np
import pytest

from atms.report.page.blocks import Table, Text
from atms.report.page.parts.distribution import bins, distribution, normal
from atms.report.page.parts.given import Given
from tests.report.page.runs import bars, held, ran
from tests.report.page.strategies import PageIdle, PageSwing


def test_the_width_of_a_bin_is_twice_the_middle_half_over_the_cube_root_of_n() -> None:
    # 1000 values from 0 to 999: quartiles 249.75 and 749.25, width 2 * 499.5 / 10 = 99.9, so 10
    # bins of 999 / 10.
    edges = bins(np.arange(1000.0))
    assert edges == pytest.approx(np.arange(11) * 99.9)


def test_there_are_never_fewer_than_ten_bins_nor_more_than_sixty() -> None:
    assert len(bins(np.array([0.0, 1.0, 2.0]))) == 11
    assert len(bins(np.array([*np.linspace(0, 1e-3, 500), 5.0]))) == 61
    assert len(bins(np.array([0.0] * 50 + [1.0]))) == 61  # its middle half has no width


def test_a_normal_distribution_has_two_thirds_within_a_deviation() -> None:
    values = np.array([-1.0, 1.0] * 50)
    deviation = float(values.std(ddof=1))
    (inside,) = normal(values, np.array([-deviation, deviation]))
    assert inside == pytest.approx(100 * 0.6826894921370859)


def test_every_return_is_in_a_bin() -> None:
    result = ran(PageSwing, bars(400, step="1D"))
    _, table = distribution(Given(result))
    assert isinstance(table, Table)
    assert sum(row[2] for row in table.rows) == 400
    assert "400 days" in table.note


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([100.0, 101.0], "Too few returns for a distribution: 2."),
        ([100.0, 100.0, 100.0, 100.0, 100.0, 100.0], "All returns are equal"),
        ([100.0, -10.0, 100.0, 100.0, 100.0, 100.0], "went broke"),
    ],
)
def test_what_has_no_distribution_says_why(values: list[float], said: str) -> None:
    (found,) = distribution(Given(held(values)))
    assert isinstance(found, Text)
    assert said in found.text


def test_a_run_that_held_nothing_has_no_distribution() -> None:
    (found,) = distribution(Given(ran(PageIdle, bars(100))))
    assert isinstance(found, Text)
