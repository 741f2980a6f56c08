"""A random generator with the few questions that drawing a case asks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """Draws; only by methods whose answers no Python version changes.

    Attributes:
        main: index of the data that the present indicator is on.
    """

    main = 0

    def chance(self, probability: float) -> bool:
        """Return True that often."""
        return self.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Return one of *options*."""
        return options[int(self.random() * len(options))]

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from *low* to *high*, both included."""
        return low + int(self.random() * (high - low + 1))

    def some(self, options: Sequence[T], low: int, high: int) -> tuple[T, ...]:
        """Return from *low* to *high* different *options*, in their order."""
        left = list(range(len(options)))
        count = min(self.whole(low, high), len(left))
        taken = [left.pop(int(self.random() * len(left))) for _ in range(count)]
        return tuple(options[place] for place in sorted(taken))
