"""The venue's clock, as far as it can be known from here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from atms.errors import VenueError
from atms.steady import SteadyClock

READINGS = 3  # each is a request: a venue may let few through in a minute
FAR_OFF = timedelta(seconds=5)


class Clock:
    """Our clock, corrected.

    Args:
        here: our own clock, aware UTC; None: one that nobody sets.

    Attributes:
        offset: the venue's time less ours.
    """

    def __init__(self, here: Callable[[], datetime] | None = None) -> None:
        self.here = here or SteadyClock().now
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """Return the venue's time, in whole milliseconds as venues write them."""
        at = self.here() + self.offset
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    async def measure(self, read: Callable[[], Awaitable[datetime]]) -> None:
        """Set the offset by the quickest of a few readings, at half its way to and fro.

        How far it may be off is half of that way: the first one, which connects, takes longest.
        """
        found: list[tuple[timedelta, timedelta]] = []
        for _ in range(READINGS):
            before = self.here()
            theirs = await read()
            way = self.here() - before
            found.append((way, theirs - (before + way / 2)))
        self.offset = min(found)[1]

    def check(self, venue: str) -> None:
        """Refuse a clock that cannot be meant.

        Raises:
            VenueError: it is more than 5 s off.
        """
        if abs(self.offset) > FAR_OFF:
            seconds = abs(self.offset.total_seconds())
            where = "behind" if self.offset > timedelta(0) else "ahead of"
            raise VenueError(
                f"{venue}: the clock is {seconds:.1f} s off ({where} the venue's); "
                "set this computer's clock, it should follow a time server"
            )
