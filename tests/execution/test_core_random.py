"""A venue that is slow, forgetful and repeats itself: after all of it the books are its truth."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from atms.execution.core.core import Core, Terms
from atms.execution.core.events import (
    Connected,
    Event,
    Heard,
    Instruction,
    LogRead,
    Look,
    LookedUp,
    Persist,
    Prepare,
    ReadLog,
    ReadSnapshot,
    Ready,
    Sent,
    SnapshotRead,
    TellAccount,
    TellFill,
    TellOrder,
    Tick,
    Transmit,
    Wake,
    Wish,
    WishCancel,
    Wishes,
)
from atms.execution.core.records import Baseline, Record, decode, encode
from atms.stores.facts import (
    BalanceFact,
    BucketFact,
    Fact,
    Fee,
    FillFact,
    FillFinal,
    FillVoid,
    OrderFact,
    Page,
    Part,
    Snapshot,
    State,
)
from atms.stores.outcomes import (
    Acked,
    Found,
    Looked,
    Never,
    NotSeen,
    NotSent,
    Outcome,
    Reason,
    Refused,
    Unknown,
)
from atms.stores.requests import Cancel, Place, Prepared, Ticket
from tests.execution.core_world import (
    ALL,
    BEGAN,
    BTC,
    ETH,
    LAG,
    TERMINAL,
    dec,
    instrument,
    manners,
    ticket,
)

SEEDS = 500
WILD = 40  # seconds in which everything goes wrong
END = 160
ENDS = {State.FILLED: "filled", State.CANCELED: "canceled", State.EXPIRED: "expired"}
_NAMES = (BTC, ETH)


def after(seconds: float) -> timedelta:
    """Return a time of so many seconds."""
    return timedelta(seconds=seconds)


@dataclass
class Stands:
    """An order as the venue has it."""

    ticket: Ticket
    names: frozenset[str]
    since: datetime
    state: State = State.WORKING
    filled: Decimal = Decimal(0)


@dataclass
class Venue:
    """The truth: orders, and a log of executions and their changes.

    Attributes:
        log: when a fact may be read first, and the fact.
        made: how many orders were made of a key.
        gone: keys of which no order can be made any more.
    """

    dice: random.Random
    undoes: bool
    orders: dict[str, Stands] = field(default_factory=dict)
    log: list[tuple[datetime, Fact]] = field(default_factory=list)
    rows: dict[str, FillFact] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    opening: dict[str, Decimal] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def place(self, wanted: Ticket, now: datetime) -> None:
        """Take an order; the same bytes once more make no second one."""
        if wanted.key in self.orders:
            return
        self.made[wanted.key] += 1
        names = frozenset({f"id:{wanted.key}", f"perm:{len(self.orders)}"})
        self.orders[wanted.key] = Stands(wanted, names, now)

    def fact(self, order: Stands, now: datetime, via: str = "stream") -> OrderFact:
        """Return where an order stands; its sum and our key are not always told."""
        sure = self.dice.random() < 0.7
        told = order.filled if self.dice.random() < 0.6 else None
        return OrderFact(
            at=now, via=via, key=order.ticket.key if sure else None, refs=order.names,  # type: ignore[arg-type]
            instrument=order.ticket.instrument, state=order.state, filled=told,
        )  # fmt: skip

    def fill(self, order: Stands, qty: Decimal, now: datetime) -> list[Fact]:
        """Let a part of an order trade."""
        order.filled += qty
        if order.filled == order.ticket.qty:
            order.state = State.FILLED
        row = FillFact(
            at=now, via="stream", exec=f"e{len(self.rows)}", version=1,
            key=order.ticket.key if self.dice.random() < 0.5 else None,
            refs=frozenset(self.dice.sample(sorted(order.names), 1)),
            instrument=order.ticket.instrument, bucket="net", side=order.ticket.side, qty=qty,
            price=dec(self.dice.randint(90, 110)), final=not self.undoes,
            fees=(Fee(asset="USD", amount=dec("0.1")),),
        )  # fmt: skip
        return self._write(row, now)

    def change(self, exec_: str, now: datetime) -> list[Fact]:
        """Correct an execution's price, or undo it and make it again."""
        row = self.rows[exec_]
        price = dec(self.dice.randint(90, 110))
        new = replace(row, version=row.version + 1, price=price, at=now)
        if self.dice.random() < 0.5:
            void = FillVoid(at=now, exec=exec_, version=row.version, why="reorg")
            return [*self._write(void, now), *self._write(new, now)]
        return self._write(new, now)

    def finish(self, now: datetime) -> list[Fact]:
        """Let every execution be final."""
        facts: list[Fact] = []
        for row in self.rows.values():
            if self.undoes:
                facts += self._write(FillFinal(at=now, exec=row.exec, version=row.version), now)
        return facts

    def _write(self, fact: Fact, now: datetime) -> list[Fact]:
        if isinstance(fact, FillFact):
            self.rows[fact.exec] = fact
        shown = now + after(self.dice.uniform(0, LAG * 0.9))
        last = self.log[-1][0] if self.log else BEGAN
        self.log.append((max(shown, last), fact))
        return [fact]

    def page(self, cursor: str | None, now: datetime) -> Page:
        """Return the next part of the log that is shown by now."""
        start = int(cursor) if cursor is not None else len(self.log)
        shown = [fact for at, fact in self.log[start:] if at <= now]
        size = self.dice.randint(1, 4)
        end = start + len(shown[:size])
        return Page(facts=tuple(shown[:size]), next=str(end), more=len(shown) > size)

    def look(self, key: str, now: datetime) -> Looked:
        """Return an order, unless it is too young to be seen."""
        order = self.orders.get(key)
        if key in self.gone:
            return Never(proof="something else took its place")
        if order is None or now - order.since < after(self.dice.uniform(0, LAG * 0.9)):
            return NotSeen(at=now)
        fact = replace(self.fact(order, now, "poll"), key=key)
        return Found(facts=(fact,))

    def held(self, name: str) -> Decimal:
        """Return the true position."""
        rows = [row for row in self.rows.values() if row.instrument == name]
        return sum((row.side * row.qty for row in rows), self.opening.get(name, dec(0)))

    def cash(self) -> Decimal:
        """Return the true cash."""
        spent = sum((row.side * row.qty * row.price for row in self.rows.values()), dec(0))
        return dec(1000) - spent - dec("0.1") * len(self.rows)

    def snapshot(self, now: datetime) -> Snapshot:
        """Return the truth as it stands."""
        facts: list[Fact] = [
            BucketFact(at=now, instrument=name, bucket="net", qty=self.held(name), price=dec(100))
            for name in _NAMES
        ]
        facts.append(BalanceFact(at=now, asset="USD", total=self.cash(), free=None))
        live = [order for order in self.orders.values() if order.state is State.WORKING]
        facts += [self.fact(order, now, "snapshot") for order in live]
        return Snapshot(at=now, cursor=None, parts=ALL, atomic=False, facts=tuple(facts))


class Run:
    """One seed: a venue, a core that is killed now and then, and everything between them."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = BEGAN
        self.undoes = self.dice.random() < 0.3
        self.repeatable = self.dice.random() < 0.2
        self.venue = Venue(self.dice, self.undoes)
        self.venue.opening = {BTC: dec(self.dice.choice([0, 3]))}
        self.manners = manners(finality=after(60) if self.undoes else None)
        self.durable: list[Record] = []
        self.queue: list[tuple[datetime, int, int | None, Any]] = []
        self.epoch = self.count = self.tag = 0
        self.sent: Counter[str] = Counter()
        self.told: Counter[tuple[str, str]] = Counter()
        self.heard: Counter[str] = Counter()
        self.rows_then: dict[str, Decimal] = {}
        self.dead = False
        self.wake: datetime | None = None
        self.begin()

    @property
    def wild(self) -> bool:
        """Whether anything may still go wrong."""
        return self.now < BEGAN + after(WILD)

    def chance(self, share: float) -> bool:
        """Throw dice, which are kind at the end."""
        return self.wild and self.dice.random() < share

    def begin(self) -> None:
        """Begin a process from what is durable."""
        self.epoch += 1
        self.dead = False
        self.told.clear()
        self.heard.clear()
        records = [decode(encode(one)) for one in self.durable]
        began = any(isinstance(one, Baseline) for one in records)
        policy = "halt" if began else "adopt"  # what comes later than the opening is a mistake
        terms = Terms(journal="j", instruments=_NAMES, unknown_position=policy)
        self.core = Core(terms, records)
        self.wake = None
        self.carry_out(self.core.start(self.epoch, self.now))
        both = tuple(instrument(name) for name in _NAMES)
        self.feed(Connected(capabilities=self.manners, instruments=both))

    def at(
        self, seconds: float, what: Any, *, world: bool = False, epoch: int | None = None
    ) -> None:
        """Have something happen later: to a process, or to the world whoever lives then."""
        self.count += 1
        due = self.now + after(seconds)
        whose = None if world else epoch or self.epoch
        heapq.heappush(self.queue, (due, self.count, whose, what))

    def delay(self) -> float:
        """Return how long a message travels."""
        return self.dice.choice([0.01, 0.1, 0.5, 1.5]) if self.wild else 0.05

    def feed(self, event: Event) -> None:
        """Give the core an event, and carry out what it wants, as far as it lives."""
        self.carry_out(self.core.handle(event, self.now))

    def carry_out(self, instructions: list[Instruction]) -> None:
        """Do what is wanted, or die in the middle of it."""
        dies = self.dice.randrange(len(instructions) + 1) if self.chance(0.01) else None
        for number, one in enumerate(instructions):
            if number == dies:
                self.dead = True
                self.epoch += 1  # nothing that was on its way reaches anybody
                self.at(self.dice.uniform(0, 5), self.begin, world=True)
                return
            self.do(one)

    def do(self, one: Instruction) -> None:
        """Carry out one instruction."""
        match one:
            case Persist(records=records):
                self.durable += records
            case Prepare(requests=requests):
                results = tuple(self.prepared(request) for request in requests)
                self.at(self.delay(), Ready(results=results))
            case Transmit(prepared=prepared):
                self.transmit(prepared)
            case Look(key=key):
                self.at(self.delay(), partial(self.look, key))
            case ReadLog(after=cursor):
                self.at(self.delay(), partial(self.log, cursor, self.now))
            case ReadSnapshot():
                self.at(self.delay(), partial(self.snapshot, self.now))
            case Wake(at=at):
                self.wake = at
                self.at((at - self.now).total_seconds(), partial(self.tick, at))
            case TellOrder(key=key, status=status, fills=fills):
                self.told[key, status] += 1
                for row in fills:
                    self.heard[row.instrument] += row.side * row.qty  # type: ignore[assignment]
            case TellAccount(what="ready"):  # how things stand was told whole just before
                self.rows_then = {name: rows(self.core, name) for name in _NAMES}
                self.heard.clear()
            case TellFill(row=row, sign=sign):
                self.heard[row.instrument] += sign * row.side * row.qty  # type: ignore[assignment]

    def prepared(self, request: Any) -> tuple[Any, Prepared | None, str]:
        """Prepare a request."""
        if self.chance(0.1):
            return request, None, "unreachable"
        again = self.repeatable and isinstance(request, Place)
        made = Prepared(request=request, payload=b"x" if again else b"", repeatable=again)
        return request, made, ""

    def tick(self, at: datetime) -> None:
        """Wake the core, if it wants it still."""
        if self.wake == at:
            self.feed(Tick())

    # ---- the venue's answers -------------------------------------------------------------------
    def transmit(self, prepared: Prepared) -> None:
        """Bring a request to the venue, or not; and its answer back, or not."""
        request = prepared.request
        if isinstance(request, Place):
            self.sent.update(one.key for one in request.tickets)
        luck = self.dice.random() if self.wild else 1.0
        if luck < 0.1:
            self.at(self.delay(), Sent(prepared=prepared, outcome=NotSent(why="no line")))
        elif luck < 0.2:
            self.at(self.delay(), Sent(prepared=prepared, outcome=Unknown(why="lost")))
        elif luck < 0.4:  # it arrives late, and nobody hears of it
            self.at(self.dice.uniform(0, 3), partial(self.arrives, prepared, None), world=True)
            self.at(self.delay(), Sent(prepared=prepared, outcome=Unknown(why="timeout")))
        else:
            self.at(self.delay(), partial(self.arrives, prepared, self.epoch), world=True)

    def arrives(self, prepared: Prepared, answers: int | None) -> None:
        """Let the venue take a request, and answer a process."""
        request, outcome = prepared.request, None
        if isinstance(request, Place):
            outcome = self.takes(request)
        elif isinstance(request, Cancel):
            outcome = self.cancels(request.key)
        if answers is not None and outcome is not None:
            self.at(self.delay(), Sent(prepared=prepared, outcome=outcome), epoch=answers)

    def takes(self, request: Place) -> Outcome:
        """Let the venue take an order, or refuse it."""
        (wanted,) = request.tickets
        if wanted.key in self.venue.gone:
            return Refused(code="taken", reason=Reason.OTHER)
        if wanted.key not in self.venue.orders and self.chance(0.1) and not self.repeatable:
            return Refused(code="-1", reason=self.dice.choice([Reason.FUNDS, Reason.FILTER]))
        self.venue.place(wanted, self.now)
        order = self.venue.orders[wanted.key]
        self.tell(self.venue.fact(order, self.now))
        for _ in range(self.dice.randint(0, 3)):
            later = self.dice.random() * self.dice.choice([0.1, 3, 20])
            self.at(later, partial(self.trades, order), world=True)
        named = tuple((wanted.key, name) for name in sorted(order.names))
        return Acked(refs=named)

    def cancels(self, key: str) -> Outcome:
        """Let the venue cancel an order, or refuse that."""
        order = self.venue.orders.get(key)
        if order is None and self.repeatable:
            self.venue.gone.add(key)  # its bytes can no longer make an order
            return Acked(refs=())
        if order is None or order.state is not State.WORKING or self.chance(0.2):
            return Refused(code="-2011", reason=Reason.NOT_OPEN)
        order.state = State.CANCELED
        self.tell(self.venue.fact(order, self.now))
        return Acked(refs=())

    def trades(self, order: Stands) -> None:
        """Let a part of an order trade, or what traded change."""
        if self.chance(0.2) and self.venue.rows:
            facts = self.venue.change(self.dice.choice(sorted(self.venue.rows)), self.now)
        elif order.state is not State.WORKING:
            return
        else:
            rest = order.ticket.qty - order.filled
            qty = min(rest, dec(self.dice.randint(1, 10)))
            facts = self.venue.fill(order, qty, self.now)
        self.dice.shuffle(facts)
        for fact in (*facts, self.venue.fact(order, self.now)):
            self.tell(fact)

    def tell(self, fact: Fact) -> None:
        """Bring a fact by the stream: late, twice, or never."""
        if self.chance(0.3):
            return
        for _ in range(2 if self.chance(0.3) else 1):
            self.at(self.delay(), Heard(fact=fact))

    def look(self, key: str) -> None:
        """Answer a look-up."""
        looked = None if self.chance(0.2) else self.venue.look(key, self.now)
        self.at(self.delay(), LookedUp(key=key, asked=self.now, looked=looked))

    def log(self, cursor: str | None, asked: datetime) -> None:
        """Answer a read of the log."""
        page = None if self.chance(0.2) else self.venue.page(cursor, self.now)
        self.at(self.delay(), LogRead(asked=asked, page=page))

    def snapshot(self, asked: datetime) -> None:
        """Answer with the account as it stands."""
        found = None if self.chance(0.2) else self.venue.snapshot(self.now)
        if found is not None and self.chance(0.2):
            found = replace(found, parts=frozenset({Part.ORDERS}), facts=())
        self.at(self.delay(), SnapshotRead(asked=asked, snapshot=found))

    # ---- the strategy ----------------------------------------------------------------------------
    def wishes(self) -> None:
        """Want something, if anybody is there to want it."""
        if self.dead:
            return
        self.tag += 1
        open_ = [order.key for order in self.core.state.orders.values() if order.closed is None]
        if open_ and self.dice.random() < 0.4:
            self.feed(WishCancel(key=self.dice.choice(open_)))
            return
        wanted = ticket(instrument=self.dice.choice(_NAMES), side=self.dice.choice([1, -1]))
        self.feed(Wishes(wishes=(Wish(tickets=(wanted,), tags=(self.tag,)),)))

    def settle_everything(self) -> None:
        """Cancel what still stands at the venue, and let every execution be final."""
        for order in self.venue.orders.values():
            if order.state is State.WORKING:
                order.state = State.EXPIRED
                if self.dice.random() < 0.5:  # else the stream looks well, and drops it
                    self.tell(self.venue.fact(order, self.now))
        for fact in self.venue.finish(self.now):
            self.tell(fact)

    def through(self) -> Run:
        """Run to the end; return self."""
        for _ in range(14):
            self.at(self.dice.uniform(3, WILD), self.wishes, world=True)
        self.at(WILD + 30, self.settle_everything, world=True)
        while self.queue and self.queue[0][0] <= BEGAN + after(END):
            self.now, _, epoch, what = heapq.heappop(self.queue)
            if epoch is not None and (self.dead or epoch != self.epoch):
                continue  # it was for a process that is gone
            if callable(what):
                what()
            else:
                self.feed(what)
        return self


def check_books(run: Run, *, cash: bool = True) -> None:
    """Compare positions, cash and what the strategy heard with the truth."""
    core, venue = run.core, run.venue
    assert core.ready
    assert not core.halted
    for name in _NAMES:
        assert core.state.books.qty(name) == venue.held(name)
        assert run.rows_then[name] + run.heard[name] == rows(core, name)
    assert not cash or core.state.books.cash["USD"] == venue.cash()


def check_orders(run: Run) -> None:
    """Compare every order's end with the truth, and how often it was sent and told."""
    for key, order in run.core.state.orders.items():
        truth = run.venue.orders.get(key)
        assert order.closed is not None, key
        if truth is None:
            assert order.closed.how in ("not_placed", "not_sent", "refused", "canceled")
            assert not order.booked
        else:
            assert order.closed.how == ENDS[truth.state]
            assert order.booked == truth.filled
    assert all(made == 1 for made in run.venue.made.values())
    if not run.repeatable:
        assert all(count == 1 for count in run.sent.values())
    assert set(run.sent) <= set(run.core.state.orders)


def check_telling(run: Run) -> None:
    """Check that nothing was told twice."""
    for (key, status), count in run.told.items():
        assert count == 1 or status == "partial" or not key, (key, status)
    ends = Counter(key for key, status in run.told if key and status in TERMINAL)
    assert all(count == 1 for count in ends.values())


def rows(core: Core, name: str) -> Decimal:
    """Return what executions alone make of a position."""
    opened = sum((one.qty for one in core.state.books.openings if one.instrument == name), dec(0))
    return core.state.books.qty(name) - opened


@pytest.mark.parametrize("part", range(10))
def test_whatever_a_venue_does_the_end_is_its_truth(part: int) -> None:
    for seed in range(part * SEEDS // 10, (part + 1) * SEEDS // 10):
        run = Run(seed).through()
        try:
            check_books(run)
            check_orders(run)
            check_telling(run)
            again = Core(run.core.terms, run.durable)
            assert again.state.digest() == run.core.state.digest()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_the_dice_bring_everything_about() -> None:
    """A test of random events proves nothing of what never happens in it."""
    runs = [Run(seed).through() for seed in range(60)]
    ends = Counter(
        one.closed.how for run in runs for one in run.core.state.orders.values() if one.closed
    )
    assert set(ends) >= {"filled", "canceled", "expired", "refused", "not_placed", "not_sent"}
    kinds = Counter(type(one).__name__ for run in runs for one in run.durable)
    assert set(kinds) >= {"Reversed", "Finalised", "CancelAsked", "Named", "Booked", "Started"}
    assert sum(run.epoch > 2 for run in runs) > 10
    assert sum(run.repeatable and max(run.sent.values(), default=0) > 1 for run in runs) > 2


def test_a_seed_gives_the_same_run_again() -> None:
    one, two = Run(7).through(), Run(7).through()
    assert one.durable == two.durable
    assert one.core.state.digest() == two.core.state.digest()
