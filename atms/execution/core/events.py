"""What the core of an account hears, and what it has done: values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from atms.execution.core.records import Booked, Record
from atms.stores.capabilities import Capabilities
from atms.stores.facts import Cursor, Fact, Page, Snapshot
from atms.stores.market import Instrument, Quote
from atms.stores.outcomes import Looked, Outcome, Refused
from atms.stores.requests import Bucket, Key, Prepared, Refs, Request, Ticket

# ---- heard -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The strategy wants a group of orders; the tickets' keys are empty, *tags* are its own.

    Attributes:
        link: single, oco or bracket; a bracket's first ticket is its entry.
        sibling: tag or key of an order that stands, of whose OCO group these become a part.
    """

    tickets: tuple[Ticket, ...]
    tags: tuple[int, ...]
    link: str = "single"
    owner: str = ""
    sibling: int | Key | None = None


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """All that one ``next()`` wants: durable in one commit."""

    wishes: tuple[Wish, ...]


@dataclass(frozen=True, kw_only=True)
class WishCancel:
    """The strategy wants an order back."""

    key: Key


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Requests are prepared, or refused before they were sent; None where it failed, and why."""

    results: tuple[tuple[Request, Prepared | Refused | None, str], ...]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A prepared request was sent, and this came of it."""

    prepared: Prepared
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Queued:
    """Orders wait in our own line for the venue's rate budget, or (*waits* False) leave it now."""

    keys: tuple[Key, ...]
    waits: bool


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A fact of the private stream."""

    fact: Fact


@dataclass(frozen=True, kw_only=True)
class LookedUp:
    """An order was asked for; *looked* is None where the venue could not be asked."""

    key: Key
    asked: datetime
    looked: Looked | None


@dataclass(frozen=True, kw_only=True)
class LogRead:
    """A page of the account's log; None where the venue could not be asked."""

    asked: datetime
    page: Page | None


@dataclass(frozen=True, kw_only=True)
class SnapshotRead:
    """The account as it stands; None where the venue could not be asked."""

    asked: datetime
    snapshot: Snapshot | None


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A price of an instrument that is watched; None: its stream broke, and why."""

    instrument: str
    quote: Quote | None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Connected:
    """The venue answered, and this is what it can do and what may be traded."""

    capabilities: Capabilities
    instruments: tuple[Instrument, ...]


@dataclass(frozen=True, kw_only=True)
class Tick:
    """Time has passed."""


Event = (
    Wishes | WishCancel | Ready | Sent | Heard | LookedUp | LogRead | SnapshotRead | Connected
    | Tick | Quoted | Queued
)  # fmt: skip

# ---- done --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Persist:
    """Make records durable, all or none, before anything that follows."""

    records: tuple[Record, ...]


@dataclass(frozen=True, kw_only=True)
class Prepare:
    """Let the store fix what must be durable, then tell :class:`Ready`."""

    requests: tuple[Request, ...]


@dataclass(frozen=True, kw_only=True)
class Transmit:
    """Send once, then tell :class:`Sent`."""

    prepared: Prepared


@dataclass(frozen=True, kw_only=True)
class Look:
    """Ask for an order, then tell :class:`LookedUp`."""

    key: Key
    refs: Refs
    since: datetime


@dataclass(frozen=True, kw_only=True)
class ReadLog:
    """Read a page after a place, then tell :class:`LogRead`."""

    after: Cursor | None
    instruments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReadSnapshot:
    """Read the account as it stands, then tell :class:`SnapshotRead`."""

    instruments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wake:
    """Tell :class:`Tick` at a moment, if nothing came before."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Follow an instrument's prices, and tell each as :class:`Quoted`."""

    instrument: str


@dataclass(frozen=True, kw_only=True)
class Unwatch:
    """Follow an instrument's prices no more."""

    instrument: str


Status = Literal[
    "submitted", "accepted", "partial", "completed", "canceled", "expired", "margin", "rejected"
]


@dataclass(frozen=True, kw_only=True)
class TellOrder:
    """What the strategy hears of an order.

    Attributes:
        tag: the wish's, where it was made by this process.
        code: of a refusal of our own or the venue's reason.
        fills: executions that it has not heard of yet.
        owner: which strategy wanted it, in an earlier process too.
        how: how it is done: native, emulated:legs, emulated:cancel, emulated:amend or
            emulated:process.
    """

    key: Key
    tag: int | None
    status: Status
    code: str = ""
    why: str = ""
    fills: tuple[Booked, ...] = ()
    owner: str = ""
    how: str = ""


@dataclass(frozen=True, kw_only=True)
class TellFill:
    """A fill, or its undoing (*sign* -1), of an order that is over for the strategy, or of none."""

    row: Booked
    sign: Literal[1, -1]
    why: str


@dataclass(frozen=True, kw_only=True)
class TellFee:
    """A fee that came apart from its fill, after that was told; the balances have it in the books.

    Attributes:
        key: of the order that it is of; None: of none that is known.
        exec: the execution; None: it is of the order, or of nothing that is known.
        amount: below 0: given back.
    """

    key: Key | None
    exec: str | None
    asset: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class TellAccount:
    """What the operator should know.

    Attributes:
        what: ready, frozen, halted, resumed, revived, vanished, foreign_order, taken, adopted,
            ignored, cash_differs, link, log_gap, refused, store_error, unprotected, closed_twice,
            quotes, orders_wait, orders_through.
    """

    what: str
    instrument: str | None = None
    text: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Held:
    """A position, *qty* below 0 for a short; *price*: its average, None where nobody knows it."""

    instrument: str
    bucket: Bucket
    qty: Decimal
    price: Decimal | None


@dataclass(frozen=True, kw_only=True)
class TellBooks:
    """What the account holds: last in a step that changed it, and just before it is ready.

    Until the account was compared with the venue once there is nothing to tell.

    Attributes:
        positions: those that are not nothing, by instrument and bucket.
        balances: (asset, total), by asset; profits that were realised are in it.
        untold: (instrument, units), by instrument: what of the positions is of fills that the
            strategy has not been told of, because they may be undone.
    """

    positions: tuple[Held, ...]
    balances: tuple[tuple[str, Decimal], ...]
    untold: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpenOrder:
    """An order that may fill, and that the strategy does not know: from an earlier process.

    Attributes:
        group: key of the first order that it belongs together with, its own where it stands alone;
            *parent*: of a leg, the order that opens what it protects.
        status: what a strategy should take it for: submitted, accepted or partial.
        booked: units that have filled; *average*: their mean price, None without any.
        how: as in :class:`TellOrder`.
    """

    key: Key
    ticket: Ticket
    owner: str
    status: Status
    booked: Decimal
    average: Decimal | None
    how: str = "native"
    group: Key = ""
    parent: Key = ""


@dataclass(frozen=True, kw_only=True)
class TellOpen:
    """Every order that is live in the journal: told once, just before the account is ready.

    Later it tells of one that the account has made by itself, to close what nobody protects.

    Attributes:
        entries: those that have opened what some of these protect, and are over.
    """

    orders: tuple[OpenOrder, ...]
    entries: tuple[OpenOrder, ...] = ()


Instruction = (
    Persist | Prepare | Transmit | Look | ReadLog | ReadSnapshot | Wake | TellOrder | TellFill
    | TellFee | TellAccount | TellBooks | TellOpen | Watch | Unwatch
)  # fmt: skip
