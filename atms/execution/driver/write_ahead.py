"""What the driver needs of a journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class WriteAhead(Protocol):
    """The durable record of one account."""

    def begin(self, at: datetime) -> int:
        """Raise the epoch by one, durable, and return it."""

    def append(self, bodies: Sequence[str]) -> int:
        """Make lines durable, all or none."""

    def check(self) -> None:
        """Make sure that the account is this process's still.

        Raises:
            JournalError: another process has begun an epoch since.
        """
