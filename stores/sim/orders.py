"""An order as it stands at the paper venue, in the floats that a backtest has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from atms.simulation.fees import OrderTotals
from atms.simulation.matching import Kind as Met
from atms.stores.facts import State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket

OPEN = frozenset({State.HELD, State.WORKING})
MET = {
    Kind.MARKET: Met.MARKET,
    Kind.LIMIT: Met.LIMIT,
    Kind.STOP: Met.STOP,
    Kind.TRAIL: Met.STOP,
    Kind.STOP_LIMIT: Met.STOP_LIMIT,
    Kind.TRAIL_LIMIT: Met.STOP_LIMIT,
}
TRAILS = frozenset({Kind.TRAIL, Kind.TRAIL_LIMIT})
_LAST_OF_DAY = time(23, 59, 59, 9999)  # Backtrader's end of a day order


@dataclass
class Order:
    """One order.

    Attributes:
        number: the venue's, rising in the order of acceptance, in which orders are matched.
        group: the number of the first of those that were placed with it.
        made: the market's time at which it was made.
        price: the limit, or the stop as it stands now; of others the close it was made at.
        limit: of a stop-limit order, as it stands now.
        offset: of a trailing stop-limit, how far the limit lies below the stop.
        left: what has not filled, below 0 for a sale.
        filled: the same, as told: the exact sum of the executions.
        active: whether bars meet it; a leg's entry must have filled on an earlier bar.
        triggered: whether a stop-limit is a limit order by now.
        closing: the last close, for one on the close.
        totals: what has filled, for fees of the whole order.
    """

    number: int
    group: int
    link: Literal["single", "oco", "bracket"]
    ticket: Ticket
    made: datetime
    price: float
    limit: float | None
    offset: float
    left: float
    expires: datetime | None = None
    session_end: datetime | None = None
    state: State = State.WORKING
    reason: Reason | None = None
    filled: Decimal = Decimal(0)
    active: bool = True
    triggered: bool = False
    closing: float | None = None
    totals: OrderTotals = field(default_factory=OrderTotals)

    @property
    def open(self) -> bool:
        """Whether it may still fill."""
        return self.state in OPEN

    @property
    def buys(self) -> bool:
        """Its side."""
        return self.ticket.side > 0

    @property
    def is_entry(self) -> bool:
        """Whether legs wait for it."""
        return self.link == "bracket" and self.number == self.group

    @property
    def is_leg(self) -> bool:
        """Whether it waits for an entry, or did."""
        return self.link == "bracket" and self.number != self.group

    @property
    def bound(self) -> float | None:
        """The price beyond which it may not fill."""
        if self.ticket.kind is Kind.LIMIT:
            return self.price
        return self.limit

    def follow(self, close: float) -> None:
        """Let a trailing stop follow a close, never back."""
        price = trailed(self.ticket, close)
        if (price < self.price) if self.buys else (price > self.price):
            self.price = price
            if self.ticket.kind is Kind.TRAIL_LIMIT:
                self.limit = price - self.offset


def make_order(
    number: int, group: int, link: Literal["single", "oco", "bracket"], ticket: Ticket,
    made: datetime, clock: datetime, close: float, session_end: time | None,
) -> Order:  # fmt: skip
    """Return a ticket as an order.

    Args:
        made: the moment by which it meets bars.
        clock: the end of the newest bar, by which its day is counted.
        close: the instrument's last.
        session_end: of its market, UTC.
    """
    price, limit, offset = _prices(ticket, close)
    order = Order(
        number=number, group=group, link=link, ticket=ticket, made=made, price=price, limit=limit,
        offset=offset, left=float(ticket.side * ticket.qty), expires=_expires(ticket, clock),
    )  # fmt: skip
    if ticket.kind is Kind.ON_CLOSE and session_end is not None:
        end = datetime.combine(clock.astimezone(UTC).date(), session_end, UTC)
        order.session_end = end if end >= clock else end + timedelta(days=1)
    if order.is_leg:
        order.state, order.active = State.HELD, False
    return order


def exact(value: float) -> Decimal:
    """Return a float as the decimal that it is written as: it comes back to the last bit."""
    return Decimal(repr(float(value)))


def trailed(ticket: Ticket, close: float) -> float:
    """Return where a close puts a trailing stop."""
    trail = float(ticket.trail or 0)
    away = close * trail if ticket.trail_is_fraction else trail
    return close + away if ticket.side > 0 else close - away


def _prices(ticket: Ticket, close: float) -> tuple[float, float | None, float]:
    """Return the price that it waits for, its limit behind a stop, and how far that lies off."""
    kind = ticket.kind
    if kind is Kind.LIMIT:
        assert ticket.limit is not None
        return float(ticket.limit), None, 0.0
    if kind in (Kind.MARKET, Kind.ON_CLOSE):
        return close, None, 0.0
    stop = exact(trailed(ticket, close)) if ticket.trigger is None else ticket.trigger
    if ticket.limit is None:
        return float(stop), None, 0.0
    return float(stop), float(ticket.limit), float(stop - ticket.limit)


def _expires(ticket: Ticket, clock: datetime) -> datetime | None:
    if ticket.tif == "day":
        return datetime.combine(clock.astimezone(UTC).date(), _LAST_OF_DAY, UTC)
    return ticket.expires if ticket.tif == "gtd" else None
