"""The venue's own clock: wall time in milliseconds, that a test may put forward or back."""

from __future__ import annotations

import time


class Clock:
    """Wall time.

    Attributes:
        offset: milliseconds that the venue is ahead of this machine's clock.
    """

    def __init__(self) -> None:
        self.offset = 0

    def now(self) -> int:
        """Return the venue's time, milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000 + self.offset
