"""Time that nobody sets: timers must not stand still because a computer's clock was put back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_SLIGHT = timedelta(seconds=1)  # what a time server corrects without a step


def since_boot() -> float:
    """Return the seconds since the machine's start: the same for all of its processes.

    Those in which it was asleep count where the system knows them, as Linux does.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class SteadyClock:
    """The wall clock's time when this was made, and what has passed since.

    Args:
        wall: the wall clock, aware UTC.
        passed: seconds that never go back, from wherever.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        passed: Callable[[], float] = since_boot,
    ) -> None:
        self._wall = wall
        self._passed = passed
        self._began, self._from = wall(), passed()
        self._known = timedelta(0)

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return self._began + timedelta(seconds=self._passed() - self._from)

    def moved(self) -> timedelta | None:
        """Return by how much the wall clock was set since this was last asked, if by over 1 s."""
        off = self._wall() - self.now()
        moved = off - self._known
        if abs(moved) <= _SLIGHT:
            return None
        self._known = off
        return moved
