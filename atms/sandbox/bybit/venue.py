"""The venue behind Bybit's wires: how it takes orders, and what it notes of their ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from atms.sandbox.bybit.config import BybitConfig
from atms.sandbox.bybit.refusals import Refused, refuse
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.desk import Desk
from atms.sandbox.venue.exchange import Exchange
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.matching import facts
from atms.sandbox.venue.orders import Order, Wish
from atms.sandbox.venue.refusals import Refuse, Why
from atms.sandbox.venue.spot import SpotVenue
from atms.sandbox.venue.symbols import Symbol
from atms.sandbox.venue.throttle import Throttle

UID = 24_617_703  # of the one account
_SECOND = 1000


class BybitExchange(Exchange):
    """Placing is taking in: what the matching engine thinks of an order is told afterwards.

    Attributes:
        taken: ids of post-only orders that would have traded: they were ended for it.
    """

    unique = "forever"

    def __init__(self, desk: Desk, markets: Mapping[str, Market], refuse: Refuse) -> None:
        super().__init__(desk, markets, refuse)
        self.taken: set[int] = set()

    def check(self, wish: Wish) -> None:
        """Check bounds first, which have codes of their own."""
        symbol = wish.symbol
        most = symbol.max_market_qty if wish.type == "MARKET" else symbol.max_qty
        if wish.qty is not None and wish.qty > most:
            raise Refused(170135, "Order quantity exceeded upper limit.")
        if wish.price is not None and wish.price > symbol.max_price:
            raise Refused(170132, "Order price exceeded upper limit.")
        super().check(wish)

    def admit(self, wish: Wish) -> None:
        """Check the client id; a price that would take is found out later."""
        if wish.client_id and self.desk.named(wish.client_id) is not None:
            raise refuse(Why.DUPLICATE)

    def start(self, order: Order, at: int | None = None) -> None:
        """Let an order trade or rest; a post-only one that would take is ended."""
        matcher = self.matchers[order.symbol.name]
        price = order.wish.price
        crosses = price is not None and matcher.would_take(order.buys, price)
        if order.type != "LIMIT_MAKER" or not crosses:
            super().start(order, at)
            return
        self.taken.add(order.id)
        self.desk.truth.note("order", **facts(order))
        matcher.end(order, "CANCELED")
        self.desk.report(order, "CANCELED")
        self.desk.truth.note("cancel", **facts(order))


class BybitVenue(SpotVenue):
    """The venue of one unified trading account.

    Attributes:
        addresses: requests of an address.
        barred_until: address -> venue milliseconds.
        limits: endpoint -> how often the account may ask in a second.
    """

    least = Decimal(5)
    places = BybitExchange
    config: BybitConfig
    exchange: BybitExchange

    def __init__(self, config: BybitConfig) -> None:
        super().__init__(config)
        self.addresses = Throttle(self.clock, 5 * _SECOND, config.requests)
        self.barred_until: dict[str, int] = {}
        own = {"/v5/order/create": config.orders, "/v5/order/cancel": config.cancels,
               "/v5/user/query-api": 10}  # fmt: skip
        self.limits = {path: Throttle(self.clock, _SECOND, most) for path, most in own.items()}

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Symbol:
        made = super()._symbol(market, base, quote, tick)
        step = market.step or Decimal("0.000001")
        return replace(made, step=step, max_orders=self.config.open_orders)

    def limit_of(self, path: str) -> Throttle:
        """Return how often an endpoint may be asked."""
        return self.limits.setdefault(path, Throttle(self.clock, _SECOND, self.config.reads))

    def refuse(self, why: Why) -> Exception:
        """Return the error that this venue answers with."""
        return refuse(why)

    def bar(self, address: str) -> None:
        """Answer an address 403 for a while."""
        self.barred_until[address] = self.clock.now() + round(self.config.barred * _SECOND)
        self.truth.note("ban", address=address)
