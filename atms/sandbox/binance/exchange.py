"""The account's actions: place, cancel, replace and amend orders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atms.sandbox.binance import filters
from atms.sandbox.binance.desk import Desk
from atms.sandbox.binance.market import Market
from atms.sandbox.binance.matching import Matcher, facts, needed
from atms.sandbox.binance.numbers import ZERO
from atms.sandbox.binance.orders import ALGO, Lock, Order, Wish
from atms.sandbox.binance.refusals import (
    DUPLICATE,
    INSUFFICIENT,
    WOULD_MATCH,
    WOULD_TRIGGER,
    Refused,
    rejected,
)
from atms.sandbox.binance.resting import Resting


class Exchange:
    """What the account may do.

    Attributes:
        desk: orders, fills, balances.
        markets: symbol -> market.
        hidden_until: queries tell a new order from then on, venue milliseconds; a fault sets it.
    """

    def __init__(self, desk: Desk, markets: Mapping[str, Market]) -> None:
        self.desk = desk
        self.markets = dict(markets)
        self.matchers = {name: Matcher(market, desk) for name, market in markets.items()}
        self.hidden_until = 0

    def resting(self, symbol: str) -> Resting:
        """Return the account's orders on a symbol's book."""
        return self.matchers[symbol].resting

    # ---- one order --------------------------------------------------------------------------
    def check(self, wish: Wish) -> None:
        """Check what is checked before the matching engine.

        Raises:
            Refused: a filter fails.
        """
        symbol = wish.symbol
        filters.check(wish, self.markets[symbol.name])
        orders, algo_orders = self.desk.open_counts(symbol.name)
        filters.check_counts(symbol, orders + 1, algo_orders + (wish.type in ALGO))

    def place(self, wish: Wish) -> Order:
        """Take an order and let it trade.

        Raises:
            Refused: by a filter, or by the matching engine.
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
            Refused: a duplicate, or a price on the wrong side of the market.
        """
        symbol = wish.symbol.name
        if self.desk.holds(symbol, wish.client_id):
            raise rejected(DUPLICATE)
        if wish.type == "LIMIT_MAKER":
            assert wish.price is not None
            if self.matchers[symbol].would_take(wish.side == "BUY", wish.price):
                raise rejected(WOULD_MATCH)
        if wish.stop is not None and wish.trailing is None and self._is_met(wish):
            raise rejected(WOULD_TRIGGER)

    def _is_met(self, wish: Wish) -> bool:
        last = self.markets[wish.symbol.name].last
        if last is None or wish.stop is None:
            return False
        rises = (wish.side == "BUY") == wish.type.startswith("STOP_LOSS")
        return last >= wish.stop if rises else last <= wish.stop

    def new_order(self, wish: Wish) -> Order:
        """Return an order for *wish*, not yet taken in."""
        now = self.desk.clock.now()
        return Order(
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
            Refused: they are not there.
        """
        symbol, wallet = order.symbol, self.desk.wallet
        market = self.markets[symbol.name]
        asset = symbol.quote if order.buys else symbol.base
        if order.type != "MARKET":
            return wallet.lock(asset, amount or needed(order, market.last), holders)
        if order.buys:
            cost = order.wish.quote_qty or market.ladder.cost(True, order.qty)
        else:
            price = market.last or ZERO
            by_quote = order.wish.quote_qty
            cost = by_quote / price if by_quote is not None and price else order.qty
        if wallet.free[asset] < cost:
            raise rejected(INSUFFICIENT)
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

    def cancel(self, order: Order, cancel_id: str) -> None:
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

    def refuse(self, wish: Wish, reason: str) -> None:
        """Tell of an order that was refused after the cancel before it went through."""
        order = self.new_order(wish)
        order.status, order.updated = "REJECTED", order.time
        self.desk.report(order, "REJECTED", reason=reason)


def _asked(order: Order) -> dict[str, object]:
    wish = order.wish
    pairs = {
        "price": wish.price, "stop": wish.stop, "quote_qty": wish.quote_qty,
        "trailing": wish.trailing, "tif": wish.tif,
    }  # fmt: skip
    return {name: str(value) for name, value in pairs.items() if value is not None}
