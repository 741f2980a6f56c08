"""What the lane knows of one order: the state of which its order objects are views."""

from __future__ import annotations

from typing import Any, NamedTuple

import backtrader as bt

Order = bt.Order
NEVER = 1 << 62

MARKET, CLOSE, LIMIT, STOP = Order.Market, Order.Close, Order.Limit, Order.Stop
STOP_LIMIT, STOP_TRAIL = Order.StopLimit, Order.StopTrail
STOP_TRAIL_LIMIT = Order.StopTrailLimit
CREATED, SUBMITTED, ACCEPTED = Order.Created, Order.Submitted, Order.Accepted
PARTIAL, COMPLETED, CANCELED = Order.Partial, Order.Completed, Order.Canceled
EXPIRED, MARGIN, REJECTED = Order.Expired, Order.Margin, Order.Rejected


class Given(NamedTuple):
    """What an order was made with, as Backtrader's parameters of it."""

    owner: Any
    data: Any
    size: Any
    price: Any
    pricelimit: Any
    exectype: Any
    valid: Any
    tradeid: Any
    trailamount: Any
    trailpercent: Any
    parent: Any
    transmit: Any


# An execution, in the order of Backtrader's OrderExecutionBit: dt, size, price, closed,
# closedvalue, closedcomm, opened, openedvalue, openedcomm, pnl, psize, pprice. A plain tuple of
# numbers is nothing that the garbage collector has to look at.
Fill = tuple[float, Any, float, Any, float, float, Any, float, float, float, Any, float]


class Seen(NamedTuple):
    """An order's state at the moment of one notification."""

    plen: int
    accepted: bool
    pannotated: Any
    triggered: bool
    active: bool
    filled: bool
    dt: Any
    p1: int
    p2: int


class Record:
    """One order in the lane.

    Args:
        lane: whose order it is.
        feed: of its data.
        given: its parameters.
        ref: its number.
        buys: its side.

    Attributes:
        order: the object that the strategy was given; *d* is its ``__dict__``.
        size: signed.
        price, limit: as ``order.created`` has them; a trailing stop's as of *trailed*.
        trailed: the bar whose close the stop has followed; None: not tried yet.
        dt: of the last execution, cancel, expiry or refusal.
        due: the first step at which something can happen to it.
        window: how many bars ahead are searched next time.
        lone: without a parent, and transmitted on its own.
        plen_submitted: the length of its data when it was submitted; *plen* when accepted.
    """

    __slots__ = (
        "accepted", "active", "again", "bits", "buys", "comminfo", "costs", "created", "d", "data",
        "dt", "dt_created", "dteos", "due", "exectype", "executed", "extra", "feed", "fill",
        "given", "info", "lane", "limit", "limitoffset", "lone", "margin", "order", "p1", "p2",
        "pannotated", "params", "parent", "pclose", "plen", "plen_submitted", "price", "ref",
        "size", "status", "stock", "trailed", "tried", "triggered", "valid", "window",
    )  # fmt: skip
    order: Any
    d: dict[str, Any]

    def __init__(self, lane: Any, feed: Any, given: Given, ref: int, buys: bool) -> None:
        self.lane = lane
        self.feed = feed
        self.given = given
        self.ref = ref
        self.buys = buys
        _, self.data, size, price, limit, kind, self.valid, _, _, _, self.parent, _ = given
        self.size = size if buys else -size
        self.exectype = MARKET if kind is None else kind
        self.status: int = CREATED
        self.active = self.parent is None
        self.accepted = self.triggered = self.again = False
        self.lone = self.stock = self.tried = False
        self.plen = self.plen_submitted = -1
        self.p1 = self.p2 = self.due = 0
        self.window = 64
        nothing: Any = None
        self.comminfo = self.margin = self.created = self.executed = self.fill = self.info = nothing
        self.params = self.bits = self.dt = self.extra = self.costs = nothing
        self.trailed = self.pannotated = self.dteos = nothing
        at = feed.ticker.at
        self.dt_created = feed.stamps[at]
        self.pclose = pclose = feed.close[at]
        # A falsy price is none, as it is for Backtrader.
        self.price = price = price or limit or pclose
        self.limit = limit or price
        self.limitoffset = 0.0
        if self.exectype >= STOP_TRAIL:
            self.begin_trail()

    def begin_trail(self) -> None:
        """Set the stop of a trailing order at its distance from the price it was made with."""
        self.limitoffset = self.price - self.limit
        price = self.price
        self.price = float("inf") if self.buys else float("-inf")
        self.trail(price)

    def trail(self, price: Any) -> None:
        """Let the stop follow *price*, if that moves it to the safer side."""
        given = self.given
        if given.trailamount:
            distance = given.trailamount
        elif given.trailpercent:
            distance = price * given.trailpercent
        else:
            distance = 0.0
        if self.buys:
            price += distance
            moves = price < self.price
        else:
            price -= distance
            moves = price > self.price
        if moves:
            self.price = price
            if self.exectype == STOP_TRAIL_LIMIT:
                self.limit = price - self.limitoffset

    def seen(self) -> Seen:
        """Return the state as it is."""
        return tuple.__new__(
            Seen,
            (
                self.plen, self.accepted, self.pannotated, self.triggered, self.active,
                self.fill is not None, self.dt, self.p1, self.p2,
            ),
        )  # fmt: skip

    def note(self) -> Any:
        """Return what a notification keeps of the state; :meth:`seen_in` makes a state of it.

        That of a market order follows from its status.
        """
        if self.lone and self.exectype == MARKET:
            status = self.status
            if status in (SUBMITTED, ACCEPTED, COMPLETED):
                return status
        return self.seen()

    def seen_in(self, note: Any) -> Seen:
        """Return the state as a notification has kept it; None: as it is."""
        if note is None:
            return self.seen()
        if type(note) is not int:
            noted: Seen = note
            return noted
        submitted, filled = note == SUBMITTED, note == COMPLETED
        plen = self.plen_submitted if submitted else self.plen
        dt = self.dt if filled else None
        state = (plen, not submitted, None, False, True, filled, dt, 0, 1 if filled else 0)
        return tuple.__new__(Seen, state)

    def set_status(self, status: int) -> None:
        """Set the status here and on the strategy's object."""
        self.status = self.d["status"] = status
