"""A feed as the lane reads it: its arrays, where it stands, and what its position has been."""

from __future__ import annotations

import array
import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.engine.broker.record import NEVER

Floats = NDArray[np.float64]


def why_not(data: Any) -> str:
    """Return why the lane cannot read a data; "" if it can."""
    if data._compensate is not None:
        return "it is compensated by another"
    if not isinstance(data.p.sessionend, datetime.time):
        return "its session has no end"
    lines = data.lines
    for name in ("open", "high", "low", "close", "datetime"):
        held = getattr(getattr(lines, name, None), "array", None)
        if not isinstance(held, array.array) or held.typecode != "d":
            return f"its {name} is kept in another way"
    return ""


class Feed:
    """One data of a run.

    Args:
        data: preloaded.
        timeline: of the run.

    Attributes:
        open, high, low, close, stamps: the lines' own arrays.
        last: the close that orders are matched against.
        ahead: whether all bars are there from the beginning.
        ticker: says which bar is the present one.
        bars: index of its bar at each step; None: steps and bars are the same.
        firsts: the step at which each bar comes; None likewise.
        steps, sizes, prices: the position from each of these steps on.
    """

    ahead = True
    __slots__ = (
        "_highest", "_lasting", "_lowest", "bars", "close", "closes", "data", "firsts", "high",
        "last", "low", "open", "prices", "sizes", "stamps", "steps", "ticker", "timeline", "times",
    )  # fmt: skip

    def __init__(self, data: Any, timeline: Any) -> None:
        self.data = data
        self.timeline = timeline
        self.ticker: Any = timeline.ticker(data)
        self.bars = timeline.bars(data)
        lines = data.lines
        self.open: Any = lines.open.array
        self.high: Any = lines.high.array
        self.low: Any = lines.low.array
        self.close: Any = lines.close.array
        self.last: Any = self.close
        self.stamps = lines.datetime.array
        count = data.buflen()
        self.closes: Floats = np.array(self.close)[:count]
        self.times: Floats = np.array(self.stamps)[:count]
        self.firsts: NDArray[np.int64] | None = None
        if self.bars is not None:
            self.firsts = np.searchsorted(timeline.stamps, self.times)
        self._lasting: NDArray[np.bool_] | None = None
        self._lowest: Floats | None = None
        self._highest: Floats | None = None
        self.steps: list[int] = []
        self.sizes: list[Any] = []
        self.prices: list[Any] = []

    def lowest(self) -> Floats:
        """Return each bar's lower one of open and low, by which a price is reached from above."""
        if self._lowest is None:
            count = len(self.closes)
            self._lowest = np.fmin(np.array(self.open)[:count], np.array(self.low)[:count])
        return self._lowest

    def highest(self) -> Floats:
        """Return each bar's higher one of open and high."""
        if self._highest is None:
            count = len(self.closes)
            self._highest = np.fmax(np.array(self.open)[:count], np.array(self.high)[:count])
        return self._highest

    def lasting(self) -> NDArray[np.bool_]:
        """Return which bars are still there when another feed has its next one."""
        assert self.firsts is not None
        if self._lasting is None:
            self._lasting = np.diff(self.firsts, append=self.timeline.steps) > 1
        return self._lasting

    def step_of(self, bar: int) -> int:
        """Return the step at which the feed comes to *bar*; beyond the last: never."""
        if bar >= len(self.times):
            return NEVER
        return bar if self.firsts is None else int(self.firsts[bar])

    def bar_at(self, step: int) -> int:
        """Return the bar at which the feed stands at *step*."""
        return step if self.bars is None else int(self.bars[step])

    def keep(self, step: int, size: Any, price: Any) -> None:
        """Note the position from *step* on."""
        self.steps.append(step)
        self.sizes.append(size)
        self.prices.append(price)

    def keep_changed(self, step: int, size: Any, price: Any) -> None:
        """Note the position from *step* on, if it is another."""
        if self.sizes[-1] is not size or self.prices[-1] is not price:
            self.keep(step, size, price)

    def release(self) -> None:
        """Let go of what only a run needs."""
        self.closes = self.times = np.empty(0)
        self._lowest = self._highest = self._lasting = None


class LiveFeed(Feed):
    """A feed whose bars come one by one, or that is looked at before the broker's turn.

    Args:
        data: started.
    """

    ahead = False
    __slots__ = ()

    def __init__(self, data: Any) -> None:
        self.data = data
        lines = data.lines
        self.timeline = None
        self.ticker = LineTicker(lines.datetime)
        self.open, self.high = _Ticked(data, "open"), _Ticked(data, "high")
        self.low, self.last = _Ticked(data, "low"), _Ticked(data, "close")
        self.close, self.stamps = lines.close.array, lines.datetime.array
        self.bars = self.firsts = None
        self.steps, self.sizes, self.prices = [], [], []
        self.release()


class LineTicker:
    """Where a line stands that Backtrader moves."""

    __slots__ = ("_line",)

    def __init__(self, line: Any) -> None:
        self._line = line

    @property
    def at(self) -> int:
        """The index of the present bar."""
        at: int = self._line._idx
        return at


class _Ticked:
    """The present bar's price: of the last tick, where the bar is still growing."""

    __slots__ = ("_array", "_data", "_name")

    def __init__(self, data: Any, name: str) -> None:
        self._data = data
        self._array = getattr(data.lines, name).array
        self._name = f"tick_{name}"

    def __getitem__(self, bar: int) -> Any:
        tick = getattr(self._data, self._name, None)
        return self._array[bar] if tick is None else tick
