"""Values as people read them, as the terminal writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from atms.report.page.blocks import Kind
from atms.report.page.formats import exact, formatted, plain

# 2018-01-02 03:04:05.000006 UTC: 17 533 days of 86 400 s, and 11 045 s.
MOMENT = (17_533 * 86_400 + 11_045) * 1_000_000 + 6


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (0.12345, "percent", "12.35%"),
        (-0.1, "percent", "-10.00%"),
        (1234.5, "money", "1,234.50"),
        (0.75249, "number", "0.752"),
        (64, "count", "64"),
        (1_234_567, "count", "1,234,567"),
        (14579.9154, "price", "14,579.9154"),
        (100.0, "price", "100"),
        (3.25e-7, "price", "0.000000325"),
        (9.5, "days", "9.5"),
        (365.2, "days", "365"),
        (MOMENT, "time", "2018-01-02 03:04:05.000006"),
        (MOMENT - 6, "time", "2018-01-02 03:04:05"),
        (MOMENT - 5_000_006, "time", "2018-01-02 03:04"),
        ("long", "text", "long"),
        (True, "text", "yes"),
        (None, "money", "–"),
        (float("nan"), "number", "–"),
        (float("inf"), "number", "∞"),
        (0, "money", "0.00"),
        (0.1 + 0.2, "text", "0.30000000000000004"),
    ],
)
def test_a_value_is_written_by_its_kind(value: Any, kind: Kind, said: str) -> None:
    assert formatted(value, kind) == said


def test_money_says_its_currency_where_it_is_told() -> None:
    assert formatted(1.0, "money", "EUR") == "1.00 EUR"


def test_an_exact_number_reads_back_equal() -> None:
    for value in (0.1 + 0.2, 1e-300, 123456789012345, np.float64(1) / 3):
        assert float(exact(value)) == value


def test_what_is_no_number_has_no_exact_value() -> None:
    assert [exact(value) for value in (None, "a", True, float("nan"))] == ["", "", "", ""]


def test_numpys_values_become_plain_ones() -> None:
    assert type(plain(np.int64(3))) is int
    assert plain(np.float64("nan")) is None
