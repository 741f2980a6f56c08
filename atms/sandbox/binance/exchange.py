"""What Binance adds to placing and cancelling: its filters, order lists, amends."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atms.sandbox.binance import filters
from atms.sandbox.binance.desk import Desk
from atms.sandbox.binance.refusals import Refused, refuse
from atms.sandbox.venue.exchange import Exchange as AnyExchange
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.matching import facts, needed
from atms.sandbox.venue.orders import ALGO, Order, Wish


class Exchange(AnyExchange):
    """What the account may do."""

    desk: Desk

    def __init__(self, desk: Desk, markets: Mapping[str, Market]) -> None:
        super().__init__(desk, markets, refuse)

    def check(self, wish: Wish) -> None:
        """Check what is checked before the matching engine.

        Raises:
            Refused: a filter fails.
        """
        symbol = wish.symbol
        filters.check(wish, self.markets[symbol.name])
        orders, algo_orders = self.desk.open_counts(symbol.name)
        filters.check_counts(symbol, orders + 1, algo_orders + (wish.type in ALGO))

    def cancel(self, order: Order, cancel_id: str = "") -> None:
        """Cancel an open order, and the whole list that it belongs to."""
        for one in order.group.orders if order.group is not None else [order]:
            if one.is_open:
                self._cancel_one(one, cancel_id)
        if order.group is not None:
            self.desk.tell_list(order.group, "ALL_DONE")

    def _cancel_one(self, order: Order, cancel_id: str) -> None:
        self.matchers[order.symbol.name].end(order, "CANCELED")
        self.desk.relabel(order, cancel_id)
        self.desk.report(order, "CANCELED", original=order.before)
        self.desk.truth.note("cancel", **facts(order))

    def amend(self, order: Order, qty: Decimal, client_id: str) -> tuple[int, str]:
        """Reduce an order's quantity; return the execution id and the client id before.

        Raises:
            Refused: a filter fails, or the quantity is no reduction.
        """
        filters.check_amended(qty, order.symbol)
        if len(order.amends) >= order.symbol.max_amends:
            raise Refused(-2038, "The amount of times an order can be amended has been exceeded.")
        if not order.executed < qty < order.qty:
            raise Refused(-2038, "Order amend is not reducing the quantity.")
        before, was = order.client_id, order.qty
        for one in (order, *(order.group.rivals(order) if order.group is not None else ())):
            one.qty = qty
            if one.lock is not None:
                self.desk.wallet.trim(one.lock, needed(one, None))
        self.desk.rename(order, client_id)
        order.updated = self.desk.clock.now()
        execution = self.desk.report(order, "REPLACED", original=before)
        order.amends.append((order.updated, execution, before, client_id, was, qty))
        self.desk.truth.note("amend", **facts(order))
        if order.group is not None and before != client_id:
            self.desk.tell_list(order.group, "UPDATED")
        return execution, before

    def refuse_late(self, wish: Wish, reason: str) -> None:
        """Tell of an order that was refused after the cancel before it went through."""
        order = self.new_order(wish)
        order.status, order.updated = "REJECTED", order.time
        self.desk.report(order, "REJECTED", reason=reason)
