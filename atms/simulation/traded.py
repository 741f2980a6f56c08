"""What an account has traded, for fees that fall with it."""

from __future__ import annotations

from bisect import bisect_left


class Traded:
    """The value of every fill by its time."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._sums: list[float] = [0.0]

    def add(self, now: float, value: float) -> None:
        """Add a fill's value; *now* is in days and never goes back."""
        self._times.append(now)
        self._sums.append(self._sums[-1] + value)

    def since(self, moment: float) -> float:
        """Return the value traded at *moment*, in days, or later."""
        return self._sums[-1] - self._sums[bisect_left(self._times, moment)]
