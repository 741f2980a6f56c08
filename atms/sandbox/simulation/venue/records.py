"""What happened at a simulated venue: its own truth, kept for ever, apart from what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from atms.stores.facts import Fee, State
from atms.stores.outcomes import Reason
from atms.stores.requests import Bucket, Key, Side, Ticket


@dataclass(frozen=True, kw_only=True)
class Record:
    """One event; *seq* counts from 1 without a gap over all kinds."""

    seq: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Received(Record):
    """A write reached the venue; *code* is empty where it was taken."""

    what: Literal["place", "cancel", "amend", "raw"]
    keys: tuple[Key, ...]
    orders: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Ordered(Record):
    """An order came to be or changed: the whole of it as it then stood.

    Attributes:
        order: the venue's number.
        names: what else it is called, ``kind:value``.
        parent: number of the order whose fill it waits for or protects.
        replaces: number of the order that it continues.
        replaced: another order continues this one.
        foreign: it was not made through a store.
    """

    order: str
    key: Key | None
    names: tuple[str, ...]
    ticket: Ticket
    state: State
    filled: Decimal
    parent: str | None = None
    replaces: str | None = None
    replaced: bool = False
    reason: Reason | None = None
    foreign: bool = False


Cause = Literal["order", "liquidation", "margin", "assignment", "manual", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Executed(Record):
    """An execution, or a corrected version of one; *number* counts within its instrument."""

    exec: str
    version: int
    number: int
    order: str | None
    key: Key | None
    instrument: str
    bucket: Bucket
    side: Side
    qty: Decimal
    price: Decimal
    maker: bool
    fees: tuple[Fee, ...] | None
    final: bool
    cause: Cause = "order"
    witness: str = ""


@dataclass(frozen=True, kw_only=True)
class Voided(Record):
    """An execution was undone."""

    exec: str
    version: int
    instrument: str
    why: Literal["reorg", "bust"]
    witness: str = ""
    order: str | None = None
    key: Key | None = None
    qty: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Finalised(Record):
    """An execution can no longer be undone."""

    exec: str
    version: int
    instrument: str


@dataclass(frozen=True, kw_only=True)
class Charged(Record):
    """A fee apart from a fill, below 0: given back; not *final*: it may be, and is not told yet."""

    id: str
    exec: str | None
    order: str | None
    key: Key | None
    instrument: str
    fee: Fee
    final: bool = True


@dataclass(frozen=True, kw_only=True)
class Sealed(Record):
    """A fee can no longer be given back, and is told now."""

    charge: Charged


@dataclass(frozen=True, kw_only=True)
class Moved(Record):
    """Cash moved by something that is no fill."""

    id: str
    asset: str
    amount: Decimal
    instrument: str | None
    kind: Literal[
        "funding", "financing", "dividend", "interest", "deposit", "withdrawal", "conversion",
        "pnl", "split", "other",
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Trespassed(Record):
    """A request was sent in a ban that the sender had been told of; *until* its end."""

    what: Literal["read", "write"]
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Exceeded(Record):
    """A request was one too many; *excused*: its sender could not know."""

    budget: str
    excused: bool


# What an account's own log tells; orders' states are not in it.
LOGGED = (Executed, Voided, Finalised, Charged, Moved)
