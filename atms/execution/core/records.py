"""What a journal keeps of an account: small facts of our own, from which its state is made anew.

State changes only by applying records, so that a journal read again gives the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args

from atms.execution.core.lines import Codec
from atms.execution.emulation.plan_records import Paired, Planned, Trailed, Triggered, Withdrawn
from atms.stores.facts import Cursor, Fee, State
from atms.stores.outcomes import Reason
from atms.stores.requests import Bucket, Key, Side, Ticket


@dataclass(frozen=True, kw_only=True)
class Started:
    """A process took the account."""

    epoch: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Intended:
    """An order that may have been sent: durable before a byte leaves.

    Attributes:
        group: key of the first order of its group.
        names: the venue's names that were known before sending.
        payload: signed bytes; *repeatable*: they may be sent again.
        owner: which strategy wants it, for the hand-over after a restart.
        serves: the planned order that it works for; empty: it is a strategy's own.
        until: when it is taken back, where the venue does not end it by itself.
        how: how it is done, in a word.
    """

    ticket: Ticket
    at: datetime
    epoch: int
    group: Key
    link: str = "single"
    names: tuple[str, ...] = ()
    payload: bytes = b""
    repeatable: bool = False
    owner: str = ""
    serves: Key = ""
    until: datetime | None = None
    how: str = "native"


@dataclass(frozen=True, kw_only=True)
class Named:
    """The venue calls an order so, too."""

    key: Key
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What sending an order gave."""

    key: Key
    outcome: Literal["acked", "refused", "not_sent", "unknown"]
    at: datetime
    code: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class Stood:
    """The venue said where an order stands.

    Attributes:
        filled: its sum, if it told.
        qty: what it was to fill, as the venue has it, if it told.
    """

    key: Key
    state: State
    at: datetime
    filled: Decimal | None = None
    reason: Reason | None = None
    qty: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class CancelAsked:
    """A cancellation that may have been sent.

    Attributes:
        names: what the venue will call it, where that is known beforehand: a hash.
        payload: signed bytes; *repeatable*: they may be sent again.
    """

    key: Key
    at: datetime
    names: tuple[str, ...] = ()
    payload: bytes = b""
    repeatable: bool = False


@dataclass(frozen=True, kw_only=True)
class Closed:
    """An order is over for the strategy, and how; fills may still come."""

    key: Key
    how: Literal[
        "filled", "canceled", "expired", "refused", "not_placed", "not_sent", "vanished"
    ]  # fmt: skip
    at: datetime
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Move:
    """An asset's balance grew by an amount; below 0: fell."""

    asset: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Units that a position gained, below 0: lost, by what is no fill: a fee in them, a split."""

    instrument: str
    bucket: Bucket
    qty: Decimal


@dataclass(frozen=True, kw_only=True)
class Booked:
    """An execution in the books.

    Attributes:
        moves: what it did to cash, its fees aside.
        shifts: what its fees took from positions: those that were paid in their base asset.
        settle: of a margin instrument, the asset that profits are paid in; moves is empty then.
    """

    exec: str
    version: int
    key: Key | None
    names: tuple[str, ...]
    instrument: str
    bucket: Bucket
    side: Side
    qty: Decimal
    price: Decimal
    at: datetime
    fees: tuple[Fee, ...] | None
    final: bool
    moves: tuple[Move, ...] = ()
    settle: str = ""
    multiplier: Decimal = Decimal(1)
    cause: str = "order"
    witness: str = ""
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reversed:
    """An execution was undone or replaced: a row of its own, never an update.

    Attributes:
        key, qty: of one that was never booked, whose order it was of, and its units.
    """

    exec: str
    version: int
    at: datetime
    why: str
    key: Key | None = None
    qty: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Finalised:
    """A booked execution can no longer be undone."""

    exec: str
    version: int


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A booked execution belongs to this order: its name was learned later."""

    exec: str
    key: Key


@dataclass(frozen=True, kw_only=True)
class FeeBooked:
    """A fee that came by itself."""

    id: str
    exec: str | None
    key: Key | None
    asset: str
    amount: Decimal
    at: datetime
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CashBooked:
    """Cash that moved by something that is no fill; a split's *shifts* keep what units cost."""

    id: str
    asset: str
    amount: Decimal
    instrument: str | None
    kind: str
    at: datetime
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What the venue holds and nothing else in the books explains.

    Attributes:
        why: ``ignored``: it counts when books and venue are compared, and is no position.
        asset: whose balance it is too, where a fill swaps two assets.
    """

    instrument: str
    bucket: Bucket
    qty: Decimal
    price: Decimal | None
    at: datetime
    why: Literal["opening", "adopted", "ignored"] = "opening"
    asset: str = ""


@dataclass(frozen=True, kw_only=True)
class OpeningCash:
    """What an asset's balance was when the journal began."""

    asset: str
    total: Decimal
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What was held before the journal began is in the books: it is taken once."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class ReadTo:
    """The account's log was read to here, and everything before is in the books."""

    cursor: Cursor


Record = (
    Started | Intended | Named | Answered | Stood | CancelAsked | Closed | Booked | Reversed
    | Finalised | Linked | FeeBooked | CashBooked | Opened | OpeningCash | Baseline | ReadTo
    | Planned | Trailed | Triggered | Withdrawn | Paired
)  # fmt: skip
_CODEC = Codec(get_args(Record), (Ticket, Fee, Move, Shift))


def encode(record: Record) -> str:
    """Return a record as one line of JSON; decimals and times keep every digit."""
    return _CODEC.encode(record)


def decode(line: str) -> Record:
    """Return the record of a line.

    Raises:
        ValueError: it is no record of ours.
    """
    found: Record = _CODEC.decode(line)
    return found
