"""The algo service: orders that wait for a price, and then make an ordinary order.

No margin is looked at before that: one that fails then is REJECTED, with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance_usdm import filters, refusals
from atms.sandbox.binance_usdm.exchange import Exchange
from atms.sandbox.binance_usdm.orders import Conditional, Order
from atms.sandbox.venue.ids import client_id
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade

_FIRST = 2_148_719  # of the ids, as in the venue's documentation


class Algos:
    """The account's conditional orders.

    Args:
        keeps_id: whether the order that one becomes has its client id.
    """

    def __init__(self, exchange: Exchange, keeps_id: bool) -> None:
        self._exchange, self._desk = exchange, exchange.desk
        self._keeps_id = keeps_id
        self._made: dict[int, Conditional] = {}  # order's id -> what made it
        self._last_id = _FIRST
        self._desk.over.append(self._over)
        for market in exchange.markets.values():
            market.watchers.append(self)

    def place(self, make: Callable[[int], Conditional]) -> Conditional:
        """Take a conditional order in; *make* gives one for an id.

        Raises:
            Refused: by a filter, by their number, or because its price is met already.
        """
        one = make(self._last_id + 1)
        symbol = one.ask.symbol.name
        self._exchange.check(one.ask)
        filters.price(one.trigger, self._desk.account.contracts[symbol])
        if len(self._desk.waiting(symbol)) >= one.ask.symbol.max_algo_orders:
            raise Refused(-4045, "Reach max stop order limit.")
        price = self._price(one)
        if price and one.met(price):
            raise refusals.would_trigger()
        self._last_id = one.id
        self._desk.wait(one)
        self._desk.stand(one, "NEW")
        return one

    def cancel(self, one: Conditional, status: str = "CANCELED") -> None:
        """End one that waits."""
        self._desk.stand(one, status)

    # ---- from the market --------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Fire what the price meets, the oldest first."""
        for one in self._desk.waiting(market.symbol.name):
            price = self._price(one)
            if one.is_open and price and one.met(price):
                self._fire(one)

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Nothing: triggers do not look at klines."""

    def _price(self, one: Conditional) -> Decimal | None:
        name = one.ask.symbol.name
        if one.working == "MARK_PRICE":
            return self._desk.account.mark(name)
        return self._exchange.markets[name].last

    def _fire(self, one: Conditional) -> None:
        one.fired = self._desk.clock.now()
        self._desk.stand(one, "TRIGGERING")
        named = one.client_id if self._keeps_id else client_id()
        try:
            order = self._exchange.admit(replace(one.ask, client_id=named))
        except Refused as refusal:
            self._desk.stand(one, "REJECTED", refusal.message)
            return
        one.order = order
        self._made[order.id] = one
        self._exchange.tell_new(order)
        self._desk.stand(one, "TRIGGERED")
        self._exchange.matchers[order.symbol.name].enter(order)

    def _over(self, order: Order) -> None:
        one = self._made.pop(order.id, None)
        if one is not None:
            self._desk.stand(one, "FINISHED")
