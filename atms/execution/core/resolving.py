"""Orders of which nobody knows enough, asked for until it is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from atms.execution.core import filling, hearing
from atms.execution.core.events import Look, LookedUp, Prepare, Transmit, Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.records import Answered, Booked, Stood
from atms.execution.core.step import Step
from atms.stores.facts import Fact, FillFact, OrderFact, State
from atms.stores.outcomes import Found, Never, NotSeen
from atms.stores.requests import Cancel, Key, Place, Prepared


def look_if_due(step: Step, order: OrderState) -> datetime | None:
    """Ask for an order if something of it is in doubt and it was not asked for just now.

    Returns:
        When it will be due; None: it was asked for, or need not be.
    """
    asking, key = step.core.asking, order.key
    if key in asking.running or (asking.failed and asking.running):
        return None  # a venue that could not be asked is tried with one
    if not _in_doubt(step, order):
        asking.looks.pop(key, None)
        return None
    due = asking.looks.get(key)
    if due is None:
        own = key in step.core.tags  # of this process: its answer may still come
        sent = step.past(order.intended.at)
        first = sent + (_patience(step, order) if own else timedelta(0))
        due = max(first, step.past(order.cancel_asked) if order.cancel_asked else first)
    if due > step.now:
        return due
    look_at_once(step, order)
    return None


def _patience(step: Step, order: OrderState) -> timedelta:
    """Return how long an answer is waited for: a position may hang on what serves another order."""
    terms = step.core.terms
    return min(terms.patience, terms.naked / 4) if order.intended.serves else terms.patience


def look_at_once(step: Step, order: OrderState) -> None:
    """Ask for an order now, if it is not being asked for and the venue can be asked."""
    asking = step.core.asking
    if order.key in asking.running:
        return
    if asking.holds(step.now):
        assert asking.hold is not None
        asking.looks[order.key] = asking.hold
        return
    asking.running.add(order.key)
    step.then(Look(key=order.key, refs=frozenset(order.names), since=order.intended.at))


def looked_up(step: Step, event: LookedUp) -> None:
    """Take what the venue said of one order."""
    asking, terms = step.core.asking, step.core.terms
    asking.running.discard(event.key)
    asking.looks[event.key] = step.now + terms.retry
    order = step.state.orders[event.key]
    match event.looked:
        case Found(facts=facts):
            asking.unseen.pop(order.key, None)
            for fact in facts:
                hearing.hear(step, fact)
            _undo_what_is_gone(step, order, facts)
            if order.closed is None and not order.over:
                _as_acked(step, order)
            _cancel_again(step, order)
        case Never(proof=proof):
            _never(step, order, proof)
        case NotSeen(at=at):
            _undo_what_is_gone(step, order, ())
            asking.missed |= {order.key} if order.unresolved else set()
            if (order.live or order.releases) and not order.over:
                _not_seen(step, order, at)
                asking.looks[event.key] = step.now + _pause(step, order)
        case None:
            asking.fail(step.now, terms.retry, terms.longest)


def _pause(step: Step, order: OrderState) -> timedelta:
    """Return when an order that is not shown is asked for again: later the longer it is not.

    Each look takes a part of the venue's rate budget, which others need to be read at all.
    """
    terms, capabilities = step.core.terms, step.core.capabilities
    assert capabilities is not None
    since = step.core.asking.unseen.get(order.key) or _sent_by(step, order) or step.now
    bound = since + capabilities.outcome_bound
    longer = min(max(terms.retry, (step.now - since) / 4), terms.longest)
    if step.now <= bound < step.now + longer:
        return max(terms.retry, bound - step.now)
    return longer if step.now <= bound else min(longer, 5 * terms.retry)


def ask_back(step: Step, order: OrderState) -> None:
    """Have a cancellation prepared."""
    step.then(Prepare(requests=(Cancel(key=order.key, refs=frozenset(order.names)),)))


def cancel_what_was_not_heard(step: Step) -> None:
    """Send cancellations again that have not come to the venue: nothing need be asked before."""
    unheard = step.core.asking.unheard
    for key, (times, due) in list(unheard.items()):
        order = step.state.orders[key]
        if order.over or not (order.live or order.releases):
            del unheard[key]
        elif due is not None and due > step.now:
            step.then(Wake(at=due))
        elif due is not None:
            unheard[key] = times, None
            ask_back(step, order)


def _in_doubt(step: Step, order: OrderState) -> bool:
    core, asked = step.core, order.cancel_asked is not None
    if order.live and (asked or order.key in core.waiting or order.key in core.asking.unseen):
        return True
    if order.unresolved or order.releases:
        return True
    return bool(order.pending) and any(_is_overdue(step, row) for row in _pending(step, order))


def _pending(step: Step, order: OrderState) -> list[Booked]:
    return [step.state.books.rows[name] for name in sorted(order.pending)]


def _is_overdue(step: Step, row: Booked) -> bool:
    """Return whether a fill should be final, and the log has told neither that nor its undoing.

    The stream may have told it from a block that was undone before the log came to it.
    """
    capabilities, complete = step.core.capabilities, step.core.asking.complete
    if capabilities is None or capabilities.finality is None or complete is None:
        return False
    return complete - row.at > capabilities.finality + capabilities.read_lag


def _undo_what_is_gone(step: Step, order: OrderState, facts: Iterable[Fact]) -> None:
    """Take fills out that are overdue, and that the venue does not tell: it tells less, or none."""
    facts = tuple(facts)
    told = {fact.exec for fact in facts if isinstance(fact, FillFact)}
    sums = [fact.filled for fact in facts if isinstance(fact, OrderFact)]
    less = any(filled is not None and filled < order.booked for filled in sums)
    if facts and not told and not less:
        return  # it tells orders alone
    for row in _pending(step, order):
        if row.exec not in told and _is_overdue(step, row):
            filling.undo(step, row.exec, row.version, "reorg")
            hearing.settle(step, order)


def _as_acked(step: Step, order: OrderState) -> None:
    if order.unresolved:
        step.record(Answered(key=order.key, outcome="acked", at=step.now))
    hearing.accept(step, order)


def _never(step: Step, order: OrderState, proof: str) -> None:
    """Close an order that can no longer fill; what it seemed to have filled was undone."""
    for row in _pending(step, order):
        filling.undo(step, row.exec, row.version, "reorg")
    if order.booked:
        return  # its executions tell more
    if order.closed is None:
        how = "not_placed" if order.cancel_asked is None else "canceled"
        hearing.close(step, order, how, proof)
    if order.revived or order.releases:  # though the venue had said that it has it
        step.record(Stood(key=order.key, state=State.CANCELED, at=step.now, filled=Decimal(0)))


def _cancel_again(step: Step, order: OrderState) -> None:
    """Ask again for a cancellation of which nothing came."""
    asked = order.cancel_asked or (order.intended.at if order.releases else None)
    if asked is None or not (order.live or order.releases) or order.over:
        return
    capabilities = step.core.capabilities
    assert capabilities is not None
    if step.now - step.past(asked) > capabilities.read_lag:
        ask_back(step, order)


def _not_seen(step: Step, order: OrderState, at: datetime) -> None:
    """Go on after an order was not shown: send it again, wait, or give it up."""
    capabilities, asking = step.core.capabilities, step.core.asking
    assert capabilities is not None
    sent = _sent_by(step, order)
    if sent is None or at - sent <= capabilities.read_lag:
        return
    if order.intended.repeatable:
        _send_again(step, order, at, sent)
        return
    since = asking.unseen.setdefault(order.key, at) if order.known else sent
    bound = since + capabilities.outcome_bound
    if min(at, step.now) <= bound:
        return
    if asking.complete is None or asking.complete <= bound:
        asking.log_wanted = True  # the log must have had the time to show a fill
        return
    _give_up(step, order)


def _send_again(step: Step, order: OrderState, at: datetime, sent: datetime) -> None:
    """Send the bytes of an order again, or of what is to undo it."""
    asking, capabilities = step.core.asking, step.core.capabilities
    assert capabilities is not None
    if order.cancel_asked is not None or order.releases:
        _cancel_again(step, order)
    elif at - asking.again.get(order.key, sent) > capabilities.read_lag:
        prepared = _again(step, order)
        asking.again.update((key, step.now) for key in _keys(prepared))
        step.then(Transmit(prepared=prepared))


def _give_up(step: Step, order: OrderState) -> None:
    """Let an order be over that the venue has not shown for longer than it may hide one."""
    if order.unresolved:
        hearing.close(step, order, "not_placed", "not seen at the venue, and its bound has passed")
    elif order.closed is None:
        text = f"order {order.key} stood at the venue, and is not shown any more"
        hearing.close(step, order, "vanished", text, code="VANISHED")
        step.notice("vanished", order.ticket.instrument, text)
    else:  # it was given up before, and came back, and is gone again
        step.core.asking.unseen.pop(order.key, None)
        step.record(Stood(key=order.key, state=State.CANCELED, at=step.now, filled=order.booked))


def _sent_by(step: Step, order: OrderState) -> datetime | None:
    """Return when an order's last byte had left, if any did; None: it may be leaving now."""
    core = step.core
    if order.answered is not None:
        return step.past(max(order.intended.at, order.answered.at))
    if order.known or order.lost or order.releases:
        return step.past(order.intended.at)
    if order.key in core.tags or core.began is None:
        return None
    # the process before may have sent till it died
    return max(step.past(order.intended.at), core.began)


def _keys(prepared: Prepared) -> tuple[Key, ...]:
    assert isinstance(prepared.request, Place)
    return tuple(ticket.key for ticket in prepared.request.tickets)


def _again(step: Step, order: OrderState) -> Prepared:
    """Return what was prepared, from the journal."""
    group = [step.state.orders[key] for key in step.state.groups[order.intended.group]]
    names = tuple((one.key, name) for one in group for name in one.intended.names)
    tickets = tuple(one.ticket for one in group)
    place = Place(tickets=tickets, link=order.intended.link)  # type: ignore[arg-type]
    return Prepared(request=place, refs=names, payload=order.intended.payload, repeatable=True)
