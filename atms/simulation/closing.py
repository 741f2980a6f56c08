"""Positions closed at a price by the broker's own booking, without an order book."""

from __future__ import annotations

from typing import Any

import backtrader as bt


def close_at(broker: Any, strategy: bt.Strategy, data: Any, price: float, **info: Any) -> None:
    """Close what *strategy* holds of *data*, trade by trade, at *price*.

    Args:
        broker: a Backtrader simulated broker.
        strategy: whose orders these are.
        data: what is held.
        price: of the fills; no slippage is added.
        info: goes to each order's ``info``.
    """
    for group, trades in strategy._trades[data].items():
        size = trades[-1].size if trades else 0
        if not size:
            continue
        # Without the broker's check of cash: closing a position needs none.
        trade = strategy.sell if size > 0 else strategy.buy
        order = trade(data=data, size=abs(size), tradeid=group, _checksubmit=False, **info)
        broker.pending.remove(order)
        broker.execute_whole(order, price)
