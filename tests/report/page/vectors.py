"""Columns that are hard to pack, for the tests of both unpackers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from atms.report.page.series_values import Columns, Values

Floats = NDArray[np.float64]


def hard() -> dict[str, Columns]:
    """Return series of awkward columns; those of one series have one length."""
    random = np.random.default_rng(7)
    bits = random.integers(0, 2**64, 3000, dtype=np.uint64).view(np.float64)
    odd = np.round(random.normal(100, 1, 3000), 2)
    odd[[0, 1, 700, 2999]] = [np.nan, -0.0, np.inf, 5e-324]
    stamps = 1.6e15 + 6e7 * np.cumsum(random.integers(1, 4, 3000))
    return {
        "nothing": {"time": np.empty(0), "word": []},
        "one": {"time": np.array([1.7e15]), "price": np.array([0.1 + 0.2]), "word": ["a"]},
        "specials": {
            "all": np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e300, -1e-300, 5e-324, 2.0**53]),
            "minus": np.full(9, -0.0),
            "absent": np.full(9, np.nan),
            "huge": np.array([2.0**53 - 1, -(2.0**53), 2.0**60, 1, 0, 0, 0, 0, 0]),
            "word": [
                "</script><script>",
                None,
                "",
                "\ud800",
                "\U0001f4c8",
                "a\0b",
                "é",
                None,
                None,
            ],
        },
        "long": {
            "time": stamps,
            "bits": bits,
            "odd": odd,
            "constant": np.full(3000, 0.1),
            "steps": np.repeat(random.normal(0, 1, 30), 100),
            "counter": np.arange(3000.0),
            "decimals": np.round(random.normal(20_000, 40, 3000), 2),
            "walk": np.cumsum(random.normal(0, 1, 3000)),
            "far": np.cumsum(np.round(random.normal(0, 1e11, 3000))),
            "mostly_absent": np.where(np.arange(3000) < 2500, np.nan, 1.5),
            "words": [f"order {number % 700}" for number in range(3000)],
            "lists": [None if n == 9 else f"{n}" if n % 5 else f"{n};{n + 1}" for n in range(3000)],
            "no_lists": ["01" if n == 9 else f"{n}" for n in range(3000)],
        },
        **bars(random),
    }


def bars(random: np.random.Generator) -> dict[str, Columns]:
    """Return bars whose prices are ticks, but for some rows, and averages over them."""
    count = 5000
    close = np.round(100 + np.cumsum(random.normal(0, 0.1, count)), 2)
    open_ = np.concatenate([[100.0], close[:-1]])
    open_[50:60] = np.round(open_[50:60] + 0.07, 2)
    spread = np.round(random.uniform(0, 0.3, count), 2)
    ticks = np.round(np.maximum(open_, close) + spread, 2)
    odd = close.copy()
    odd[[7, 8, 4000]] = [np.nan, 1 / 3, -0.0]
    times = 1.7e15 + 6e7 * np.arange(count)
    prices = {"time": times, "open": open_, "high": np.maximum(open_, close) + spread}
    walks = np.cumsum(random.normal(0, 1, count)) + 500
    return {
        "bars:0": {**prices, "low": np.minimum(open_, close) - spread, "close": close},
        "bars:1": {"time": times, "open": open_, "high": ticks, "low": open_ - 1, "close": odd},
        "bars:2": {"time": times, "open": walks, "high": walks + 1, "low": walks, "close": walks},
        "lines:0": {
            "time": times,
            "SMA(30)": _mean(close, 30),
            "EMA(10)": _smoothed(close, 10),
            "SMA(5)": walks,
        },
        "lines:1": {"time": times, "SMA(30)": _mean(close, 30)},
        "lines:2": {"time": times, "SMA(7)": _mean(walks, 7)},
    }


def _mean(values: Floats, period: int) -> Floats:
    """Return Backtrader's simple average: the rounded sum over the period."""
    found = np.full(len(values), np.nan)
    for row in range(period - 1, len(values)):
        found[row] = math.fsum(values[row - period + 1 : row + 1]) / period
    return found


def _smoothed(values: Floats, period: int) -> Floats:
    """Return Backtrader's exponential average, which begins with a simple one."""
    found = _mean(values, period)
    alpha = 2.0 / (1.0 + period)
    for row in range(period, len(values)):
        found[row] = found[row - 1] * (1.0 - alpha) + values[row] * alpha
    return found


def same(one: Values, other: Values) -> bool:
    """Return whether two columns are equal, numbers bit by bit; any NaN equals any other."""
    if not isinstance(one, np.ndarray):
        return not isinstance(other, np.ndarray) and list(one) == list(other)
    if not isinstance(other, np.ndarray) or one.shape != other.shape:
        return False
    equal = one.view(np.int64) == other.view(np.int64)
    return bool((equal | (np.isnan(one) & np.isnan(other))).all())
