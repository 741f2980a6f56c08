"""Every indicator of Backtrader: our columns against its own loops, bit for bit."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pytest

from tests.engine.once.catalogue import BAR_BY_BAR, BUILDS, SERIES, STEPPED
from tests.engine.once.sides import bars, same, stock_parts, walk

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, of Hurst's logarithms


@pytest.mark.parametrize("name", BUILDS)
def test_an_indicator_has_stocks_bits_on_every_series(name: str) -> None:
    for columns in SERIES.values():
        same(BUILDS[name], columns)


@pytest.mark.parametrize("name", sorted(BUILDS.keys() - BAR_BY_BAR - STEPPED))
def test_an_indicator_runs_wholly_on_kernels(name: str) -> None:
    parts = same(BUILDS[name], SERIES["full mantissas"])
    assert {str(part).partition(": ")[2] for part in parts} == {""}


@pytest.mark.parametrize("name", sorted(STEPPED))
def test_what_has_no_kernel_is_stepped(name: str) -> None:
    parts = same(BUILDS[name], SERIES["full mantissas"])
    assert str(parts[-1]) == f"fast  indicator {name}: its own next, bar by bar"


def test_the_list_of_indicators_is_not_short() -> None:
    assert len(BUILDS) > 95


PERIODS = [1, 2, 3, 7, 30, 199]
WITH_PERIOD = [
    "SMA", "EMA", "SMMA", "WMA", "DEMA", "TEMA", "HMA", "KAMA", "ZLEMA", "RSI", "RSI_Safe",
    "BollingerBands", "StdDev", "MeanDev", "ATR", "Highest", "Lowest", "SumN", "AnyN", "AllN",
    "Momentum", "ROC100", "CCI", "AroonUpDown", "DirectionalMovement", "WilliamsR", "Vortex",
    "FindFirstIndexHighest", "FindFirstIndexLowest", "FindLastIndexHighest",
    "FindLastIndexLowest", "PercentRank", "TRIX", "Stochastic", "LaguerreRSI", "ParabolicSAR",
]  # fmt: skip


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("name", WITH_PERIOD)
def test_a_period_is_kept(name: str, period: int) -> None:
    kind = getattr(bt.ind, name)
    for key in ("full mantissas", "long pauses", "forty bars"):
        same(lambda s: kind(s.data, period=period), SERIES[key])


@pytest.mark.parametrize("kind", [bt.ind.SMA, bt.ind.EMA, bt.ind.Highest, bt.ind.WMA, bt.ind.RSI])
def test_an_indicator_of_an_indicator_of_one(kind: Any) -> None:
    def build(s: Any) -> Any:
        inner = kind(bt.ind.MACD(s.data.close).signal, period=5)
        return kind(kind(inner, period=3) - inner(-2), period=4)

    for key in ("full mantissas", "holes", "whole numbers around zero"):
        same(build, SERIES[key])


def test_more_bars_than_a_block() -> None:
    def build(s: Any) -> Any:
        bt.ind.CrossOver(bt.ind.SMA(s.data, period=10), bt.ind.SMA(s.data, period=300))
        bt.ind.BollingerBands(s.data)
        bt.ind.RSI(s.data, safediv=True)
        bt.ind.Highest(s.data.high, period=55)
        bt.ind.WMA(s.data, period=20)

    closes = walk(60_000, seed=12)
    closes[40_000:40_010] = np.nan
    parts = same(build, bars(closes))
    assert stock_parts(parts) == []


def test_negative_zeros_are_taken_as_python_takes_them() -> None:
    values = np.random.default_rng(3).choice([0.0, -0.0, 1.0, -1.0], 200)

    def build(s: Any) -> Any:
        for kind in (bt.ind.Highest, bt.ind.Lowest, bt.ind.SumN, bt.ind.SMA, bt.ind.WMA):
            for period in (1, 2, 3, 8):
                kind(s.data.close, period=period)
        bt.ind.Accum(s.data.close)
        bt.ind.Accum(s.data.close, seed=-0.0)
        bt.ind.NonZeroDifference(s.data.close, s.data.open)

    same(build, bars(values, spread=0.0))


@pytest.mark.parametrize("seed", range(8))
def test_where_two_lines_meet_the_last_difference_is_kept(seed: int) -> None:
    columns = bars(np.random.default_rng(seed).integers(0, 2, 60))
    columns["open"] = np.random.default_rng(seed + 99).integers(0, 2, 60).astype(float)

    def build(s: Any) -> Any:
        return (
            bt.ind.NonZeroDifference(s.data.close, s.data.open),
            bt.ind.CrossOver(s.data.close, s.data.open),
            bt.ind.CrossUp(s.data.open, s.data.close(-1)),
        )

    assert stock_parts(same(build, columns)) == []


@pytest.mark.parametrize("seed", [0, 1, True, -2.5, 1e300, 2**60])
def test_a_seed_of_any_kind_begins_a_sum(seed: Any) -> None:
    same(lambda s: bt.ind.Accum(s.data.close, seed=seed), SERIES["full mantissas"])


@pytest.mark.parametrize("period", [0, -1, 2.0, np.int64(3)])
def test_a_strange_period_is_backtraders_affair(period: Any) -> None:
    def build(s: Any) -> Any:
        return bt.ind.Average(s.data.close, period=period)

    parts = same(build, SERIES["full mantissas"])
    assert all(not part.fast for part in parts)


def test_a_function_of_the_users_runs_on_stock() -> None:
    parts = same(
        lambda s: bt.ind.ApplyN(s.data.close, period=5, func=lambda window: window[0] - window[-1]),
        SERIES["full mantissas"],
    )
    assert stock_parts(parts) == ["stock indicator ApplyN: a function of the user's"]


def test_talib_of_backtrader_is_computed_without_loops() -> None:
    pytest.importorskip("talib")

    def build(s: Any) -> Any:
        bt.talib.SMA(s.data.close, timeperiod=7)
        bt.talib.MACD(s.data.close)
        bt.talib.CDLDOJI(s.data.open, s.data.high, s.data.low, s.data.close)

    assert stock_parts(same(build, SERIES["full mantissas"])) == []


def test_talib_of_ours_counts_as_fast() -> None:
    pytest.importorskip("talib")
    from atms.indicators import talib

    parts = same(lambda s: talib.BBANDS(s.data), SERIES["full mantissas"])
    assert stock_parts(parts) == []
