"""Every order and every fill of a run, from the broker's notifications alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import backtrader as bt


class Execution(NamedTuple):
    """One execution bit of an order, as the broker booked it.

    Attributes:
        step: bars that the strategy had seen, this one included.
        days: the strategy's time, Backtrader's float days.
        order: Backtrader's order, as it was notified.
        place: of the bit among all of the order's.
        cash: the broker's cash after all of this bar's executions.
    """

    step: int
    days: float
    order: bt.Order
    place: int
    cash: float

    @property
    def bit(self) -> Any:
        """Backtrader's execution bit."""
        return self.order.executed.exbits[self.place]

    @property
    def booked(self) -> tuple[Any, Any]:
        """What has the bit's figures, under the same names, and what the fill cost or None."""
        ask = getattr(type(self.order), "_booked", None)
        found: tuple[Any, Any] | None = ask(self.order) if ask else None
        if found is not None:
            return found
        bit = self.bit
        return bit, getattr(bit, "costs", None)  # a broker of the strategy's own keeps none


class OrderRecorder(bt.Analyzer):
    """Notes each order's notifications and execution bits; does nothing else in the loop.

    A fill's fee is in its execution bit: ``order.executed.comm`` is the sum over all fills so far.

    Attributes:
        orders: order ref -> its last notified clone, in the order of the first notification.
        executions: every execution bit, in the order of the broker's booking.
        last: the order that was notified last.
    """

    def __init__(self) -> None:
        self.orders: dict[int, bt.Order] = {}
        self.executions: list[Execution] = []
        self.last: bt.Order | None = None
        self._told: list[tuple[int, int, int]] = []  # ref, step, status

    # Backtrader calls these on every bar to pass them on to next(), notify_cashvalue() and to
    # analyzers below this one, of which there are none.
    def _prenext(self) -> None: ...
    def _nextstart(self) -> None: ...
    def _next(self) -> None: ...
    def _notify_cashvalue(self, cash: float, value: float) -> None: ...
    def _notify_fund(self, *fund: float) -> None: ...

    def notify_order(self, order: bt.Order) -> None:
        """Note the status, and the executions that came with this notification."""
        ref, step = order.ref, len(self.strategy.lines.lines[0])  # as len(self.strategy), sooner
        self.last = self.orders[ref] = order
        self._told.append((ref, step, order.status))
        # Our engine's orders can tell without making their executed part for it.
        pending = getattr(type(order), "_came_with", _pending)(order)
        if pending:
            self._note(step, order, pending)

    def _note(self, step: int, order: bt.Order, places: Iterable[int]) -> None:
        cash, days = self.strategy.broker.getcash(), self.strategy.lines.datetime[0]
        for place in places:
            row = (step, days, order, place, cash)
            self.executions.append(tuple.__new__(Execution, row))

    @property
    def statuses(self) -> dict[int, list[tuple[int, int]]]:
        """Return order ref -> (step, status) of each notification."""
        found: dict[int, list[tuple[int, int]]] = {}
        for ref, step, status in self._told:
            found.setdefault(ref, []).append((step, status))
        return found

    @property
    def heard(self) -> dict[int, int]:
        """Return order ref -> step of its last notification."""
        return {ref: step for ref, step, _ in self._told}

    def get_analysis(self) -> dict[str, int]:
        """Return how many orders and fills were seen."""
        return {"orders": len(self.orders), "fills": len(self.executions)}


def _pending(order: bt.Order) -> Iterable[int]:
    """Return which of an order's executions came with this notification of it."""
    executed = order.executed
    bits, past, end = executed.exbits, executed.p1, executed.p2
    return [place for place in range(past, min(end, len(bits))) if bits[place] is not None]
