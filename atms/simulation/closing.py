"""Positions closed at a price by the broker's own booking, without an order book."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import backtrader as bt


def close_at(broker: Any, strategy: bt.Strategy, data: Any, price: float, **info: Any) -> None:
    """Close what *strategy* holds of *data*, trade by trade, at *price*.

    Args:
        broker: a :class:`~atms.simulation.SimulatedBroker`.
        strategy: whose orders these are.
        data: what is held.
        price: of the fills; no slippage is added.
        info: goes to each order's ``info``.
    """
    for group, size in _open(broker, strategy, data).items():
        if not size:
            continue
        # Without the broker's check of cash: closing a position needs none.
        trade = strategy.sell if size > 0 else strategy.buy
        order = trade(data=data, size=abs(size), tradeid=group, _checksubmit=False, **info)
        broker.pending.remove(order)
        broker.execute_whole(order, price)


def _open(broker: Any, strategy: bt.Strategy, data: Any) -> dict[int, float]:
    """Return tradeid -> size, with the fills that the strategy has not been told of yet."""
    sizes: dict[int, float] = defaultdict(float)
    for group, trades in strategy._trades[data].items():
        sizes[group] = trades[-1].size if trades else 0.0
    for order in broker.notifs:
        if order.p.owner is strategy and order.data is data:
            for bit in order.executed.iterpending():
                sizes[order.tradeid] += bit.size
    return sizes
