"""What a journal keeps of orders that no venue holds by itself: the records of plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from atms.stores.requests import Key, Ticket


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An order of a strategy's that stands here, and works by other orders at the venue.

    Attributes:
        group: key of the first order of its group.
        parent: of a leg, the order that opens what it protects.
        owner: which strategy wants it.
        until: when it ends by itself.
        how: how it is done, in a word.
    """

    ticket: Ticket
    at: datetime
    epoch: int
    group: Key
    parent: Key = ""
    owner: str = ""
    until: datetime | None = None
    how: str = ""


@dataclass(frozen=True, kw_only=True)
class Triggered:
    """A planned order is to be executed now: at *limit*, or at the market where that is None."""

    key: Key
    at: datetime
    why: str
    limit: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Trailed:
    """A trailing stop has followed the market: its trigger is here now."""

    key: Key
    trigger: Decimal
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """A planned order is to end: nothing more is sent for it, and what stands is taken back."""

    key: Key
    at: datetime
    how: Literal["canceled", "expired"]
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Orders of which one is to be: what begins to fill, or ends, ends the others."""

    keys: tuple[Key, ...]
