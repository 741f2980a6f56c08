"""What the venue does by itself: funding, liquidation, and auto-deleveraging."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.binance_usdm.exchange import Exchange
from atms.sandbox.binance_usdm.orders import ADL, BOTH, LIQUIDATION, Ask, Order, Place
from atms.sandbox.venue.futures.risk import Marks, Watch
from atms.sandbox.venue.numbers import ZERO, down

_LIQUIDATED = 5  # why orders expire then, as the venue numbers it


class Risk(Watch):
    """Does to the account what the venue does by itself; of a symbol it may hold two positions."""

    def __init__(self, exchange: Exchange, marks: Marks, rate: Decimal, fee: Decimal) -> None:
        super().__init__(exchange, marks, rate, fee)
        self._exchange, self._desk = exchange, exchange.desk

    def fund(self, symbol: str) -> None:
        """Pay the funding of a symbol now."""
        for place, position in self._desk.account.held():
            if place[0] == symbol:
                self.pay(place, -down(position.qty * self.marks(symbol) * self.rate))

    def pay(self, place: Place, amount: Decimal) -> None:
        """Pay funding on a position; below 0 the account pays."""
        asset = self._desk.account.contracts[place[0]].quote
        if amount:
            self._desk.earn("FUNDING_FEE", asset, amount, place[0])
            self._desk.moved("FUNDING_FEE", asset, amount)

    # ---- too little margin ------------------------------------------------------------------
    def check(self) -> None:
        """Liquidate every position of an asset whose margin balance is not above what must stay."""
        account = self._desk.account
        for asset in list(account.wallet):
            if self._of(asset) and account.balance(asset) <= account.all_maintenance(asset):
                self._liquidate(asset)

    def _of(self, asset: str) -> list[Place]:
        account = self._desk.account
        return [place for place, _ in account.held() if account.contracts[place[0]].quote == asset]

    def _liquidate(self, asset: str) -> None:
        for order in self._desk.all_open():
            if order.symbol.quote == asset:
                self._exchange.matchers[order.symbol.name].expire(order, _LIQUIDATED)
        for place in self._of(asset):
            qty = abs(self._desk.account.position(place).qty)
            self._close(place, qty, LIQUIDATION, "LIQUIDATION", self._fee)
        short = -self._desk.account.wallet[asset]
        if short > 0:  # the insurance fund pays what is missing
            self._desk.earn("INSURANCE_CLEAR", asset, short)
            self._desk.moved("INSURANCE_CLEAR", asset, short)

    def deleverage(self, symbol: str, qty: Decimal, side_of: str = BOTH) -> Order:
        """Take units of a winning position for somebody else's liquidation, at the mark price."""
        return self._close((symbol, side_of), qty, ADL, "MARKET", ZERO)

    def _close(self, place: Place, qty: Decimal, name: str, kind: str, rate: Decimal) -> Order:
        desk, contract = self._desk, self._desk.account.contracts[place[0]]
        held = desk.account.position(place).qty
        now = desk.clock.now()
        number = desk.ids.order()
        called = f"{name}{now}" if name == LIQUIDATION else name
        ask = Ask(
            symbol=contract, side="SELL" if held > 0 else "BUY", type=kind, client_id=called,
            qty=qty, reduces=True, side_of=place[1], tif="IOC",
        )  # fmt: skip
        order = Order(
            id=number, wish=ask, qty=qty, time=now, client_id=called, rank=desk.ids.rank(),
            working=True, liquidates=name == LIQUIDATION,
        )  # fmt: skip
        desk.add(order)
        self._exchange.tell_new(order)
        self._exchange.matchers[place[0]].fill(
            order, self.marks(place[0]), qty, maker=False, rate=rate, calculated=order.liquidates
        )
        return order
