"""The venue behind Bybit's wires: how it takes orders, and what it notes of their ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from atms.sandbox.bybit.config import BybitConfig
from atms.sandbox.bybit.refusals import SPOT, Refused
from atms.sandbox.bybit.rows import Rows
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.desk import Desk
from atms.sandbox.venue.exchange import Exchange
from atms.sandbox.venue.grounds import Grounds
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.matching import facts
from atms.sandbox.venue.orders import Fill, Order, Wish
from atms.sandbox.venue.refusals import Refuse, Why
from atms.sandbox.venue.spot import SpotVenue
from atms.sandbox.venue.symbols import Symbol
from atms.sandbox.venue.throttle import Throttle

UID = 24_617_703  # of the one account
_SECOND = 1000


class TakesIn(Exchange):
    """Placing is taking in: what the matching engine thinks of an order is told afterwards.

    Attributes:
        taken: ids of post-only orders that would have traded: they were ended for it.
    """

    unique = "forever"

    def __init__(self, desk: Desk, markets: Mapping[str, Market], refuse: Refuse) -> None:
        super().__init__(desk, markets, refuse)
        self.taken: set[int] = set()

    def admit(self, wish: Wish) -> None:
        """Check the client id and the trigger; a price that would take is found out later."""
        if wish.symbol.name in self.delisted:
            raise self.refuse(Why.CLOSED)
        if wish.client_id and self.desk.named(wish.client_id) is not None:
            raise self.refuse(Why.DUPLICATE)
        if wish.stop is not None and self._is_met(wish):
            raise self.refuse(Why.WOULD_TRIGGER)

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


class BybitExchange(TakesIn):
    """The spot market's."""

    def check(self, wish: Wish) -> None:
        """Check bounds first, which have codes of their own."""
        symbol = wish.symbol
        most = symbol.max_market_qty if wish.type == "MARKET" else symbol.max_qty
        if wish.qty is not None and wish.qty > most:
            raise Refused(170135, "Order quantity exceeded upper limit.")
        if wish.price is not None and wish.price > symbol.max_price:
            raise Refused(170132, "Order price exceeded upper limit.")
        super().check(wish)


class BybitGrounds(Grounds):
    """What stands around any market of a unified trading account.

    Attributes:
        category: the venue's word for the kind of market.
        refusals: why -> code and words.
        rows: what is told of orders, executions and prices.
        addresses: requests of an address.
        barred_until: address -> venue milliseconds.
        limits: endpoint -> how often the account may ask in a second.
    """

    config: Any
    category = "spot"
    refusals = SPOT
    rows: Rows
    desk: Desk
    exchange: TakesIn

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.addresses = Throttle(self.clock, 5 * _SECOND, config.requests)
        self.barred_until: dict[str, int] = {}
        own = {"/v5/order/create": config.orders, "/v5/order/cancel": config.cancels,
               "/v5/user/query-api": 10}  # fmt: skip
        self.limits = {path: Throttle(self.clock, _SECOND, most) for path, most in own.items()}

    def limit_of(self, path: str) -> Throttle:
        """Return how often an endpoint may be asked."""
        return self.limits.setdefault(path, Throttle(self.clock, _SECOND, self.config.reads))

    def refuse(self, why: Why) -> Exception:
        """Return the error that this venue answers with."""
        return Refused(*self.refusals[why])

    def executions(self) -> list[Execution]:
        """Return everything that the list of executions has, in no order."""
        return [
            Execution(fill.id, fill.time, fill.order.symbol.name, fill.order, self._row_of(fill))
            for fills in self.desk.fills.values()
            for fill in fills
            if fill.seen_from <= self.clock.now()
        ]

    def _row_of(self, fill: Fill) -> Callable[[], dict[str, Any]]:
        return lambda: self.rows.execution(fill)

    def bar(self, address: str) -> None:
        """Answer an address 403 for a while."""
        self.barred_until[address] = self.clock.now() + round(self.config.barred * _SECOND)
        self.truth.note("ban", address=address)


class Execution(NamedTuple):
    """One line of the list of executions; *order*: None where it is of none."""

    id: int
    time: int
    symbol: str
    order: Order | None
    row: Callable[[], dict[str, Any]]


class BybitVenue(BybitGrounds, SpotVenue):
    """The spot market of one unified trading account."""

    least = Decimal(5)
    places = BybitExchange
    config: BybitConfig
    exchange: BybitExchange

    def __init__(self, config: BybitConfig) -> None:
        super().__init__(config)
        self.rows = Rows(self)

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Symbol:
        made = super()._symbol(market, base, quote, tick)
        step = market.step or Decimal("0.000001")
        return replace(made, step=step, max_orders=self.config.open_orders)
