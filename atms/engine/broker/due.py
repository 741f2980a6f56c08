"""When a resting order is next worth a try: found by a search of the bars ahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from atms.engine.broker.feeds import Feed, Floats
from atms.engine.broker.record import (
    CLOSE,
    LIMIT,
    NEVER,
    STOP,
    STOP_LIMIT,
    STOP_TRAIL,
    STOP_TRAIL_LIMIT,
    Record,
)

_MOST = 1 << 16  # bars of one search


def reschedule(record: Record, step: int) -> None:
    """Set the first step after *step* at which something can happen to an order.

    It was tried at *step*, or is inactive.
    """
    feed = record.feed
    if not feed.ahead:
        record.due = 0
        return
    bar = feed.ticker.at
    due = _try_at(record, feed, bar, step) if record.active else NEVER
    if record.valid:
        expires = max(int(np.searchsorted(feed.times, record.valid, side="right")), bar + 1)
        due = min(due, feed.step_of(expires))
    record.due = due


def _try_at(record: Record, feed: Feed, bar: int, step: int) -> int:
    kind = record.exectype
    if kind == LIMIT:
        return _reached(record, feed, bar, record.price, above=not record.buys)
    if kind == STOP:
        return _reached(record, feed, bar, record.price, above=record.buys)
    if kind in (STOP_LIMIT, STOP_TRAIL_LIMIT) and record.triggered:
        if record.again:  # just triggered: tried as a limit order on the same bar once more
            record.again = False
            return step + 1
        return _reached(record, feed, bar, record.limit, above=not record.buys)
    if kind == STOP_LIMIT:
        return _reached(record, feed, bar, record.price, above=record.buys)
    if kind in (STOP_TRAIL, STOP_TRAIL_LIMIT):
        return _trail_reached(record, feed, bar, step)
    if kind == CLOSE:
        return feed.step_of(max(int(np.searchsorted(feed.times, record.dteos)), bar + 1))
    # A market order waits for a bar of its data, or for one within which its price can slip.
    return step + 1 if record.lane.state.slips else feed.step_of(bar + 1)


def _reached(record: Record, feed: Feed, bar: int, price: Any, above: bool) -> int:
    """Return the step of the first bar after *bar* that reaches *price*, or where to look again."""
    start, stop = bar + 1, bar + 1 + record.window
    hits = feed.highest()[start:stop] >= price if above else feed.lowest()[start:stop] <= price
    return _first(record, feed, hits, start, stop)


def _first(record: Record, feed: Feed, hits: Any, start: int, stop: int) -> int:
    if hits.size:
        place = int(hits.argmax())
        if hits[place]:
            return feed.step_of(start + place)
    record.window = min(2 * record.window, _MOST)
    return feed.step_of(stop)


def stops(record: Record, feed: Feed, start: int, stop: int) -> Floats:
    """Return where a trailing stop would be moved to by each close of bars start..stop-1."""
    closes: Any = feed.closes[start:stop]
    given = record.given
    distance: Any = 0.0
    if given.trailamount:
        distance = given.trailamount
    elif given.trailpercent:
        distance = closes * given.trailpercent
    moved: Floats = closes + distance if record.buys else closes - distance
    return moved


def _trail_reached(record: Record, feed: Feed, bar: int, step: int) -> int:
    """Return the step at which the stop, which follows every close, is next reached.

    The stop follows a bar's close after the bar was tried. Where other feeds have bars in between,
    the same bar is tried again, against the stop that it has moved itself.
    """
    start, stop = bar + 1, bar + 1 + record.window
    moved = stops(record, feed, start, stop)
    if record.buys:
        after = np.fmin.accumulate(np.concatenate(([record.price], moved)))
        hits = feed.highest()[start:stop] >= after[:-1]
        again = feed.highest()[bar:stop] >= after[: len(moved) + 1]
    else:
        after = np.fmax.accumulate(np.concatenate(([record.price], moved)))
        hits = feed.lowest()[start:stop] <= after[:-1]
        again = feed.lowest()[bar:stop] <= after[: len(moved) + 1]
    due = _first(record, feed, hits, start, stop)
    if feed.firsts is not None:
        again &= feed.lasting()[bar : bar + len(again)]
        if again.any():
            due = min(due, max(feed.step_of(bar + int(again.argmax())), step) + 1)
    return due


def follow(record: Record, bar: int) -> None:
    """Let a trailing stop have followed the closes up to that of *bar*."""
    if record.trailed is None or record.trailed >= bar or record.triggered:
        return
    moved = stops(record, record.feed, record.trailed + 1, bar + 1)
    best = float(np.fmin.reduce(moved) if record.buys else np.fmax.reduce(moved))
    if best < record.price if record.buys else best > record.price:
        record.price = best
        if record.exectype == STOP_TRAIL_LIMIT:
            record.limit = best - record.limitoffset
    record.trailed = bar
