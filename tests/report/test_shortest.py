"""Floats as text are what repr says, whatever finds their digits."""

from __future__ import annotations

import numpy as np
import pytest

from atms.report.shortest import shortest

COUNT = 20_000


def _prices(source: np.random.Generator) -> np.ndarray:
    return 100 + source.normal(size=COUNT).cumsum() * 0.01


def _magnitudes(source: np.random.Generator) -> np.ndarray:
    return source.normal(size=COUNT) * 10.0 ** source.integers(-9, 12, COUNT)


def _beside_round_ones(source: np.random.Generator) -> np.ndarray:
    return np.nextafter(np.round(source.random(COUNT) * 1e5, 3), source.choice([-1e9, 1e9], COUNT))


def _any_bits(source: np.random.Generator) -> np.ndarray:
    return np.frombuffer(source.bytes(8 * COUNT), dtype=np.float64)


@pytest.mark.parametrize("made", [_prices, _magnitudes, _beside_round_ones, _any_bits])
def test_every_value_has_the_text_of_repr(made) -> None:
    values = made(np.random.default_rng(7)).copy()
    values[::97] = np.nan
    assert shortest(values) == list(map(repr, values.tolist()))


def test_whole_numbers_and_exponents_among_many_are_as_repr_has_them() -> None:
    odd = [0.0, -0.0, 1.0, 1e16, 1e-5, 0.00012345, 1e10 + 0.25, 5e-324, float("inf"), -2.5]
    values = np.array([*odd, *np.linspace(1.1, 2.2, 500)])
    assert shortest(values) == list(map(repr, values.tolist()))


def test_a_column_of_one_value_keeps_the_sign_of_zero() -> None:
    assert set(shortest(np.full(300, -0.0))) == {"-0.0"}
    assert shortest(np.array([0.0, -0.0] * 200))[:2] == ["0.0", "-0.0"]


def test_a_column_of_a_frame_that_is_not_contiguous_is_read_right() -> None:
    values = np.arange(2_000, dtype=np.float64).reshape(500, 4) / 3
    assert shortest(values[:, 1]) == list(map(repr, values[:, 1].tolist()))
