"""Indicators as users write them."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt


class MiddleOfRange(bt.Indicator):
    """next alone, reading back."""

    lines = ("middle",)
    params = dict(period=4)

    def __init__(self) -> None:
        self.addminperiod(self.p.period)

    def next(self) -> None:
        """Return the middle of the last values."""
        window = self.data.get(size=self.p.period)
        self.lines.middle[0] = (max(window) + min(window)) / 2.0


class Both(bt.Indicator):
    """next and once, which agree."""

    lines = ("both",)
    params = dict(factor=1.5)

    def next(self) -> None:
        """Compute one value."""
        self.lines.both[0] = self.data[0] * self.p.factor

    def once(self, start: int, end: int) -> None:
        """Compute all values."""
        source, target, factor = self.data.array, self.lines.both.array, self.p.factor
        for i in range(start, end):
            target[i] = source[i] * factor


class Counting(bt.Indicator):
    """State between bars, and different first calls."""

    lines = ("count", "sum")

    def __init__(self) -> None:
        self.addminperiod(3)
        self.total = 0.0

    def prenext(self) -> None:
        """Count before the first value too."""
        self.total += 0.5

    def nextstart(self) -> None:
        """Begin at 100."""
        self.total += 100.0
        self.next()

    def next(self) -> None:
        """Add the last value."""
        self.total += self.data[0]
        self.lines.count[0] = len(self)
        self.lines.sum[0] = self.total


class Composed(bt.Indicator):
    """Lines bound in __init__."""

    lines = ("upper", "lower")
    params = dict(period=5)

    def __init__(self) -> None:
        middle = bt.ind.EMA(self.data, period=self.p.period)
        spread = abs(self.data - middle)
        self.lines.upper = middle + bt.ind.SMA(spread, period=2) * 2.0
        self.lines.lower = bt.Min(middle - spread, self.data(-1))


class Mixed(bt.Indicator):
    """One line bound, the other computed in next from own indicators."""

    lines = ("bound", "own")

    def __init__(self) -> None:
        self.average = bt.ind.SMA(self.data, period=3)
        self.lines.bound = self.average - self.data

    def next(self) -> None:
        """Compare two bars of the average."""
        self.lines.own[0] = self.average[0] - self.average[-1]


class TwoDatas(bt.Indicator):
    """Two inputs read in next."""

    lines = ("spread",)
    _mindatas = 2

    def next(self) -> None:
        """Subtract the second."""
        self.lines.spread[0] = self.data0[0] - self.data1[0]


class Moody(bt.Indicator):
    """Raises on a value; most series never have it."""

    lines = ("root",)

    def next(self) -> None:
        """Take the root."""
        self.lines.root[0] = math.sqrt(self.data[0])


class OwnAverage(bt.ind.SMA):
    """A subclass that computes otherwise: in next, and once follows from it."""

    def next(self) -> None:
        """Return the mean, summed from the left."""
        self.lines.sma[0] = sum(self.data.get(size=self.p.period)) / self.p.period

    def once(self, start: int, end: int) -> None:
        """Compute all values."""
        source, target, period = self.data.array, self.lines.sma.array, self.p.period
        for i in range(start, end):
            target[i] = sum(source[i - period + 1 : i + 1]) / period


class OwnAtr(bt.ind.ATR):
    """A subclass that changes nothing but a default."""

    params = dict(period=5)


class CloseOverAverage(bt.Indicator):
    """A signal: the close above its average."""

    lines = ("signal",)
    params = dict(period=5)

    def __init__(self) -> None:
        self.lines.signal = self.data.close - bt.ind.SMA(period=self.p.period)


INDICATORS: dict[str, Any] = {
    "MiddleOfRange": MiddleOfRange,
    "Both": Both,
    "Counting": Counting,
    "Composed": Composed,
    "Mixed": Mixed,
    "TwoDatas": TwoDatas,
    "Moody": Moody,
    "OwnAverage": OwnAverage,
    "OwnAtr": OwnAtr,
    "talib SMA": lambda data: bt.talib.SMA(data, timeperiod=5),
    "talib RSI": lambda data: bt.talib.RSI(data, timeperiod=4),
    "talib MACD": lambda data: bt.talib.MACD(data, fastperiod=3, slowperiod=6, signalperiod=2),
}
