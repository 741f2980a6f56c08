"""Stops that the venue does not hold: prices are followed, and what they reach is triggered."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from atms.execution.core.events import Quoted, Unwatch, Wake, Watch
from atms.execution.core.step import Step
from atms.execution.emulation import plans
from atms.execution.emulation.hows import WATCHED, held_as
from atms.execution.emulation.plan_records import Trailed, Triggered
from atms.execution.emulation.plans import PlanState
from atms.stores.market import Quote

_PART = 20  # a trailing stop is durable anew when it has moved by this part of its distance


def look(step: Step) -> None:
    """Follow the prices that something waits for, and no others; tell it when none comes."""
    planning = step.core.planning
    needed = dict.fromkeys(plan.ticket.instrument for plan in armed(step))
    for name in [name for name in planning.watched if name not in needed]:
        del planning.watched[name]
        planning.silent.discard(name)
        step.then(Unwatch(instrument=name))
    for name in needed:
        if name not in planning.watched:
            planning.watched[name] = step.now
            step.then(Watch(instrument=name))
        _tell_if_silent(step, name)


def quoted(step: Step, event: Quoted) -> None:
    """Trigger what a price has reached."""
    planning, quote, name = step.core.planning, event.quote, event.instrument
    if name not in planning.watched:
        return
    if quote is None:
        _silent(step, name, event.why or "the stream broke")
        return
    planning.watched[name] = step.now
    if name in planning.silent:
        planning.silent.discard(name)
        step.notice("quotes", name, "prices come again")
    for plan in armed(step):
        if plan.ticket.instrument == name:
            _meet(step, plan, quote)


def armed(step: Step) -> list[PlanState]:
    """Return the orders that wait for a price here: a leg, once there is something to protect."""
    venue = step.core.capabilities
    found = []
    for plan in step.state.open_plans():
        kind = plan.ticket.kind
        if kind not in WATCHED or venue is None or kind in venue.kinds:
            continue
        if plan.withdrawn is not None or plan.triggered is not None:
            continue
        if plan.ticket.instrument not in step.core.instruments:
            continue  # the venue has no price of it any more
        entry = plan.planned.parent
        if not entry or plans.opened(step.state, entry) > 0:
            found.append(plan)
    return found


def _meet(step: Step, plan: PlanState, quote: Quote) -> None:
    """Let a stop follow a price, or be triggered by it."""
    side = plan.ticket.side
    price = quote.ask if side > 0 else quote.bid
    trigger = _trigger(step, plan, price)
    venue, ticket = step.core.capabilities, plan.ticket
    if trigger is None or (price - trigger) * side < 0:
        return
    if venue is not None and held_as(ticket.kind, venue) is not None:
        return  # the venue's own stop stands there
    limit = ticket.limit
    if limit is not None and ticket.trigger is not None:
        limit += trigger - ticket.trigger
    why = f"{'ask' if side > 0 else 'bid'} {price:f} has reached {trigger:f}"
    step.core.planning.best.pop(plan.key, None)
    step.record(Triggered(key=plan.key, at=step.now, why=why, limit=limit))


def _trigger(step: Step, plan: PlanState, price: Decimal) -> Decimal | None:
    """Return the price that triggers: as Backtrader's, a trailing one follows and never leads.

    It stands *trail* behind the best price, or that share of the price behind it.
    """
    best, ticket = step.core.planning.best, plan.ticket
    known = best.get(plan.key, plan.trigger)
    if ticket.trail is None:
        return known
    distance = price * ticket.trail if ticket.trail_is_fraction else ticket.trail
    found = _on_step(step, ticket.instrument, price + ticket.side * distance)
    if known is not None and (found - known) * ticket.side >= 0:
        return known
    best[plan.key] = found
    durable = plan.trigger
    if durable is None or abs(found - durable) * _PART >= distance:
        step.record(Trailed(key=plan.key, trigger=found, at=step.now))
    return found


def _on_step(step: Step, name: str, price: Decimal) -> Decimal:
    """Return a price on the nearest tick."""
    steps = [size for start, size in step.core.instruments[name].price_steps if price >= start]
    if not steps:
        return price
    return (price / steps[-1]).to_integral_value(ROUND_HALF_EVEN) * steps[-1]


def _tell_if_silent(step: Step, name: str) -> None:
    due = step.core.planning.watched[name] + step.core.terms.stale
    if step.now >= due:
        _silent(step, name, f"no price for {step.core.terms.stale.total_seconds():g} s")
    elif name not in step.core.planning.silent:
        step.then(Wake(at=due))


def _silent(step: Step, name: str, why: str) -> None:
    if name not in step.core.planning.silent:
        step.core.planning.silent.add(name)
        step.notice("quotes", name, f"{why}: stops that stand here cannot be triggered")
