"""What is being asked of a venue: of this process alone, and made anew after a restart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from atms.execution.core.events import SnapshotRead
from atms.stores.requests import Key


@dataclass
class Off:
    """A balance that is other than in the books: by how much, since when, how often in a row."""

    amount: Decimal
    since: datetime
    times: int = 1


@dataclass
class Asking:
    """What is being asked of the venue, and when it was last.

    Attributes:
        log: when the running read of the log was begun; None: none is running.
        log_wanted: whether another should follow; not before *log_again*.
        complete: when the last whole read of the log was begun.
        brought: what was booked on since the snapshot was asked for: instruments and assets.
        snapshot: when a snapshot was asked for, and is not here yet.
        checked: when the last snapshot was asked for.
        found: a snapshot that is to be compared; *follows*: a read of the log was begun after it.
        buckets_told: whether a snapshot has ever told positions.
        looks: key -> when it may be asked for again.
        running: keys that are being asked for.
        again: key -> when its bytes were last sent again.
        unseen: key -> since when an order that stands is not shown.
        unheard: key of an order whose cancellation has not come to the venue -> how often in a
            row, and when it is sent again; None: it was sent.
        queued: key of an order that our own budget has kept back -> when it left; None: it waits.
        missed: keys of orders that were asked for, and of which nobody knows whether they stand.
        differed: instrument -> how many comparisons in a row it differed.
        halted: instruments that are halted because they differed.
        off: asset -> how its balance differs.
        failed: how often in a row the venue could not be asked; *hold*: it is not before then.
    """

    log: datetime | None = None
    log_wanted: bool = False
    log_again: datetime | None = None
    complete: datetime | None = None
    brought: set[str] = field(default_factory=set)
    snapshot: datetime | None = None
    snapshot_wanted: bool = True
    checked: datetime | None = None
    found: SnapshotRead | None = None
    follows: bool = False
    buckets_told: bool = False
    looks: dict[Key, datetime] = field(default_factory=dict)
    running: set[Key] = field(default_factory=set)
    again: dict[Key, datetime] = field(default_factory=dict)
    unseen: dict[Key, datetime] = field(default_factory=dict)
    unheard: dict[Key, tuple[int, datetime | None]] = field(default_factory=dict)
    queued: dict[Key, datetime | None] = field(default_factory=dict)
    missed: set[Key] = field(default_factory=set)
    differed: dict[str, int] = field(default_factory=dict)
    halted: set[str] = field(default_factory=set)
    off: dict[str, Off] = field(default_factory=dict)
    failed: int = 0
    hold: datetime | None = None

    def fail(self, now: datetime, retry: timedelta, longest: timedelta) -> None:
        """The venue could not be asked: wait, longer each time; what failed beside counts once."""
        if self.hold is None or now >= self.hold:
            self.failed += 1
            self.hold = now + _pause(self.failed - 1, retry, longest)
        self.log_wanted = True

    def kept_back(self, keys: Collection[Key], left: datetime | None) -> None:
        """Orders wait for our own budget, or have left: what was not seen before says nothing."""
        self.queued.update(dict.fromkeys(keys, left))
        self.missed.difference_update(keys)

    def not_heard(self, key: Key, now: datetime, retry: timedelta, longest: timedelta) -> None:
        """A cancellation has not come to the venue: it is sent again, later each time."""
        times = self.unheard.get(key, (0, None))[0]
        self.unheard[key] = times + 1, now + _pause(times, retry, longest)

    def answered(self) -> None:
        """The venue has answered."""
        self.failed, self.hold = 0, None

    def holds(self, now: datetime) -> bool:
        """Return whether nothing is asked now."""
        return self.hold is not None and now < self.hold


def _pause(failed: int, retry: timedelta, longest: timedelta) -> timedelta:
    """Return how long to wait after some failures before this one: twice as long each time."""
    pause: timedelta = min(retry * 2 ** min(failed, 20), longest)
    return pause
