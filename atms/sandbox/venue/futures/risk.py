"""What the venue does by itself: mark prices, funding, liquidation, deleveraging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atms.sandbox.venue.futures.exchange import FuturesExchange
from atms.sandbox.venue.futures.orders import Ask, Cause, Order
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.matching import facts
from atms.sandbox.venue.numbers import ZERO, down

EIGHT_HOURS = 8 * 3_600_000


class Marks:
    """Mark prices: the last price, unless one is set by hand.

    Attributes:
        by_hand: symbol -> mark price.
    """

    def __init__(self, markets: Mapping[str, Market]) -> None:
        self.by_hand: dict[str, Decimal] = {}
        self._markets = markets

    def __call__(self, symbol: str) -> Decimal:
        found = self.by_hand.get(symbol) or self._markets[symbol].last
        return found or ZERO


class Watch:
    """Watches markets for what a venue of futures does by itself, whatever its account is like.

    Args:
        exchange: its markets and its desk, whose account tells what is held.
        rate: of funding, of the notional at the mark price; longs pay it.
        fee: of a liquidation, of the notional.
    """

    def __init__(self, exchange: Any, marks: Marks, rate: Decimal, fee: Decimal) -> None:
        self.rate = rate
        self.marks = marks
        self._markets: Mapping[str, Market] = exchange.markets
        self._account = exchange.desk.account
        self._fee = fee
        self._paid = {
            name: market.time // EIGHT_HOURS if market.time else None
            for name, market in self._markets.items()
        }
        for market in self._markets.values():
            market.watchers.append(self)

    def fund(self, symbol: str) -> None:
        """Pay the funding of a symbol now."""
        raise NotImplementedError

    def check(self) -> None:
        """Liquidate where there is too little margin."""
        raise NotImplementedError

    def next_funding(self, symbol: str) -> int:
        """Return when funding is paid next, market milliseconds."""
        return (self._markets[symbol].time // EIGHT_HOURS + 1) * EIGHT_HOURS

    def set_mark(self, symbol: str, price: Decimal | None) -> None:
        """Let the mark price be this from now on; None: the last price again."""
        if price is None:
            self.marks.by_hand.pop(symbol, None)
        else:
            self.marks.by_hand[symbol] = price
        self.check()

    # ---- from the market --------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Pay funding where its time has come; liquidate where there is too little margin."""
        self._fund(market)
        if self._account.held():
            self.check()

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Pay funding where its time has come."""
        self._fund(market)

    def _fund(self, market: Market) -> None:
        name, period = market.symbol.name, market.time // EIGHT_HOURS
        before, self._paid[name] = self._paid[name], period
        if before is not None and period > before:
            self.fund(name)


class Risk(Watch):
    """Does to the account what the venue does by itself."""

    def __init__(
        self, exchange: FuturesExchange, marks: Marks, rate: Decimal, fee: Decimal
    ) -> None:
        super().__init__(exchange, marks, rate, fee)
        self._exchange, self._desk = exchange, exchange.desk

    def fund(self, symbol: str) -> None:
        """Pay the funding of a symbol now."""
        self.pay(symbol, -down(self._desk.account.notional(symbol) * self.rate))

    def pay(self, symbol: str, amount: Decimal) -> None:
        """Pay funding on a position; below 0 the account pays."""
        account = self._desk.account
        if amount:
            self._desk.earn(
                "FUNDING", account.contracts[symbol].quote, amount, symbol,
                account.positions[symbol].qty, self.marks(symbol),
            )  # fmt: skip

    # ---- too little margin ------------------------------------------------------------------
    def check(self) -> None:
        """Liquidate every position of an asset whose margin balance is not above what must stay."""
        account = self._desk.account
        for asset in list(account.free):
            if self._of(asset) and account.balance(asset) <= account.all_maintenance(asset):
                self._liquidate(asset)

    def _of(self, asset: str) -> list[str]:
        account = self._desk.account
        return [name for name in account.held() if account.contracts[name].quote == asset]

    def _liquidate(self, asset: str) -> None:
        for order in self._desk.all_open():
            if order.symbol.quote == asset and order.is_open:
                self._exchange.matcher(order.symbol.name).call_off(order, "liquidation")
        for one in self._desk.waiting():
            if one.ask.symbol.quote == asset:
                self._desk.stand(one, "CANCELED", "liquidation")
        for name in self._of(asset):
            qty = abs(self._desk.account.positions[name].qty)
            self._close(name, qty, "liquidation", self._fee)
        short = -self._desk.account.free[asset]
        if short > 0:  # the insurance fund pays what is missing
            self._desk.earn("INSURANCE", asset, short)

    def deleverage(self, symbol: str, qty: Decimal) -> Order:
        """Take units of a winning position for somebody else's liquidation, at the mark price."""
        return self._close(symbol, qty, "adl", ZERO)

    def _close(self, symbol: str, qty: Decimal, cause: Cause, rate: Decimal) -> Order:
        desk = self._desk
        held, now = desk.account.positions[symbol].qty, desk.clock.now()
        ask = Ask(
            symbol=desk.account.contracts[symbol], side="SELL" if held > 0 else "BUY",
            type="MARKET", client_id="", qty=qty, reduces=True, tif="IOC",
        )  # fmt: skip
        order = Order(
            id=desk.ids.order(), wish=ask, qty=qty, time=now, client_id="", working=True,
            rank=desk.ids.rank(), cause=cause, rate=rate,
        )  # fmt: skip
        desk.add(order)
        desk.report(order, "NEW")
        desk.truth.note("order", **facts(order), cause=cause)
        self._exchange.matcher(symbol).take(order, self.marks(symbol))
        return order
