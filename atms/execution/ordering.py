"""Backtrader's orders -> wishes: groups collected, limits asked, all or none sent down."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import backtrader as bt

from atms.execution.booking import Booking, Standing
from atms.execution.desk import Desk
from atms.execution.events import Wish
from atms.execution.gating import LiveWatch
from atms.execution.news import News
from atms.execution.portfolio import Portfolio
from atms.execution.tickets import Refusal, ticket_of
from atms.stores.requests import Ticket


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


class Ordering:
    """Takes orders that strategies make.

    Args:
        portfolio: what is held.
        booking: keeps the orders that go down.
        news: tells strategies of those that do not.
        route: data -> where its orders go; None: it is no live feed.
        wake: lets the next pass begin at once.
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
        watch: LiveWatch | None,
        name: Callable[[Any], str],
    ) -> None:
        self._portfolio = portfolio
        self._booking = booking
        self._news = news
        self._route = route
        self._wake = wake
        self._watch = watch
        self._name = name
        self._tags = itertools.count(1)
        self._groups: dict[int, list[bt.Order]] = {}  # of a parent that is not transmitted yet

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

    def cancel(self, order: bt.Order) -> bool:
        """Want an order back; return whether it may still be had."""
        if self._cancel_held(order):
            return True
        standing = self._booking.alive.get(order.ref)
        if standing is None:
            return False
        tags = standing.desk.withdraw(standing.tag) if standing.tag is not None else ()
        for tag in tags:
            self._end(self._booking.of_tag(standing.desk, tag).order, "cancel")
        if not tags:
            standing.desk.cancel(standing.tag, standing.key)
        return True

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

    def _release(self, group: list[bt.Order]) -> None:
        """Send a group down, whole, or refuse it whole."""
        route = self._route(group[0].data)
        if route is None:
            self._refuse(group, Refusal(code="NO_STORE", why="its data is no store's"))
            return
        tickets: list[Ticket] = []
        for order in group:
            ticket = self._ticket(order, route, leg=order is not group[0])
            if isinstance(ticket, Refusal):
                self._refuse(group, ticket)
                return
            tickets.append(ticket)
        sibling = self._booking.alive.get(group[0].oco.ref) if group[0].oco is not None else None
        if group[0].oco is not None and sibling is None:
            self._refuse(group, Refusal(code="NO_SIBLING", why="its OCO order is over"))
            return
        refusal = self._over_limits(tickets, route, sibling)
        if refusal is not None:
            self._refuse(group, refusal)
            return
        self._send(group, tickets, route, sibling)

    def _send(
        self,
        group: list[bt.Order],
        tickets: list[Ticket],
        route: Route,
        sibling: Standing | None,
    ) -> None:
        tags = tuple(next(self._tags) for _ in group)
        wish = Wish(
            tickets=tuple(tickets), tags=tags, link="bracket" if len(group) > 1 else "single",
            owner=self._name(group[0].owner),
        )  # fmt: skip
        if sibling is None:
            route.desk.wish(wish)
        elif sibling.tag is None or not route.desk.join(sibling.tag, wish):
            why = "its OCO order was sent before; make both in one next()"
            self._refuse(group, Refusal(code="UNSUPPORTED", why=why))
            return
        together = sibling.group if sibling is not None else tags[0]
        for order, ticket, tag in zip(group, tickets, tags, strict=True):
            leg = order is not group[0]
            self._booking.add(Standing(order, route.desk, ticket, together, leg, tag))

    def _over_limits(
        self, tickets: list[Ticket], route: Route, sibling: Standing | None
    ) -> Refusal | None:
        if self._watch is None:
            return None
        holding = self._portfolio.holdings[route.instrument]
        alive = list(self._booking.alive.values())
        venue = route.desk.capabilities
        return self._watch.refusal_of(tickets, holding, alive, sibling, venue.reduces == "flag")

    def _ticket(self, order: bt.Order, route: Route, leg: bool) -> Ticket | Refusal:
        if not route.live():
            return Refusal(code="NOT_LIVE", why="the bar is history; orders wait for live ones")
        instrument = route.desk.instruments.get(route.instrument)
        if instrument is None:
            return Refusal(code="UNKNOWN_INSTRUMENT", why=f"{route.instrument} is not traded")
        reduces = leg or self._reduces(order)
        return ticket_of(order, instrument, route.desk.capabilities, reduces=reduces)

    def _reduces(self, order: bt.Order) -> bool:
        """Return whether a market order only makes a position smaller."""
        route = self._route(order.data)
        holding = route and self._portfolio.holdings.get(route.instrument)
        held = holding.position.size if holding else 0.0
        size = float(order.created.size)
        return order.exectype == bt.Order.Market and held * size < 0 and abs(size) <= abs(held)

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
        self._booking.alive.pop(order.ref, None)
        self._wake()
