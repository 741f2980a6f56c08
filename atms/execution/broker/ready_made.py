"""Orders that no strategy made: what is held or changes at an account without one.

Backtrader's positions change by orders alone, and its trades with them. What a finished order
cannot be told any more, what was there before, and what no order of ours has done are orders
here that are executed already.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import backtrader as bt
from backtrader.order import BuyOrder, SellOrder

from atms.execution.broker.bits import Bits
from atms.execution.broker.holdings import Holding
from atms.execution.broker.news import News
from atms.execution.core.events import OpenOrder
from atms.execution.core.records import Booked

_EXECTYPES = {
    "market": bt.Order.Market, "limit": bt.Order.Limit, "stop": bt.Order.Stop,
    "stop_limit": bt.Order.StopLimit, "trail": bt.Order.StopTrail,
    "trail_limit": bt.Order.StopTrailLimit, "on_close": bt.Order.Close,
}  # fmt: skip


class ReadyMade:
    """Makes them, and lets strategies hear of them.

    Args:
        bits: makes executions.
        news: takes the orders.
        broker: which they are of.
    """

    def __init__(self, bits: Bits, news: News, broker: Any) -> None:
        self._bits = bits
        self._news = news
        self._broker = broker
        self._unopened: list[tuple[Holding, Decimal, Decimal | None]] = []

    def adjust(self, holding: Holding, row: Booked, sign: int, why: str, old: bt.Order) -> bt.Order:
        """Tell of a fill, or of its undoing, what its own order cannot be told any more."""
        order = self._made(holding, row.side * row.qty * sign, float(row.price), old)
        order.addinfo(adjusts=old.ref, reason=why)
        order.executed.addbit(self._bits.of_row(holding, row, order, sign))
        self._done(order)
        return order

    def book(self, holding: Holding, row: Booked, sign: int) -> bt.Order:
        """Take in a fill, or its undoing, of no order of ours; strategies see trades alone."""
        order = self._made(holding, row.side * row.qty * sign, float(row.price), None)
        order.exectype = bt.Order.Historical
        order.executed.addbit(self._bits.of_row(holding, row, order, sign))
        self._done(order)
        return order

    def correct(self, holding: Holding, qty: Decimal, price: Decimal | None) -> None:
        """Change a position by something that is no fill, so that its average becomes *price*.

        Where nobody knows that, units come at the last close and go at what they cost.
        """
        cost = Decimal(repr(float(holding.position.price)))
        at = float(cost) if holding.qty * qty < 0 else holding.price
        if price is not None:
            at = float(price)
            if holding.qty * (holding.qty + qty) > 0:
                at = float(((holding.qty + qty) * price - holding.qty * cost) / qty)
        order = self._made(holding, qty, at, None)
        order.exectype = bt.Order.Historical
        order.executed.addbit(self._bits.of_move(holding, order, qty, at))
        self._done(order)

    # ---- what was there from the start ----------------------------------------------------------
    def open(self, holding: Holding, qty: Decimal, price: Decimal | None) -> None:
        """Let a position be there from the start; its trade opens on its data's first bar.

        Where nobody knows what one cost, it is taken to be the last close, of before the run or of
        its first bar.
        """
        if qty:
            if price is None and holding.opening:
                price = Decimal(repr(holding.opening))
            holding.move(qty, float(price or 0))
            self._bits.begin(holding.data, qty)
            self._unopened.append((holding, qty, price))

    def open_trades(self) -> None:
        """Open the trades of positions that were there, where there is a bar now."""
        waiting, self._unopened = self._unopened, []
        for holding, qty, price in waiting:
            if not len(holding.data):
                self._unopened.append((holding, qty, price))
                continue
            at = holding.price if price is None else float(price)
            if price is None and holding.qty == qty:
                holding.position.price = at
            order = self._made(holding, qty, at, None)
            order.exectype = bt.Order.Historical
            order.executed.addbit(self._bits.of_opening(holding, order, qty, at))
            self._done(order, first=True)

    def adopt(self, holding: Holding, one: OpenOrder, owner: Any) -> bt.Order:
        """Return an order for one that stands since a process before this one."""
        ticket = one.ticket
        price = ticket.trigger or ticket.limit
        order = self._made(
            holding, ticket.side * ticket.qty, float(price) if price else holding.price, None
        )
        order.p.owner = owner
        order.exectype = _EXECTYPES[ticket.kind.value]
        if ticket.limit is not None:
            order.created.pricelimit = float(ticket.limit)
        order.addinfo(key=one.key, adopted=True, owner=one.owner, how=one.how)
        return order

    def _made(
        self, holding: Holding, qty: Decimal, price: float, like: bt.Order | None
    ) -> bt.Order:
        """Return an order as a strategy would have made it; without a bar, a simulated one."""
        made = (BuyOrder if qty > 0 else SellOrder)(
            owner=like.owner if like else None, data=like.data if like else holding.data,
            size=float(abs(qty)), price=price, simulated=not len(holding.data),
            tradeid=like.tradeid if like else 0, histnotify=False,
        )  # fmt: skip
        made.broker = self._broker
        made.addcomminfo(holding.commission)
        return made

    def _done(self, order: bt.Order, *, first: bool = False) -> None:
        order.executed.remsize = 0.0
        order.completed()
        self._news.put(order, first=first)
