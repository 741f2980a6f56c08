"""A service that holds conditional orders: each waits, and then makes an ordinary order.

No margin is looked at before that: one that fails then is REJECTED, with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from atms.sandbox.venue.futures.exchange import FuturesExchange
from atms.sandbox.venue.futures.orders import Conditional
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.orders import Fill, Order
from atms.sandbox.venue.refusals import Why


class Conditionals:
    """The account's conditional orders.

    Args:
        refused: the class of a dialect's refusals.
        first: of the ids.
    """

    def __init__(
        self, exchange: FuturesExchange, refused: type[Exception], first: int = 2_148_719
    ) -> None:
        self._exchange, self._desk, self._refused = exchange, exchange.desk, refused
        self._last_id = first
        self._made: dict[int, Conditional] = {}  # order's id -> what made it
        self._desk.watchers.append(self._changed)
        for market in exchange.markets.values():
            market.watchers.append(self)

    def place(self, make: Callable[[int], Conditional]) -> Conditional:
        """Take a conditional order in; *make* gives one for an id.

        Raises:
            Exception: a dialect's; a step, a bound, or its price is met already.
        """
        one = make(self._last_id + 1)
        self._exchange.check(one.ask)
        symbol = one.ask.symbol
        if one.trigger % symbol.tick or not symbol.tick <= one.trigger <= symbol.max_price:
            raise self._exchange.refuse(Why.PRICE_STEP)
        if len(self._desk.waiting(symbol.name)) >= symbol.max_algo_orders:
            raise self._exchange.refuse(Why.TOO_MANY_OPEN)
        price = self._price(one)
        if price and one.met(price):
            raise self._exchange.refuse(Why.WOULD_TRIGGER)
        self._last_id = one.id
        self._desk.stand(one, "NEW")
        return one

    def cancel(self, one: Conditional) -> None:
        """End one that waits."""
        self._desk.stand(one, "CANCELED")

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
        return self._desk.account.mark(name) if one.by_mark else self._exchange.markets[name].last

    def _fire(self, one: Conditional) -> None:
        one.fired = self._desk.clock.now()
        self._desk.stand(one, "TRIGGERING")
        try:
            order = self._exchange.take(one.ask)
        except self._refused as refusal:
            self._desk.stand(one, "REJECTED", str(refusal))
            return
        one.order = order
        self._made[order.id] = one
        self._desk.stand(one, "TRIGGERED")
        self._exchange.start(order)

    def _changed(self, order: Order, kind: str, fill: Fill | None) -> None:
        one = self._made.get(order.id)
        if one is not None and not order.is_open:
            del self._made[order.id]
            self._desk.stand(one, "FINISHED")
