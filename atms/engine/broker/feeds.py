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
        line = getattr(lines, name, None)
        if not isinstance(getattr(line, "array", None), array.array) or line.array.typecode != "d":
            return f"its {name} is kept in another way"
    return ""


class Feed:
    """One data of a run.

    Args:
        data: preloaded.
        timeline: of the run.

    Attributes:
        open, high, low, close, stamps: the lines' own arrays.
        ticker: says which bar is the present one.
        bars: index of its bar at each step; None: steps and bars are the same.
        firsts: the step at which each bar comes; None likewise.
        steps, sizes, prices: the position from each of these steps on.
    """

    __slots__ = (
        "_highest", "_lasting", "_lowest", "bars", "close", "closes", "data", "firsts", "high", "low", "open", "prices",
        "sizes", "stamps", "steps", "ticker", "timeline", "times",
    )  # fmt: skip

    def __init__(self, data: Any, timeline: Any) -> None:
        self.data = data
        self.timeline = timeline
        self.ticker = timeline.ticker(data)
        self.bars = timeline.bars(data)
        lines = data.lines
        self.open, self.high = lines.open.array, lines.high.array
        self.low, self.close = lines.low.array, lines.close.array
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

    def release(self) -> None:
        """Let go of what only a run needs."""
        self.closes = self.times = np.empty(0)
        self._lowest = self._highest = self._lasting = None
