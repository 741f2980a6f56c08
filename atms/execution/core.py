"""An account's core: (event, now) -> instructions. No I/O, no clock, no randomness.

What must survive is a record and changes the state only by being applied; what is kept here beside
the state is of this process alone and is made anew after a restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from atms.execution import hearing, resolving
from atms.execution.events import (
    Connected,
    Event,
    Heard,
    Instruction,
    LogRead,
    LookedUp,
    Persist,
    Prepare,
    Ready,
    Sent,
    SnapshotRead,
    TellAccount,
    TellOrder,
    Tick,
    Transmit,
    Wake,
    WishCancel,
    Wishes,
)
from atms.execution.orders import OrderState
from atms.execution.records import (
    Answered,
    CancelAsked,
    Intended,
    Record,
    Started,
)
from atms.execution.state import AccountState
from atms.stores.capabilities import Capabilities
from atms.stores.market import Instrument
from atms.stores.outcomes import Acked, NotSent, Reason, Refused, Unknown
from atms.stores.requests import Cancel, Key, Place, Prepared, Request, Ticket


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How an account is run.

    Attributes:
        journal: the journal's id, which our keys begin with.
        instruments: what may be traded.
        poll: how often the log is read though the stream is well.
        retry: how long to wait before a venue is asked the same again.
        check: how often a snapshot is taken though nothing asks for one: a stream that looks well
            may have dropped an order's end.
        patience: how long a sent order may stay without an answer before it is asked for.
        unknown_position: what becomes of a position that the journal does not explain.
    """

    journal: str
    instruments: tuple[str, ...]
    poll: timedelta = timedelta(seconds=5)
    retry: timedelta = timedelta(seconds=1)
    check: timedelta = timedelta(seconds=30)
    patience: timedelta = timedelta(seconds=2)
    unknown_position: str = "halt"


@dataclass
class Asking:
    """What is being asked of the venue, and when it was last.

    Attributes:
        log: when the running read of the log was begun; None: none is running.
        log_wanted: whether another should follow.
        complete: when the last whole read of the log was begun.
        brought: what was booked on since the snapshot was asked for: instruments and assets.
        snapshot: when a snapshot was asked for, and is not here yet.
        checked: when the last snapshot was asked for.
        found: a snapshot that is to be compared; *follows*: a read of the log was begun after it.
        looks: key -> when it may be asked for again.
        running: keys that are being asked for.
        again: key -> when its bytes were last sent again.
        differed: instrument -> how many comparisons in a row it differed.
    """

    log: datetime | None = None
    log_wanted: bool = False
    log_again: datetime | None = None
    complete: datetime | None = None
    brought: set[str] = field(default_factory=set)
    snapshot: datetime | None = None
    snapshot_wanted: bool = True
    checked: datetime | None = None
    found: SnapshotRead | None = None
    follows: bool = False
    looks: dict[Key, datetime] = field(default_factory=dict)
    running: set[Key] = field(default_factory=set)
    again: dict[Key, datetime] = field(default_factory=dict)
    differed: dict[str, int] = field(default_factory=dict)


class Core:
    """One account.

    Args:
        terms: how it is run.
        records: what its journal holds already.

    Attributes:
        state: what the journal holds, applied.
        ready: whether start-up is over.
        halted: instrument -> why it takes no orders but those that reduce.
    """

    def __init__(self, terms: Terms, records: Iterable[Record] = ()) -> None:
        self.terms = terms
        self.state = AccountState()
        for record in records:
            self.state.apply(record)
        self.ready = False
        self.halted: dict[str, str] = {}
        self.capabilities: Capabilities | None = None
        self.instruments: dict[str, Instrument] = {}
        self.asking = Asking()
        self.tags: dict[Key, int] = {}
        self.told: dict[Key, str] = {}  # the last status that was told
        self.waiting: dict[Key, datetime] = {}  # over, and not all of its fills are booked
        self.untold: dict[Key, list[str]] = {}  # executions that the strategy has not heard of
        self.hushed: set[str] = set()  # executions that are not told before they are final
        self.owners: dict[Key, str] = {}  # of orders that are being prepared
        self.began: datetime | None = None
        self.noticed: set[str] = set()  # names of foreign orders that were told
        self._made = 0

    def start(self, epoch: int, now: datetime) -> list[Instruction]:
        """Begin: what is open in the journal is unknown until the venue has told."""
        step = Step(self, now)
        step.record(Started(epoch=epoch, at=now))
        self.began = now
        for order in self.state.open_orders():
            if order.over:
                self.waiting[order.key] = now
        return step.done()

    def handle(self, event: Event, now: datetime) -> list[Instruction]:
        """Take an event in, and return what is to be done, in this order."""
        step = Step(self, now)
        match event:
            case Wishes():
                _wish(step, event)
            case WishCancel():
                _wish_cancel(step, event.key)
            case Ready():
                _ready(step, event)
            case Sent():
                _sent(step, event)
            case Heard():
                hearing.hear(step, event.fact)
            case LookedUp():
                resolving.looked_up(step, event)
            case LogRead():
                resolving.log_read(step, event)
            case SnapshotRead():
                resolving.snapshot_read(step, event)
            case Connected():
                self.capabilities = event.capabilities
                self.instruments = {found.id: found for found in event.instruments}
                self.asking.log_wanted = True
            case Tick():
                pass
        resolving.ask_what_is_due(step)
        return step.done()

    def frozen(self, instrument: str) -> OrderState | None:
        """Return an order of which nobody knows whether it stands, if there is one."""
        for order in self.state.open_orders():
            if order.ticket.instrument == instrument and order.unresolved:
                answered = order.answered
                if order.key not in self.tags or (answered and answered.outcome == "unknown"):
                    return order
        return None

    def undoable(self, final: bool) -> bool:
        """Return whether a fill, which is final or not, may still be undone by this venue."""
        return (
            not final and self.capabilities is not None and self.capabilities.finality is not None
        )

    def new_key(self) -> Key:
        """Return a key that no order has had."""
        self._made += 1
        return f"{self.terms.journal}-{self.state.epoch}-{self._made}"


class Step:
    """What one event brings: records are applied at once and made durable before all else."""

    def __init__(self, core: Core, now: datetime) -> None:
        self.core = core
        self.state = core.state
        self.now = now
        self._records: list[Record] = []
        self._instructions: list[Instruction] = []

    def record(self, *records: Record) -> None:
        """Change the state."""
        for record in records:
            self.state.apply(record)
            self._records.append(record)

    def then(self, *instructions: Instruction) -> None:
        """Have something done after the records are durable."""
        self._instructions += instructions

    def tell(self, order: OrderState, status: str, code: str = "", why: str = "") -> None:
        """Tell the strategy of an order, with the executions that it has not heard of."""
        core, key = self.core, order.key
        rows = self.state.books.rows
        names = () if status in ("submitted", "accepted") else core.untold.pop(key, ())
        fills = tuple(rows[name] for name in names if name in rows)
        core.told[key] = status
        self.then(
            TellOrder(
                key=key, tag=core.tags.get(key), status=status,  # type: ignore[arg-type]
                code=code, why=why, fills=fills,
            )
        )  # fmt: skip

    def notice(self, what: str, instrument: str | None = None, text: str = "") -> None:
        """Tell the operator."""
        self.then(TellAccount(what=what, instrument=instrument, text=text))

    def done(self) -> list[Instruction]:
        """Return everything, the records first."""
        first = [Persist(records=tuple(self._records))] if self._records else []
        wakes = [one.at for one in self._instructions if isinstance(one, Wake)]
        rest = [one for one in self._instructions if not isinstance(one, Wake)]
        return [*first, *rest, *([Wake(at=min(wakes))] if wakes else [])]


# ---- wishes ------------------------------------------------------------------------------------
def _wish(step: Step, event: Wishes) -> None:
    requests: list[Request] = []
    for wish in event.wishes:
        code, why = _refusal(step.core, wish.tickets)
        if code:
            for tag in wish.tags:
                step.then(TellOrder(key="", tag=tag, status="rejected", code=code, why=why))
            continue
        tickets = tuple(replace(ticket, key=step.core.new_key()) for ticket in wish.tickets)
        for ticket, tag in zip(tickets, wish.tags, strict=True):
            step.core.tags[ticket.key] = tag
            step.core.owners[ticket.key] = wish.owner
        requests.append(Place(tickets=tickets, link=wish.link))  # type: ignore[arg-type]
    if requests:
        step.then(Prepare(requests=tuple(requests)))


def _refusal(core: Core, tickets: tuple[Ticket, ...]) -> tuple[str, str]:
    """Return why a group is refused, a code and words; empty ones if it is not."""
    if not core.ready:
        return "NOT_READY", "the account is still being reconciled"
    for ticket in tickets:
        if ticket.instrument not in core.instruments:
            return "UNKNOWN_INSTRUMENT", f"the venue does not trade {ticket.instrument}"
        if ticket.reduces:
            continue
        if ticket.instrument in core.halted:
            return "HALTED", core.halted[ticket.instrument]
        unknown = core.frozen(ticket.instrument)
        if unknown is not None:
            return "FROZEN", f"nobody knows yet whether order {unknown.key} stands"
    return "", ""


def _wish_cancel(step: Step, key: Key) -> None:
    order = step.state.orders.get(key)
    if order is None or not order.live or order.over:
        return  # what is over will be told, or was
    refs = frozenset(order.names)
    step.then(Prepare(requests=(Cancel(key=key, refs=refs),)))


def _ready(step: Step, event: Ready) -> None:
    for request, prepared, why in event.results:
        if isinstance(request, Cancel):
            order = step.state.orders[request.key]
            if not order.live:
                continue
            step.record(CancelAsked(key=request.key, at=step.now))
            if prepared is not None:
                step.then(Transmit(prepared=prepared))
            else:  # it is asked for, and prepared again while it stands
                step.core.asking.looks[request.key] = step.now + step.core.terms.retry
        elif isinstance(request, Place):
            _ready_to_place(step, request, prepared, why)


def _ready_to_place(step: Step, request: Place, prepared: Prepared | None, why: str) -> None:
    core = step.core
    owners = {ticket.key: core.owners.pop(ticket.key, "") for ticket in request.tickets}
    code = "NOT_SENT"
    if prepared is not None:
        code, why = _refusal(core, request.tickets)  # what was learned while it was prepared
    if prepared is None or code:
        for ticket in request.tickets:
            tag = core.tags.get(ticket.key)
            step.then(TellOrder(key=ticket.key, tag=tag, status="rejected", code=code, why=why))
        return
    names: dict[Key, tuple[str, ...]] = {}
    for key, name in prepared.refs:
        names[key] = (*names.get(key, ()), name)
    for ticket in request.tickets:
        step.record(
            Intended(
                ticket=ticket, at=step.now, epoch=step.state.epoch, group=request.tickets[0].key,
                link=request.link, names=names.get(ticket.key, ()), payload=prepared.payload,
                repeatable=prepared.repeatable, owner=owners[ticket.key],
            )
        )  # fmt: skip
        step.tell(step.state.orders[ticket.key], "submitted")
    step.then(Transmit(prepared=prepared))


# ---- answers -----------------------------------------------------------------------------------
def _sent(step: Step, event: Sent) -> None:
    request, outcome = event.prepared.request, event.outcome
    if isinstance(request, Cancel):
        _cancel_sent(step, request.key, event)
    elif isinstance(request, Place):
        for ticket in request.tickets:
            _place_sent(step, step.state.orders[ticket.key], event)
    for fact in getattr(outcome, "facts", ()):
        hearing.hear(step, fact)


def _cancel_sent(step: Step, key: Key, event: Sent) -> None:
    """Whatever came of it, the order's own state decides: it is asked for until it is over."""
    later = step.now + step.core.terms.retry
    if isinstance(event.outcome, NotSent):
        step.core.asking.looks.setdefault(key, later)
        step.then(Wake(at=later))
    else:
        acked = isinstance(event.outcome, Acked)
        step.core.asking.looks[key] = later if acked else step.now


def _place_sent(step: Step, order: OrderState, event: Sent) -> None:
    outcome = event.outcome
    if isinstance(outcome, Acked):
        _acked(step, order, outcome)
    elif order.closed is not None:
        return
    elif isinstance(outcome, Refused | NotSent) and _proves(step.core, order, outcome):
        refused = isinstance(outcome, Refused)
        how = "refused" if refused else "not_sent"
        why = outcome.code if isinstance(outcome, Refused) else outcome.why
        reason = outcome.reason if isinstance(outcome, Refused) else None
        step.record(
            Answered(key=order.key, outcome=how, at=step.now, code=why, reason=reason)  # type: ignore[arg-type]
        )
        hearing.close(step, order, how, why, code=reason.name if reason else "")
    elif order.unresolved:
        _unanswered(step, order, getattr(outcome, "why", "") or getattr(outcome, "code", ""))
    elif not isinstance(outcome, Unknown):
        resolving.look_at_once(step, order)  # it was seen: the venue contradicts itself


def _acked(step: Step, order: OrderState, outcome: Acked) -> None:
    names = {name for owner, name in outcome.refs if owner == order.key}
    was = order.revived
    step.record(Answered(key=order.key, outcome="acked", at=step.now))
    if order.closed is None:
        hearing.accept(step, order)
    hearing.learn(step, order, names)
    hearing.tell_if_revived(step, order, was)


def _unanswered(step: Step, order: OrderState, why: str) -> None:
    first = order.answered is None
    step.record(Answered(key=order.key, outcome="unknown", at=step.now, code=why))
    step.core.asking.looks[order.key] = step.now
    if first:
        step.notice("frozen", order.ticket.instrument, f"order {order.key}: no answer: {why}")


def _proves(core: Core, order: OrderState, outcome: Refused | NotSent) -> bool:
    """Return whether an answer shows that the venue does not have the order.

    That a second sending failed says nothing of the first.
    """
    if order.stood or order.key in core.asking.again or order.key not in core.tags:
        return False
    return isinstance(outcome, NotSent) or outcome.reason is not Reason.DUPLICATE_KEY
