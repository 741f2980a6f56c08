"""Whether new orders can be paid, tried as Backtrader's broker tries them before the next bar.

All orders that were made between two bars are tried one after the other, as if each filled whole
at the price it was made with, what they bring counted in; what rests from before is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from backtrader.position import Position

from atms.simulation import Commission
from atms.stores.sim.book import Book
from atms.stores.sim.filling import traded_for
from atms.stores.sim.holdings import paid_in
from atms.stores.sim.orders import Order


class Funds:
    """The trials since the last bar."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._cash: dict[str, float] = {}
        self._held: dict[str, Position] = {}
        self._there: dict[str, Decimal] = {}

    def begin(self) -> None:
        """Forget the trials: a bar was met."""
        self._cash.clear()
        self._held.clear()
        self._there.clear()

    def lacking(self, orders: Sequence[Order]) -> str:
        """Return what a group that is placed together lacks, tried on top; empty: nothing."""
        name = orders[0].ticket.instrument
        instrument = self._book.instruments[name]
        asset, info = paid_in(instrument), self._book.models(name).commission
        if isinstance(info, Commission):
            info.traded = traded_for(self._book, info)
        purse = self._book.purse(asset)
        cash = self._cash.get(asset, purse.cash)
        held = self._held.setdefault(name, purse.position(name).clone())
        short = ""
        for order in orders:
            cash = self._cash[asset] = purse.tried(cash, held, info, order.left, order.price)
            if cash < 0.0:
                short = short or f"{asset} {-cash:.8g} short"
                if order.link == "bracket":  # stock tries no more of it, and all of an OCO group
                    break
        if short:
            return short
        return self._short_sale(orders) if instrument.cash == "exchange" else ""

    def _short_sale(self, orders: Sequence[Order]) -> str:
        """Return what a sale lacks where nobody lends; of a group only one sells in the end."""
        base = self._book.instruments[orders[0].ticket.instrument].base
        there = self._there.get(base, self._book.holdings.balances[base])
        entries = [order for order in orders if not order.is_leg and order.link != "oco"]
        there += sum((one.ticket.side * one.ticket.qty for one in entries), Decimal(0))
        sales = [
            one.ticket.qty
            for one in orders
            if one not in entries and one.ticket.side < 0 and not one.ticket.reduces
        ]
        least = there - max(sales, default=Decimal(0))
        if least < 0 and not all(one.ticket.reduces for one in orders):
            return f"{base} {-least:f} short"
        self._there[base] = least
        return ""
