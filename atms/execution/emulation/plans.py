"""Planned orders: a strategy's order that works by others, its servants, at the venue; no I/O.

What is to be done for one is never kept: it is found out again, after every event, from how the
orders stand. So it does not matter at which instant a process ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.execution.core.orders import FINAL, OrderState
from atms.execution.core.records import Closed
from atms.execution.emulation.plan_records import Planned, Trailed, Triggered, Withdrawn
from atms.stores.market import Instrument
from atms.stores.requests import Key, Kind, Ticket

if TYPE_CHECKING:
    from atms.execution.core.state import AccountState

STOPS = frozenset({Kind.STOP, Kind.STOP_LIMIT, Kind.TRAIL, Kind.TRAIL_LIMIT})
_NOTHING = Decimal(0)


@dataclass
class PlanState:
    """What is known of one planned order.

    Attributes:
        servants: keys of the venue's orders that work for it, in the order of their making.
        trailed: how far it has followed the market.
        withdrawn: that it is to end; *triggered*: that it is to be executed now.
        closed: how it ended for the strategy.
    """

    planned: Planned
    servants: list[Key] = field(default_factory=list)
    trailed: Trailed | None = None
    withdrawn: Withdrawn | None = None
    triggered: Triggered | None = None
    closed: Closed | None = None

    @property
    def key(self) -> Key:
        """Our id."""
        return self.planned.ticket.key

    @property
    def ticket(self) -> Ticket:
        """The order, as the strategy wants it."""
        return self.planned.ticket

    @property
    def trigger(self) -> Decimal | None:
        """Return the price that it waits for, as far as it has followed the market."""
        return self.trailed.trigger if self.trailed is not None else self.ticket.trigger

    @property
    def limit(self) -> Decimal | None:
        """Return its limit, which of a trailing one follows at its distance."""
        ticket, trigger = self.ticket, self.trigger
        if ticket.limit is None or trigger is None or ticket.trigger is None:
            return ticket.limit
        return ticket.limit + trigger - ticket.trigger

    @property
    def stops(self) -> bool:
        """Whether it waits for a trigger: a leg that does protects."""
        return self.ticket.kind in STOPS

    @property
    def late(self) -> bool:
        """Whether it was made here, to close what its entry opened when its legs were over."""
        own = bool(self.planned.parent) and self.triggered is not None
        return own and self.ticket.kind is Kind.MARKET


def servants(state: AccountState, plan: PlanState) -> list[OrderState]:
    """Return the venue's orders that worked or work for a planned one."""
    return [state.orders[key] for key in plan.servants]


def booked(state: AccountState, plan: PlanState) -> Decimal:
    """Return what has filled of a planned order."""
    return sum((one.booked for one in servants(state, plan)), _NOTHING)


def stands(order: OrderState) -> bool:
    """Return whether an order may still fill, or has fills that are not here yet."""
    return order.closed is None or order.revived


def may_fill(order: OrderState) -> Decimal:
    """Return the units that may still come of an order."""
    if not stands(order):
        return _NOTHING
    rest, last = order.ticket.qty - order.booked, order.stands
    if last is not None and last.state in FINAL and last.filled is not None:
        rest = min(rest, last.filled - order.booked)
    return max(rest, _NOTHING)


def standing(state: AccountState, plan: PlanState) -> list[OrderState]:
    """Return the servants that may still fill."""
    return [one for one in servants(state, plan) if stands(one)]


def is_behind(plan: PlanState, order: OrderState) -> bool:
    """Return whether a servant stands where a trailing stop stood before."""
    trails, moved = plan.ticket.trail is not None, order.ticket.trigger != plan.trigger
    return trails and moved and order.ticket.trigger is not None


def failures(state: AccountState, plan: PlanState) -> list[OrderState]:
    """Return the last servants, in a row, that ended with nothing done and not by our wish."""
    found: list[OrderState] = []
    for one in reversed(servants(state, plan)):
        asked = one.cancel_asked is not None
        if stands(one) or one.booked or asked or gave_way(state, one):
            break
        found.append(one)
    return found[::-1]


def opened(state: AccountState, key: Key) -> Decimal:
    """Return the units that an entry has opened and that can be closed: less fees paid in them."""
    orders = _working(state, key)
    units = sum((one.booked for one in orders), _NOTHING)
    if orders and orders[0].ticket.side > 0:
        units += sum((min(one.shifted, _NOTHING) for one in orders), _NOTHING)
    return max(units, _NOTHING)


def is_over(state: AccountState, key: Key) -> bool:
    """Return whether an order of a strategy's can no longer fill."""
    plan = state.plans.get(key)
    if plan is not None:
        return plan.closed is not None
    order = state.orders.get(key)
    return order is None or not stands(order)


def exited(state: AccountState, legs: Iterable[PlanState]) -> Decimal:
    """Return the units that legs have closed, with what their fees took."""
    found = _NOTHING
    for leg in legs:
        for one in servants(state, leg):
            found += one.booked - (min(one.shifted, _NOTHING) if one.ticket.side < 0 else _NOTHING)
    return found


def net(state: AccountState, entry: Key) -> Decimal:
    """Return the units that an entry has opened and its legs have not closed; below 0: twice."""
    return opened(state, entry) - exited(state, (state.plans[key] for key in state.legs[entry]))


def average(state: AccountState, key: Key) -> Decimal | None:
    """Return the mean price of what an order has filled; None: it has filled nothing."""
    rows = [state.books.rows[name] for one in _working(state, key) for name in one.executions]
    units = sum((row.qty for row in rows), _NOTHING)
    return sum((row.qty * row.price for row in rows), _NOTHING) / units if units else None


def on_step(units: Decimal, instrument: Instrument) -> Decimal:
    """Return units rounded down to what can be traded."""
    if units <= 0:
        return _NOTHING
    return units // instrument.qty_step * instrument.qty_step


def tradable(units: Decimal, instrument: Instrument, *prices: Decimal | None) -> bool:
    """Return whether units are enough for an order at each of these prices."""
    if units <= 0 or units < instrument.min_qty:
        return False
    least = instrument.min_notional
    known = [price for price in prices if price is not None]
    return least is None or all(units * price * instrument.multiplier >= least for price in known)


def price_of(ticket: Ticket) -> Decimal | None:
    """Return the price that a venue values an order at, where the order says one."""
    return ticket.limit if ticket.limit is not None else ticket.trigger


def _working(state: AccountState, key: Key) -> list[OrderState]:
    plan = state.plans.get(key)
    if plan is not None:
        return servants(state, plan)
    return [state.orders[key]] if key in state.orders else []


def gave_way(state: AccountState, order: OrderState) -> bool:
    """Return whether another of its group has filled: the venue then ends it."""
    group = state.groups.get(order.intended.group, ())
    return any(state.orders[key].booked for key in group if key != order.key)
