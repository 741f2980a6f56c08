"""Drawdowns one by one: from a peak, over the valley, back to the peak's height."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atms.report.metrics import drawdowns


class Spell(NamedTuple):
    """One drawdown; places are indices of the wealth that it is of.

    Attributes:
        peak: the last value before the fall.
        valley: the lowest.
        back: the first value that is no longer below the peak; else the last of all.
        recovered: whether it came back.
        depth: the valley over the peak minus 1, below 0.
    """

    peak: int
    valley: int
    back: int
    recovered: bool
    depth: float


def spells(wealth: NDArray[np.float64]) -> list[Spell]:
    """Return every drawdown of *wealth*, shape (n,), in the order of time."""
    drawdown = drawdowns(wealth)
    below = drawdown < 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], below, [False]]).astype(np.int8)))
    found = []
    for first, end in edges.reshape(-1, 2).tolist():
        valley = first + int(np.argmin(drawdown[first:end]))
        recovered = end < len(wealth)
        back = end if recovered else len(wealth) - 1
        found.append(Spell(first - 1, valley, back, recovered, float(drawdown[valley])))
    return found
