"""What is under way for planned orders: of this process alone, and made anew after a restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from atms.execution.emulation.plan_records import Planned
from atms.stores.requests import Key


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is known of an order that is being prepared, beside its ticket.

    Attributes:
        owner, until, how, serves: as they will be durable with it.
        legs: what is durable together with it.
        pair: keys of the orders of which one is to be.
    """

    owner: str = ""
    until: datetime | None = None
    how: str = "native"
    serves: Key = ""
    legs: tuple[Planned, ...] = ()
    pair: tuple[Key, ...] = ()


@dataclass
class Planning:
    """What is under way.

    Attributes:
        preparing: key -> the planned order that it will work for, and its units.
        backing: keys whose cancellation is being prepared.
        paired: keys that are being prepared as one pair of the venue's.
        apart: entries whose legs the venue does not hold as one pair.
        bare: entry -> since when a part of it is not covered.
        not_before: entry -> when the next order for it may be made.
        failed: how often in a row nothing could be prepared; *hold*: until when nothing is;
            *tries*: whether it is tried with one order now.
        asked: orders that were asked for since they are over and their fills are not all here.
        watched: instruments whose prices are followed -> when one came last.
        silent: of them, those of which it was told that none comes.
        best: key -> the trigger of a trailing stop, as the market stood best since it is watched.
        excused: orders that were refused while one that nobody sees may have held their units.
        since: what a process waits for -> since when.
        told: legs of which it was told that nothing is taken for them now.
    """

    preparing: dict[Key, tuple[Key, Decimal]] = field(default_factory=dict)
    backing: set[Key] = field(default_factory=set)
    paired: set[Key] = field(default_factory=set)
    apart: set[Key] = field(default_factory=set)
    bare: dict[Key, datetime] = field(default_factory=dict)
    not_before: dict[Key, datetime] = field(default_factory=dict)
    failed: int = 0
    hold: datetime | None = None
    tries: bool = False
    asked: set[Key] = field(default_factory=set)
    watched: dict[str, datetime] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    best: dict[Key, Decimal] = field(default_factory=dict)
    excused: set[Key] = field(default_factory=set)
    since: dict[Key, datetime] = field(default_factory=dict)
    told: set[Key] = field(default_factory=set)

    def prepared(self, key: Key) -> None:
        """Take in that an order is prepared: the venue can be asked."""
        if self.preparing.pop(key, None) is not None:
            self.failed, self.hold, self.tries = 0, None, False
        self.paired.discard(key)

    def fail(self, now: datetime, pause: timedelta, longest: timedelta) -> None:
        """Take in that the venue could not be asked: it is tried with one, later each time."""
        if self.hold is None or self.tries:
            self.failed += 1
        self.tries = False
        self.hold = now + min(pause * 2 ** min(self.failed - 1, 10), longest)

    def may_try(self, now: datetime, longest: timedelta) -> bool:
        """Return whether an order may be made now: none while it is tried with another."""
        if self.hold is not None:
            if now < self.hold:
                return False
            self.hold, self.tries = now + longest, True
        return True

    def coming(self, plan: Key) -> Decimal:
        """Return the units that are being prepared for a planned order."""
        units = (qty for served, qty in self.preparing.values() if served == plan)
        return sum(units, Decimal(0))
