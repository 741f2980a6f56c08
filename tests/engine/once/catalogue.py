"""Backtrader's indicators by name, how each is made, and series that try their edges."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np

from tests.engine.once.sides import bars, walk

# Not buildable: they need packages that are gone, a line as a parameter, or are a base.
WITHOUT = {
    "CointN", "OLS_BetaN", "OLS_Slope_InterceptN", "OLS_TransformationN",
    "ExponentialSmoothingDynamic", "MovingAverageBase", "OscillatorMixIn",
}  # fmt: skip
# Need an event loop: HeikinAshi and what is built on it switch runonce off.
BAR_BY_BAR = {"HeikinAshi", "haDelta"}
# Have no kernel: a polynomial fit bar by bar; a line that two of them write.
STEPPED = {"HurstExponent", "ZeroLagIndicatorOscillator"}


def _builds() -> dict[str, Callable[[Any], Any]]:
    found: dict[str, Callable[[Any], Any]] = {}
    for name, kind in vars(bt.ind).items():
        plain = inspect.isclass(kind) and issubclass(kind, bt.Indicator)
        if not plain or name != kind.__name__ or name.startswith("_") or kind.aliased:
            continue
        if name in WITHOUT or kind in (bt.Indicator, bt.ind.PeriodN, bt.ind.OperationN):
            continue
        found[name] = _build(kind)
    found["HurstExponent"] = lambda s: bt.ind.HurstExponent(s.data, period=12)
    found["ApplyN"] = lambda s: bt.ind.ApplyN(s.data, period=5, func=max)
    found["BaseApplyN"] = found["ReduceN"] = lambda s: bt.ind.ApplyN(s.data, period=4, func=min)
    found["FindFirstIndex"] = lambda s: bt.ind.FindFirstIndex(s.data, period=7, _evalfunc=max)
    found["FindLastIndex"] = lambda s: bt.ind.FindLastIndex(s.data, period=7, _evalfunc=min)
    found["Oscillator"] = lambda s: bt.ind.Oscillator(bt.ind.SMA(s.data))
    found["WeightedAverage"] = lambda s: bt.ind.WeightedAverage(
        s.data, period=4, weights=(0.5, -1.25, 3, 1e-3), coef=0.3
    )
    return found


def _build(kind: type[Any]) -> Callable[[Any], Any]:
    if kind._mindatas == 2:
        return lambda s: kind(s.data.close, s.data.open)
    return lambda s: kind(s.data)


BUILDS = _builds()


def _with_holes(closes: Any) -> Any:
    closes = closes.copy()
    closes[:7] = np.nan
    closes[150:153] = np.nan
    return closes


def _coins(n: int) -> Any:
    return np.random.default_rng(8).integers(-3, 4, n).astype(float)


N = 320
SERIES: dict[str, Any] = {
    "full mantissas": bars(walk(N)),
    "two decimals": bars(walk(N, seed=2, digits=2)),
    "constant": bars(np.full(N, 12.5), spread=0.0),
    "long pauses": bars(np.repeat(walk(N // 8, seed=4, digits=1), 8), spread=0.0),
    "whole numbers around zero": bars(_coins(N), spread=0.0),
    "negative": bars(-walk(N, seed=9)),
    "all zeros": bars(np.zeros(N)),
    "holes": bars(_with_holes(walk(N, seed=6))),
    "tiny": bars(walk(N, seed=7) * 1e-300),
    "huge": bars(walk(N, seed=10) * 1e300),
    "many sizes": bars(10.0 ** np.random.default_rng(1).integers(-12, 12, N)),
    "infinite": bars(np.where(np.arange(N) == 200, np.inf, walk(N, seed=11))),
    "two bars": bars(walk(2)),
    "ten bars": bars(walk(10)),
    "forty bars": bars(walk(40)),
}
