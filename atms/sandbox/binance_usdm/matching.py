"""One contract's matching: the account's orders against the market's book and its prints."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from atms.sandbox.binance_usdm.desk import Desk
from atms.sandbox.binance_usdm.orders import Fill, Order
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.matching import facts
from atms.sandbox.venue.numbers import ZERO, down, text
from atms.sandbox.venue.orders import Order as AnyOrder
from atms.sandbox.venue.resting import Resting

_REST_OF_IOC, _KNOCKED_OUT = 2, 4  # why orders expire, as the venue numbers it


class Matcher:
    """The account's orders on one contract; they meet the market, never each other.

    Args:
        rates: shares of the notional that a maker and a taker pay.
    """

    def __init__(self, market: Market, desk: Desk, rates: tuple[Decimal, Decimal]) -> None:
        self.market = market
        self.desk = desk
        self.resting = Resting()
        self._maker, self._taker = rates
        market.watchers.append(self)

    # ---- from the account -------------------------------------------------------------------
    def enter(self, order: Order) -> None:
        """Let an accepted order trade, and rest where it may."""
        limit = order.wish.price if order.type == "LIMIT" else None
        ladder = self.market.ladder
        for level in ladder.against(order.buys, limit):
            qty = self._wanted(order, level[1])
            if qty <= ZERO:
                break
            ladder.take(level, qty)
            self.fill(order, level[0], qty, maker=False)
            if not order.is_open:
                return
        if limit is None or order.wish.tif == "IOC":
            self.expire(order, _REST_OF_IOC)
        elif order.is_open:
            self.resting.add(order)
            self.market.touch()

    def available(self, buys: bool, limit: Decimal | None) -> Decimal:
        """Return the units that an order could have at once."""
        return self.market.ladder.available(buys, limit)

    def expire(self, order: Order, why: int) -> None:
        """End an order by the venue's rules."""
        self.end(order, "EXPIRED")
        order.expiry = why
        self.desk.report(order, "EXPIRED")
        self.desk.truth.note("expire", **facts(order))
        self._tell_over(order)

    def cancel(self, order: Order) -> None:
        """End an order because the account wants it so."""
        self.end(order, "CANCELED")
        self.desk.report(order, "CANCELED")
        self.desk.truth.note("cancel", **facts(order))
        self._tell_over(order)

    def end(self, order: Order, status: str) -> None:
        """Take an order off the book, without a word."""
        if order.type == "LIMIT":
            self.resting.remove(order)
            self.market.touch()
        order.status = status
        self.desk.close(order)

    # ---- from the market --------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Fill what the print reaches, up to its quantity."""
        left = trade.qty
        for found in self.resting.met(trade.price):
            order = _ours(found)
            if left <= ZERO:
                break
            qty = self._wanted(order, left) if order.is_open else ZERO
            if qty <= ZERO:
                continue
            left -= qty
            assert order.wish.price is not None
            self.fill(order, order.wish.price, qty, maker=True)
            self.market.touch()

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Nothing: orders do not look at klines."""

    # ---- fills ------------------------------------------------------------------------------
    def fill(
        self, order: Order, price: Decimal, qty: Decimal, *, maker: bool,
        rate: Decimal | None = None, calculated: bool = False,
    ) -> Fill:  # fmt: skip
        """Let an order have so many units at a price.

        Args:
            rate: of the fee; None: a maker's or a taker's.
            calculated: the venue tells it as a liquidation's.
        """
        fill = self._book(order, price, qty, maker, rate, calculated)
        order.status = "PARTIALLY_FILLED" if order.left > ZERO else "FILLED"
        if order.status == "FILLED":
            self.end(order, "FILLED")
        self.desk.report(order, "CALCULATED" if calculated else "TRADE", fill)
        self.desk.moved("ORDER", order.symbol.quote, places=[order.wish.place])
        self.desk.truth.note("fill", trade=fill.id, price=text(price), qty=text(qty),
                             fee=text(fill.fee), fee_asset=fill.fee_asset, maker=maker,
                             profit=str(fill.profit), **facts(order))  # fmt: skip
        if order.status == "FILLED":
            self._tell_over(order)
        self._knock_out(order)
        return fill

    def _wanted(self, order: Order, offered: Decimal) -> Decimal:
        """Return how much of an offer an order takes: one that reduces no more than is held."""
        qty = min(offered, order.left)
        if not order.wish.reduces:
            return qty
        held = self.desk.account.position(order.wish.place).qty
        return min(qty, abs(held)) if (held < 0) == order.buys else ZERO

    def _book(
        self, order: Order, price: Decimal, qty: Decimal, maker: bool, rate: Decimal | None,
        calculated: bool,
    ) -> Fill:  # fmt: skip
        account, asset = self.desk.account, order.symbol.quote
        share = rate if rate is not None else self._maker if maker else self._taker
        fee = down(price * qty * share)
        signed = qty if order.buys else -qty
        position = account.position(order.wish.place)
        profit = position.take(signed, price)
        account.wallet[asset] += profit - fee
        order.executed += qty
        order.cost += price * qty
        order.updated = position.updated = self.desk.clock.now()
        fill = Fill(
            id=self.desk.ids.trade(), order=order, price=price, qty=qty, fee=fee, fee_asset=asset,
            time=order.updated, maker=maker, seen_from=order.seen_from, profit=profit,
            calculated=calculated,
        )  # fmt: skip
        order.fills.append(fill)
        symbol = order.symbol.name
        self.desk.fills.setdefault(symbol, []).append(fill)
        if profit:
            self.desk.earn("REALIZED_PNL", asset, profit, symbol, fill.id)
        self.desk.earn("COMMISSION", asset, -fee, symbol, fill.id)
        return fill

    def _knock_out(self, filled: Order) -> None:
        """Expire the orders that would now not reduce their position but open or turn one."""
        for order in self.desk.open(filled.symbol.name):
            held = self.desk.account.position(order.wish.place).qty
            if order.wish.reduces and (not held or (held < 0) != order.buys) and order.is_open:
                self.expire(order, _KNOCKED_OUT)

    def _tell_over(self, order: Order) -> None:
        for call in self.desk.over:
            call(order)


def _ours(order: AnyOrder) -> Order:
    assert isinstance(order, Order)
    return order
