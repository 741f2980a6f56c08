"""What a venue's own history tells of a position: how far it went, and when it was naked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from atms.sandbox.simulation.venue.orders import OPEN, STOPS, Order
from atms.sandbox.simulation.venue.records import Executed, Ordered, Received, Record, Voided
from atms.sandbox.simulation.venue.truth import Venue
from atms.stores.facts import State

NAKED = timedelta(seconds=2)
_ZERO = Decimal(0)


@dataclass
class _Bracket:
    """One entry and its stop, while the history is read.

    Attributes:
        stop: the number of the stop's newest order; *stands*: its last record.
        held: what the entry has opened and no leg has closed.
        since: from when on it is naked.
        asked: whether somebody of ours wanted one of its orders back.
        excused: whether its strategy did, or the venue has ended it.
    """

    entry: Order
    keys: Set[str]
    stop: str = ""
    stands: Ordered | None = None
    held: Decimal = _ZERO
    since: datetime | None = None
    asked: bool = False
    excused: bool = False
    worst: timedelta = field(default=timedelta(0))

    def covered(self) -> bool:
        """Return whether the stop stands for all that is held."""
        row = self.stands
        return row is not None and row.state in OPEN and row.ticket.qty - row.filled >= self.held


def naked(venue: Venue, dropped: Set[str]) -> Iterator[tuple[str, timedelta]]:
    """Yield (key of the entry, how long it was naked) of each bracket that was, for too long.

    Args:
        dropped: keys of orders that somebody took back.
    """
    brackets = _brackets(venue)
    lots = venue.manners.buckets == "lots"
    for record in venue.history:
        for one in brackets.values():
            if not one.excused:
                _follow(venue, one, record, dropped, lots)
    for one in brackets.values():
        if one.since is not None and not one.excused:
            one.worst = max(one.worst, venue.now() - one.since)
        if one.worst > NAKED:
            yield one.entry.key or "", one.worst


def _brackets(venue: Venue) -> Mapping[str, _Bracket]:
    found: dict[str, _Bracket] = {}
    for order in venue.orders.values():
        if order.link != "bracket":
            continue
        if order.parent is None and order.replaces is None:
            keys = {one.key or "" for one in venue.orders.values() if one.group == order.id}
            found[order.id] = _Bracket(order, keys)
        elif order.parent in found and order.ticket.kind in STOPS:
            found[order.parent].stop = found[order.parent].stop or order.key or ""
    return {number: one for number, one in found.items() if one.stop}


def _follow(venue: Venue, one: _Bracket, record: Record, dropped: Set[str], lots: bool) -> None:
    if isinstance(record, Received) and record.what == "cancel" and one.keys & {*record.keys}:
        one.asked, one.excused = True, bool(one.keys & dropped)
    elif isinstance(record, Ordered) and record.key == one.stop and not record.replaced:
        one.stands, order = record, venue.orders[record.order]
        by_us = record.state is State.CANCELED and one.asked and record.reason is None
        ended = record.state not in OPEN and not by_us
        one.excused = order.lost or order.rejects_later or ended
    elif isinstance(record, Executed):
        own = record.bucket == f"lot:{one.entry.id}" if lots else record.key in one.keys
        if own and record.version == 1:
            one.held += record.side * one.entry.ticket.side * record.qty
    _measure(one, record.at)


def _measure(one: _Bracket, at: datetime) -> None:
    if one.held > 0 and not one.covered():
        one.since = one.since or at
        one.worst = max(one.worst, at - one.since)
    else:
        one.since = None


def furthest(venue: Venue, instrument: str, opening: Decimal) -> Decimal:
    """Return the largest position, long or short, that our orders have led to.

    What others order by the same account asks our limits for nothing: all that they have traded by
    then is left out, on either side.
    """
    held = most = opening
    others = _ZERO
    brought: dict[str, Decimal] = {}  # by each execution that counts
    base = venue.instruments[instrument].base
    for record in venue.history:
        if isinstance(record, Voided):
            held -= brought.pop(record.exec, _ZERO)
        elif isinstance(record, Executed) and record.instrument == instrument:
            fees = sum((fee.amount for fee in record.fees or () if fee.asset == base), _ZERO)
            held += record.side * record.qty - fees - brought.get(record.exec, _ZERO)
            others += record.qty if record.key is None else _ZERO
            brought[record.exec] = record.side * record.qty - fees
        most = max(most, abs(held) - others)
    return most
