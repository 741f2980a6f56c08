"""What became of a write and of a look-up: values, which cannot be forgotten as exceptions can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from atms.stores.requests import Key

if TYPE_CHECKING:
    from atms.stores.facts import Fact


class Reason(Enum):
    """Why a venue refused, in the words of every venue."""

    FUNDS = "funds"
    FILTER = "filter"
    DUPLICATE_KEY = "duplicate_key"
    WOULD_TRIGGER = "would_trigger"
    WOULD_TAKE = "would_take"
    NOT_OPEN = "not_open"
    CLOSED_MARKET = "closed_market"
    NO_PERMISSION = "no_permission"
    RATE = "rate"
    CLOCK = "clock"
    SLIPPAGE = "slippage"
    REDUCE_ONLY = "reduce_only"
    LIMITS = "limits"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Acked:
    """The venue has it, and calls it so."""

    refs: tuple[tuple[Key, str], ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The venue has looked at it and does not take it; *code* is the venue's own."""

    code: str
    reason: Reason
    retry_after: timedelta | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotSent:
    """Proved: no byte left."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Everything else: it may stand at the venue, or not."""

    why: str


Outcome = Acked | Refused | NotSent | Unknown


@dataclass(frozen=True, kw_only=True)
class Found:
    """The venue knows the order."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class NotSeen:
    """The venue did not show it; evidence only later than its read lag after the sending."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Never:
    """It can no longer happen, and why."""

    proof: str


Looked = Found | NotSeen | Never
