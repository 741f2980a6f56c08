"""Backtrader's simulated broker, refusing what it would swallow."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt


class SimulatedBroker(bt.brokers.BackBroker):
    """Stock fills, cash and value, to the last bit.

    One thing differs: an order whose size is NaN raises where it is made. Stock rejects it as a
    lack of margin, and the strategy that computed the NaN runs on.

    Attributes:
        cash_moves: (time in float days, whether in the broker's round, amount, cash after) of each
            time that cash given by ``add_cash`` was booked.
    """

    def init(self) -> None:
        """Begin anew, as stock does at the start of each run."""
        super().init()
        self.cash_moves: list[tuple[float, bool, float, float]] = []
        self._in_round = False

    def next(self) -> None:
        """Match orders against the bar."""
        self._in_round = True
        super().next()
        self._in_round = False

    def _get_value(self, datas: Any = None, lever: bool = False) -> float:
        added = sum(self._cash_addition)  # stock books what was added here
        moved = bool(self._cash_addition)
        value: float = super()._get_value(datas, lever)
        if moved:
            now = max(data.datetime[0] for data in self.cerebro.datas if len(data))
            self.cash_moves.append((now, self._in_round, added, self.cash))
        return value

    def buy(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> bt.Order:
        """Place a buy order; ValueError if *size* is NaN or infinite."""
        return super().buy(owner, data, _checked(size), *args, **kwargs)

    def sell(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> bt.Order:
        """Place a sell order; ValueError if *size* is NaN or infinite."""
        return super().sell(owner, data, _checked(size), *args, **kwargs)


def _checked(size: float) -> float:
    if not math.isfinite(size):
        raise ValueError(
            f"the order's size is {size}: a price, an indicator or a sizer behind it "
            "has no value yet"
        )
    return size
