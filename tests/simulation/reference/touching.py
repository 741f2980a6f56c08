"""Whether and at what price an order meets a bar, before any cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tests.simulation.reference.scenario import (
    LIMIT,
    MARKET,
    STOP,
    STOP_LIMIT,
    TRAIL,
    TRAIL_LIMIT,
    Fill,
    Make,
    Row,
)


class Touch(NamedTuple):
    """A price that the market offers: to a maker or a taker, who passes no price beyond *cap*."""

    price: float
    maker: bool = False
    cap: float | None = None


@dataclass
class Order:
    """A living order; *left* is signed."""

    number: int
    side: int
    kind: str
    feed: str
    size: float
    made: datetime
    session_end: datetime
    valid: datetime | None = None
    stop: float = 0.0
    limit: float = 0.0
    offset: float = 0.0
    ask: Make | None = None
    active: bool = True
    status: str = "Created"
    triggered: bool = False
    noted: float | None = None
    left: float = 0.0
    fills: list[Fill] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """Whether it can still fill."""
        return self.status in ("Created", "Submitted", "Accepted", "Partial")


def place(ask: Make, made: datetime, session_end: datetime, close: float) -> Order:
    """Turn what was asked for into an order, at the *close* of the bar on which it is made."""
    valid = ask.valid if ask.valid is None or isinstance(ask.valid, datetime) else made + ask.valid
    order = Order(
        ask.number, ask.side, ask.kind, ask.feed, ask.size, made, session_end, valid,
        ask=ask, left=ask.side * ask.size, active=ask.parent is None,
    )  # fmt: skip
    price = ask.price if ask.price is not None else ask.limit
    order.stop = close if price is None else price
    order.limit = order.stop if ask.limit is None else ask.limit
    if ask.kind in (TRAIL, TRAIL_LIMIT):
        order.offset = order.stop - order.limit
        start, order.stop = order.stop, order.side * float("inf")
        follow(order, start)
    return order


def follow(order: Order, price: float) -> None:
    """Move a trailing stop after the price, never back; its limit keeps the distance."""
    assert order.ask is not None
    distance = order.ask.trail_amount or price * (order.ask.trail_percent or 0.0)
    stop = price + order.side * distance
    if order.side * stop < order.side * order.stop:
        order.stop = stop
        if order.kind == TRAIL_LIMIT:
            order.limit = stop - order.offset


def touch(order: Order, bar: Row) -> Touch | None:
    """Try an order (not a close order) on a bar."""
    if order.kind == MARKET:
        return Touch(bar["open"])
    if order.kind == LIMIT:
        return _limit(order.side, order.stop, bar)
    if order.kind in (STOP, TRAIL):
        return _stop(order.side, order.stop, bar)
    assert order.kind in (STOP_LIMIT, TRAIL_LIMIT)
    if order.triggered:
        return _limit(order.side, order.limit, bar)
    met = _stop(order.side, order.stop, bar)
    order.triggered = met is not None
    return met and _after_trigger(order, bar)


def _limit(side: int, limit: float, bar: Row) -> Touch | None:
    if side * bar["open"] <= side * limit:
        return Touch(bar["open"], cap=limit)
    best = bar["low"] if side > 0 else bar["high"]
    return Touch(limit, maker=True) if side * best <= side * limit else None


def _stop(side: int, stop: float, bar: Row) -> Touch | None:
    if side * bar["open"] >= side * stop:
        return Touch(bar["open"])
    worst = bar["high"] if side > 0 else bar["low"]
    return Touch(stop) if side * worst >= side * stop else None


def _after_trigger(order: Order, bar: Row) -> Touch | None:
    side, stop, limit = order.side, order.stop, order.limit
    if side * bar["open"] >= side * stop:
        return _limit(side, limit, bar)
    if side * limit >= side * stop:
        return Touch(stop, cap=limit)
    # The bar came back after the stop if it closed on the better side of its open; a sale takes
    # a bar without a body for that too, a purchase does not.
    back = bar["open"] - bar["close"]
    came_back = back > 0 if side > 0 else back <= 0
    return Touch(limit, maker=True) if came_back and side * limit >= side * bar["close"] else None
