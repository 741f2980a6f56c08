"""How much of a bar's volume an account gets."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import backtrader as bt

from atms.simulation.rules import floored


def fillable(
    wanted: float, volume: float, share: float, used: float = 0.0, step: Decimal | None = None
) -> float:
    """Return how much of *wanted* units fills.

    Args:
        wanted: units, positive.
        volume: of the bar; nothing fills where it is not known.
        share: of the volume, above 0 and at most 1.
        used: what the account's other orders have filled of it.
        step: a part is rounded down to a multiple of it.
    """
    room = share * volume - used
    if not room > 0:
        return 0.0
    if room >= wanted:
        return wanted
    return room if step is None else floored(room, step)


def check_share(share: float) -> float:
    """Return *share*; ValueError if it is no part of a volume."""
    if not (0 < share <= 1 and math.isfinite(share)):
        raise ValueError(f"participation: is {share:g}; write a share of the volume: 10% or 0.1")
    return share


class Participation(bt.metabase.ParamsBase):
    """A Backtrader filler: at most a share of each bar's volume, over all orders of a data.

    Params:
        share: of the volume, above 0 and at most 1.
        step: a decimal.Decimal; a part is rounded down to a multiple of it.
    """

    params = (("share", 1.0), ("step", None))

    def __init__(self, **_: Any) -> None:  # Backtrader has taken the params before
        check_share(self.p.share)
        self._bars: dict[Any, tuple[int, float]] = {}

    def __call__(self, order: bt.Order, price: float, ago: int) -> float:
        """Return how much of *order* fills on the bar."""
        data = order.data
        bar = len(data) + ago
        known, used = self._bars.get(id(data), (bar, 0.0))
        used = used if known == bar else 0.0
        size = fillable(
            abs(order.executed.remsize), data.volume[ago], self.p.share, used, self.p.step
        )
        self._bars[id(data)] = (bar, used + size)
        return size
