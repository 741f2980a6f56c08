"""Small charts: what they show of a curve, worked out dot by dot."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from atms.report.sparkline import hanging, line, svg


def test_a_rising_curve_goes_from_the_lowest_left_to_the_highest_right() -> None:
    # Four columns of one character, eight dots high at two a character: 0, 1, 2, 3 of three
    # stand on rows 3, 2, 1, 0; each column also reaches back to the value before it.
    assert line([0, 1, 2, 3], 4, 2, braille=False) == ["  .:", ".:' "]


def test_braille_draws_the_same_curve_with_two_columns_and_four_rows_a_character() -> None:
    # Two dots across, four down: the left column holds the lowest value, dot 7 (0x40); the right
    # one reaches from there to the top, dots 4, 5, 6 and 8 (0x08 + 0x10 + 0x20 + 0x80).
    assert line([0, 1], 1, 1) == [chr(0x2800 + 0x40 + 0x08 + 0x10 + 0x20 + 0x80)]


def test_a_drawdown_hangs_from_the_first_line_as_deep_as_its_stretch_goes() -> None:
    # Deepest -0.3 over four rows: -0.3 fills all, -0.1 two, 0 the first alone; the third column
    # reaches back to what was before it.
    assert hanging([0, -0.1, -0.3, 0], 4, 2, braille=False) == ["':::", "  ::"]


def test_a_single_peak_among_many_bars_is_drawn() -> None:
    curve = np.zeros(100_000)
    curve[54_321] = 5.0
    top = line(curve, 20, 3, braille=False)[0]
    assert top.strip(" ") != ""
    assert top[10] == ":"  # bar 54,321 of 100,000 is in the eleventh of twenty stretches


@pytest.mark.parametrize("curve", [[1.0], [7.0, 7.0, 7.0], [], [math.nan]])
def test_a_curve_with_nothing_to_scale_is_still_lines_of_the_size_asked_for(
    curve: list[float],
) -> None:
    for braille in (True, False):
        for draw in (line, hanging):
            rows = draw(curve, 9, 2, braille=braille)
            assert [len(row) for row in rows] == [9, 9]


def test_what_is_not_finite_is_left_out() -> None:
    assert line([0, math.nan, 1, math.inf], 2, 1, braille=False) == line(
        [0, 1], 2, 1, braille=False
    )


def equity(values: list[float]) -> pd.DataFrame:
    worth = pd.Series(values, dtype="float64")
    return pd.DataFrame({"value": worth, "drawdown": worth / worth.cummax() - 1})


def test_the_svg_draws_value_above_and_drawdown_beneath() -> None:
    root = ET.fromstring(svg(equity([100, 110, 99]), width=200, height=100))
    curve = root.find("polyline").get("points").split()
    # 110 is the highest, at y 2; 99 the lowest, at y 72; 100 is 10/11 of the way: 2 + 63.6.
    assert curve == ["0.0,65.6", "100.0,2.0", "200.0,72.0"]
    areas = root.find("polygon").get("points").split()
    assert areas[1:-1] == ["0.0,78.0", "100.0,78.0", "200.0,100.0"]
    assert root.get("aria-label")


def test_the_svg_of_a_million_bars_has_two_points_a_pixel_and_keeps_the_peak() -> None:
    values = np.full(1_000_000, 50.0)
    values[123_456] = 60.0
    text = svg(equity(list(values)), width=300, height=100)
    assert len(text) < 20_000
    assert ",2.0 " in text


def test_the_svg_of_one_bar_is_a_line_and_of_none_nothing() -> None:
    assert ET.fromstring(svg(equity([5.0]))).find("polyline").get("points").count(",") == 2
    assert svg(equity([])) == ""
