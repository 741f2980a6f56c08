"""From a bar to prints: the way that its price went, and how much traded on it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal

from atms.sandbox.venue.numbers import QUANTUM, ZERO, down

_PRINTS = 12  # a bar, its four corners among them


@dataclass(frozen=True, slots=True)
class Step:
    """A print of a bar; *share* is how much of the bar's time is over, 0 to 1."""

    share: float
    price: Decimal
    qty: Decimal
    buyer_took: bool


def path(
    prices: tuple[Decimal, Decimal, Decimal, Decimal], volume: Decimal, tick: Decimal
) -> list[Step]:
    """Return the prints of a bar: open, low, high, close if it rose, else open, high, low, close.

    Args:
        prices: open, high, low, close.
        volume: units of the base asset, split evenly; none: the least that can trade, each.
    """
    opened, high, low, close = prices
    corners = [opened, low, high, close] if close >= opened else [opened, high, low, close]
    if volume <= ZERO and high == low:
        return []
    points = _between(corners, tick)
    each = max(QUANTUM, down(volume / len(points)))
    sizes = [each] * len(points)
    sizes[-1] = max(QUANTUM, volume - each * (len(points) - 1))
    steps, last = [], opened
    took = close >= opened
    for at, (price, size) in enumerate(zip(points, sizes, strict=True)):
        took = price > last if price != last else took
        steps.append(Step(at / len(points), price, size, took))
        last = price
    return steps


def _between(corners: list[Decimal], tick: Decimal) -> list[Decimal]:
    """Return the corners and prices between them, more on a longer leg, on whole ticks."""
    legs = [abs(b - a) for a, b in itertools.pairwise(corners)]
    whole = sum(legs, ZERO)
    spare = _PRINTS - len(corners)
    points = [corners[0]]
    for leg, (a, b) in zip(legs, itertools.pairwise(corners), strict=True):
        inner = int(spare * leg / whole) if whole else 0
        points += [a + down((b - a) * k / (inner + 1), tick) for k in range(1, inner + 1)]
        points.append(b)
    return points
