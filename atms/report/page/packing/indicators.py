"""Which formula a plotted indicator of Backtrader's follows, by the name of its column.

The name says the class and its numbers, ``BollingerBands(20,2.0).top``; that it is computed from
the close is a guess, and whether the guess is right is seen in the values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from atms.report.page.packing.formulas import Formula

_NAME = re.compile(r"(\w+)\(([\d.,TrueFals]*)\)(?:\.(\w+))?(?:#\d+)?")
_ALIASES = {
    "SimpleMovingAverage": "SMA",
    "MovingAverageSimple": "SMA",
    "ExponentialMovingAverage": "EMA",
    "MovingAverageExponential": "EMA",
    "SmoothedMovingAverage": "SMMA",
    "RelativeStrengthIndex": "RSI",
    "AverageTrueRange": "ATR",
    "MACDHisto": "MACD",
    "MACDHistogram": "MACD",
    "BBands": "BollingerBands",
    "StandardDeviation": "StdDev",
    "ROC": "RateOfChange",
    "RateOfChange100": "ROC100",
}


def formulas(column: str, bars: str) -> Iterator[Formula]:
    """Yield the formula that *column* may follow over the series *bars*, if its name is known."""
    found = _NAME.fullmatch(column)
    if found is None:
        return
    known = _KNOWN.get(_ALIASES.get(found[1], found[1]))
    try:
        numbers = [float(part) for part in found[2].split(",") if part not in ("True", "False")]
    except ValueError:
        return
    if known is not None and numbers and numbers[0] >= 1:
        yield known(["column", bars, "close"], numbers, found[3] or "")


def _simple(of: Formula, numbers: list[float], line: str) -> Formula:
    return ["mean", of, int(numbers[0])]


def _exponential(of: Formula, numbers: list[float], line: str) -> Formula:
    return ["smoothed", of, 2.0 / (1.0 + numbers[0]), int(numbers[0])]


def _wilder(of: Formula, numbers: list[float], line: str = "") -> Formula:
    return ["smoothed", of, 1.0 / numbers[0], int(numbers[0])]


def _strength(of: Formula, numbers: list[float], line: str) -> Formula:
    before = ["ago", of, 1]
    up = _wilder(["max", ["sub", of, before], 0.0], numbers)
    down = _wilder(["max", ["sub", before, of], 0.0], numbers)
    return ["sub", 100.0, ["div", 100.0, ["add", 1.0, ["div", up, down]]]]


def _true_range(of: Formula, numbers: list[float], line: str) -> Formula:
    before, high, low = ["ago", of, 1], [*of[:2], "high"], [*of[:2], "low"]
    return _wilder(["sub", ["max", high, before], ["min", low, before]], numbers)


def _convergence(of: Formula, numbers: list[float], line: str) -> Formula:
    fast, slow, signal = [*numbers, 1.0, 1.0][:3]
    macd = ["sub", _exponential(of, [fast], ""), _exponential(of, [slow], "")]
    smooth = _exponential(macd, [signal], "")
    return {"signal": smooth, "histo": ["sub", macd, smooth]}.get(line, macd)


def _deviation(of: Formula, numbers: list[float], line: str = "") -> Formula:
    mean = ["mean", of, int(numbers[0])]
    squares = ["mean", ["mul", of, of], int(numbers[0])]
    return ["sqrt", ["abs", ["sub", squares, ["mul", mean, mean]]]]


def _bands(of: Formula, numbers: list[float], line: str) -> Formula:
    mean = ["mean", of, int(numbers[0])]
    away = ["mul", [*numbers, 2.0][1], _deviation(of, numbers)]
    return {"top": ["add", mean, away], "bot": ["sub", mean, away]}.get(line, mean)


def _change(of: Formula, numbers: list[float], line: str) -> Formula:
    before = ["ago", of, int(numbers[0])]
    return ["div", ["sub", of, before], before]


def _momentum(of: Formula, numbers: list[float], line: str) -> Formula:
    return ["sub", of, ["ago", of, int(numbers[0])]]


_KNOWN: dict[str, Callable[[Formula, list[float], str], Formula]] = {
    "SMA": _simple,
    "EMA": _exponential,
    "SMMA": _wilder,
    "RSI": _strength,
    "ATR": _true_range,
    "MACD": _convergence,
    "StdDev": _deviation,
    "BollingerBands": _bands,
    "RateOfChange": _change,
    "ROC100": lambda of, numbers, line: ["mul", 100.0, _change(of, numbers, line)],
    "Momentum": _momentum,
}
