"""Fees that come after their fills -> what orders and trades of Backtrader's have cost."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any, NamedTuple

import backtrader as bt

from atms.execution.broker.bits import note_fees
from atms.execution.broker.holdings import Holding
from atms.execution.broker.news import News
from atms.execution.broker.portfolio import Portfolio
from atms.execution.core.events import TellFee
from atms.execution.core.records import Booked
from atms.stores.facts import Fee

_REMEMBERED = 10_000  # executions
_Name = tuple[str, str]  # an account, and the name of an execution or an order of it


class _Execution(NamedTuple):
    order: bt.Order
    bit: Any
    row: Booked
    holding: Holding


class LateFees:
    """Adds a fee that came by itself to all that Backtrader has made of its execution.

    To the execution and its order's ``executed.comm``, and to ``commission`` and ``pnlcomm`` of the
    trades that it has closed or opened, by units where it has done both: an open trade has it in
    whatever is told of it later. Of a trade that is closed the one that the strategy keeps is
    changed, and nothing is told again: an order would be told twice that it is completed, and
    Backtrader's analyzers count a trade each time that they hear of its end. A copy of a closed
    trade, as ``notify_trade`` has given it, is of that moment, and lacks what came later; cash is
    the account's own and has everything at once.

    A fee of an order alone, like gas, counts to its last execution, or to the first if there is
    none yet; one of an order that never fills, or of an execution that was told to a process before
    this one, is in the cash alone. So is one in an asset whose rate no feed tells.

    Args:
        portfolio: what is held, and rates.
        news: has what strategies are still to hear.
    """

    def __init__(self, portfolio: Portfolio, news: News) -> None:
        self._portfolio = portfolio
        self._news = news
        self._executions: OrderedDict[_Name, _Execution] = OrderedDict()
        self._last: OrderedDict[_Name, str] = OrderedDict()  # of an order, its last execution
        self._waiting: OrderedDict[_Name, list[Fee]] = OrderedDict()  # for an order's first one

    def executed(self, order: bt.Order, row: Booked, holding: Holding) -> None:
        """Know the execution that was added to an order last."""
        bit, account = order.executed.exbits[-1], holding.account
        bit.closes = bit.opens = None  # its trades, when the strategy has heard of it
        made = self._executions[account, row.exec] = _Execution(order, bit, row, holding)
        _forget(self._executions)
        if row.key is not None:
            self._last[account, row.key] = row.exec
            _forget(self._last)
            for fee in self._waiting.pop((account, row.key), ()):
                self._charge(made, fee)

    def take(self, account: str, word: TellFee) -> None:
        """Take a fee of an account's in."""
        fee, of = Fee(asset=word.asset, amount=word.amount), (account, word.key or "")
        name = word.exec if word.exec is not None else self._last.get(of, "")
        made = self._executions.get((account, name))
        if made is not None:
            self._charge(made, fee)
        elif word.exec is None and word.key is not None:
            self._waiting.setdefault(of, []).append(fee)
            _forget(self._waiting)

    def _charge(self, made: _Execution, fee: Fee) -> None:
        order, bit, row, holding = made
        row = replace(row, fees=(fee,))
        _, paid = self._portfolio.fee(row, holding)
        units = abs(bit.closed) + abs(bit.opened)
        closed = paid * abs(bit.closed) / units if units else 0.0
        bit.closedcomm += closed
        bit.openedcomm += paid - closed
        bit.comm += paid
        for executed in (order.executed, *self._news.waiting_for(order, bit)):
            executed.comm += paid
        for trade, part in ((bit.closes, closed), (bit.opens, paid - closed)):
            if trade is not None:
                trade.commission += part
                trade.pnlcomm = trade.pnl - trade.commission
        note_fees(order, row, 1)


def _forget(kept: OrderedDict[_Name, Any]) -> None:
    """Forget the oldest of too many."""
    while len(kept) > _REMEMBERED:
        kept.popitem(last=False)
