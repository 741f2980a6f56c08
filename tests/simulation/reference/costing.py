"""What a taker pays beside the reference price: spread, slippage, impact a unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, pstdev
from typing import NamedTuple

from tests.simulation.reference.scenario import Row, Settings
from tests.simulation.reference.touching import Touch


class Parts(NamedTuple):
    """Costs a unit, each at least 0."""

    spread: float = 0.0
    slippage: float = 0.0
    impact: float = 0.0


def parts(
    terms: Settings, met: Touch, side: int, size: float, bars: Sequence[Row], bar: Row
) -> Parts | None:
    """Tell what a fill costs a unit; None if it cannot be had.

    *bar* is the bar of the fill, *bars* the feed's bars before it.
    """
    if met.maker:
        return Parts()
    impact = _impact(terms, met.price, size, bars)
    if impact is None:
        return None
    spread = (bar["ask"] - bar["bid"]) / 2 if terms.half_spread else 0.0
    slip = met.price * terms.slip_percent + terms.slip_fixed + terms.slip_ticks * terms.tick
    wanted = (spread, slip, impact)
    room = math.inf if met.cap is None else side * (met.cap - met.price)
    taken = []
    for part in wanted:  # what comes first is cut last
        taken.append(min(part, room))
        room -= taken[-1]
    return Parts(*taken)


def _impact(terms: Settings, price: float, size: float, bars: Sequence[Row]) -> float | None:
    if terms.impact is None:
        return 0.0
    coefficient, window = terms.impact
    closes = [row["close"] for row in bars[-window - 1 :]]  # a return needs the bar before, too
    returns = [b / a - 1 for a, b in pairwise(closes)]
    if len(returns) < 2:
        return 0.0
    volume = fmean(row["volume"] for row in bars[-window:])
    if volume == 0:
        return None
    return price * coefficient * pstdev(returns) * math.sqrt(size / volume)
