"""What the kernels rest on: correctly rounded sums, pow's bits, Python's max and min."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import backtrader as bt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atms.engine.once import powers, windows
from atms.engine.once.columns import NotExactError, column
from atms.engine.once.extremes import window_extremes
from atms.engine.once.powers import power
from atms.engine.once.windows import sums_of_block, weighted_sums, window_sums
from tests.engine.once.sides import bits

RNG = np.random.default_rng(20)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Kernels run where numpy says nothing of what it finds."""
    with np.errstate(all="ignore"):
        yield


def fsums(values: Any, period: int) -> list[float]:
    listed = list(map(float, values))
    return [math.fsum(listed[i : i + period]) for i in range(len(listed) - period + 1)]


VALUES: dict[str, Any] = {
    "prices": RNG.uniform(90, 110, 2000),
    "cents": np.round(RNG.uniform(0.01, 300, 2000), 2),
    "volumes": np.floor(RNG.uniform(0, 1e9, 2000)),
    "signed": RNG.normal(0, 1, 2000),
    "ten octaves": RNG.normal(0, 1, 2000) * 2.0 ** RNG.integers(-5, 5, 2000),
    "forty octaves": RNG.uniform(1, 2, 2000) * 2.0 ** RNG.integers(-20, 20, 2000),
    "two hundred octaves": RNG.normal(0, 1, 2000) * 2.0 ** RNG.integers(-100, 100, 2000),
    "all that floats hold": RNG.normal(0, 1, 2000) * 10.0 ** RNG.integers(-320, 300, 2000),
    "ties": RNG.integers(-2, 3, 2000) * (1.0 + 2.0**-52) + 2.0**53 * RNG.integers(-1, 2, 2000),
    "subnormal": RNG.normal(0, 1, 2000) * 1e-315,
    "cancelling": np.tile([1e16, 1.0, -1e16, -0.1], 500),
}


@pytest.mark.parametrize("period", [1, 2, 3, 10, 64, 65, 700])
@pytest.mark.parametrize("name", VALUES)
def test_a_sliding_sum_is_fsum(name: str, period: int) -> None:
    values = VALUES[name]
    found = np.empty(len(values) - period + 1)
    window_sums(values, period, found)
    assert bits(found) == bits(fsums(values, period))


@pytest.mark.parametrize("name", ["prices", "cents", "volumes", "signed", "ten octaves"])
def test_usual_values_are_summed_as_whole_numbers(name: str) -> None:
    assert sums_of_block(VALUES[name], 30, np.empty(len(VALUES[name]) - 29))


def test_wide_values_need_two_whole_numbers() -> None:
    values, found = VALUES["forty octaves"], np.empty(1971)
    top = math.frexp(float(np.abs(values).max()))[1]
    assert not windows._single(values, 30, found, top, 5)
    assert windows._double(values, 30, found, top, 5)
    assert bits(found) == bits(fsums(values, 30))


FLOATS = st.floats(allow_infinity=False, min_value=-1e200, max_value=1e200)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(FLOATS, min_size=1, max_size=40), st.integers(1, 40))
def test_any_sliding_sum_is_fsum(values: list[float], period: int) -> None:
    period = min(period, len(values))
    found = np.empty(len(values) - period + 1)
    window_sums(np.array(values), period, found)
    assert bits(found) == bits(fsums(values, period))


NEAR = st.builds(math.ldexp, st.floats(-1, 1), st.integers(-3, 3))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(NEAR, min_size=1, max_size=60), st.integers(1, 30))
def test_any_sliding_sum_of_near_sizes_is_fsum(values: list[float], period: int) -> None:
    period = min(period, len(values))
    found = np.empty(len(values) - period + 1)
    window_sums(np.array(values), period, found)
    assert bits(found) == bits(fsums(values, period))


def test_blocks_meet_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "BLOCK", 40)
    values = VALUES["prices"].copy()
    values[777] = math.nan
    found = np.empty(len(values) - 6)
    window_sums(values, 7, found)
    assert bits(found) == bits(fsums(values, 7))


def test_a_sum_that_python_refuses_is_refused() -> None:
    for values in ([1e308, 1e308], [math.inf, -math.inf]):
        with pytest.raises(NotExactError, match="fsum raises"):
            window_sums(np.array(values), 2, np.empty(1))


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("count", [1, 2, 9, 33])
def test_a_weighted_sum_is_fsum_of_the_products(name: str, count: int) -> None:
    values = VALUES[name][:900]
    for weights in ([float(i + 1) for i in range(count)], list(RNG.normal(0, 1, count))):
        found = np.empty(len(values) - count + 1)
        weighted_sums(values, weights, found)
        listed = values.tolist()
        expected = [
            math.fsum(x * w for x, w in zip(listed[i : i + count], weights, strict=True))
            for i in range(len(found))
        ]
        assert bits(found) == bits(expected)


@pytest.mark.parametrize("exponent", [2.0, 0.5, 3.0, -1.0, 1.0, 0.0, -0.5])
def test_a_power_is_pythons(exponent: float) -> None:
    values = np.concatenate(
        [
            RNG.uniform(0, 300, 40_000),
            10.0 ** RNG.uniform(-100, 100, 4000),
            np.round(RNG.uniform(0.1, 40, 4000), 1),
            2.0 ** np.arange(-60, 60),
            [0.0, -0.0, 1.0, math.nan, math.inf, 5e-324] if exponent > 0 else [1.0, math.inf],
        ]
    )
    found = np.empty(len(values))
    power(values, exponent, found)
    assert bits(found) == bits([x**exponent for x in values.tolist()])


def test_squares_near_the_middle_of_two_floats_are_asked_of_python() -> None:
    if not powers.ACCURATE_POW:
        pytest.skip("the C library's pow is not known to be accurate")
    values = RNG.uniform(1, 2, 300_000)
    listed = np.array([x**2 for x in values.tolist()])
    assert (listed != values * values).any()  # pow and * do differ
    found = np.empty(len(values))
    power(values, 2.0, found)
    assert bits(found) == bits(listed)


@pytest.mark.parametrize("values", [[-2.0, 4.0], [1e300, 1.0]])
def test_a_power_that_is_no_float_is_refused(values: list[float]) -> None:
    with pytest.raises(NotExactError):
        power(np.array(values), 0.5 if values[0] < 0 else 2.0, np.empty(2))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.0, -1.0, math.nan, math.inf]), min_size=1),
    st.integers(1, 9),
    st.booleans(),
)
def test_any_extreme_is_pythons(values: list[float], period: int, highest: bool) -> None:
    period = min(period, len(values))
    found = np.empty(len(values) - period + 1)
    window_extremes(np.array(values), period, found, highest)
    pick = max if highest else min
    assert bits(found) == bits([pick(values[i : i + period]) for i in range(len(found))])


def test_a_running_sum_of_numpy_is_one_after_the_other() -> None:
    values = RNG.normal(0, 1, 20_000) * 10.0 ** RNG.integers(-5, 5, 20_000)
    total, expected = 0.0, []
    for value in values.tolist():
        total += value
        expected.append(total)
    assert bits(np.cumsum(values)) == bits(expected)


def test_a_line_that_reads_itself_has_to_wait_for_itself() -> None:
    line = bt.linebuffer.LineBuffer()
    line.array.extend([1.0, 2.0, 3.0])
    assert list(column(line, 0, 2)) == [1.0, 2.0]
    with pytest.raises(NotExactError, match="reads itself"):
        column(line, 0, 2, line.array)
