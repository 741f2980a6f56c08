"""The account's actions: place and cancel orders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from atms.sandbox.venue.desk import Desk
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.matching import Matcher, facts, needed
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import ALGO, Lock, Order, Wish
from atms.sandbox.venue.refusals import Refuse, Why
from atms.sandbox.venue.resting import Resting


class Exchange:
    """What the account may do; what it may not is answered in a dialect's words.

    Args:
        refuse: makes the error of a reason.

    Attributes:
        desk: orders, fills, balances.
        markets: symbol -> market.
        matches, makes: the kinds of matchers and orders.
        unique: among which orders a client id is taken: those open, or all that ever were.
        hidden_until: queries tell a new order from then on, venue milliseconds; a fault sets it.
        delisted: symbols that are traded no more.
    """

    unique: Literal["open", "forever"] = "open"
    matches: type[Matcher] = Matcher
    makes: type[Order] = Order

    def __init__(self, desk: Desk, markets: Mapping[str, Market], refuse: Refuse) -> None:
        self.desk = desk
        self.markets = dict(markets)
        self.matchers = {name: self.matches(market, desk) for name, market in markets.items()}
        self.hidden_until = 0
        self.delisted: set[str] = set()
        self.refuse = refuse

    def resting(self, symbol: str) -> Resting:
        """Return the account's orders on a symbol's book."""
        return self.matchers[symbol].resting

    def delist(self, symbol: str) -> None:
        """Trade a symbol no more: what is open on it expires, and nothing new is taken."""
        self.delisted.add(symbol)
        self.desk.truth.note("market", symbol=symbol, state="delisted")
        for order in list(self.desk.open(symbol)):
            if order.is_open:
                self.matchers[symbol].end(order, "EXPIRED")
                self.desk.report(order, "EXPIRED")
                self.desk.truth.note("expire", **facts(order))

    # ---- one order --------------------------------------------------------------------------
    def check(self, wish: Wish) -> None:
        """Check prices, quantities, value and count.

        Raises:
            Exception: a dialect's.
        """
        symbol = wish.symbol
        for price in (wish.price, wish.stop):
            if price is not None and (
                not symbol.tick <= price <= symbol.max_price or price % symbol.tick
            ):
                raise self.refuse(Why.PRICE_STEP)
        if wish.qty is not None and (
            not symbol.step <= wish.qty <= symbol.max_qty or wish.qty % symbol.step
        ):
            raise self.refuse(Why.QTY_STEP)
        self._check_worth(wish)
        if len(self.desk.open(symbol.name)) >= symbol.max_orders:
            raise self.refuse(Why.TOO_MANY_OPEN)

    def _check_worth(self, wish: Wish) -> None:
        """Check that an order is not worth too little."""
        price = wish.price or wish.stop or self.markets[wish.symbol.name].last
        worth = wish.quote_qty
        if worth is None and price is not None and wish.qty is not None:
            worth = price * wish.qty
        if worth is not None and worth < wish.symbol.min_notional:
            raise self.refuse(Why.NOTIONAL)

    def place(self, wish: Wish) -> Order:
        """Take an order and let it trade.

        Raises:
            Exception: a dialect's, for the reasons of `check` and `admit`, or the balance.
        """
        self.check(wish)
        self.admit(wish)
        order = self.new_order(wish)
        order.lock = self.lock(order)
        self.desk.add(order)
        self.start(order, order.time)
        return order

    def admit(self, wish: Wish) -> None:
        """Check what the matching engine checks, but the balance.

        Raises:
            Exception: a dialect's; a duplicate, or a price on the wrong side of the market.
        """
        symbol = wish.symbol.name
        if symbol in self.delisted:
            raise self.refuse(Why.CLOSED)
        taken = self.desk.holds(symbol, wish.client_id)
        if self.unique == "forever":
            taken = self.desk.named(wish.client_id) is not None
        if taken and wish.client_id:
            raise self.refuse(Why.DUPLICATE)
        if wish.type == "LIMIT_MAKER":
            assert wish.price is not None
            if self.matchers[symbol].would_take(wish.side == "BUY", wish.price):
                raise self.refuse(Why.WOULD_TAKE)
        if wish.stop is not None and wish.trailing is None and self._is_met(wish):
            raise self.refuse(Why.WOULD_TRIGGER)

    def _is_met(self, wish: Wish) -> bool:
        last = self.markets[wish.symbol.name].last
        if last is None or wish.stop is None:
            return False
        rises = (wish.side == "BUY") == wish.type.startswith("STOP_LOSS")
        return last >= wish.stop if rises else last <= wish.stop

    def new_order(self, wish: Wish) -> Order:
        """Return an order for *wish*, not yet taken in."""
        now = self.desk.clock.now()
        return self.makes(
            id=self.desk.ids.order(),
            wish=wish,
            qty=wish.qty or ZERO,
            time=now,
            client_id=wish.client_id,
            rank=self.desk.ids.rank(),
            seen_from=self.hidden_until,
        )

    def lock(self, order: Order, holders: int = 1, amount: Decimal | None = None) -> Lock | None:
        """Hold the funds for an order; a market order only needs to have them.

        Raises:
            Exception: a dialect's; they are not there.
        """
        symbol, wallet = order.symbol, self.desk.wallet
        market = self.markets[symbol.name]
        asset = symbol.quote if order.buys else symbol.base
        on_top = self.desk.commission.on_top
        if order.type != "MARKET":
            least = amount or needed(order, market.last, on_top)
            return wallet.lock(asset, least, holders)
        if order.buys:
            cost = order.wish.quote_qty or market.ladder.cost(True, order.qty) * (1 + on_top)
        else:
            price = market.last or ZERO
            by_quote = order.wish.quote_qty
            cost = by_quote / price if by_quote is not None and price else order.qty
        if wallet.free[asset] < cost:
            raise self.refuse(Why.INSUFFICIENT)
        return None

    def start(self, order: Order, at: int | None = None) -> None:
        """Tell of a new order and let it trade, or wait for its trigger; *at*: when, if not now."""
        if order.type not in ALGO:
            order.working = True
            order.working_time = self.desk.clock.now() if at is None else at
        order.status = "NEW"
        self.desk.report(order, "NEW")
        self.desk.truth.note("order", **facts(order), **_asked(order))
        self.matchers[order.symbol.name].enter(order)

    def cancel(self, order: Order) -> None:
        """Cancel an open order."""
        self.matchers[order.symbol.name].end(order, "CANCELED")
        self.desk.report(order, "CANCELED")
        self.desk.truth.note("cancel", **facts(order))


def _asked(order: Order) -> dict[str, object]:
    wish = order.wish
    pairs = {
        "price": wish.price, "stop": wish.stop, "quote_qty": wish.quote_qty,
        "trailing": wish.trailing, "tif": wish.tif,
    }  # fmt: skip
    return {name: str(value) for name, value in pairs.items() if value is not None}
