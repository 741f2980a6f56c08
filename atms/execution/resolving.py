"""What nobody knows yet, asked for until it is known: look-ups, the log, snapshots."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.execution import hearing
from atms.execution.events import (
    LogRead,
    Look,
    LookedUp,
    Prepare,
    ReadLog,
    ReadSnapshot,
    SnapshotRead,
    Transmit,
    Wake,
)
from atms.execution.orders import OrderState
from atms.execution.records import Answered, Baseline, Opened, OpeningCash, ReadTo, Stood
from atms.stores.facts import BalanceFact, BucketFact, OrderFact, Part, Snapshot, State
from atms.stores.outcomes import Found, Never, NotSeen
from atms.stores.requests import Cancel, Key, Place, Prepared

if TYPE_CHECKING:
    from atms.execution.core import Step

_PATIENCE_WITH_DIFFERENCES = 3


def ask_what_is_due(step: Step) -> None:
    """Ask the venue for everything that is due, and to be woken for what is not yet."""
    core, asking = step.core, step.core.asking
    if core.capabilities is None:
        return
    for order in step.state.open_orders():
        _look_if_due(step, order)
    due = asking.log_again or (asking.complete + core.terms.poll if asking.complete else step.now)
    if asking.log is None and (asking.log_wanted or step.now >= due):
        if asking.log_again is not None and step.now < asking.log_again:
            step.then(Wake(at=asking.log_again))
            return
        asking.log, asking.log_wanted, asking.log_again = step.now, False, None
        asking.follows = asking.found is not None
        step.then(ReadLog(after=step.state.cursor, instruments=_instruments(step)))
    elif asking.log is None:
        step.then(Wake(at=due))


def looked_up(step: Step, event: LookedUp) -> None:
    """Take what the venue said of one order."""
    asking = step.core.asking
    asking.running.discard(event.key)
    asking.looks[event.key] = step.now + step.core.terms.retry
    order = step.state.orders[event.key]
    match event.looked:
        case Found(facts=facts):
            for fact in facts:
                hearing.hear(step, fact)
            if order.closed is None and not order.over:
                _as_acked(step, order)
            _cancel_again(step, order)
        case Never(proof=proof):
            _never(step, order, proof)
        case NotSeen(at=at):
            if order.unresolved:
                _not_seen(step, order, at)
        case None:
            pass  # it could not be asked: again later


def look_at_once(step: Step, order: OrderState) -> None:
    """Ask for an order now, if it is not being asked for."""
    if order.key not in step.core.asking.running:
        step.core.asking.running.add(order.key)
        step.then(Look(key=order.key, refs=frozenset(order.names), since=order.intended.at))


def _as_acked(step: Step, order: OrderState) -> None:
    if order.unresolved:
        step.record(Answered(key=order.key, outcome="acked", at=step.now))
    hearing.accept(step, order)


def _never(step: Step, order: OrderState, proof: str) -> None:
    if order.booked:
        return  # its executions tell more
    if order.closed is None:
        wanted = order.known and order.cancel_asked is not None
        hearing.close(step, order, "canceled" if wanted else "not_placed", proof)
    elif order.revived:
        step.record(Stood(key=order.key, state=State.CANCELED, at=step.now, filled=Decimal(0)))


def _cancel_again(step: Step, order: OrderState) -> None:
    """Ask again for a cancellation of which nothing came."""
    asked = order.cancel_asked
    if asked is None or not order.live or order.over:
        return
    capabilities = step.core.capabilities
    assert capabilities is not None
    if step.now - asked > capabilities.read_lag:
        step.then(Prepare(requests=(Cancel(key=order.key, refs=frozenset(order.names)),)))


def _not_seen(step: Step, order: OrderState, at: datetime) -> None:
    capabilities, asking = step.core.capabilities, step.core.asking
    assert capabilities is not None
    sent = _sent_by(step, order)
    if sent is None or at - sent <= capabilities.read_lag:
        return
    if order.intended.repeatable:
        if order.cancel_asked is not None:
            _cancel_again(step, order)
        elif at - asking.again.get(order.key, sent) > capabilities.read_lag:
            prepared = _again(step, order)
            asking.again.update((key, step.now) for key in _keys(prepared))
            step.then(Transmit(prepared=prepared))
        return
    bound = sent + capabilities.outcome_bound
    if min(at, step.now) <= bound:
        return
    if asking.complete is None or asking.complete <= bound:
        asking.log_wanted = True  # the log must have had the time to show a fill
        return
    hearing.close(step, order, "not_placed", "not seen at the venue, and its bound has passed")


def _sent_by(step: Step, order: OrderState) -> datetime | None:
    """Return when an order's last byte had left, if any did; None: it may be leaving now."""
    core = step.core
    if order.answered is not None:
        return max(order.intended.at, order.answered.at)
    if order.key in core.tags or core.began is None:
        return None
    return max(order.intended.at, core.began)  # the process before may have sent till it died


def _keys(prepared: Prepared) -> tuple[Key, ...]:
    assert isinstance(prepared.request, Place)
    return tuple(ticket.key for ticket in prepared.request.tickets)


def _again(step: Step, order: OrderState) -> Prepared:
    """Return what was prepared, from the journal."""
    group = [
        one for one in step.state.orders.values() if one.intended.group == order.intended.group
    ]
    names = tuple((one.key, name) for one in group for name in one.intended.names)
    tickets = tuple(one.ticket for one in group)
    place = Place(tickets=tickets, link=order.intended.link)  # type: ignore[arg-type]
    return Prepared(request=place, refs=names, payload=order.intended.payload, repeatable=True)


def _look_if_due(step: Step, order: OrderState) -> None:
    asking, key = step.core.asking, order.key
    if key in asking.running:
        return
    in_doubt = order.unresolved or order.cancel_asked is not None or key in step.core.waiting
    if not in_doubt:
        asking.looks.pop(key, None)
        return
    own = key in step.core.tags  # of this process: its answer may still come
    first = order.intended.at + (step.core.terms.patience if own else timedelta(0))
    due = asking.looks.get(key, max(first, order.cancel_asked or first))
    if due <= step.now:
        look_at_once(step, order)
    else:
        step.then(Wake(at=due))


# ---- the log -----------------------------------------------------------------------------------
def log_read(step: Step, event: LogRead) -> None:
    """Book a page, and go on until there is no more."""
    asking, page = step.core.asking, event.page
    if page is None:
        asking.log, asking.log_wanted = None, True
        asking.log_again = step.now + step.core.terms.retry
        step.then(Wake(at=asking.log_again))
        return
    for fact in page.facts:
        hearing.hear(step, fact)
    if page.next != step.state.cursor:
        step.record(ReadTo(cursor=page.next))
    if page.gap_until is not None:
        asking.snapshot_wanted = True
        step.notice(
            "log_gap", text=f"the venue tells nothing before {page.gap_until:%Y-%m-%d %H:%M}"
        )
    if page.more:
        step.then(ReadLog(after=page.next, instruments=_instruments(step)))
        return
    asking.complete, asking.log = asking.log, None
    _settle_what_waits(step)
    if asking.found is not None:
        _compare_if_quiet(step)
    elif asking.snapshot is None and (asking.snapshot_wanted or _check_is_due(step)):
        asking.checked = step.now
        asking.snapshot, asking.snapshot_wanted, asking.brought = step.now, False, set()
        step.then(ReadSnapshot(instruments=_instruments(step)))


def _check_is_due(step: Step) -> bool:
    checked = step.core.asking.checked
    return checked is not None and step.now - checked >= step.core.terms.check


def _settle_what_waits(step: Step) -> None:
    core, complete = step.core, step.core.asking.complete
    assert core.capabilities is not None
    for key, since in list(core.waiting.items()):
        order = step.state.orders[key]
        if order.pending and core.undoable(final=False):
            continue
        if complete is None or complete < since:
            core.asking.log_wanted = True
            continue
        lag = core.capabilities.read_lag
        missing = order.owed is not None and order.booked < order.owed
        filled = order.stands is not None and order.stands.state is State.FILLED
        if complete - since > lag and not missing and not filled:
            hearing.end(step, order)
            continue
        if complete - since > core.capabilities.outcome_bound:
            instrument = order.ticket.instrument
            if instrument not in core.halted:
                core.halted[instrument] = f"order {key}: the venue shows less fills than it told"
                step.notice("halted", instrument, core.halted[instrument])


# ---- snapshots ---------------------------------------------------------------------------------
def snapshot_read(step: Step, event: SnapshotRead) -> None:
    """Keep a snapshot until the log after it is read: only then it can be compared."""
    asking = step.core.asking
    asking.snapshot = None
    if event.snapshot is None:
        asking.snapshot_wanted = asking.log_wanted = True
        asking.log_again = step.now + step.core.terms.retry
        return
    asking.found, asking.follows, asking.log_wanted = event, False, True
    for fact in event.snapshot.facts:
        if isinstance(fact, OrderFact):
            hearing.hear(step, fact)


def _compare_if_quiet(step: Step) -> None:
    asking = step.core.asking
    found = asking.found
    assert found is not None
    assert found.snapshot is not None
    if not asking.follows:  # this read of the log was begun before the snapshot came
        asking.log_wanted = True
        return
    asking.found = None
    whole = frozenset(Part) <= found.snapshot.parts or step.core.ready
    if not whole or (asking.brought and step.state.baseline is None):
        _snapshot_again(step, pause=not whole)
        return
    if step.state.baseline is None:
        _open(step, found.snapshot)
    _compare(step, found.snapshot)
    _missing_orders(step, found.snapshot)
    if asking.brought & set(_instruments(step)):
        _snapshot_again(step, pause=False)
    if not step.core.ready and not asking.snapshot_wanted:
        step.core.ready = True
        step.notice("ready")


def _snapshot_again(step: Step, *, pause: bool) -> None:
    asking, core = step.core.asking, step.core
    assert core.capabilities is not None
    asking.snapshot_wanted = asking.log_wanted = True
    if pause:
        asking.log_again = step.now + max(core.terms.retry, core.capabilities.read_lag)


def _open(step: Step, snapshot: Snapshot) -> None:
    """Take as given what the account holds, less what is in the books already."""
    books = step.state.books
    ours = {place: one.qty for place, one in books.positions().items()}
    theirs = {
        (fact.instrument, fact.bucket): fact
        for fact in snapshot.facts
        if isinstance(fact, BucketFact)
    }
    for place in sorted({*ours, *theirs}):
        fact = theirs.get(place)
        qty = (fact.qty if fact else Decimal(0)) - ours.get(place, Decimal(0))
        if qty:
            price = fact.price if fact else None
            step.record(
                Opened(instrument=place[0], bucket=place[1], qty=qty, price=price, at=snapshot.at)
            )
    for one in snapshot.facts:
        if isinstance(one, BalanceFact):
            before = one.total - books.balances().get(one.asset, Decimal(0))
            step.record(OpeningCash(asset=one.asset, total=before, at=snapshot.at))
    step.record(Baseline(at=step.now))


def _compare(step: Step, snapshot: Snapshot) -> None:
    if Part.BUCKETS not in snapshot.parts:
        return
    core = step.core
    ours = {place: one.qty for place, one in step.state.books.positions().items()}
    theirs = {
        (fact.instrument, fact.bucket): fact.qty
        for fact in snapshot.facts
        if isinstance(fact, BucketFact)
    }
    for instrument in _instruments(step):
        if instrument in core.asking.brought:
            continue
        places = sorted({place for place in (*ours, *theirs) if place[0] == instrument})
        off = {
            place: theirs.get(place, Decimal(0)) - ours.get(place, Decimal(0)) for place in places
        }
        if not any(off.values()):
            core.asking.differed.pop(instrument, None)
            continue
        times = core.asking.differed[instrument] = core.asking.differed.get(instrument, 0) + 1
        if times < _PATIENCE_WITH_DIFFERENCES:
            _snapshot_again(step, pause=True)
        elif core.terms.unknown_position == "adopt":
            for (name, bucket), qty in off.items():
                if qty:
                    step.record(
                        Opened(
                            instrument=name, bucket=bucket, qty=qty, price=None, at=snapshot.at,
                            why="adopted",
                        )
                    )  # fmt: skip
        elif core.terms.unknown_position == "halt" and instrument not in core.halted:
            text = ", ".join(f"{bucket}: {qty:+f}" for (_, bucket), qty in off.items() if qty)
            core.halted[instrument] = f"the venue holds other than the books ({text})"
            step.notice("halted", instrument, core.halted[instrument])


def _missing_orders(step: Step, snapshot: Snapshot) -> None:
    """Look up what should be open and is not shown."""
    if Part.ORDERS not in snapshot.parts:
        return
    shown = {
        order.key
        for fact in snapshot.facts
        if isinstance(fact, OrderFact)
        and (order := step.state.find(fact.key, fact.refs)) is not None
    }
    for order in step.state.open_orders():
        if order.key not in shown and order.known:
            look_at_once(step, order)


def _instruments(step: Step) -> tuple[str, ...]:
    """Return everything that the account has traded or may."""
    names = dict.fromkeys(step.core.terms.instruments)
    names.update(dict.fromkeys(order.ticket.instrument for order in step.state.orders.values()))
    names.update(dict.fromkeys(row.instrument for row in step.state.books.rows.values()))
    return tuple(names)
