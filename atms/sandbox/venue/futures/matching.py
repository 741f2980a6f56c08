"""One contract's matching: fills move positions, and the wallet by profit and fee."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import cast

from atms.sandbox.venue.futures.desk import FuturesDesk
from atms.sandbox.venue.futures.orders import Ended, Fill, Order
from atms.sandbox.venue.matching import Matcher, facts
from atms.sandbox.venue.numbers import ZERO, down
from atms.sandbox.venue.orders import Order as AnyOrder


class FuturesMatcher(Matcher):
    """The account's orders on one contract.

    Attributes:
        maker: share of the notional that a maker pays; the desk's commission is a taker's.
        forbids: why an order may not begin to work; empty: it may. Asked when a stop fires.
    """

    desk: FuturesDesk
    maker = Decimal(0)
    forbids: Callable[[Order], Ended]

    def take(self, order: Order, price: Decimal) -> None:
        """Fill an order that the venue made by itself, whole and at a price."""
        self._fill(order, price, order.qty, maker=False)

    def call_off(self, order: AnyOrder, why: Ended) -> None:
        """Take an order back by the venue's rules, and tell it; one that cannot stay expires."""
        _ours(order).ended = why
        status = "EXPIRED" if order.wish.tif in ("IOC", "FOK") else "CANCELED"
        self.end(order, status)
        self.desk.report(order, status)
        self.desk.truth.note("cancel", **facts(order), ended=why)
        self._tell_over(order)

    def trigger(self, order: AnyOrder) -> None:
        """Let a stop work, unless the account cannot carry it now."""
        why = self.forbids(_ours(order))
        if why:
            order.working, order.working_time = True, self.desk.clock.now()
            self.call_off(order, why)
        else:
            super().trigger(order)

    # ---- inside -----------------------------------------------------------------------------
    def _wanted(self, order: AnyOrder, price: Decimal, offered: Decimal) -> Decimal:
        return self._reached(order, offered)

    def _reached(self, order: AnyOrder, left: Decimal) -> Decimal:
        """Return how much of an offer an order takes: one that reduces no more than is held."""
        qty = min(left, order.left)
        if not _ours(order).wish.reduces:
            return qty
        position = self.desk.account.positions[order.symbol.name]
        return position.closing(qty if order.buys else -qty)

    def _fill(self, order: AnyOrder, price: Decimal, qty: Decimal, *, maker: bool) -> None:
        super()._fill(order, price, qty, maker=maker)
        self.desk.tell_position(order.symbol.name)
        self._knock_out()

    def _book(self, order: AnyOrder, price: Decimal, qty: Decimal, maker: bool) -> Fill:
        """Move position and wallet, and note the fill."""
        ours, desk, asset = _ours(order), self.desk, order.symbol.quote
        usual = self.maker if maker else desk.commission.rate
        fee = down(price * qty * (usual if ours.rate is None else ours.rate))
        signed = qty if order.buys else -qty
        position = desk.account.positions[order.symbol.name]
        closed, profit = position.closing(signed), position.take(signed, price)
        order.executed += qty
        order.cost += price * qty
        order.updated = position.updated = desk.clock.now()
        fill = Fill(
            id=desk.ids.trade(), order=order, price=price, qty=qty, fee=fee, fee_asset=asset,
            time=order.updated, maker=maker, seen_from=order.seen_from, profit=profit,
            closed=closed,
        )  # fmt: skip
        order.fills.append(fill)
        desk.fills.setdefault(order.symbol.name, []).append(fill)
        desk.traded(fill)
        return fill

    def _knock_out(self) -> None:
        """Take back the standing orders that would now not reduce a position but open one."""
        symbol = self.market.symbol.name
        position = self.desk.account.positions[symbol]
        for order in self.desk.open(symbol):
            would = position.closing(order.left if order.buys else -order.left)
            if _ours(order).wish.reduces and order.working and order.is_open and would <= ZERO:
                self.call_off(order, "reduce_only")


def _ours(order: AnyOrder) -> Order:
    return cast(Order, order)
