"""Observers of orders and trades: a value where there was one, NaN on all other bars."""

from __future__ import annotations

import math
from typing import Any

from atms.engine.watching import lines


class Marks:
    """The orders that a BuySell shows.

    Args:
        observer: a BuySell whose lines have room for all steps.
        home: how many values its lines had before the first step.
    """

    def __init__(self, observer: Any, home: int) -> None:
        self.observer = observer
        self._home = home
        self._data = observer.data
        self._buys, self._sells = (line.array for line in observer.lines.lines[:2])
        self._low, self._high = self._data.lines.low, self._data.lines.high
        self._marked: list[tuple[int, int, int]] = [(-1, 0, 0)]  # step, buys, sells; the last two

    def mark(self, step: int, executed: list[Any], trades: list[Any]) -> None:
        """Show what was executed on *step*: the mean price of buys, and of sells.

        Args:
            step: the present one.
            executed: orders that were told on it and have a size executed.
            trades: those that were told on it.
        """
        bought: list[float] = []
        sold: list[float] = []
        for order in executed:
            if order.data is self._data:
                (bought if order.isbuy() else sold).append(order.executed.price)
        if not (bought or sold):
            return
        self._marked = [self._marked[-1], (step, len(bought), len(sold))]
        apart = self.observer.p.bardist if self.observer.p.barplot else None
        if bought:
            self._buys[step] = self._shown(bought, self._low, apart, -1.0)
        if sold:
            self._sells[step] = self._shown(sold, self._high, apart, 1.0)

    def _shown(self, prices: list[float], edge: Any, apart: float | None, side: float) -> Any:
        mean = math.fsum(prices) / float(len(prices))
        if apart is None or mean != mean:  # NaN
            return mean
        return edge[0] * (1 + side * apart)

    def settle(self, length: int) -> None:
        """Leave the observer as it is after *length* steps."""
        lines.cut(self.observer, length, self._home)
        counts = {step: (buys, sells) for step, buys, sells in self._marked}
        self.observer.curbuylen, self.observer.curselllen = counts.get(length - 1, (0, 0))


class Closings:
    """The closed trades that a Trades shows.

    Args:
        observer: a Trades whose lines have room for all steps.
        home: how many values its lines had before the first step.
    """

    def __init__(self, observer: Any, home: int) -> None:
        self.observer = observer
        self._home = home

    def mark(self, step: int, executed: list[Any], trades: list[Any]) -> None:
        """Show the profit or loss of trades that were closed on *step*."""
        for trade in trades:
            if trade.isclosed and trade.data in self.observer.ddatas:
                self._show(step, trade)

    def _show(self, step: int, trade: Any) -> None:
        pnl = trade.pnlcomm if self.observer.p.pnlcomm else trade.pnl
        self.observer.lines.lines[0 if pnl >= 0.0 else 1].array[step] = pnl

    def settle(self, length: int) -> None:
        """Leave the observer as it is after *length* steps."""
        lines.cut(self.observer, length, self._home)


class DataClosings(Closings):
    """The closed trades that a DataTrades shows, a line a data."""

    def _show(self, step: int, trade: Any) -> None:
        self.observer.lines[trade.data._id - 1].array[step] = trade.pnl


Sparse = Marks | Closings
