"""Backtrader's simulated broker, refusing what it would swallow."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt


class SimulatedBroker(bt.brokers.BackBroker):
    """Stock fills, cash and value, to the last bit.

    One thing differs: an order whose size is NaN raises where it is made. Stock rejects it as a
    lack of margin, and the strategy that computed the NaN runs on.
    """

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
