"""What accounts tell -> Backtrader's orders, executions and positions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import backtrader as bt
from backtrader.order import BuyOrder, OrderExecutionBit, SellOrder

from atms.execution.account import Told
from atms.execution.desk import Desk
from atms.execution.events import OpenOrder, TellBooks, TellFill, TellOpen, TellOrder
from atms.execution.news import News
from atms.execution.portfolio import Holding, Portfolio
from atms.execution.records import Booked
from atms.stores.requests import Key, Ticket

_REMEMBERED = 10_000  # orders that are over, for fills that come late
_TURNS = {
    "submitted": "submit", "accepted": "accept", "partial": "partial", "completed": "completed",
    "canceled": "cancel", "margin": "margin", "rejected": "reject",
}  # fmt: skip
_EXECTYPES = {
    "market": bt.Order.Market, "limit": bt.Order.Limit, "stop": bt.Order.Stop,
    "stop_limit": bt.Order.StopLimit, "trail": bt.Order.StopTrail,
    "trail_limit": bt.Order.StopTrailLimit, "on_close": bt.Order.Close,
}  # fmt: skip


@dataclass(eq=False)
class Standing:
    """One order of Backtrader's, and how it stands with the account.

    Attributes:
        group: the tag of the first order that it belongs together with; *leg*: whether it
            protects what that one opens.
        tag: what it was wished with; None: by a process before this one.
        filled: units.
    """

    order: bt.Order
    desk: Desk
    ticket: Ticket
    group: int
    leg: bool = False
    tag: int | None = None
    key: Key | None = None
    filled: Decimal = Decimal(0)


class Booking:
    """Keeps Backtrader's orders and positions as the accounts tell them.

    Args:
        portfolio: the positions.
        news: takes the orders that changed.
        broker: which the orders are of; it knows the commission infos.
        owner: a strategy's name -> the strategy.

    Attributes:
        alive: order ref -> how it stands, of orders that are not over.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        news: News,
        broker: Any,
        owner: Callable[[str], Any],
    ) -> None:
        self.portfolio = portfolio
        self.alive: dict[int, Standing] = {}
        self._news = news
        self._broker = broker
        self._owner = owner
        self._by_tag: dict[tuple[int, int], Standing] = {}  # of a desk and a tag
        self._by_key: OrderedDict[Key, Standing] = OrderedDict()

    def add(self, standing: Standing) -> None:
        """Take in an order that goes down to its desk."""
        self.alive[standing.order.ref] = standing
        self._by_tag[id(standing.desk), standing.tag or 0] = standing

    def of_tag(self, desk: Desk, tag: int) -> Standing:
        """Return the order of a tag."""
        return self._by_tag[id(desk), tag]

    def open(self, desk: Desk, word: TellBooks) -> None:
        """Take what is held from the start."""
        self._books(desk, word, opening=True)

    def hear(self, desk: Desk, word: Told) -> None:
        """Take a word of an account in."""
        match word:
            case TellOrder():
                self._order(desk, word)
            case TellFill():
                self._adjust(word)
            case TellBooks():
                self._books(desk, word)
            case TellOpen(orders=orders):
                for one in orders:
                    self._adopt(desk, one)

    def _order(self, desk: Desk, word: TellOrder) -> None:
        standing = self._by_tag.get((id(desk), word.tag)) if word.tag is not None else None
        standing = standing or self._by_key.get(word.key)
        if standing is None:
            return  # of a process before this one, and over by now
        if word.key and standing.key is None:
            standing.key = word.key
            standing.order.addinfo(key=word.key)
            self._by_key[word.key] = standing
        order = standing.order
        for row in word.fills:
            self._execute(standing, row)
        if word.code or word.why:
            order.addinfo(code=word.code, reason=f"{word.code}: {word.why}".strip(": "))
        self._turn(standing, word.status)
        self._news.put(order)
        if not order.alive():
            self.alive.pop(order.ref, None)
            self._by_tag.pop((id(desk), standing.tag or 0), None)
            while len(self._by_key) > _REMEMBERED:
                self._by_key.popitem(last=False)

    def _turn(self, standing: Standing, status: str) -> None:
        order = standing.order
        if status in ("submitted", "accepted"):
            getattr(order, _TURNS[status])(self._broker)
        elif status == "expired":  # Backtrader's own looks at the bar's time
            order.status = bt.Order.Expired
        else:
            if status == "completed":  # what was rounded off is not wanted any more
                order.executed.remsize = 0.0
            getattr(order, _TURNS[status])()

    def _execute(self, standing: Standing, row: Booked) -> None:
        """Give an order an execution, and the position what it brought."""
        order = standing.order
        holding = self._held(row.instrument)
        if holding is None:
            return
        standing.filled += row.qty
        order.executed.addbit(self._bit(holding, row, order))
        wanted = abs(Decimal(repr(float(order.created.size))))
        side = 1 if order.isbuy() else -1
        order.executed.remsize = float(side * max(Decimal(0), wanted - standing.filled))
        order.executed.size = float(side * standing.filled)

    def _bit(self, holding: Holding, row: Booked, order: bt.Order, sign: int = 1) -> Any:
        units, paid = self.portfolio.fee(row, holding)
        units, paid = units * sign, paid * sign
        size, price = Decimal(row.side * row.qty) * sign, float(row.price)
        opened, closed, before = holding.move(size - units, price, row.at.replace(tzinfo=None))
        comminfo = self._broker.getcommissioninfo(order.data)
        share = abs(closed) / (abs(closed) + abs(opened)) if closed or opened else 0.0
        return OrderExecutionBit(
            bt.date2num(row.at.replace(tzinfo=None)), float(size), price,
            closed, comminfo.getvaluesize(-closed, before), paid * share,
            opened, comminfo.getvaluesize(opened, price), paid * (1 - share),
            comminfo.profitandloss(-closed, before, price),
            holding.position.size, holding.position.price,
        )  # fmt: skip

    def _adjust(self, word: TellFill) -> None:
        """Make an order of what a finished one cannot be told any more: already executed."""
        holding = self._held(word.row.instrument)
        if holding is None:
            return
        old = self._by_key.get(word.row.key or "")
        qty = word.row.side * word.row.qty * word.sign
        order = self._ready_made(holding, qty, float(word.row.price), old and old.order)
        order.addinfo(adjusts=old.order.ref if old else None, reason=word.why)
        order.executed.addbit(self._bit(holding, word.row, order, word.sign))
        order.executed.remsize = 0.0
        order.completed()
        self._news.put(order)

    def _books(self, desk: Desk, word: TellBooks, opening: bool = False) -> None:
        """Take balances, and what a position became by something that is no fill."""
        self.portfolio.balances[desk.store.account] = dict(word.balances)
        if not opening and desk.capabilities.finality is not None:
            return  # fills that may be undone are in the books, and not told yet
        held: dict[str, tuple[Decimal, Decimal | None]] = {}
        for one in word.positions:
            qty, _ = held.get(one.instrument, (Decimal(0), None))
            held[one.instrument] = (qty + one.qty, one.price)
        for name, holding in self.portfolio.holdings.items():
            if name in desk.instruments:
                qty, price = held.get(name, (Decimal(0), None))
                if qty != holding.qty:
                    self._correct(holding, qty - holding.qty, price)

    def _correct(self, holding: Holding, qty: Decimal, price: Decimal | None) -> None:
        """Open or change a position by an order that is executed already; strategies see trades."""
        at = float(price) if price is not None else holding.price
        order = self._ready_made(holding, qty, at, None)
        order.exectype, order.histnotify = bt.Order.Historical, False
        opened, closed, before = holding.move(qty, at)
        comminfo = self._broker.getcommissioninfo(holding.data)
        order.executed.addbit(
            OrderExecutionBit(
                order.created.dt, float(qty), at,
                closed, comminfo.getvaluesize(-closed, before), 0.0,
                opened, comminfo.getvaluesize(opened, at), 0.0,
                comminfo.profitandloss(-closed, before, at),
                holding.position.size, holding.position.price,
            )
        )  # fmt: skip
        order.completed()
        self._news.put(order)

    def _adopt(self, desk: Desk, one: OpenOrder) -> None:
        """Give a strategy back an order that stands since a process before this one."""
        holding = self._held(one.ticket.instrument)
        if holding is None:
            return
        ticket, owner = one.ticket, self._owner(one.owner)
        price = ticket.trigger or ticket.limit
        order = self._ready_made(
            holding, ticket.side * ticket.qty, float(price) if price else holding.price, None
        )
        order.p.owner = owner
        order.exectype = _EXECTYPES[ticket.kind.value]
        if ticket.limit is not None:
            order.created.pricelimit = float(ticket.limit)
        order.addinfo(key=one.key, adopted=True)
        standing = Standing(order, desk, ticket, group=-order.ref, key=one.key, filled=one.booked)
        self.alive[order.ref] = self._by_key[one.key] = standing
        done = float(ticket.side * one.booked)
        order.executed.size, order.executed.price = done, float(one.average or 0)
        order.executed.remsize = float(ticket.side * (ticket.qty - one.booked))
        order.accept(self._broker)
        if one.booked:
            order.partial()
        self._news.put(order)

    def _ready_made(
        self, holding: Holding, qty: Decimal, price: float, like: bt.Order | None
    ) -> bt.Order:
        """Return an order that no strategy made; before the first bar, a simulated one."""
        made = (BuyOrder if qty > 0 else SellOrder)(
            owner=like.owner if like else None, data=like.data if like else holding.data,
            size=float(abs(qty)), price=price, simulated=not len(holding.data),
            tradeid=like.tradeid if like else 0,
        )  # fmt: skip
        made.broker = self._broker
        made.addcomminfo(self._broker.getcommissioninfo(holding.data))
        return made

    def _held(self, instrument: str) -> Holding | None:
        return self.portfolio.holdings.get(instrument)
