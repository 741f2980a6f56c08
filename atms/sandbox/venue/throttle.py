"""How often something may be asked: counts in windows of the venue's clock."""

from __future__ import annotations

from dataclasses import dataclass

from atms.sandbox.venue.clock import Clock


@dataclass(slots=True)
class Window:
    """A count that starts anew with each interval of the clock; times in milliseconds."""

    length: int
    limit: int
    began: int = 0
    count: int = 0

    def at(self, now: int) -> int:
        """Return the count of the interval that *now* lies in."""
        if now // self.length != self.began:
            self.began, self.count = now // self.length, 0
        return self.count

    def add(self, now: int, n: int) -> int:
        """Count *n* more, or fewer; never below zero."""
        self.count = max(0, self.at(now) + n)
        return self.count

    def left(self, now: int) -> int:
        """Return the seconds until the interval is over, at least one."""
        return max(1, -(-(self.length - now % self.length) // 1000))


class Throttle:
    """So many units in each interval, counted for each name by itself.

    Args:
        length: of an interval, milliseconds.
        limit: units in one.
    """

    def __init__(self, clock: Clock, length: int, limit: int) -> None:
        self.length, self.limit = length, limit
        self._clock = clock
        self._windows: dict[str, Window] = {}

    def of(self, name: str) -> Window:
        """Return the window of *name*: an address, a key, a symbol."""
        return self._windows.setdefault(name, Window(self.length, self.limit))

    def take(self, name: str, units: int = 1) -> bool:
        """Return whether *units* more are within the limit; they are counted only then."""
        window, now = self.of(name), self._clock.now()
        if window.at(now) + units > self.limit:
            return False
        window.add(now, units)
        return True

    def left(self, name: str) -> int:
        """Return how many units are left in this interval."""
        return self.limit - self.of(name).at(self._clock.now())

    def again(self) -> int:
        """Return the milliseconds until the next interval."""
        return self.length - self._clock.now() % self.length
