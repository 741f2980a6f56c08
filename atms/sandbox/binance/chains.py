"""Order lists at work: placed, started when their first order fills, ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from atms.sandbox.binance import filters
from atms.sandbox.binance.exchange import Exchange
from atms.sandbox.binance.refusals import (
    BAD_PRICES,
    DUPLICATE,
    Refused,
    filter_failure,
    rejected,
)
from atms.sandbox.venue.lists import OrderList
from atms.sandbox.venue.matching import needed
from atms.sandbox.venue.orders import ALGO, Order, Wish
from atms.sandbox.venue.resting import fires_rising

Taken = Callable[[OrderList], None]


class Chains:
    """What hangs together on one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._desk = exchange.desk
        for matcher in exchange.matchers.values():
            matcher.over.append(self._over)

    # ---- placing ----------------------------------------------------------------------------
    def place_pair(self, legs: Sequence[Wish], client_id: str, taken: Taken) -> OrderList:
        """Place an OCO: two orders of which only one may trade.

        Args:
            taken: called when the orders are in, before the first of them can trade.

        Raises:
            Refused: by a filter, the prices' relation, or the balance.
        """
        last = self._exchange.markets[legs[0].symbol.name].last
        self._admit(legs, client_id)
        if last is not None and not all(_beside(leg, last) for leg in legs):
            raise rejected(BAD_PRICES)
        orders = [self._exchange.new_order(leg) for leg in legs]
        most = max(needed(one, last) for one in orders)
        lock = self._exchange.lock(orders[0], len(orders), most)
        for order in orders:
            order.lock = lock
        group = self._take(orders, "OCO", client_id)
        group.pair = tuple(orders)
        taken(group)
        for order in orders:
            if order.is_open:
                self._exchange.start(order)
        return group

    def place_chain(
        self, first: Wish, pending: Sequence[Wish], client_id: str, taken: Taken
    ) -> OrderList:
        """Place an OTO, or an OTOCO with two *pending* orders of which only one may trade.

        Raises:
            Refused: by a filter, the matching engine, or the balance for the first order.
        """
        self._admit([first, *pending], client_id)
        self._exchange.admit(first)
        working = self._exchange.new_order(first)
        working.lock = self._exchange.lock(working)
        orders = [working, *(self._exchange.new_order(one) for one in pending)]
        group = self._take(orders, "OTO", client_id)
        group.first = working
        group.pair = tuple(orders[1:]) if len(pending) > 1 else ()
        for order in orders[1:]:
            order.status = "PENDING_NEW"
        taken(group)
        for order in orders[1:]:
            self._desk.report(order, "NEW")
        self._exchange.start(working)
        return group

    def _admit(self, wishes: Sequence[Wish], client_id: str) -> None:
        symbol = wishes[0].symbol
        for wish in wishes:
            filters.check(wish, self._exchange.markets[symbol.name])
        orders, algo_orders = self._desk.open_counts(symbol.name)
        algo = sum(wish.type in ALGO for wish in wishes)
        filters.check_counts(symbol, orders + len(wishes), algo_orders + algo)
        running = [one for one in self._desk.lists.values() if one.is_open]
        if sum(one.symbol is symbol for one in running) >= symbol.max_lists:
            raise filter_failure("MAX_NUM_ORDER_LISTS")
        names = [wish.client_id for wish in wishes]
        doubled = len(set(names)) < len(names) or any(
            self._desk.holds(symbol.name, name) for name in names
        )
        if doubled or any(one.client_id == client_id for one in running):
            raise rejected(DUPLICATE)

    def _take(self, orders: list[Order], contingency: str, client_id: str) -> OrderList:
        group = OrderList(
            id=self._desk.ids.list(),
            symbol=orders[0].symbol,
            contingency=contingency,
            client_id=client_id,
            time=self._desk.clock.now(),
            orders=orders,
        )
        self._desk.lists[group.id] = group
        for order in orders:
            order.group = group
            self._desk.add(order)
        self._desk.tell_list(group, "EXEC_STARTED")
        return group

    # ---- going on ---------------------------------------------------------------------------
    def _over(self, order: Order) -> None:
        """An order filled or expired: what hangs on it goes on, or goes."""
        group = order.group
        if group is None or group.order_status == "ALL_DONE":
            return
        if order is group.first and not group.started:
            group.started = True
            if order.status == "FILLED":
                self._start(group)
            else:
                self._expire(group.pending)
        if not group.is_open and group.order_status == "EXECUTING":
            self._desk.tell_list(group, "ALL_DONE")

    def _start(self, group: OrderList) -> None:
        """Place the orders that waited for the first one; without funds they expire."""
        waiting = group.pending
        last = self._exchange.markets[group.symbol.name].last
        most: Decimal = max(needed(one, last) for one in waiting)
        try:
            lock = self._exchange.lock(waiting[0], len(waiting), most)
        except Refused:
            self._expire(waiting)
            return
        for one in waiting:
            one.lock = lock
        for one in waiting:
            if one.is_open:
                self._exchange.start(one)
            if one.is_open and last is not None and _is_met(one, last):
                self._exchange.matchers[group.symbol.name].trigger(one)

    def _expire(self, orders: Sequence[Order]) -> None:
        for one in orders:
            if one.is_open:
                self._exchange.matchers[one.symbol.name].expire(one)


def _is_met(order: Order, last: Decimal) -> bool:
    stop = order.wish.stop
    if stop is None or order.working or order.wish.trailing is not None:
        return False
    return last >= stop if fires_rising(order) else last <= stop


def _beside(leg: Wish, last: Decimal) -> bool:
    """Return whether a leg of an OCO stands on its own side of the last price."""
    rises = (leg.side == "BUY") == leg.type.startswith("STOP_LOSS")
    marks = [leg.price] if leg.type == "LIMIT_MAKER" else [leg.stop]
    if leg.type == "TAKE_PROFIT_LIMIT":
        marks.append(leg.price)
    return all(mark is None or (mark > last if rises else mark < last) for mark in marks)
