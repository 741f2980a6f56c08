"""Indicators and line operations: which there are, how one is drawn, how it is built."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import backtrader as bt

from tests.engine.corpus.dice import Dice
from tests.engine.corpus.own_indicators import INDICATORS as OWN
from tests.engine.corpus.shapes import Node, Pairs

# Bases of others, and those that need a package that is not installed.
NOT_RUNNABLE = {
    "BaseApplyN", "CointN", "Indicator", "MovingAverageBase", "OLS_BetaN", "OLS_Slope_InterceptN",
    "OLS_TransformationN", "OperationN", "Oscillator", "OscillatorMixIn", "PeriodN",
}  # fmt: skip
# Those that read high and low, by the name of what they are an alias of.
NEED_BARS = {
    "AccelerationDecelerationOscillator", "AroonDown", "AroonOscillator", "AroonUp", "AroonUpDown",
    "AroonUpDownOscillator", "AverageDirectionalMovementIndex",
    "AverageDirectionalMovementIndexRating", "AverageTrueRange", "AwesomeOscillator",
    "CommodityChannelIndex", "DV2", "DemarkPivotPoint", "DirectionalIndicator",
    "DirectionalMovement", "DirectionalMovementIndex", "FibonacciPivotPoint", "HeikinAshi",
    "Ichimoku", "MinusDirectionalIndicator", "ParabolicSAR", "PivotPoint",
    "PlusDirectionalIndicator", "PrettyGoodOscillator", "Stochastic", "StochasticFast",
    "StochasticFull", "TrueHigh", "TrueLow", "TrueRange", "UltimateOscillator", "Vortex",
    "WilliamsAD", "WilliamsR", "haDelta",
}  # fmt: skip
AVERAGES = (
    "SMA",
    "EMA",
    "SMMA",
    "WMA",
    "DEMA",
    "TEMA",
    "HMA",
    "ZLEMA",
    "KAMA",
    "DMA",
    "ZLIndicator",
)
FAVOURITES = (
    "SMA", "EMA", "RSI", "MACD", "MACDHisto", "BollingerBands", "ATR", "CrossOver", "Highest",
    "Lowest", "StdDev", "Stochastic", "WMA", "ADX", "Momentum", "SmoothedMovingAverage",
)  # fmt: skip
AVERAGE_KEYS = {"movav", "_movav", "_rmovav", "_smovav"}
# Whole numbers that are no periods, or whose least value is not 2.
LEAST = {"Hurst": 20, "HurstExponent": 20, "HullMovingAverage": 4}
KEPT = {
    "upperband", "lowerband", "safehigh", "safelow", "safezero", "gainlimit", "perc", "devfactor",
    "factor", "band", "_rocperiod", "pchange", "lag_start", "lag_end",
}  # fmt: skip


def _spread(window: Any) -> float:
    return max(window) - min(window)


def _greatest(window: Any) -> float:
    return max(window)


FUNCTIONS: dict[str, Callable[..., Any]] = {"spread": _spread, "greatest": _greatest}
OWN_BARS = {"OwnAtr"}
NEED_FUNCTION = {"ApplyN": "spread", "FindFirstIndex": "greatest", "FindLastIndex": "greatest"}


def _defaults(cls: Any) -> dict[str, Any]:
    return dict(zip(cls.params._getkeys(), cls.params._getdefaults(), strict=True))


@functools.cache
def stock_names() -> tuple[str, ...]:
    """Return the names of all of Backtrader's indicators that can be run, aliases too."""
    return tuple(
        name
        for name, cls in sorted(vars(bt.indicators).items())
        if inspect.isclass(cls)
        and issubclass(cls, bt.Indicator)
        and cls.__name__ == name
        and cls.__module__.startswith("backtrader.")
        and name not in NOT_RUNNABLE
    )


def canonical(name: str) -> str:
    """Return what *name* is an alias of, or itself."""
    cls = getattr(bt.indicators, name)
    return cls.__mro__[1].__name__ if cls.aliased else name


# ---- operations ---------------------------------------------------------------------------------

OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "add number": lambda a: a + 1.5,
    "from number": lambda a: 100.0 - a,
    "by number": lambda a: a / 3,
    "whole part": lambda a: a // 2.0,
    "power": lambda a: a**2,
    "negative": lambda a: -a,
    "absolute": lambda a: abs(a),
    "delay": lambda a: a(-2),
    "delay none": lambda a: a(0),
    "less": lambda a, b: a < b,
    "more": lambda a, b: a > b,
    "at most": lambda a, b: a <= b,
    "at least": lambda a, b: a >= b,
    "equal": lambda a, b: a == b,
    "unequal": lambda a, b: a != b,
    "more than number": lambda a: a > 100.0,
    "And": lambda a, b: bt.And(a > b, b > 0.0),
    "Or": lambda a, b: bt.Or(a > b, b > 100.0),
    "If": lambda a, b: bt.If(a > b, a, b),
    "If numbers": lambda a, b: bt.If(a > b, 1.0, -1),
    "Max": lambda a, b: bt.Max(a, b),
    "Min": lambda a, b: bt.Min(a, b, 99.5),
    "Sum": lambda a, b: bt.Sum(a, b),
    "Any": lambda a, b: bt.Any(a > b, b > a),
    "All": lambda a, b: bt.All(a > b, a > 0.0),
    "Reduce": lambda a, b: bt.Reduce(lambda x, y: x * 0.5 + y, a, b),
    "DivByZero": lambda a, b: bt.DivByZero(a, b - b, zero=7.0),
    "DivZeroByZero": lambda a, b: bt.DivZeroByZero(a - a, b - b, single=1.0, dual=2.0),
    "Cmp": lambda a, b: bt.Cmp(a, b),
    "CmpEx": lambda a, b: bt.CmpEx(a, b, 1.0, 2.0, 3.0),
}
ONE_INPUT = {
    "add number", "from number", "by number", "whole part", "power", "negative", "absolute",
    "delay", "delay none", "more than number",
}  # fmt: skip

# ---- drawing ------------------------------------------------------------------------------------


def draw(dice: Dice, datas: int, name: str | None = None, depth: int = 0) -> Node:
    """Return an indicator tree over *datas* datas; *name* is the indicator at its top."""
    if depth == 0:
        dice.main = dice.whole(0, datas - 1)
    if name is None:
        kinds = (FAVOURITES, stock_names(), tuple(OPERATIONS), tuple(OPERATIONS), tuple(OWN))
        name = dice.pick(dice.pick(kinds))
    if name in OPERATIONS:
        count = 1 if name in ONE_INPUT else 2
        return Node(name, (), tuple(_line(dice, datas, depth) for _ in range(count)))
    if name in OWN:
        if name in OWN_BARS:
            return Node(name, (), (_data(dice, datas),))
        count = 2 if name == "TwoDatas" else 1
        return Node(name, (), tuple(_line(dice, datas, depth) for _ in range(count)))
    cls = getattr(bt.indicators, name)
    bars = canonical(name) in NEED_BARS
    inputs = tuple(
        _data(dice, datas) if bars or dice.chance(0.3) else _line(dice, datas, depth)
        for _ in range(cls._mindatas)
    )
    if canonical(name) == "ExponentialSmoothingDynamic":
        inputs = (Node("data", (("of", 0), ("line", "close"))),)
    return Node(name, _options(dice, name, cls), inputs)


def _data(dice: Dice, datas: int) -> Node:
    return Node("data", (("of", _which(dice, datas)),))


def _which(dice: Dice, datas: int) -> int:
    """Return a data's index; mostly one in a tree, for operations need equal lengths."""
    return dice.main if dice.chance(0.85) else dice.whole(0, datas - 1)


def _line(dice: Dice, datas: int, depth: int) -> Node:
    if depth < 2 and dice.chance(0.35):
        return draw(dice, datas, depth=depth + 1)
    line = dice.pick(("close", "close", "high", "low", "open", "volume"))
    return Node("data", (("of", _which(dice, datas)), ("line", line)))


def _options(dice: Dice, name: str, cls: Any) -> Pairs:
    out: list[tuple[str, Any]] = []
    for key, default in _defaults(cls).items():
        if key in AVERAGE_KEYS:
            if dice.chance(0.25):
                out.append((key, dice.pick(AVERAGES)))
        elif key in ("safediv", "safepow", "oscillator") and dice.chance(0.3):
            out.append((key, not default))
        elif type(default) is int and key not in KEPT and (default > 9 or dice.chance(0.6)):
            least = LEAST.get(canonical(name), 1 if default == 1 else 2)
            out.append((key, dice.whole(least, least + 10)))
    if canonical(name) in NEED_FUNCTION:
        key = "func" if name == "ApplyN" else "_evalfunc"
        out.append((key, NEED_FUNCTION[name]))
    if canonical(name) == "WeightedAverage":
        period = dict(out).get("period", 1)
        out.append(("weights", tuple(float(i + 1) for i in range(period))))
        out.append(("coef", 0.25))
    return tuple(out)


# ---- building -----------------------------------------------------------------------------------


def build(node: Node, datas: list[Any]) -> Any:
    """Return the lines that *node* describes; called where Backtrader finds its owner."""
    options = dict(node.options)
    if node.name == "data":
        data = datas[options["of"] % len(datas)]
        return getattr(data, options["line"]) if "line" in options else data
    inputs = [build(one, datas) for one in node.inputs]
    if node.name in OPERATIONS:
        return OPERATIONS[node.name](*inputs)
    if node.name in OWN:
        return OWN[node.name](*inputs, **options)
    for key, value in options.items():
        if key in AVERAGE_KEYS:
            options[key] = getattr(bt.indicators, value)
        elif isinstance(value, str) and value in FUNCTIONS:
            options[key] = FUNCTIONS[value]
    if canonical(node.name) == "ReduceN":
        return getattr(bt.indicators, node.name)(*inputs, function=max, **options)
    if canonical(node.name) == "ExponentialSmoothingDynamic":
        options["alpha"] = bt.ind.SMA(inputs[0], period=3) / (inputs[0] * 4.0)
    return getattr(bt.indicators, node.name)(*inputs, **options)


def names_in(node: Node) -> set[str]:
    """Return the names of *node* and of all below it."""
    return {node.name}.union(*(names_in(one) for one in node.inputs))
