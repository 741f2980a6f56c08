"""Drawdowns one by one, on wealth that is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from atms.report.spells import spells


def test_each_fall_has_its_peak_valley_and_recovery() -> None:
    # From 110 down to 99 (-10 %) and back; from 120 down to 108 (-10 %), not back.
    first, second = spells(np.array([100.0, 110.0, 104.5, 99.0, 110.0, 120.0, 108.0, 114.0]))
    assert first[:4] == (1, 3, 4, True)
    assert second[:4] == (5, 6, 7, False)
    assert [first.depth, second.depth] == pytest.approx([-0.1, -0.1])


def test_of_two_lows_of_one_depth_the_first_is_the_valley() -> None:
    (found,) = spells(np.array([100.0, 90.0, 95.0, 90.0, 100.0]))
    assert (found.peak, found.valley, found.back) == (0, 1, 4)


@pytest.mark.parametrize("wealth", [[100.0], [100.0, 100.0], [100.0, 101.0, 101.0]])
def test_wealth_that_never_falls_has_no_drawdown(wealth: list[float]) -> None:
    assert spells(np.array(wealth)) == []


def test_a_fall_on_the_last_value_lasts_to_it() -> None:
    assert spells(np.array([100.0, 80.0])) == [(0, 1, 1, False, pytest.approx(-0.2))]
