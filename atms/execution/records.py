"""What a journal keeps of an account: small facts of our own, from which its state is made anew.

State changes only by applying records, so that a journal read again gives the same state.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from atms.stores.facts import Cursor, Fee, State
from atms.stores.outcomes import Reason
from atms.stores.requests import Bucket, Key, Kind, Side, Ticket


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
    """The venue said where an order stands; *filled* is its sum, if it told."""

    key: Key
    state: State
    at: datetime
    filled: Decimal | None = None
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class CancelAsked:
    """A cancellation that may have been sent."""

    key: Key
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Closed:
    """An order is over for the strategy, and how; fills may still come."""

    key: Key
    how: Literal["filled", "canceled", "expired", "refused", "not_placed", "not_sent"]
    at: datetime
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Move:
    """An asset's balance grew by an amount; below 0: fell."""

    asset: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Booked:
    """An execution in the books.

    Attributes:
        moves: what it did to cash, its fees aside.
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


@dataclass(frozen=True, kw_only=True)
class Reversed:
    """A booked execution was undone or replaced: a row of its own, never an update."""

    exec: str
    version: int
    at: datetime
    why: str


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


@dataclass(frozen=True, kw_only=True)
class CashBooked:
    """Cash that moved by something that is no fill."""

    id: str
    asset: str
    amount: Decimal
    instrument: str | None
    kind: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What was held before the journal began, or what the operator had us adopt."""

    instrument: str
    bucket: Bucket
    qty: Decimal
    price: Decimal | None
    at: datetime
    why: Literal["opening", "adopted"] = "opening"


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
)  # fmt: skip
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Record)}
_HINTS = {kind: get_type_hints(kind) for kind in (*_KINDS.values(), Ticket, Fee, Move)}


def encode(record: Record) -> str:
    """Return a record as one line of JSON; decimals and times keep every digit."""
    return json.dumps({"is": type(record).__name__, **_plain(record)}, separators=(",", ":"))


def decode(line: str) -> Record:
    """Return the record of a line.

    Raises:
        ValueError: it is no record of ours.
    """
    try:
        values = json.loads(line)
        found: Record = _made(_KINDS[values.pop("is")], values)
        return found
    except (
        KeyError, TypeError, AttributeError, ValueError, InvalidOperation, RecursionError,
    ) as error:  # fmt: skip
        raise ValueError(f"no record of an account: {line[:80]!r}") from error


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if getattr(value, field.name) != field.default
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, State | Reason | Kind):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, Decimal) else value


def _made(kind: type[Any], values: dict[str, Any]) -> Any:
    hints = _HINTS[kind]
    return kind(**{name: _read(hints[name], value) for name, value in values.items()})


def _read(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        if value is None:
            return None
        (hint,) = (arm for arm in get_args(hint) if arm is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_read(get_args(hint)[0], item) for item in _typed(list, value))
    if get_origin(hint) is Literal:
        (kind,) = {type(word) for word in get_args(hint)}
        if _typed(kind, value) not in get_args(hint):
            raise ValueError(f"none of {get_args(hint)}: {value!r}")
        return value
    if hint in _HINTS:
        return _made(hint, _typed(dict, value))
    return _typed(hint, value) if hint in (str, int, bool) else _parsed(hint, _typed(str, value))


def _typed(kind: type[Any], value: Any) -> Any:
    """Return a value that is of a kind of JSON's, and of no other: True is no number."""
    if type(value) is not kind:
        raise TypeError(f"no {kind.__name__}: {value!r}")
    return value


def _parsed(hint: Any, text: str) -> Any:
    if hint is bytes:
        return base64.b64decode(text, validate=True)
    if hint is datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(f"a time without its zone: {text}")
        return moment
    made = hint(text)
    if isinstance(made, Decimal) and not made.is_finite():
        raise ValueError(f"no number: {text}")
    return made
