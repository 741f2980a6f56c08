"""Every order and every fill of a run, from the broker's notifications alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import backtrader as bt


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution bit of an order, as the broker booked it.

    Attributes:
        step: bars that the strategy had seen, this one included.
        days: the strategy's time, Backtrader's float days.
        order: Backtrader's order.
        bit: Backtrader's execution bit.
        cash: the broker's cash after all of this bar's executions.
    """

    step: int
    days: float
    order: bt.Order
    bit: Any
    cash: float


class OrderRecorder(bt.Analyzer):
    """Notes each order's notifications and execution bits; does nothing else in the loop.

    A fill's fee is in its execution bit: ``order.executed.comm`` is the sum over all fills so far.

    Attributes:
        orders: order ref -> its last notified clone, in the order of the first notification.
        statuses: order ref -> (step, status) of each notification.
        executions: every execution bit, in the order of the broker's booking.
        last: the order that was notified last.
    """

    def __init__(self) -> None:
        self.orders: dict[int, bt.Order] = {}
        self.statuses: dict[int, list[tuple[int, int]]] = {}
        self.executions: list[Execution] = []
        self.last: bt.Order | None = None

    # Backtrader calls these on every bar to pass them on to next(), notify_cashvalue() and to
    # analyzers below this one, of which there are none.
    def _prenext(self) -> None: ...
    def _nextstart(self) -> None: ...
    def _next(self) -> None: ...
    def _notify_cashvalue(self, cash: float, value: float) -> None: ...
    def _notify_fund(self, *fund: float) -> None: ...

    def notify_order(self, order: bt.Order) -> None:
        """Note the status, and the executions that came with this notification."""
        step = len(self.strategy)
        self.last = order
        self.orders[order.ref] = order
        self.statuses.setdefault(order.ref, []).append((step, order.status))
        for bit in order.executed.iterpending():
            if bit is not None:
                cash = self.strategy.broker.getcash()
                days = self.strategy.lines.datetime[0]
                self.executions.append(Execution(step, days, order, bit, cash))

    def get_analysis(self) -> dict[str, int]:
        """Return how many orders and fills were seen."""
        return {"orders": len(self.orders), "fills": len(self.executions)}
