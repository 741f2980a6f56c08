"""Orders against bars: what Backtrader's simulated broker does, on one bar of one instrument.

The order of things is stock's: orders in the order in which they were made; those that expired
go first; a leg is met from the bar after its entry filled; a fill or an end of one of an OCO
group ends the others; an end of one of a bracket ends all of it.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from atms.simulation.fees import OrderTotals
from atms.simulation.matching import Bar as Prices
from atms.simulation.matching import Match, Place, match
from atms.stores.facts import State
from atms.stores.market import Bar
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind
from atms.stores.sim.book import Book
from atms.stores.sim.changes import Changes
from atms.stores.sim.filling import Filling
from atms.stores.sim.orders import MET, TRAILS, Order
from atms.stores.sim.tape import volume_of

_TOLERANCE = timedelta(milliseconds=1)  # the simulated broker's


class Round:
    """One bar's matching.

    Args:
        book: the account, which is changed.
        bar: a final one, newer than any that this instrument's orders were matched on.

    Attributes:
        changes: what it did.
    """

    def __init__(self, book: Book, bar: Bar) -> None:
        self.changes = Changes(book)
        self._book = book
        self._bar = bar
        self._name = bar.instrument
        self._models = book.models(bar.instrument)
        self._prices = Prices(
            float(bar.open), float(bar.high), float(bar.low), float(bar.close), volume_of(bar)
        )
        before = book.tape(bar.instrument).end
        self._began = bar.open_at if before is None else max(bar.open_at, before)
        self._filling = Filling(book, self._name, self._prices.volume)

    def run(self) -> None:
        """Match every order, and take the bar in."""
        self._book.see(self._bar)
        resting = self._book.resting(self._name)
        waiting = [order for order in resting if not order.active]
        for order in resting:
            if not order.open:
                continue  # another one took it along
            if self._expires(order):
                self.changes.end(order, State.EXPIRED)
            elif order.active:
                self._meet(order)
        for leg in waiting:
            leg.active = leg.state is State.WORKING
        purse = self._book.purse_of(self._name)
        purse.mark(self._name, self._models.commission, self._prices.close)
        self._book.tape(self._name).note(self._bar)
        self._book.used[self._name] = (self._filling.used, self._bar.close_at)

    def _expires(self, order: Order) -> bool:
        if order.ticket.kind is Kind.MARKET or order.expires is None:
            return False
        return self._bar.close_at > order.expires

    def _meet(self, order: Order) -> None:
        if order.ticket.kind is Kind.ON_CLOSE:
            self._meet_close(order)
        elif self._began + _TOLERANCE >= order.made + self._models.latency:
            self._meet_prices(order)

    def _meet_prices(self, order: Order) -> None:
        if order.ticket.kind is Kind.MARKET:
            self._fill(order, Match(self._prices.open, Place.OPEN), None)
            return
        was_triggered, before = order.triggered, order.price
        kind = MET[order.ticket.kind]
        found = match(kind, order.buys, order.price, order.limit, was_triggered, self._prices)
        order.triggered = found.triggered
        if found.price is not None:
            self._fill(order, found, order.bound)
        if order.ticket.kind in TRAILS and not was_triggered and order.open:
            order.follow(self._prices.close)
        if order.triggered != was_triggered or order.price != before:
            self.changes.touched[order.number] = order

    def _meet_close(self, order: Order) -> None:
        now, end = self._bar.close_at, order.session_end
        assert end is not None
        if now <= order.made:  # history from before it, after a restart
            return
        self.changes.touched[order.number] = order
        if now < end:
            order.closing = self._prices.close
            return
        late = bool(order.closing) and now > end  # the session ended before this bar
        price = order.closing if late else self._prices.close
        if self._models.participation is not None:
            order.closing = None  # a rest waits for the next close
        self._fill(order, Match(price, Place.CLOSE), None, late=late)

    # ---- fills ----------------------------------------------------------------------------------
    def _fill(
        self, order: Order, found: Match, bound: float | None, *, late: bool = False
    ) -> None:  # fmt: skip
        room = self._room(order)
        wanted = abs(order.left) if room is None else min(abs(order.left), room[0])
        if not wanted and room is not None:
            self.changes.end(order, *room[1:])
            return
        priced = self._filling.priced(order, found, bound, wanted, late)
        if priced is None:
            return
        size, price = priced
        swap = self._filling.book(order, found.maker, size if order.buys else -size, price, late)
        if swap.size:
            self._executed(order, abs(swap.size), price, swap.fee, late)
        if swap.short:
            self.changes.end(order, State.REFUSED, Reason.FUNDS)
        elif not order.open:
            self.changes.completed(order)
        elif room is not None and size >= room[0]:
            self.changes.end(order, *room[1:])

    def _room(self, order: Order) -> tuple[float, State, Reason] | None:
        """Return the most that may fill, and how the order ends then; None: it may fill whole.

        What only reduces goes no further than its position, and nobody sells what is not there.
        """
        ticket, holdings = order.ticket, self._book.holdings
        instrument = self._book.instruments[self._name]
        left = ticket.qty - order.filled
        if ticket.reduces:
            held = max(Decimal(0), -ticket.side * holdings.qty(self._name))
            if held < left:
                return float(held), State.CANCELED, Reason.REDUCE_ONLY
        if instrument.cash == "exchange" and ticket.side < 0:
            there = max(Decimal(0), holdings.balances[instrument.base])
            if there < left:
                return float(there), State.REFUSED, Reason.FUNDS
        return None

    def _executed(self, order: Order, units: float, price: float, fee: float, late: bool) -> None:
        at = self._book.tape(self._name).end if late else None
        fill = self._book.fill(order, units, price, fee, at or self._bar.close_at)
        before = order.totals
        value = units * price * self._models.commission.p.mult
        order.totals = OrderTotals(before.size + units, before.value + value)
        order.filled += fill.qty
        rest = order.left + (-units if order.buys else units)
        order.left = rest if order.filled < order.ticket.qty else 0.0
        order.state = State.WORKING if order.left else State.FILLED
        self.changes.executed(order, fill)
