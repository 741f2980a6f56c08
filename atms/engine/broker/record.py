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


class Fill(NamedTuple):
    """An execution, in the order of Backtrader's OrderExecutionBit."""

    dt: float
    size: Any
    price: float
    closed: Any
    closedvalue: float
    closedcomm: float
    opened: Any
    openedvalue: float
    openedcomm: float
    pnl: float
    psize: Any
    pprice: float


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
    """

    __slots__ = (
        "accepted", "active", "again", "bits", "buys", "comminfo", "costs", "created", "d", "dt",
        "dt_created", "dteos", "due", "exectype", "executed", "extra", "feed", "fill", "given",
        "info", "lane", "limit", "limitoffset", "lone", "order", "p1", "p2", "pannotated", "params",
        "pclose", "plen", "price", "ref", "size", "status", "stock", "trailed", "tried",
        "triggered", "valid", "window",
    )  # fmt: skip
    order: Any
    d: dict[str, Any]

    def __init__(self, lane: Any, feed: Any, given: Given, ref: int, buys: bool) -> None:
        self.lane = lane
        self.feed = feed
        self.given = given
        self.ref = ref
        self.buys = buys
        self.size = given.size if buys else -given.size
        self.exectype = MARKET if given.exectype is None else given.exectype
        self.valid = given.valid
        self.status: int = CREATED
        self.active = given.parent is None
        self.accepted = self.triggered = self.again = False
        self.lone = self.stock = self.tried = False
        self.plen = -1
        self.p1 = self.p2 = self.due = 0
        self.window = 64
        nothing: Any = None
        self.comminfo = self.created = self.executed = self.fill = self.info = nothing
        self.params = self.bits = self.dt = self.extra = self.costs = nothing
        self.trailed = self.pannotated = self.dteos = nothing
        at = feed.ticker.at
        self.dt_created = feed.stamps[at]
        self.pclose = pclose = feed.close[at]
        # A falsy price is none, as it is for Backtrader.
        self.price = given.price or given.pricelimit or pclose
        self.limit = given.pricelimit or self.price
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

    def set_status(self, status: int) -> None:
        """Set the status here and on the strategy's object."""
        self.status = self.d["status"] = status
