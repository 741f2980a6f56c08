"""Markets of which a venue said that they are closed: it is asked again after a while, not at once.

A strategy that closes on every bar would else send an order a bar that nobody takes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

CODE = "CLOSED_MARKET"
PAUSE = timedelta(seconds=10)  # short, because a halt may be over soon


class ClosedMarkets:
    """Instruments whose orders were refused because their market is closed.

    Args:
        now: the clock.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._since: dict[str, datetime] = {}

    def note(self, instrument: str, code: str) -> None:
        """Take the code with which the venue refused an order."""
        if code == CODE:
            self._since[instrument] = self._now()

    def why(self, instrument: str) -> str:
        """Return why no order is sent now; empty: one may be."""
        since = self._since.get(instrument)
        if since is None or self._now() - since >= PAUSE:
            return ""
        return (
            f"the venue says that {instrument} is closed; nothing is sent there for "
            f"{PAUSE.total_seconds():g} s after it said so"
        )
