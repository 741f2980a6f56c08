"""The account's actions at a futures venue: what margin, brackets and positions allow."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from atms.sandbox.venue.exchange import Exchange
from atms.sandbox.venue.futures.desk import FuturesDesk
from atms.sandbox.venue.futures.matching import FuturesMatcher
from atms.sandbox.venue.futures.orders import Ask, Ended, Order
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import ALGO, Lock, Wish
from atms.sandbox.venue.orders import Order as AnyOrder
from atms.sandbox.venue.refusals import Refuse, Why


class FuturesExchange(Exchange):
    """What the account may do; orders are `Ask`s.

    Attributes:
        desk: orders, fills, the account.
    """

    matches = FuturesMatcher
    makes = Order
    desk: FuturesDesk

    def __init__(self, desk: FuturesDesk, markets: Mapping[str, Market], refuse: Refuse) -> None:
        super().__init__(desk, markets, refuse)
        for matcher in self.contracts():
            matcher.forbids = self._forbidden

    def contracts(self) -> list[FuturesMatcher]:
        """Return the matchers of all contracts."""
        return [cast(FuturesMatcher, one) for one in self.matchers.values()]

    def matcher(self, symbol: str) -> FuturesMatcher:
        """Return a contract's matcher."""
        return cast(FuturesMatcher, self.matchers[symbol])

    def take(self, ask: Ask) -> Order:
        """Take an order in that has not traded yet; `start` lets it.

        Raises:
            Exception: a dialect's.
        """
        self.check(ask)
        self.admit(ask)
        order = self.new_order(ask)
        self.lock(order)
        self.desk.add(order)
        return cast(Order, order)

    def admit(self, wish: Wish) -> None:
        """Check what the matching engine checks, but the margin; a stop is looked at when it fires.

        Raises:
            Exception: a dialect's.
        """
        super().admit(wish)
        ask = cast(Ask, wish)
        if ask.reduces and ask.type not in ALGO and not self._reduces(ask):
            raise self.refuse(Why.REDUCE_ONLY)

    def lock(self, order: AnyOrder, holders: int = 1, amount: Decimal | None = None) -> Lock | None:
        """Check the margin that an order takes; it is worked out anew each time, and not locked.

        Raises:
            Exception: a dialect's; it is not there, or the bracket of the leverage is too small.
        """
        ask = cast(Ask, order.wish)
        if ask.type in ALGO:
            return None
        if self.is_too_much(ask, order.qty):
            raise self.refuse(Why.LEVERAGE)
        if self.is_short(ask, order.qty):
            raise self.refuse(Why.INSUFFICIENT)
        return None

    def is_too_much(self, ask: Ask, qty: Decimal) -> bool:
        """Return whether a position would have more notional than its leverage may have."""
        account, name = self.desk.account, ask.symbol.name
        opening = account.opening(ask, qty)
        if not opening:
            return False
        held = abs(account.positions[name].qty) if opening == qty else ZERO
        price = ask.price or account.mark(name)
        return (held + opening) * price > account.contracts[name].most_at(account.leverage[name])

    def is_short(self, ask: Ask, qty: Decimal) -> bool:
        """Return whether there is too little margin for an order."""
        account = self.desk.account
        return account.needed(ask, qty) > account.available(ask.symbol.quote, self.desk.all_open())

    def _forbidden(self, order: Order) -> Ended:
        if order.wish.reduces and not self._reduces(order.wish):
            return "reduce_only"
        tight = self.is_too_much(order.wish, order.qty) or self.is_short(order.wish, order.qty)
        return "margin" if tight else ""

    def _reduces(self, ask: Ask) -> bool:
        assert ask.qty is not None
        signed = ask.qty if ask.side == "BUY" else -ask.qty
        return self.desk.account.positions[ask.symbol.name].closing(signed) > ZERO

    def _check_worth(self, wish: Wish) -> None:
        """What reduces may be as small as it is."""
        if not cast(Ask, wish).reduces:
            super()._check_worth(wish)
