"""A simulated venue: what is true of one account, whoever is connected or not.

It outlives stores and the loops they run on. Everything happens in plain calls, at once and
whole; time is told by a clock that is given in, and passes when somebody looks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Literal

from atms.sandbox.simulation.venue import checks, groups, matching
from atms.sandbox.simulation.venue.chronicle import Chronicle
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.holdings import Holdings
from atms.sandbox.simulation.venue.manners import Delays, Manners
from atms.sandbox.simulation.venue.market import Market
from atms.sandbox.simulation.venue.orders import Declined, Order
from atms.sandbox.simulation.venue.quota import Quota
from atms.sandbox.simulation.venue.records import Executed, Ordered, Received
from atms.stores.facts import State
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Reason
from atms.stores.requests import Key, Ticket

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.blocks import Chain

Link = Literal["single", "oco", "bracket"]


class Venue(Chronicle):
    """One account at a venue.

    Args:
        clock: aware UTC.
        source: where every chance is drawn from.

    Attributes:
        orders: by the venue's number, in the order of their making.
        by_key: those that our keys were given to.
        newest: the last record of each order.
        executions: those that count, in their newest version.
        prices: the last price of each instrument.
        closed: instruments whose market is closed now; *empty*: in whose book nobody is.
        transaction: number of the last fill over the account.
        next_id: what an order that its client numbers should be called next.
        quota: how many requests it lets through.
        key_valid: whether it takes our key.
        ahead: by how much its clock is ahead of ours.
        changed: instruments that are traded by other rules for a while.
        quiet_until: until when nobody trades.
        unexplained: units of the first instrument's that are no position of ours.
    """

    def __init__(
        self,
        *,
        manners: Manners,
        instruments: Sequence[Instrument],
        balances: Mapping[str, Decimal],
        clock: Callable[[], datetime],
        source: random.Random,
        delays: Delays | None = None,
        faults: Faults | None = None,
        account: str = "sim:1",
    ) -> None:
        super().__init__(clock, source, delays, faults)
        self.account = account
        self.manners = manners
        self.instruments = {one.id: one for one in instruments}
        self.holdings = Holdings(balances, manners.buckets)
        self.market = Market()
        self.quota = Quota(manners.budgets)
        self.key_valid = True
        self.ahead = timedelta(0)
        self.changed: set[str] = set()
        self.quiet_until = self.now()
        self.unexplained = Decimal(0)
        self.orders: dict[str, Order] = {}
        self.by_key: dict[Key, list[Order]] = {}
        self.newest: dict[str, Ordered] = {}
        self.executions: dict[str, Executed] = {}
        self.prices: dict[str, Decimal] = {}
        self.closed: set[str] = set()
        self.empty: set[str] = set()
        self.transaction = 1000
        self.next_id = 1
        self.numbers: dict[str, int] = {}  # of the last execution within an instrument
        self._open: dict[str, Order] = {}
        self._switch = 0
        self.chain: Chain | None = None  # the chain that carries its orders out, if one does

    def sever(self) -> None:
        """Drop all connections: the processes at their other ends are dead."""
        super().sever()
        self.market.streams.clear()

    def list_instrument(self, instrument: Instrument) -> None:
        """Trade an instrument, or trade it by other rules from now on (F09, F64)."""
        self.instruments[instrument.id] = instrument

    def tell(self, order: Order) -> None:
        """Record an order as it now stands."""
        if order.open:
            self._open[order.id] = order
        else:
            self._open.pop(order.id, None)
        self.newest[order.id] = self.record(
            Ordered, order=order.id, key=order.key, names=order.names, ticket=order.ticket,
            state=order.state, filled=order.filled, parent=order.parent, replaces=order.replaces,
            replaced=order.replaced_by is not None, reason=order.reason, foreign=order.foreign,
        )  # fmt: skip

    # ---- writes ---------------------------------------------------------------------------------
    def place(
        self,
        tickets: Sequence[Ticket],
        link: Link = "single",
        *,
        names: Mapping[Key, tuple[str, ...]] | None = None,
    ) -> tuple[Order, ...] | Declined:
        """Take a group of tickets, or refuse it as a whole."""
        self.turn()
        keys = tuple(ticket.key for ticket in tickets)
        declined = checks.refusal(self, tickets, link)
        if declined is not None:
            self.record(Received, what="place", keys=keys, code=declined.code)
            told = self.manners.tells_refusals and declined.reason is not Reason.DUPLICATE_KEY
            if told:  # a second order of the same key would be taken for the first
                for order in self._make(tickets, link, names or {}):
                    order.state, order.reason = State.REFUSED, declined.reason
                    self.tell(order)
            return declined
        orders = self._make(tickets, link, names or {})
        self.record(Received, what="place", keys=keys, orders=tuple(one.id for one in orders))
        self._begin(orders)
        return orders

    def pend(self, ticket: Ticket, name: str) -> Order:
        """Take a ticket that is carried out later, or never."""
        (order,) = self._make([ticket], "single", {ticket.key: (name,)})
        order.state = State.PENDING
        self.tell(order)
        return order

    def outside(self, ticket: Ticket, *, manual: bool = False) -> tuple[Order, ...] | Declined:
        """Take a ticket that no store of ours has sent (F27, F28)."""
        self.turn()
        declined = checks.refusal(self, [ticket], "single")
        if declined is not None:
            return declined
        orders = self._make([ticket], "single", {})
        for order in orders:
            order.foreign, order.cause = True, "manual" if manual else "order"
        self._begin(orders)
        return orders

    def cancel(self, number: str, *, ours: bool = True) -> Order | Declined:
        """Take an order back; *ours*: a store asks (else F35)."""
        self.turn()
        order = self.orders.get(number)
        meets = order is not None and order.matchable and not order.waits_for_trigger
        if order is not None and meets and self.chance.hit("fill_at_cancel"):  # F31
            price = order.ticket.limit or self.prices[order.ticket.instrument]
            matching.execute(self, order, order.left, price, maker=True)
        code = "" if order is not None and order.open else "not open"
        if ours:
            keys = (order.key,) if order is not None and order.key else ()
            self.record(Received, what="cancel", keys=keys, orders=(number,), code=code)
        if order is None or not order.open:
            return Declined("not open", Reason.NOT_OPEN)
        self.end(order, State.CANCELED)
        return order

    def amend(self, number: str, ticket: Ticket) -> Order | Declined:
        """Change an order in its place, or put another in its stead."""
        self.turn()
        order = self.orders.get(number)
        declined: Declined | None = Declined("not open", Reason.NOT_OPEN)
        if order is not None and order.open:
            instrument = self.instruments[ticket.instrument]
            declined = checks.filters(instrument, ticket, self.prices[ticket.instrument])
            if ticket.qty <= order.filled:
                declined = Declined("filled already", Reason.FILTER)
            fixed = ("instrument", "side", "kind")
            if any(getattr(ticket, name) != getattr(order.ticket, name) for name in fixed):
                declined = Declined("another order", Reason.FILTER)
        code = declined.code if declined is not None else ""
        self.record(Received, what="amend", keys=(ticket.key,), orders=(number,), code=code)
        if order is None or declined is not None:
            return declined or Declined("not open", Reason.NOT_OPEN)
        if self.manners.amend == "replace":
            order = self.go_on(order, ticket, doubles=self.chance.hit("amend_doubles"))  # F33
        else:
            order.ticket = replace(ticket, bucket=order.ticket.bucket)
            self.tell(order)
        matching.take(self, order)
        return order

    def arm(self, after: timedelta | None) -> None:
        """Take all orders back unless this is called again in time; None: never (F41)."""
        self.turn()
        self._switch += 1
        number = self._switch
        if after is not None:
            self.at(self.now() + after, lambda: self._fire(number))

    # ---- the market -----------------------------------------------------------------------------
    def trade(self, instrument: str, price: Decimal, qty: Decimal) -> None:
        """Let others trade: the price moves, and resting orders share the quantity."""
        self.turn()
        self.prices[instrument] = price
        self.market.traded(self, instrument, price, qty)
        if instrument not in self.closed:
            matching.meet(self, instrument, price, qty)

    def bar(self, timeframe: str, bar: Bar) -> None:
        """Let the market go along a bar, then tell the bar; one that still grows is told only.

        The path is open, the nearer of high and low, the farther one, close; a quarter of the
        volume is traded at each.
        """
        self.turn()
        if bar.final and bar.volume != 0:
            ends = (bar.low, bar.high)
            if bar.high - bar.open < bar.open - bar.low:
                ends = (bar.high, bar.low)
            for price in (bar.open, *ends, bar.close):
                self.trade(bar.instrument, price, (bar.volume or Decimal(0)) / 4)
        self.market.told(self, timeframe, bar)

    # ---- parts that the modules beside this one work with ---------------------------------------
    def open_orders(self, instrument: str | None = None) -> list[Order]:
        """Return the orders that can still fill, the oldest first."""
        return [
            order for order in self._open.values() if instrument in (None, order.ticket.instrument)
        ]

    def end(self, order: Order, state: State, reason: Reason | None = None) -> None:
        """Let an order end without a fill; one that is over stays as it is."""
        if order.open:
            order.state, order.reason = state, reason
            self.tell(order)
            groups.after_end(self, order)

    def lose(self, order: Order) -> None:
        """Know nothing of an order any more, without a word."""
        order.lost, order.visible_at = True, datetime.max.replace(tzinfo=UTC)
        self._open.pop(order.id, None)

    def go_on(self, order: Order, ticket: Ticket, *, doubles: bool = False) -> Order:
        """Let another order continue one, under the same key; *doubles*: both stand."""
        (heir,) = self._make([ticket], order.link, {ticket.key: order.names})
        heir.group, heir.parent, heir.lot = order.group, order.parent, order.lot
        heir.filled, heir.replaces, heir.foreign = order.filled, order.id, order.foreign
        heir.triggered, heir.best, heir.visible_at = order.triggered, order.best, self.now()
        if not doubles:
            order.state, order.replaced_by = State.CANCELED, heir.id
            self.tell(order)
        self.tell(heir)
        return heir

    def _make(
        self, tickets: Sequence[Ticket], link: Link, names: Mapping[Key, tuple[str, ...]]
    ) -> tuple[Order, ...]:
        """Return new orders, numbered and not yet told."""
        made: list[Order] = []
        now, lag = self.now(), self.manners.read_lag.total_seconds()
        for ticket in tickets:
            hidden = self.chance.seconds((0.0, lag))
            if self.chance.hit("read_lag"):  # F04
                hidden = self.chance.seconds(
                    (lag, 0.8 * self.manners.outcome_bound.total_seconds())
                )
            order = Order(
                id=str(len(self.orders) + 1), key=ticket.key or None, ticket=ticket, made_at=now,
                visible_at=now + timedelta(seconds=hidden), names=names.get(ticket.key, ()),
                link=link,
            )  # fmt: skip
            first = made[0] if made else order
            order.group = first.id
            if link == "bracket" and first is not order:
                order.parent, order.state = first.id, State.HELD
            self.orders[order.id] = order
            if order.key is not None:
                self.by_key.setdefault(order.key, []).append(order)
            made.append(order)
            if ticket.tif == "gtd" and ticket.expires is not None:
                self.at(ticket.expires, partial(self.end, order, State.EXPIRED))
        return tuple(made)

    def _begin(self, orders: Sequence[Order]) -> None:
        """Let new orders stand, and take what they can have at once."""
        for order in orders:
            self.tell(order)
        for order in orders[1:]:
            if self.chance.hit("leg_refused"):  # F14
                self.end(order, State.REFUSED, Reason.OTHER)
        for order in orders:
            if order.state is State.WORKING:
                groups.enliven(self, order)

    def _fire(self, number: int) -> None:
        if number == self._switch:
            for order in self.open_orders():
                self.end(order, State.CANCELED)
