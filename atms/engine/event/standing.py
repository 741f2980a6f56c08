"""Whether a run is still on our code."""

from __future__ import annotations

from collections.abc import Callable


class Standing:
    """Shared by everything of a run.

    Args:
        leave: called with the reason when the run goes over to Backtrader's own code: once that
            returns, every object is as Backtrader would have it at that moment.

    Attributes:
        live: whether the run is on our code; once it is not, it never is again.
    """

    __slots__ = ("_leave", "live")

    def __init__(self, leave: Callable[[str], None]) -> None:
        self.live = True
        self._leave = leave

    def retreat(self, why: str) -> None:
        """Go over to Backtrader's own code."""
        if self.live:
            self.live = False
            self._leave(why)
