"""Whether an account can fall to nothing before its next fill: logarithms of it then raise.

The prices to come are known, so what is held now has a least value. Where that is not above
nothing, those who take logarithms are called on each bar, so that what they raise comes on the bar
on which Backtrader raises it.
"""

from __future__ import annotations

import numpy as np

from atms.engine.watching.equity import Setting

_ROUNDING = 1e-6  # of all that is added up


class Solvency:
    """The least that an account can be worth until its next fill.

    Args:
        setting: of the run; its feeds are preloaded.
    """

    def __init__(self, setting: Setting) -> None:
        self._broker = setting.broker
        self._ranges: dict[int, tuple[float, float]] = {}
        for data in setting.strategy.datas:
            if not hasattr(data.lines, "close"):  # a feed of other lines; nothing is held in it
                continue
            bars = setting.timeline.bars(data)
            count = setting.timeline.steps if bars is None else int(bars.max(initial=-1)) + 1
            prices = np.frombuffer(data.lines.close.array, dtype=np.float64)[:count]
            if len(prices) == count > 0:  # a feed may still be growing
                self._ranges[id(data)] = float(prices.min()), float(prices.max())

    def lasts(self) -> bool:
        """Return whether the account stays above nothing at any price of its feeds."""
        cash = gross = self._broker.getcash()
        least = cash
        for data, position in self._broker.positions.items():
            low, high = self._ranges.get(id(data), (0.0, np.inf))
            if position.size:
                worth = position.size * (low if position.size > 0 else high)
                least, gross = least + worth, abs(gross) + abs(worth)
        return bool(least > _ROUNDING * gross)


def why_not(setting: Setting) -> str:
    """Return why the value of what is held is not cash and size times price; "" if it is."""
    broker = setting.broker
    for data in setting.strategy.datas:
        info = broker.getcommissioninfo(data)
        if not getattr(info, "_stocklike", False):
            return "the account may fall to nothing by margin"
        if info.p.leverage != 1.0 or info.p.interest or not broker.p.shortcash:
            return "the account may fall to nothing by leverage, interest or shorts"
    return "" if Solvency(setting).lasts() else "the account may fall to nothing"
