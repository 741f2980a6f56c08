"""Kraken's counters: each rises with what is asked and falls by itself, by the account's tier.

Sources: docs.kraken.com, "Spot REST rate limits" and "Spot trading limits".
"""

from __future__ import annotations

from collections.abc import Mapping

from atms.sandbox.venue.clock import Clock

# tier -> (questions: highest, falls a second), (orders of a pair: highest, falls a second)
TIERS: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "starter": ((15, 0.33), (60, 1.0)),
    "intermediate": ((20, 0.5), (125, 2.34)),
    "pro": ((20, 1.0), (180, 3.75)),
}
ORDER = 1.0
# what a cancellation adds, by the age of its order in seconds
_CANCEL = ((5, 8.0), (10, 6.0), (15, 5.0), (45, 4.0), (90, 2.0), (300, 1.0))


def of_cancel(age: float) -> float:
    """Return what cancelling an order adds."""
    return next((cost for below, cost in _CANCEL if age < below), 0.0)


class Counter:
    """One counter.

    Args:
        highest: what it may not pass.
        falls: a second.
    """

    def __init__(self, clock: Clock, highest: float, falls: float) -> None:
        self._clock, self.highest, self._falls = clock, highest, falls
        self._level = 0.0
        self._at = clock.now()

    def level(self) -> float:
        """Return where it stands now."""
        now = self._clock.now()
        self._level = max(0.0, self._level - (now - self._at) / 1000 * self._falls)
        self._at = now
        return self._level

    def take(self, units: float) -> bool:
        """Return whether *units* more are within the limit; they are counted only then."""
        if self.level() + units > self.highest:
            return False
        self._level += units
        return True


class Counters:
    """Those of one account."""

    def __init__(self, clock: Clock, tier: str, times: int) -> None:
        (calls, calls_fall), (orders, orders_fall) = TIERS[tier]
        self.calls = Counter(clock, calls * times, calls_fall * times)
        self._new = lambda: Counter(clock, orders * times, orders_fall * times)
        self._pairs: dict[str, Counter] = {}

    def of_pair(self, symbol: str) -> Counter:
        """Return the counter of orders on a symbol."""
        if symbol not in self._pairs:
            self._pairs[symbol] = self._new()
        return self._pairs[symbol]
