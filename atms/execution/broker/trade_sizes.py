"""Parts of executions as floats that add up: Backtrader's trades sum floats, and close at 0.0."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal


@dataclass
class _Sum:
    exact: Decimal = Decimal(0)
    shown: float = 0.0  # what a trade that adds floats has come to


class TradeSizes:
    """The sizes of trades, each known by whatever tells it from the others."""

    def __init__(self) -> None:
        self._sums: dict[Hashable, _Sum] = {}

    def add(self, trade: Hashable, units: Decimal) -> float:
        """Return *units* as the float that brings a trade's sum next to its exact size.

        That of nothing is nothing.

        0.1 and 0.2 are 0.30000000000000004 as floats, from which 0.3 leaves a trade open for ever.
        """
        if not units:
            return 0.0
        at = self._sums.setdefault(trade, _Sum())
        at.exact += units
        goal = float(at.exact)
        step = goal - at.shown
        at.shown += step
        return step
