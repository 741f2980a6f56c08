"""What must be true of orders that hang on something else: a pair, a lifetime, a position."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from atms.execution.core.core import Core
from atms.sandbox.simulation.venue.records import Executed, Voided
from atms.sandbox.simulation.venue.truth import Venue

_LATE = timedelta(minutes=2)  # beyond what a venue may leave in doubt


def order_violations(venue: Venue, core: Core) -> Iterator[str]:
    """Yield everything that is not true, in words."""
    yield from _pairs_are_over(venue, core)
    yield from _groups_are_over(venue, core)
    yield from _lifetimes_are_over(venue, core)
    yield from _what_reduces_turns_nothing(venue, core)


def _pairs_are_over(venue: Venue, core: Core) -> Iterator[str]:
    """Of orders of which one is to be, none stands beside one that has filled (F40)."""
    state = core.state
    for key, group in state.pairs.items():
        filled = [other for other in group if other != key and _is_filled(core, other)]
        if filled and _stands(venue, core, key):
            yield f"I7: order {key} stands, and {filled[0]}, its pair, has filled"


def _groups_are_over(venue: Venue, core: Core) -> Iterator[str]:
    """Of a group that a venue held none but its entry outlives one that has filled (F40)."""
    for key, order in core.state.orders.items():
        group = order.intended.group
        if order.intended.link == "single" or not _stands(venue, core, key):
            continue
        first = group if order.intended.link == "bracket" else ""
        others = [one for one in core.state.groups[group] if one not in (key, first)]
        filled = [one for one in others if _is_filled(core, one)]
        if filled and key != first:
            yield f"I7: order {key} stands, and {filled[0]}, of its group, has filled"


def _lifetimes_are_over(venue: Venue, core: Core) -> Iterator[str]:
    bound = venue.now() - venue.manners.outcome_bound - _LATE
    for order in core.state.open_orders():
        until = order.intended.until
        if until is not None and until < bound and _stands(venue, core, order.key):
            yield f"I7: order {order.key} stands, and was to end at {until:%H:%M:%S}"


def _what_reduces_turns_nothing(venue: Venue, core: Core) -> Iterator[str]:
    """An order that is to reduce opens nothing, and turns no position (F39)."""
    held: dict[str, Decimal] = {}
    counted: dict[str, tuple[str, Decimal]] = {}  # what each execution brought
    for record in venue.history:
        if not isinstance(record, Executed | Voided):
            continue
        instrument, brought = counted.pop(record.exec, (record.instrument, Decimal(0)))
        before = held[instrument] = held.get(instrument, Decimal(0)) - brought
        if isinstance(record, Voided):
            continue
        units = record.side * record.qty
        counted[record.exec] = (instrument, units)
        held[instrument] = before + units
        if record.version == 1 and _is_to_reduce(core, record) and before * (before + units) < 0:
            yield f"I7: order {record.key} reduces, and turned {before} to {before + units}"


def _is_to_reduce(core: Core, record: Executed) -> bool:
    order, plan = core.state.orders.get(record.key or ""), core.state.plan_of(record.key)
    known = core.instruments.get(record.instrument)
    if record.bucket != "net" or known is None or known.cash != "margin":
        return False
    wanted = plan is not None and (plan.ticket.reduces or bool(plan.planned.parent))
    return wanted or (order is not None and order.ticket.reduces)


def _is_filled(core: Core, key: str) -> bool:
    plan, order = core.state.plans.get(key), core.state.orders.get(key)
    one = plan if plan is not None else order
    return one is not None and one.closed is not None and one.closed.how == "filled"


def _stands(venue: Venue, core: Core, key: str) -> bool:
    plan = core.state.plans.get(key)
    keys = [key] if plan is None else plan.servants
    rows = [row for one in keys for row in venue.by_key.get(one, ())]
    return any(row.open for row in rows)
