"""What a venue said, in our words. Facts may come again, late, out of order, from any source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Literal

from atms.stores.outcomes import Reason
from atms.stores.requests import Bucket, Key, Refs, Side, Ticket

Cursor = str  # a place in the account's own history: the store's, kept and handed back
Via = Literal["reply", "stream", "poll", "snapshot"]


class State(Enum):
    """Where the venue says that an order stands."""

    PENDING = "pending"
    HELD = "held"  # waits for its parent
    WORKING = "working"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class OrderFact:
    """An order's state.

    Attributes:
        filled: the sum so far; None: not told, which is not zero.
        ticket: as the venue has it, where it tells.
        replaces: names of the venue's order that this one continues.
    """

    at: datetime
    via: Via
    key: Key | None
    refs: Refs
    instrument: str
    state: State
    filled: Decimal | None
    ticket: Ticket | None = None
    replaces: Refs = frozenset()
    parent: Key | None = None
    reason: Reason | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Fee:
    """Above 0: paid; below: received."""

    asset: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class FillFact:
    """An execution; (account, exec) is its identity, a higher version replaces a lower one whole.

    Attributes:
        fees: None: not known yet; empty: none.
        final: False: seen, and may still be taken back.
        witness: where it stands, a block's hash; compared and never parsed.
    """

    at: datetime
    via: Via
    exec: str
    version: int
    key: Key | None
    refs: Refs
    instrument: str
    bucket: Bucket
    side: Side
    qty: Decimal
    price: Decimal
    fees: tuple[Fee, ...] | None
    final: bool = True
    cause: Literal["order", "liquidation", "margin", "assignment", "manual", "unknown"] = "order"
    witness: str = ""


@dataclass(frozen=True, kw_only=True)
class FillVoid:
    """An execution that is undone: what it was may never have been told.

    Attributes:
        key, refs: of its order, as far as the venue tells them.
        qty: what was taken back, in units; None: not told.
    """

    at: datetime
    exec: str
    version: int
    why: Literal["reorg", "bust"]
    witness: str = ""
    key: Key | None = None
    refs: Refs = frozenset()
    qty: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class FillFinal:
    """An execution that can no longer be undone."""

    at: datetime
    exec: str
    version: int


@dataclass(frozen=True, kw_only=True)
class FeeFact:
    """A fee that came later than its fill, or belongs to none."""

    at: datetime
    id: str
    exec: str | None
    key: Key | None
    fee: Fee


@dataclass(frozen=True, kw_only=True)
class CashFact:
    """Cash that moved by something that is no fill."""

    at: datetime
    id: str
    asset: str
    amount: Decimal
    instrument: str | None
    kind: Literal[
        "funding", "financing", "dividend", "interest", "deposit", "withdrawal", "conversion",
        "pnl", "split", "other",
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BucketFact:
    """A position, *qty* below 0 for a short."""

    at: datetime
    instrument: str
    bucket: Bucket
    qty: Decimal
    price: Decimal | None


@dataclass(frozen=True, kw_only=True)
class BalanceFact:
    """What an account holds of an asset."""

    at: datetime
    asset: str
    total: Decimal
    free: Decimal | None


@dataclass(frozen=True, kw_only=True)
class LinkFact:
    """The private stream is up or down; *lossless*: what it missed will still come."""

    at: datetime
    up: bool
    lossless: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class HeadFact:
    """How far the venue says that its log reaches."""

    at: datetime
    head: Cursor


Fact = (
    OrderFact | FillFact | FillVoid | FillFinal | FeeFact | CashFact | BucketFact | BalanceFact
    | LinkFact | HeadFact
)  # fmt: skip


class Part(Enum):
    """What a snapshot may answer."""

    ORDERS = "orders"
    BUCKETS = "buckets"
    BALANCES = "balances"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An account at a moment; absence says something only inside *parts*.

    Attributes:
        cursor: the place in the log that it stands at; None unless *atomic*.
        parts: what was answered completely.
    """

    at: datetime
    cursor: Cursor | None
    parts: frozenset[Part]
    atomic: bool
    facts: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of the account's log.

    Attributes:
        next: where to go on; durable in one transaction with the page's facts.
        more: whether there is more already.
        gap_until: the venue no longer tells what was before this.
    """

    facts: tuple[Fact, ...]
    next: Cursor
    more: bool
    gap_until: datetime | None = None
