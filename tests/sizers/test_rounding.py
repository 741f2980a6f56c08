"""A size goes down to the instrument's step, and to nothing below its minimum."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from atms.simulation.rules import on_step
from atms.sizers.rounding import added, rounded_down

STEPS = some.sampled_from([Decimal(text) for text in ("1e-8", "0.001", "0.05", "0.3", "1", "100")])
SIZES = some.floats(min_value=0, max_value=1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("size", "step", "rounded"),
    [
        (0.67499, "0.001", 0.674),
        (0.674, "0.001", 0.674),
        (199.99, "100", 100.0),
        (99.99, "100", 0.0),
        (7.0, "0.3", 6.9),
        (0.29 * 100, "1", 29.0),  # 28.999999999999996
        (0.1 * 3, "0.1", 0.3),  # 0.30000000000000004
        (28.99999, "1", 28.0),
    ],
)
def test_a_size_goes_down_to_a_step(size: float, step: str, rounded: float) -> None:
    assert rounded_down(size, Decimal(step)) == rounded


def test_without_a_step_a_size_stays_as_it_is() -> None:
    assert rounded_down(0.123456789, None) == 0.123456789


@given(size=SIZES, step=STEPS)
def test_a_size_is_never_rounded_up_by_more_than_noise(size: float, step: Decimal) -> None:
    rounded = rounded_down(size, step)
    assert rounded <= size + max(1.1e-9 * float(step), 1e-14 * size)
    assert rounded > size - float(step) * (1 + 1e-9) - 1e-14 * size


@given(size=SIZES, step=STEPS)
def test_a_rounded_size_is_what_the_simulated_venue_takes(size: float, step: Decimal) -> None:
    assert on_step(rounded_down(size, step), step)


@given(size=SIZES, step=STEPS)
def test_rounding_again_changes_nothing(size: float, step: Decimal) -> None:
    assert rounded_down(rounded_down(size, step), step) == rounded_down(size, step)


def test_sizes_are_added_as_they_are_written() -> None:
    assert added(0.1, 0.2) == 0.3
