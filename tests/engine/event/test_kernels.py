"""Each indicator that has a kernel runs on it, and gives Backtrader's bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import pytest

from tests.engine.event.conftest import Ours
from tests.engine.event.snapshots import of_run
from tests.engine.event.world import MINUTES, Rows, _rows, bars

MAKERS: dict[str, Callable[[Any], Any]] = {
    "SMA": lambda d: bt.ind.SMA(d, period=5),
    "SMA of one bar": lambda d: bt.ind.SMA(d, period=1),
    "EMA": lambda d: bt.ind.EMA(d, period=5),
    "SMMA": lambda d: bt.ind.SMMA(d.high, period=5),
    "WMA": lambda d: bt.ind.WMA(d, period=5),
    "MACDHisto": lambda d: bt.ind.MACDHisto(d, period_me1=3, period_me2=5, period_signal=4),
    "RSI": lambda d: bt.ind.RSI(d, period=5, safediv=True),
    "ATR": lambda d: bt.ind.ATR(d, period=5),
    "BollingerBands": lambda d: bt.ind.BollingerBands(d, period=5),
    "Stochastic": lambda d: bt.ind.Stochastic(d, period=5, safediv=True),
    "CrossOver": lambda d: bt.ind.CrossOver(bt.ind.SMA(d, period=2), bt.ind.SMA(d, period=6)),
    "CrossOver of prices": lambda d: bt.ind.CrossOver(d.close, d.open),
    "Highest": lambda d: bt.ind.Highest(d.high, period=4),
    "Lowest": lambda d: bt.ind.Lowest(d.low, period=4),
    "SumN": lambda d: bt.ind.SumN(d, period=4),
    "AnyN": lambda d: bt.ind.AnyN(d.close > d.open, period=4),
    "AllN": lambda d: bt.ind.AllN(d.close > d.open, period=2),
    "Accum": lambda d: bt.ind.Accum(d.volume, seed=3.5),
    "Momentum": lambda d: bt.ind.Momentum(d, period=4),
    "ROC": lambda d: bt.ind.ROC(d, period=4),
    "CCI": lambda d: bt.ind.CCI(d, period=4),
    "WilliamsR": lambda d: bt.ind.WilliamsR(d, period=4),
    "Ultimate": lambda d: bt.ind.UltimateOscillator(d, p1=2, p2=4, p3=6),
    "DEMA": lambda d: bt.ind.DEMA(d, period=3),
    "TEMA": lambda d: bt.ind.TEMA(d, period=3),
    "HMA": lambda d: bt.ind.HMA(d, period=4),
    "TRIX": lambda d: bt.ind.TRIX(d, period=3),
    "DivByZero": lambda d: bt.DivByZero(d.close, d.close - d.close(-1), zero=2.5),
    "DivZeroByZero": lambda d: bt.functions.DivZeroByZero(d.close - d.open, d.close - d.close(-1)),
    "If": lambda d: bt.If(d.close > d.open, d.high, 0),
    "Cmp": lambda d: bt.Cmp(d.close, d.open),
    "And": lambda d: bt.And(d.close > d.open, d.close > 99.0),
    "And of three": lambda d: bt.And(d.close > d.open, d.close > 99.0, d.volume > 10),
    "Or": lambda d: bt.Or(d.close > d.open, d.close > 101.0),
    "Max": lambda d: bt.Max(d.close, d.open),
    "Max with a number": lambda d: bt.Max(d.close - d.open, 0),
    "Min with a number": lambda d: bt.Min(d.close - d.open, 0.0),
    "Min of three": lambda d: bt.Min(d.close, d.open, 100),
    "Sum": lambda d: bt.Sum(d.close, d.open, d.high),
    "Any": lambda d: bt.Any(d.close > d.open, d.close > 99.0),
    "All": lambda d: bt.All(d.close > d.open, d.close > 99.0),
    "operators": lambda d: ((d.close - 1) * 2 / d.open + 3) ** 2 // 1.5,
    "reversed operators": lambda d: 3.0 - (2 * d.close) / (1000 + d.open),
    "comparisons": lambda d: (d.close >= d.open) + (d.close <= 100) + (d.close == d.high),
    "abs and minus": lambda d: abs(-(d.close - d.open)),
}


class Holder(bt.Strategy):
    """Holds one indicator."""

    params = (("make", None), ("seen", None))

    def __init__(self) -> None:
        self.made = self.p.make(self.data)

    def next(self) -> None:
        self.p.seen.append((len(self), len(self.made), self.made[0], self.made.lines[0][0]))


@pytest.mark.parametrize("name", MAKERS)
def test_it_is_computed_by_kernels_and_to_the_same_bits(name: str) -> None:
    def run(kind: type[bt.Cerebro]) -> tuple[list[Any], list[Any]]:
        seen: list[Any] = []
        cerebro = kind(runonce=False, preload=False)
        cerebro.adddata(Rows(rows=_rows(bars(80, 9)), timeframe=MINUTES))
        cerebro.addstrategy(Holder, make=MAKERS[name], seen=seen)
        return seen, of_run(cerebro, cerebro.run())

    assert run(Ours) == run(bt.Cerebro)
    assert not [str(part) for part in Ours.told if part.kind == "indicator" and not part.fast]
