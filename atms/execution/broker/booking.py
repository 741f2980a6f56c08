"""What accounts tell -> Backtrader's orders, executions and positions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import backtrader as bt

from atms.execution.broker.adopting import Ties
from atms.execution.broker.bits import Bits, add, set_sums
from atms.execution.broker.closed_markets import ClosedMarkets
from atms.execution.broker.desk import Desk
from atms.execution.broker.holdings import Holding
from atms.execution.broker.late_fees import LateFees
from atms.execution.broker.news import News
from atms.execution.broker.portfolio import Portfolio, positions_of
from atms.execution.broker.ready_made import ReadyMade
from atms.execution.core.events import (
    OpenOrder,
    TellBooks,
    TellFee,
    TellFill,
    TellOpen,
    TellOrder,
)
from atms.execution.core.records import Booked
from atms.execution.driver.account import Told
from atms.stores.requests import Key, Ticket

_REMEMBERED = 10_000  # orders that are over, for fills that come late
_NOTHING = Decimal(0)
_TURNS = {
    "submitted": "submit", "accepted": "accept", "partial": "partial", "completed": "completed",
    "canceled": "cancel", "margin": "margin", "rejected": "reject",
}  # fmt: skip


@dataclass(eq=False)
class Standing:
    """One order of Backtrader's, and how it stands with the account.

    Attributes:
        group: the tag of the first order that it belongs together with; *leg*: whether it
            protects what that one opens.
        tag: what it was wished with; None: by a process before this one.
        filled: units; *spent*: each times its price.
        leaving: whether the strategy wants it back.
    """

    order: bt.Order
    desk: Desk
    ticket: Ticket
    group: int
    leg: bool = False
    tag: int | None = None
    key: Key | None = None
    filled: Decimal = _NOTHING
    spent: Decimal = _NOTHING
    leaving: bool = False

    @property
    def left(self) -> Decimal:
        """What has not filled, below 0 of a sale."""
        ticket, filled = self.ticket, self.filled
        rest = max(_NOTHING, ticket.qty - filled) if filled else ticket.qty
        return ticket.side * rest


class Booking:
    """Keeps Backtrader's orders and positions as the accounts tell them.

    Args:
        portfolio: the positions.
        bits: makes executions.
        made: makes the orders that no strategy made.
        news: takes the orders that changed.
        broker: which the orders are of.
        owner: a strategy's name -> the strategy.
        closed: hears what the venue said of markets that are closed.

    Attributes:
        alive: order ref -> how it stands, of orders that are not over.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        bits: Bits,
        made: ReadyMade,
        news: News,
        broker: Any,
        owner: Callable[[str], Any],
        closed: ClosedMarkets,
    ) -> None:
        self.portfolio = portfolio
        self.closed = closed
        self.alive: dict[int, Standing] = {}
        self._bits = bits
        self._made = made
        self._news = news
        self._fees = LateFees(portfolio, news)
        self._broker = broker
        self._owner = owner
        self._by_tag: dict[tuple[int, int], Standing] = {}  # of a desk and a tag
        self._by_key: OrderedDict[Key, Standing] = OrderedDict()
        self._ties = Ties(self._by_key)

    # ---- which orders ---------------------------------------------------------------------------
    def add(self, standing: Standing) -> None:
        """Take in an order that goes down to its desk."""
        self.alive[standing.order.ref] = standing
        self._by_tag[id(standing.desk), standing.tag or 0] = standing

    def of_tag(self, desk: Desk, tag: int) -> Standing:
        """Return the order of a tag."""
        return self._by_tag[id(desk), tag]

    def together(self, standing: Standing) -> list[Standing]:
        """Return the orders of a group that are not over."""
        return [
            one
            for one in self.alive.values()
            if one.desk is standing.desk and one.group == standing.group
        ]

    def forget(self, standing: Standing) -> None:
        """Let an order be over; fills of it that come late still find it."""
        self.alive.pop(standing.order.ref, None)
        if standing.tag is not None:
            self._by_tag.pop((id(standing.desk), standing.tag), None)
        while len(self._by_key) > _REMEMBERED:
            self._by_key.popitem(last=False)

    # ---- what accounts tell ---------------------------------------------------------------------
    def open(self, word: TellBooks) -> None:
        """Take what is held from the start; the portfolio knows it already."""
        for name, qty, price in positions_of(word):
            holding = self.portfolio.holdings.get(name)
            if holding is not None:
                self._made.open(holding, qty, price)

    def hear(self, desk: Desk, word: Told) -> Standing | None:
        """Take a word of an account in; return the order that it is about, if it is one's."""
        match word:
            case TellOrder():
                return self._order(desk, word)
            case TellFill():
                self._fill(word)
            case TellFee():
                self._fees.take(desk.store.account, word)
            case TellBooks():
                self._books(desk, word)
            case TellOpen():
                self._take_over(desk, word)
        return None

    def _order(self, desk: Desk, word: TellOrder) -> Standing | None:
        standing = self._by_tag.get((id(desk), word.tag)) if word.tag is not None else None
        standing = standing or self._by_key.get(word.key)
        if standing is None:
            return None  # of a process before this one, and over by now
        order = standing.order
        if word.key and standing.key is None:
            standing.key = word.key
            order.addinfo(key=word.key)
            self._by_key[word.key] = standing
        if word.how:
            order.addinfo(how=word.how)
        for row in word.fills:
            self._execute(standing, row)
        self.closed.note(standing.ticket.instrument, word.code)
        if word.code or word.why:
            order.addinfo(code=word.code, reason=f"{word.code}: {word.why}".strip(": "))
        self._turn(order, word.status)
        self._news.put(order)
        if not order.alive():
            self.forget(standing)
        return standing

    def _turn(self, order: bt.Order, status: str) -> None:
        if status in ("submitted", "accepted"):
            getattr(order, _TURNS[status])(self._broker)
        elif status == "expired":  # Backtrader's own looks at the bar's time
            order.status = bt.Order.Expired
        else:
            if status == "completed":  # a leg may be done with less: as much as its entry opened
                order.executed.remsize = 0.0
            getattr(order, _TURNS[status])()

    def _execute(self, standing: Standing, row: Booked) -> None:
        """Give an order an execution, and the position what it brought."""
        holding = self._held(row.instrument)
        if holding is None:
            return
        side = standing.ticket.side
        standing.filled += row.qty
        standing.spent += row.qty * row.price
        bit = self._bits.of_row(holding, row, standing.order)
        filled, spent = side * standing.filled, side * standing.spent
        add(standing.order.executed, bit, filled, spent, standing.left)
        self._fees.executed(standing.order, row, holding)

    def _fill(self, word: TellFill) -> None:
        """Take in a fill that comes alone, or its undoing."""
        holding = self._held(word.row.instrument)
        if holding is None:
            return
        row, sign, old = word.row, word.sign, self._by_key.get(word.row.key or "")
        if old is None:
            order = self._made.book(holding, row, sign)
        else:
            if old.order.alive():
                self._undo(old, word)
            order = self._made.adjust(holding, row, sign, word.why, old.order)
        if sign > 0:
            self._fees.executed(order, row, holding)

    def _undo(self, standing: Standing, word: TellFill) -> None:
        """Let an order that is not over have less filled; the position follows by another one."""
        side, qty = standing.ticket.side, word.sign * word.row.qty
        standing.filled += qty
        standing.spent += qty * word.row.price
        filled, spent = side * standing.filled, side * standing.spent
        set_sums(standing.order.executed, filled, spent, standing.left)

    def _books(self, desk: Desk, word: TellBooks) -> None:
        """Take balances, and what a position became by something that is no fill."""
        self.portfolio.take(desk.store.account, word)
        held = {name: (qty, price) for name, qty, price in positions_of(word)}
        untold = dict(word.untold)
        for name, holding in self.portfolio.holdings.items():
            if holding.account == desk.store.account:
                qty, price = held.get(name, (_NOTHING, None))
                if name in untold:  # what the rest of it cost on average is not told
                    qty, price = qty - untold[name], None
                if qty != holding.qty:
                    self._made.correct(holding, qty - holding.qty, price)

    def _take_over(self, desk: Desk, word: TellOpen) -> None:
        """Give strategies orders that they have not made in this process."""
        for one in word.entries:
            if one.key not in self._by_key:  # else it is of this process
                self._adopt(desk, one)
        found = [(one, self._adopt(desk, one)) for one in word.orders]
        adopted = [(one, standing) for one, standing in found if standing is not None]
        for one, standing in adopted:
            self._ties.tie(one, standing.order)
        for _, standing in adopted:
            self.alive[standing.order.ref] = standing
            self._broker.orders.append(standing.order)
            self._news.put(standing.order)

    def _adopt(self, desk: Desk, one: OpenOrder) -> Standing | None:
        """Return an order that stands since a process before this one, or stood."""
        holding = self._held(one.ticket.instrument)
        if holding is None:
            return None
        order = self._made.adopt(holding, one, self._owner(one.owner))
        standing = Standing(
            order, desk, one.ticket, group=self._ties.group_of(one, order), leg=bool(one.parent),
            key=one.key, filled=one.booked, spent=one.booked * (one.average or _NOTHING),
        )  # fmt: skip
        self._by_key[one.key] = standing
        side = one.ticket.side
        set_sums(order.executed, side * one.booked, side * standing.spent, standing.left)
        self._turn(order, one.status)
        return standing

    def _held(self, instrument: str) -> Holding | None:
        return self.portfolio.holdings.get(instrument)
