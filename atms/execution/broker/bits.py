"""Executions as Backtrader's orders know them, with exact sums."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import backtrader as bt
from backtrader.order import OrderExecutionBit

from atms.execution.broker.holdings import Holding
from atms.execution.broker.portfolio import Portfolio
from atms.execution.broker.trade_sizes import TradeSizes
from atms.execution.core.records import Booked


class Bits:
    """Makes executions of what is booked, and moves positions by them.

    Args:
        portfolio: what is held.
        owner_key: strategy -> what tells it from others; 0 of the first, and of None.
    """

    def __init__(self, portfolio: Portfolio, owner_key: Callable[[Any], int]) -> None:
        self._portfolio = portfolio
        self._owner_key = owner_key
        self._sizes = TradeSizes()

    def of_row(self, holding: Holding, row: Booked, order: bt.Order, sign: int = 1) -> Any:
        """Return an execution of an order; *sign* -1: of what takes it back."""
        units, paid = self._portfolio.fee(row, holding)
        note_fees(order, row, sign)
        at = row.at.replace(tzinfo=None)
        gross = row.side * row.qty * sign
        net = gross - units * sign
        return self.of_move(holding, order, net, float(row.price), at, paid * sign, gross)

    def of_move(
        self, holding: Holding, order: bt.Order, qty: Decimal, price: float,
        at: datetime | None = None, paid: float = 0.0, gross: Decimal | None = None,
    ) -> Any:  # fmt: skip
        """Move a position, and return the execution that did it.

        Args:
            paid: fees, in the instrument's currency.
            gross: units that the order filled; a fee may have taken some of them.
        """
        moved = holding.move(qty, price, at)
        info = holding.commission
        trade = self.trade_of(order)
        closed = self._sizes.add(trade, moved.closed)
        opened = self._sizes.add(trade, moved.opened)
        share = float(abs(moved.closed) / abs(qty)) if qty else 0.0
        return OrderExecutionBit(
            bt.date2num(at) if at else order.created.dt,
            float(qty if gross is None else gross), price,
            closed, info.getvaluesize(-closed, moved.before), paid * share,
            opened, info.getvaluesize(opened, price), paid * (1 - share),
            info.profitandloss(-closed, moved.before, price),
            holding.position.size, holding.position.price,
        )  # fmt: skip

    def of_opening(self, holding: Holding, order: bt.Order, qty: Decimal, price: float) -> Any:
        """Return the execution of a position that was there from the start."""
        opened = float(qty)
        return OrderExecutionBit(
            order.created.dt, opened, price,
            opened=opened, openedvalue=holding.commission.getvaluesize(opened, price),
            psize=opened, pprice=price,
        )  # fmt: skip

    def begin(self, data: Any, qty: Decimal) -> None:
        """Let the first strategy's trade of a data begin with what is held."""
        self._sizes.add((0, id(data), 0), qty)

    def trade_of(self, order: bt.Order) -> tuple[int, int, int]:
        """Return what tells an order's trade from others: whose, of what, and its id."""
        other = order.data._compensate
        data = order.data if other is None else other
        return self._owner_key(order.owner), id(data), order.tradeid


def add(executed: Any, bit: Any, filled: Decimal, spent: Decimal, left: Decimal) -> None:
    """Add an execution to an order's, and set its sums to what they are exactly.

    Args:
        executed: the order's.
        filled, left: units, below 0 of a sale.
        spent: units times price.
    """
    executed.addbit(bit)
    set_sums(executed, filled, spent, left)


def set_sums(executed: Any, filled: Decimal, spent: Decimal, left: Decimal) -> None:
    """Set what an order has filled; see :func:`add`."""
    executed.size, executed.remsize = float(filled), float(left)
    executed.price = float(spent / filled) if filled else 0.0


def note_fees(order: bt.Order, row: Booked, sign: int) -> None:
    """Keep what was paid in which asset: the commission is one currency's."""
    if not row.fees:
        return
    paid = dict(order.info.get("fees", {}))
    for fee in row.fees:
        paid[fee.asset] = float(exact_sum(paid.get(fee.asset, 0.0), fee.amount * sign))
    order.addinfo(fees=paid)


def exact_sum(total: float, amount: Decimal) -> Decimal:
    """Return a float's decimal and another, summed."""
    return Decimal(repr(float(total))) + amount
