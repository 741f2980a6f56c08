"""One core with a clock set by hand: it is fed events, and what it wants done is collected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

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
    Wish,
    WishCancel,
    Wishes,
)
from atms.execution.core.orders import OrderState
from atms.execution.core.records import Record
from atms.stores.capabilities import Capabilities, KeyRule
from atms.stores.facts import Fact, FillFact, OrderFact, Page, Part, Snapshot, State
from atms.stores.market import Instrument
from atms.stores.outcomes import Acked, Found, Looked, NotSeen, Outcome
from atms.stores.requests import Cancel, Kind, Place, Prepared, Request, Ticket

T = TypeVar("T")
BEGAN = datetime(2024, 1, 2, 12, tzinfo=UTC)
LAG, BOUND = 2, 10  # seconds: the venue's read lag, and its outcome bound
BTC, ETH = "sim:BTC", "sim:ETH"
ALL = frozenset(Part)
TERMINAL = {"completed", "canceled", "expired", "margin", "rejected"}


def dec(value: float | str) -> Decimal:
    """Return a number as the order path has it."""
    return Decimal(str(value))


def instrument(name: str) -> Instrument:
    """Return something that is swapped for USD."""
    return Instrument(
        id=name, base=name.partition(":")[2], quote="USD", settle="USD", qty_step=dec("0.001"),
        min_qty=dec("0.001"), price_steps=((dec(0), dec("0.01")),),
    )  # fmt: skip


def manners(**others: Any) -> Capabilities:
    """Return a plain venue's capabilities."""
    values: dict[str, Any] = {
        "keys": KeyRule(max_len=36, alphabet="", unique="open", kinds=frozenset(Kind), lookup=True),
        "kinds": frozenset(Kind),
        "tifs": frozenset({"gtc"}),
        "read_lag": timedelta(seconds=LAG),
        "outcome_bound": timedelta(seconds=BOUND),
        "log": "contiguous",
        **others,
    }
    return Capabilities(**values)


def ticket(**others: Any) -> Ticket:
    """Return a wish for ten units at the market."""
    values: dict[str, Any] = {
        "key": "", "instrument": BTC, "side": 1, "qty": dec(10), "kind": Kind.MARKET, **others
    }  # fmt: skip
    return Ticket(**values)


class World:
    """A core, its clock, the records it made durable and everything that it wanted done.

    Args:
        records: what the journal holds already.
        capabilities: the venue's manners.
        terms: of the account, beside the usual ones.
    """

    def __init__(
        self, records: Iterable[Record] = (), capabilities: Capabilities | None = None, **terms: Any
    ) -> None:
        self.now = BEGAN
        self.durable: list[Record] = list(records)
        self.capabilities = capabilities or manners()
        self.terms = Terms(**{"journal": "j", "instruments": (BTC, ETH), **terms})
        self.epoch = 0
        self.done: list[Instruction] = []
        self.last: list[Instruction] = []
        self._tag = 0
        self.begin()

    def begin(self) -> None:
        """Have a process take the account: nothing but the records is left of the one before."""
        self.epoch += 1
        self.core = Core(self.terms, self.durable)
        self.done = []
        self._take(self.core.start(self.epoch, self.now))

    def connect(self) -> list[Instruction]:
        """Let the venue answer for the first time."""
        both = (instrument(BTC), instrument(ETH))
        return self.feed(Connected(capabilities=self.capabilities, instruments=both))

    def feed(self, event: Event) -> list[Instruction]:
        """Give the core an event; return what it wants done."""
        self._take(self.core.handle(event, self.now))
        return self.last

    def wait(self, seconds: float) -> list[Instruction]:
        """Let time pass, and wake the core once."""
        self.now += timedelta(seconds=seconds)
        return self.feed(Tick())

    def _take(self, instructions: list[Instruction]) -> None:
        self.last = instructions
        self.done += instructions
        for one in instructions:
            if isinstance(one, Persist):
                self.durable += one.records

    # ---- what was wanted -----------------------------------------------------------------------
    def every(self, kind: type[T]) -> list[T]:
        """Return all instructions of a kind since the process began."""
        return [one for one in self.done if isinstance(one, kind)]

    def lately(self, kind: type[T]) -> list[T]:
        """Return the instructions of a kind that the last event brought."""
        return [one for one in self.last if isinstance(one, kind)]

    def statuses(self, key: str) -> list[str]:
        """Return what the strategy was told of an order, in order."""
        return [one.status for one in self.every(TellOrder) if one.key == key]

    def heard(self, name: str = BTC) -> Decimal:
        """Return the position that the strategy knows from what it was told in this process."""
        rows = [(row, 1) for one in self.every(TellOrder) for row in one.fills]
        rows += [(one.row, one.sign) for one in self.every(TellFill)]
        return sum(
            (sign * row.side * row.qty for row, sign in rows if row.instrument == name), dec(0)
        )

    def notices(self, what: str) -> list[TellAccount]:
        """Return what the operator was told of a kind."""
        return [one for one in self.every(TellAccount) if one.what == what]

    def order(self, key: str) -> OrderState:
        """Return an order's state."""
        return self.core.state.orders[key]

    # ---- the account's log and snapshots ---------------------------------------------------------
    def page(self, *facts: Fact, **others: Any) -> list[Instruction]:
        """Answer a read of the log."""
        values: dict[str, Any] = {"next": "0", "more": False, **others}
        return self.feed(LogRead(asked=self.now, page=Page(facts=facts, **values)))

    def no_page(self) -> list[Instruction]:
        """Let a read of the log fail."""
        return self.feed(LogRead(asked=self.now, page=None))

    def snapshot(self, *facts: Fact, parts: frozenset[Part] = ALL) -> list[Instruction]:
        """Answer a snapshot."""
        found = Snapshot(at=self.now, cursor=None, parts=parts, atomic=False, facts=facts)
        return self.feed(SnapshotRead(asked=self.now, snapshot=found))

    def open(self, *facts: Fact) -> World:
        """Go through start-up with a venue that answers at once; return self."""
        self.connect()
        for _ in range(20):
            if self.core.ready:
                return self
            if self.lately(ReadSnapshot):
                self.snapshot(*facts)
            elif self.lately(ReadLog):
                self.page()
            else:
                self.wait(1)
        raise AssertionError(f"start-up did not end: {self.done[-5:]}")

    def read_log(self, *facts: Fact, **others: Any) -> list[Instruction]:
        """Let a whole read of the log be wanted, begin and end."""
        if self.core.asking.log is None:
            self.wait(5)
        assert self.core.asking.log is not None, "no read of the log was begun"
        return self.page(*facts, **others)

    # ---- orders ----------------------------------------------------------------------------------
    def wish(self, *tickets: Ticket, link: str = "single", owner: str = "") -> list[Instruction]:
        """Let the strategy want one group."""
        tags = tuple(range(self._tag + 1, self._tag + 1 + len(tickets)))
        self._tag += len(tickets)
        return self.feed(Wishes(wishes=(Wish(tickets=tickets, tags=tags, link=link, owner=owner),)))

    def ready(self, request: Request, **prepared: Any) -> list[Instruction]:
        """Let the store have prepared a request."""
        made = Prepared(request=request, **prepared)
        return self.feed(Ready(results=((request, made, ""),)))

    def place(self, *tickets: Ticket, link: str = "single", **prepared: Any) -> Prepared:
        """Bring a group on its way; return what was transmitted."""
        self.wish(*(tickets or (ticket(),)), link=link)
        (prepare,) = self.lately(Prepare)
        (request,) = prepare.requests
        self.ready(request, **prepared)
        (transmit,) = self.lately(Transmit)
        return transmit.prepared

    def sent(self, prepared: Prepared, outcome: Outcome) -> list[Instruction]:
        """Tell what came of a sending."""
        return self.feed(Sent(prepared=prepared, outcome=outcome))

    def placed(self, *names: str, **others: Any) -> str:
        """Place one order and have it acknowledged; return its key."""
        prepared = self.place(ticket(**others))
        key = key_of(prepared)
        self.sent(prepared, Acked(refs=tuple((key, name) for name in names)))
        return key

    def cancel(self, key: str) -> Prepared:
        """Have an order asked back; return what was transmitted."""
        self.feed(WishCancel(key=key))
        (request,) = self.lately(Prepare)[0].requests
        assert isinstance(request, Cancel)
        self.ready(request)
        (transmit,) = self.lately(Transmit)
        return transmit.prepared

    def look(self, key: str, looked: Looked | None) -> list[Instruction]:
        """Answer a look-up."""
        return self.feed(LookedUp(key=key, asked=self.now, looked=looked))

    def unseen(self, key: str) -> list[Instruction]:
        """Answer that an order is not seen now."""
        return self.look(key, NotSeen(at=self.now))

    def found(self, key: str, *facts: Fact) -> list[Instruction]:
        """Answer what is known of an order."""
        return self.look(key, Found(facts=facts))

    def hear(self, fact: Fact) -> list[Instruction]:
        """Bring a fact by the stream."""
        return self.feed(Heard(fact=fact))

    def stands(self, key: str | None, state: State, **others: Any) -> OrderFact:
        """Return a fact of where an order stands."""
        values: dict[str, Any] = {
            "at": self.now, "via": "stream", "refs": frozenset(), "instrument": BTC,
            "filled": None, **others,
        }  # fmt: skip
        return OrderFact(key=key, state=state, **values)

    def filled(self, key: str | None, exec_: str, qty: float = 10, **others: Any) -> FillFact:
        """Return an execution at 100."""
        values: dict[str, Any] = {
            "at": self.now, "via": "stream", "version": 1, "refs": frozenset(), "instrument": BTC,
            "bucket": "net", "side": 1, "price": dec(100), "fees": (), **others,
        }  # fmt: skip
        return FillFact(exec=exec_, key=key, qty=dec(qty), **values)


def key_of(prepared: Prepared) -> str:
    """Return the key of a single order."""
    assert isinstance(prepared.request, Place)
    return prepared.request.tickets[0].key


def looks(instructions: Iterable[Instruction]) -> list[str]:
    """Return the keys that are looked up."""
    return [one.key for one in instructions if isinstance(one, Look)]
