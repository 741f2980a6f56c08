"""An account's core: (event, now) -> instructions. No I/O, no clock, no randomness.

What must survive is a record and changes the state only by being applied; what is kept here beside
the state is of this process alone and is made anew after a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from atms.execution.core import (
    answering,
    comparing,
    delisted,
    hearing,
    reading,
    resolving,
    wishing,
)
from atms.execution.core.asking import Asking
from atms.execution.core.events import (
    Connected,
    Event,
    Heard,
    Instruction,
    LogRead,
    LookedUp,
    Queued,
    Quoted,
    Ready,
    Sent,
    SnapshotRead,
    Tick,
    WishCancel,
    Wishes,
)
from atms.execution.core.orders import OrderState
from atms.execution.core.records import Booked, Record, Started
from atms.execution.core.state import AccountState
from atms.execution.core.step import Step
from atms.execution.core.terms import Terms
from atms.execution.emulation import driving, watching
from atms.execution.emulation.planning import Planning, Wanted
from atms.stores.capabilities import Capabilities
from atms.stores.facts import FeeFact
from atms.stores.market import Instrument
from atms.stores.requests import Key

__all__ = ["Core", "Step", "Terms"]


class Core:
    """One account.

    Args:
        terms: how it is run.
        records: what its journal holds already.

    Attributes:
        state: what the journal holds, applied.
        ready: whether start-up is over.
        halted: instrument -> why it takes no orders but those that reduce.
        doubted: instruments that began otherwise than in the books, until that is decided.
    """

    def __init__(self, terms: Terms, records: Iterable[Record] = ()) -> None:
        self.terms = terms
        self.state = AccountState()
        for record in records:
            self.state.apply(record)
        self.ready = False
        self.halted: dict[str, str] = {}
        self.doubted: set[str] = set()
        self.capabilities: Capabilities | None = None
        self.instruments: dict[str, Instrument] = {}
        self.asking = Asking()
        self.tags: dict[Key, int] = {}
        self.told: dict[Key, str] = {}  # the last status that was told
        self.waiting: dict[Key, datetime] = {}  # over, and not all of its fills are booked
        self.untold: dict[Key, list[str]] = {}  # executions that the strategy has not heard of
        self.hushed: set[str] = set()  # in the books, and not told before they are final
        self.fees: list[FeeFact] = []  # booked, and not told: before their fills they are not
        self.wanted: dict[Key, Wanted] = {}  # of orders that are being prepared
        self.dropped: set[Key] = set()  # of them, and of their legs, those that were asked back
        self.planning = Planning()
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
        self.hear(step, event)
        return self.end(step)

    def end(self, step: Step) -> list[Instruction]:
        """Return what is to be done for the events of a step, in this order.

        What is due as things stand, whatever brought them there, is found here: it goes through all
        open orders. Done for each of the events of one moment it would take most of the time that a
        hundred orders need.
        """
        driving.drive(step)
        reading.ask_what_is_due(step)
        return step.done()

    def hear(self, step: Step, event: Event) -> None:
        """Take one event in; after the last of a step :meth:`end` follows."""
        match event:
            case Wishes():
                wishing.wish(step, event)
            case WishCancel():
                wishing.wish_cancel(step, event.key)
            case Ready():
                wishing.ready(step, event)
            case Sent():
                answering.sent(step, event)
            case Queued(keys=keys, waits=waits):
                self.asking.kept_back(keys, None if waits else step.now)
            case Heard():
                hearing.hear(step, event.fact)
            case LookedUp():
                resolving.looked_up(step, event)
            case LogRead():
                reading.log_read(step, event)
            case SnapshotRead():
                comparing.snapshot_read(step, event)
            case Connected():
                self.capabilities = event.capabilities
                self.instruments = {found.id: found for found in event.instruments}
                self.asking.log_wanted = True
                delisted.tell(step)
            case Quoted():
                watching.quoted(step, event)
            case Tick():
                pass

    @property
    def owners(self) -> dict[Key, str]:
        """Return whose the orders are that are being prepared."""
        return {key: wanted.owner for key, wanted in self.wanted.items()}

    def voiced(self, row: Booked) -> Booked:
        """Return an execution as the strategy hears of it: of the order that it made itself."""
        plan = self.state.plan_of(row.key)
        return row if plan is None else replace(row, key=plan.key)

    def open_keys(self) -> tuple[Key, ...]:
        """Return the keys of the orders that may fill, the oldest first."""
        return tuple(order.key for order in self.state.open_orders())

    def traded(self) -> tuple[str, ...]:
        """Return every instrument that the account may trade, or has traded."""
        return tuple(dict.fromkeys((*self.terms.instruments, *self.state.traded)))

    def asked(self) -> tuple[str, ...]:
        """Return those of them that the venue lists: by others it can be asked for nothing."""
        return tuple(name for name in self.traded() if name in self.instruments)

    def is_delisted(self, key: Key) -> bool:
        """Return whether an order is of what the venue lists no more."""
        return self.state.orders[key].ticket.instrument not in self.instruments

    def swapped(self) -> Iterator[Instrument]:
        """Yield the instruments whose fills swap two assets, in the order of the terms."""
        for name in self.traded():
            instrument = self.instruments.get(name)
            if instrument is not None and instrument.cash == "exchange":
                yield instrument

    def currencies(self) -> set[str]:
        """Return what the instruments of the terms are paid in."""
        listed = (self.instruments.get(name) for name in self.terms.instruments)
        return {paid_in(one) for one in listed if one is not None}

    def stocks(self) -> dict[str, Instrument]:
        """Return the assets whose balances are positions, each with the first of its instruments.

        One that another instrument is paid in, as BTC of BTC/USDT beside ETH/BTC, is cash: of its
        balance nobody can tell what was bought from what is there to pay with. Its position is
        what fills have made of it.
        """
        found: dict[str, Instrument] = {}
        currencies = self.currencies()
        for one in self.swapped():
            if one.base not in currencies:
                found.setdefault(one.base, one)
        return found

    def frozen(self, instrument: str) -> OrderState | None:
        """Return an order of which nobody knows whether it stands, if there is one."""
        for order in self.state.pursued():
            answered = order.answered
            if order.key in self.tags and (answered is None or answered.outcome != "unknown"):
                continue  # of this process, on its way: most of those that a burst looks through
            if order.live and order.unresolved and order.ticket.instrument == instrument:
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
        return f"{self.key_start}{self.state.epoch}{self._mark}{self._made}"

    @property
    def key_start(self) -> str:
        """Return what every key of this journal begins with; its id is of a fixed length."""
        return self.terms.journal + self._mark

    @property
    def _mark(self) -> str:
        """Return what stands between a key's parts: some venues take letters and digits alone."""
        alphabet = self.capabilities.keys.alphabet if self.capabilities is not None else ""
        return "x" if alphabet and "-" not in alphabet else "-"


def paid_in(instrument: Instrument) -> str:
    """Return the asset that an instrument's fills are paid in, or pay profits in."""
    return instrument.quote if instrument.cash == "exchange" else instrument.settle
