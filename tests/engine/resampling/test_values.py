"""The values of resampled bars, and times in arrays."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pytest
import pytz
from backtrader.dataseries import _Bar

from atms.engine.resampling.folding import folded
from atms.engine.resampling.moments import DAY, wall_times
from atms.feeds.history import Zone
from tests.engine.resampling.runs import column

NAMES = ("close", "low", "high", "open", "volume", "openinterest")
ODD = (0.0, -0.0, np.nan, np.inf, -np.inf, 1e300, 5e-324)


class Bars:
    """Stands at one bar of columns, for Backtrader's own growing bar."""

    def __init__(self, columns: Any) -> None:
        self._columns = columns
        self.at = 0
        self.datetime = [1.0]

    def __getattr__(self, name: str) -> list[float]:
        return [float(self._columns[NAMES.index(name)][self.at])]


def by_backtrader(columns: Any, order: Any, cuts: Any) -> list[list[float]]:
    bars, bar, made, first = Bars(columns), _Bar(), [], 0
    for cut in cuts:
        bar.bstart()
        for bars.at in order[first:cut]:
            bar.bupdate(bars)
        made.append([getattr(bar, name) for name in NAMES])
        first = cut
    return [list(one) for one in zip(*made, strict=True)]


@pytest.mark.parametrize("seed", range(30))
def test_values_are_those_of_backtraders_growing_bar(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 400))
    columns = rng.random((6, n)) * 10.0 ** rng.integers(-3, 6)
    if seed % 3 == 0:
        columns[4] = np.floor(columns[4])
    if seed % 2:
        places = rng.integers(0, n, 40)
        columns[rng.integers(0, 6, 40), places] = rng.choice(ODD, 40)
    order = np.arange(n) if seed % 5 else np.sort(rng.integers(0, n, n))
    cuts = np.unique(rng.integers(1, n + 1, int(rng.integers(1, 40))))
    with np.errstate(all="ignore"):
        found = folded(list(columns), order, cuts)
    expected = by_backtrader(columns, order, cuts)
    for name, one, other in zip(NAMES, found, expected, strict=True):
        assert column(one) == column(other), name


@pytest.mark.parametrize(
    "zone",
    [
        None,
        Zone("Europe/Berlin"),
        pytz.timezone("America/New_York"),
        pytz.timezone("Asia/Kolkata"),
        pytz.timezone("Australia/Lord_Howe"),
    ],
)
def test_times_in_arrays_are_those_of_num2date(zone: Any) -> None:
    rng = np.random.default_rng(3)
    days = np.concatenate(
        [
            738_885 + rng.random(500) * 900,
            np.array([bt.date2num(bt.num2date(738_975.0 + k / 1440)) for k in range(3000)]),
            739_190.0 + np.arange(3000) / 1440,
            np.array([738_885.9999999999, 738_885.99999999, 738_886.0]),
        ]
    )
    found = wall_times(days, zone)
    for day, micros in zip(days.tolist(), found.tolist(), strict=True):
        shown = bt.num2date(day, tz=zone)
        within = shown.hour * 3600 + shown.minute * 60 + shown.second
        assert micros == shown.toordinal() * DAY + within * 1_000_000 + shown.microsecond
