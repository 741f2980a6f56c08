"""Backtrader's orders -> wishes: groups collected, limits asked, all or none sent down."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import backtrader as bt

from atms.execution.broker import closed_markets
from atms.execution.broker.booking import Booking, Standing
from atms.execution.broker.desk import Desk
from atms.execution.broker.gating import LiveWatch
from atms.execution.broker.news import News
from atms.execution.broker.portfolio import Portfolio
from atms.execution.broker.tickets import Refusal, exact, ticket_of
from atms.execution.core.events import Wish
from atms.stores.requests import Kind, Ticket


@dataclass(frozen=True)
class Route:
    """Where a data's orders go.

    Attributes:
        desk: which account's.
        instrument: the id of what the data shows.
        live: returns whether the bar that is seen now came live.
    """

    desk: Desk
    instrument: str
    live: Callable[[], bool]


@dataclass(frozen=True)
class _Plan:
    """A group that may go down.

    Attributes:
        sibling: the order whose OCO group it joins.
    """

    route: Route
    tickets: tuple[Ticket, ...]
    link: str
    sibling: Standing | None


class Ordering:
    """Takes orders that strategies make.

    Args:
        portfolio: what is held.
        booking: keeps the orders that go down.
        news: tells strategies of those that do not.
        route: data -> where its orders go; None: it is no live feed.
        wake: lets the next pass begin at once.
        now: the clock.
        watch: the risk gate; None: there are no limits.
        name: strategy -> its name, the same after a restart.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        booking: Booking,
        news: News,
        route: Callable[[Any], Route | None],
        wake: Callable[[], None],
        now: Callable[[], datetime],
        watch: LiveWatch | None,
        name: Callable[[Any], str],
    ) -> None:
        self._portfolio = portfolio
        self._booking = booking
        self._news = news
        self._route = route
        self._wake = wake
        self._now = now
        self._watch = watch
        self._name = name
        self._tags = itertools.count(1)
        self._groups: dict[int, list[bt.Order]] = {}  # of a parent that is not transmitted yet

    # ---- taken in -------------------------------------------------------------------------------
    def take(self, order: bt.Order) -> None:
        """Take an order in, and send its group down when that is whole."""
        first = order.ref if order.parent is None else order.parent.ref
        if order.parent is not None and first not in self._groups:
            self._refuse([order], Refusal(code="NO_PARENT", why="its parent was sent or is over"))
            return
        group = self._groups.setdefault(first, [])
        group.append(order)
        if order.transmit:
            del self._groups[first]
            self._release(group)

    def _release(self, group: list[bt.Order]) -> None:
        """Send a group down, whole, or refuse it whole."""
        plan = self._planned(group)
        refusal = plan if isinstance(plan, Refusal) else self._over_limits(plan)
        if refusal is not None:
            self._refuse(group, refusal)
        elif isinstance(plan, _Plan):
            self._send(group, plan)

    def _planned(self, group: list[bt.Order]) -> _Plan | Refusal:
        route = self._route(group[0].data)
        if route is None:
            return Refusal(code="NO_STORE", why="its data is no store's")
        tickets: list[Ticket] = []
        for order in group:
            ticket = self._ticket(order, route, leg=order is not group[0])
            if isinstance(ticket, Refusal):
                return ticket
            tickets.append(ticket)
        link = "bracket" if len(group) > 1 else "single" if group[0].oco is None else "oco"
        sibling = self._sibling(group, route)
        if isinstance(sibling, Refusal):
            return sibling
        return _Plan(route, tuple(tickets), link, sibling)

    def _sibling(self, group: list[bt.Order], route: Route) -> Standing | Refusal | None:
        """Return the order whose OCO group this joins; a refusal if it cannot."""
        other = next((order.oco for order in group if order.oco is not None), None)
        if other is None:
            return None
        if len(group) > 1:
            return Refusal(code="UNSUPPORTED", why="a bracket cannot be in an OCO group")
        standing = self._booking.alive.get(other.ref)
        if standing is None:
            return Refusal(code="NO_SIBLING", why="its OCO order is over, or was not sent")
        if standing.ticket.instrument != route.instrument:
            return Refusal(code="UNSUPPORTED", why="its OCO order is of another instrument")
        return standing

    def _ticket(self, order: bt.Order, route: Route, leg: bool) -> Ticket | Refusal:
        own = self._route(order.data) if leg else route
        if own is None or own.instrument != route.instrument:
            return Refusal(code="UNSUPPORTED", why="its parent is of another instrument")
        if not route.live():
            return Refusal(code="NOT_LIVE", why="the bar is history; orders wait for live ones")
        instrument = route.desk.instruments.get(route.instrument)
        if instrument is None or route.instrument not in self._portfolio.holdings:
            return Refusal(code="UNKNOWN_INSTRUMENT", why=f"{route.instrument} is not traded")
        why = self._booking.closed.why(route.instrument)
        if why:
            return Refusal(code=closed_markets.CODE, why=why)
        venue, reduces = route.desk.capabilities, leg or self._reduces(order, route)
        return ticket_of(order, instrument, venue, now=self._now(), reduces=reduces)

    def _reduces(self, order: bt.Order, route: Route) -> bool:
        """Return whether a market order only makes a position smaller, with those under way."""
        if order.exectype != bt.Order.Market:
            return False
        held = self._portfolio.holdings[route.instrument].qty
        left = held + sum(
            (
                one.left
                for one in self._booking.alive.values()
                if one.ticket.instrument == route.instrument and one.ticket.kind is Kind.MARKET
            ),
            Decimal(0),
        )
        size = exact(order.created.size)
        return held * size < 0 and left * size < 0 and abs(size) <= abs(left)

    def _over_limits(self, plan: _Plan) -> Refusal | None:
        if self._watch is None:
            return None
        holding = self._portfolio.holdings[plan.route.instrument]
        alive = list(self._booking.alive.values())
        holds = plan.route.desk.capabilities.reduces == "flag"
        return self._watch.refusal_of(plan.tickets, holding, alive, plan.sibling, holds)

    def _send(self, group: list[bt.Order], plan: _Plan) -> None:
        tags = tuple(next(self._tags) for _ in group)
        wish = Wish(
            tickets=plan.tickets, tags=tags, link=plan.link, owner=self._name(group[0].owner)
        )
        desk, sibling = plan.route.desk, plan.sibling
        if sibling is None:
            desk.wish(wish)
        elif sibling.tag is None or not desk.join(sibling.tag, wish):  # it has gone down
            desk.wish(replace(wish, sibling=sibling.key if sibling.tag is None else sibling.tag))
        together = sibling.group if sibling is not None else tags[0]
        for order, ticket, tag in zip(group, plan.tickets, tags, strict=True):
            leg = order is not group[0]
            self._booking.add(Standing(order, desk, ticket, together, leg, tag))

    # ---- taken back -----------------------------------------------------------------------------
    def cancel(self, order: bt.Order) -> bool:
        """Want an order back; return whether it may still be had.

        As in a backtest all orders of an OCO group go together, and a leg takes the whole bracket
        along. An entry goes alone: what it has filled keeps its protection, and the venue ends the
        legs of one that has filled nothing.
        """
        if self._cancel_held(order):
            return True
        standing = self._booking.alive.get(order.ref)
        if standing is None:
            return False
        group = self._booking.together(standing)
        if not standing.leg and any(one.leg for one in group):
            group = [standing]
        tags = standing.desk.withdraw(standing.tag) if standing.tag is not None else ()
        for tag in tags:
            gone = self._booking.of_tag(standing.desk, tag)
            self._booking.forget(gone)
            self._end(gone.order, "cancel")
        if not tags:
            for one in group:
                self._ask_back(one)
        return True

    def _ask_back(self, standing: Standing) -> None:
        if not standing.leaving:  # the account sees to it that one request is enough
            standing.leaving = True
            standing.desk.cancel(standing.tag, standing.key)

    def _cancel_held(self, order: bt.Order) -> bool:
        """Take back an order that waits for others of its group; a parent takes all along."""
        for ref, group in self._groups.items():
            if all(one.ref != order.ref for one in group):
                continue
            gone = group if ref == order.ref else [order]
            if gone is group:
                del self._groups[ref]
            else:
                self._groups[ref] = [one for one in group if one.ref != order.ref]
            for one in gone:
                self._end(one, "cancel")
            return True
        return False

    # ---- not sent -------------------------------------------------------------------------------
    def _refuse(self, group: list[bt.Order], refusal: Refusal) -> None:
        for order in group:
            order.addinfo(code=refusal.code, reason=f"{refusal.code}: {refusal.why}")
            if refusal.value is not None:
                order.addinfo(limit=refusal.limit, value=refusal.value)
            self._end(order, "reject")

    def _end(self, order: bt.Order, how: str) -> None:
        """Let an order be over that no account knows of; its strategy hears it soon."""
        getattr(order, how)()
        self._news.put(order)
        self._wake()
