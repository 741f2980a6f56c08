"""What must be true of an account when the dust has settled: the invariants of the adversary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.execution.core.core import Core
from atms.execution.core.events import TellOrder
from atms.execution.core.records import Intended, Record
from atms.sandbox.simulation.order_truths import order_violations
from atms.sandbox.simulation.venue.records import Exceeded, Trespassed, Voided
from atms.sandbox.simulation.venue.truth import Venue
from atms.stores.facts import State

if TYPE_CHECKING:
    from atms.sandbox.simulation.lives import Life

MOST_A_MINUTE = 60  # reads, while the venue is down: whatever is in doubt
_OPEN = frozenset({State.PENDING, State.HELD, State.WORKING})
_ENDS = {
    State.FILLED: {"filled"},
    State.CANCELED: {"canceled"},
    State.EXPIRED: {"expired"},
    State.REFUSED: {"refused", "not_placed"},  # nobody may have told
}


def violations(
    venue: Venue,
    lives: Sequence[Life],
    records: Sequence[Record],
    ignored: Mapping[str, Decimal],
) -> list[str]:
    """Return everything that is not true, in words; *ignored*: units that are no position."""
    life = lives[-1]
    return [
        *_one_order_a_key(venue, life.core),
        *_every_fill_once(venue, life.core),
        *_same_position(venue, life.core, ignored),
        *_same_cash(venue, life.core),
        *_statuses(venue, life.core),
        *_resolved(life.core),
        *_no_request_in_a_ban(venue),
        *_no_storm(venue),
        *_told_once(lives),
        *_told_whole(venue, lives),
        *_not_before_ready(lives, records),
        *_the_same_again(life.core, records),
        *order_violations(venue, life.core),
    ]


def _one_order_a_key(venue: Venue, core: Core) -> Iterator[str]:
    for key, orders in venue.by_key.items():
        standing = [one for one in orders if one.replaced_by is None]
        if len(standing) > 1:
            yield f"I1: {len(standing)} orders of one key, {key}"
        if key not in core.state.orders:
            yield f"I2: order {key} is at the venue and not in the journal"


def _every_fill_once(venue: Venue, core: Core) -> Iterator[str]:
    ours, theirs = core.state.books.rows, venue.executions
    for name in sorted({*ours, *theirs}):
        row, true = ours.get(name), theirs.get(name)
        if row is None:
            yield f"I3: execution {name} of {true and true.key} is not in the books"
        elif true is None:
            yield f"I3: execution {name} is in the books and not true"
        elif (row.side, row.qty, row.price) != (true.side, true.qty, true.price):
            yield f"I3: execution {name} is booked as {row.qty} at {row.price}, and is {true}"
        elif row.key != true.key and true.key in core.state.orders:
            yield f"I3: execution {name} is booked to {row.key}, and belongs to {true.key}"


def _same_position(venue: Venue, core: Core, ignored: Mapping[str, Decimal]) -> Iterator[str]:
    books, balances = core.state.books, venue.holdings.balances
    for name, instrument in venue.instruments.items():
        ours, true = books.qty(name), venue.holdings.qty(name)
        if instrument.cash == "exchange":  # what fills have brought, less the fees paid in it
            true = balances.get(instrument.base, Decimal(0)) - ignored.get(name, Decimal(0))
        if ours != true:
            yield f"I4: {name}: position {ours}, and it is {true}"


def _same_cash(venue: Venue, core: Core) -> Iterator[str]:
    cash, balances = core.state.books.balances(), venue.holdings.balances
    for asset in sorted({*cash, *balances}):
        held, true = cash.get(asset, Decimal(0)), balances.get(asset, Decimal(0))
        if abs(held - true) > Decimal("1e-8"):
            yield f"I8: {asset}: {held} in the books, {true} at the venue"


def _no_request_in_a_ban(venue: Venue) -> Iterator[str]:
    for record in venue.history:
        if isinstance(record, Trespassed):
            yield f"I9: a {record.what} at {record.at:%H:%M:%S} within a ban that was known"
        if isinstance(record, Exceeded) and not record.excused:
            yield f"I9: one of {record.budget} too many at {record.at:%H:%M:%S}"


def _no_storm(venue: Venue) -> Iterator[str]:
    knocks = venue.knocks
    for first, later in zip(knocks, knocks[MOST_A_MINUTE:], strict=False):
        if later - first < timedelta(minutes=1):
            yield f"I9: more than {MOST_A_MINUTE} reads in the minute after {first:%H:%M:%S}"
            return


def _statuses(venue: Venue, core: Core) -> Iterator[str]:
    for key, order in core.state.orders.items():
        there = [one for one in venue.by_key.get(key, []) if one.replaced_by is None]
        how = order.closed.how if order.closed else "open"
        undone = {"canceled"} if order.cancel_asked and venue.chain is not None else set()
        if not there:  # on a chain what cancels takes its place though it never came
            waited = order.closed is not None and "while it waited" in order.closed.why
            if how not in {"not_placed", "not_sent", "refused"} | undone and not waited:
                yield f"I5: order {key} is {how}, and the venue never had it"
            continue
        state = there[-1].state
        right = {"open"} if state in _OPEN else _ENDS[state]
        if there[-1].lost:
            right = {"vanished", "not_placed"}
        if state is State.REFUSED:
            right = right | undone
        if state is State.CANCELED and order.outlived:  # taken back since its time was over
            right = right | {"expired"}
        if state is State.FILLED and how == "canceled" and _is_busted(venue, key):
            right = right | {"canceled"}  # or it had been told before
        if how not in right:
            yield f"I5: order {key} is {how}, and {state.value} at the venue"


def _is_busted(venue: Venue, key: str) -> bool:
    """Return whether the venue took a part of an order back for good."""
    voided = [row for row in venue.history if isinstance(row, Voided)]
    return any(row.key == key and row.why == "bust" for row in voided)


def _resolved(core: Core) -> Iterator[str]:
    if not core.ready:
        yield "I11: the account is not ready"
    for order in core.state.open_orders():
        if order.unresolved:
            yield f"I11: nobody knows whether order {order.key} stands"
    for key in core.waiting:
        yield f"I11: order {key} waits for its fills"
    for instrument, why in core.halted.items():
        yield f"I11: {instrument} is halted: {why}"


def _told_once(lives: Sequence[Life]) -> Iterator[str]:
    for number, life in enumerate(lives):
        for key, statuses in life.ends.items():
            if len(statuses) > 1:
                yield f"I13: process {number} told the end of {key} as {statuses}"


def _told_whole(venue: Venue, lives: Sequence[Life]) -> Iterator[str]:
    """An order that was told as completed has had all its executions told before."""
    for life in lives:
        heard: dict[str, Decimal] = {}
        for word in life.told:
            if not isinstance(word, TellOrder):
                continue
            heard[word.key] = heard.get(word.key, Decimal(0)) + sum(
                (row.qty for row in word.fills), Decimal(0)
            )
            order = life.core.state.orders.get(word.key)
            own = order is not None and order.intended.epoch == life.core.state.epoch
            if word.status != "completed" or order is None or not own:
                continue
            whole = order.ticket.qty
            if order.intended.link != "single":  # as large as what the others of its group leave
                whole = min(
                    whole, max((one.filled for one in venue.by_key[word.key]), default=whole)
                )
            if heard[word.key] < whole:
                yield f"I13: {word.key} was told completed with {heard[word.key]} of its fills"


def _not_before_ready(lives: Sequence[Life], records: Sequence[Record]) -> Iterator[str]:
    ready = {life.core.state.epoch: life.ready_at for life in lives if life.ready_at}
    for record in records:
        if isinstance(record, Intended):
            since = ready.get(record.epoch)
            if since is None or record.at < since:
                yield f"I10: order {record.ticket.key} was sent before the account was ready"


def _the_same_again(core: Core, records: Sequence[Record]) -> Iterator[str]:
    if Core(core.terms, records).state.digest() != core.state.digest():
        yield "I12: the journal read again gives another state"
