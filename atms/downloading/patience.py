"""How long a venue that does not answer, or lets nothing through, is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from atms.errors import VenueError
from atms.stores.base import RateLimited, Unreachable

_UNTOLD = timedelta(minutes=1)  # of a rate limit that names no time; venues count by the minute
_LONGEST = timedelta(seconds=30)  # between two tries of a venue that does not answer
WAITS_FOR = (RateLimited, Unreachable)


class Patience:
    """Waits for one download.

    Args:
        limit: how long, until something comes again.
        told: hears why it waits, and how long; may be set later.
    """

    def __init__(self, limit: timedelta, told: Callable[[str], None] = lambda text: None) -> None:
        self._limit = limit
        self.told = told
        self._waited = timedelta(0)
        self._tries = 0

    def restore(self) -> None:
        """Be as patient as at first: something came."""
        self._waited, self._tries = timedelta(0), 0

    async def endure(self, error: VenueError) -> None:
        """Wait as *error* asks, or raise it if that takes too long."""
        wait = self._wait(error)
        self._tries += 1
        if self._waited + wait > self._limit:
            raise error
        self._waited += wait
        self.told(f"{error}; trying again in {seconds(wait)}")
        await asyncio.sleep(wait.total_seconds())

    def _wait(self, error: VenueError) -> timedelta:
        if isinstance(error, RateLimited):
            return _UNTOLD if error.after is None else error.after
        return min(_LONGEST, timedelta(seconds=2**self._tries))


def seconds(wait: timedelta) -> str:
    """Return a time to wait as people read it: ``40 s``, ``12 min``, ``3.5 h``."""
    total = wait.total_seconds()
    if total < 120:
        return f"{max(total, 1):.0f} s"
    return f"{total / 60:.0f} min" if total < 7200 else f"{total / 3600:.1f} h"
