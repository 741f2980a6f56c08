"""What the order path asks of a venue: tickets, and requests made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Literal

Key = str  # our own id of an order: made, and durable, before anything else happens
Refs = frozenset[str]  # the venue's names for one order, "kind:value"; compared and handed back
Bucket = str  # which position of an instrument: "net", "long", "short", or a lot's id
Side = Literal[1, -1]


class Kind(Enum):
    """What an order waits for."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAIL = "trail"
    TRAIL_LIMIT = "trail_limit"
    ON_CLOSE = "on_close"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """One order.

    Attributes:
        key: ours.
        instrument: its id, ``<account>:<symbol>``.
        side: 1 buys, -1 sells.
        qty: units of the instrument, above 0.
        kind: what it waits for.
        limit, trigger: in the quote currency a unit.
        trail: how far a trailing stop follows, in price, or as a share of it.
        tif: how long it stands; *expires* with ``gtd``.
        bucket: the position that it is for.
        reduces: whether it may never increase or turn its bucket.
        post_only: whether it may never take.
        worst: the price beyond which it must not fill.
    """

    key: Key
    instrument: str
    side: Side
    qty: Decimal
    kind: Kind
    limit: Decimal | None = None
    trigger: Decimal | None = None
    trail: Decimal | None = None
    trail_is_fraction: bool = False
    tif: Literal["gtc", "day", "gtd", "ioc", "fok"] = "gtc"
    expires: datetime | None = None
    bucket: Bucket = "net"
    reduces: bool = False
    post_only: bool = False
    worst: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Put one ticket, or a group that the venue holds together, on the market.

    A bracket's first ticket is its entry, the others protect what it opens.
    """

    tickets: tuple[Ticket, ...]
    link: Literal["single", "oco", "bracket"] = "single"


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """Take an order back."""

    key: Key
    refs: Refs


@dataclass(frozen=True, kw_only=True)
class Amend:
    """Change an order: the same key, the whole new ticket."""

    key: Key
    refs: Refs
    ticket: Ticket


Request = Place | Cancel | Amend


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request with everything that must be durable before a byte leaves.

    Attributes:
        request: what was prepared.
        refs: the venue's names that are known already, by key: a counter's id, a hash.
        payload: signed bytes, where sending is sending these; else empty.
        repeatable: whether sending the payload again cannot make a second order.
    """

    request: Request
    refs: tuple[tuple[Key, str], ...] = ()
    payload: bytes = b""
    repeatable: bool = False
