"""When an account on margin is liquidated, and at which price."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, kw_only=True)
class Margin:
    """What must be left of an account's equity.

    Attributes:
        maintenance: a share of each position's value at mark.
        maintenance_per_contract: or an amount a contract.
        liquidation_fee: a share of the value that is closed.

    Raises:
        ValueError: a share outside 0 to 1, an amount below 0, or both kinds of maintenance.
    """

    maintenance: float = 0.0
    maintenance_per_contract: float = 0.0
    liquidation_fee: float = 0.0

    def __post_init__(self) -> None:
        for name in ("maintenance", "liquidation_fee"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"margin.{name}: is {getattr(self, name):g}; write a share: 5%")
        amount = self.maintenance_per_contract
        if not (amount >= 0 and math.isfinite(amount)):
            raise ValueError(f"margin.maintenance_per_contract: is {amount:g}")
        if self.maintenance and amount:
            raise ValueError(
                "margin: give maintenance, a share, or maintenance_per_contract, not both"
            )

    @property
    def liquidates(self) -> bool:
        """Whether there is anything to fall below."""
        return bool(self.maintenance or self.maintenance_per_contract)

    def required(self, held: Held, mark: float) -> float:
        """Return the maintenance margin of a position at a mark price."""
        share = self.maintenance * abs(held.size) * mark * held.multiplier
        return share + self.maintenance_per_contract * abs(held.size)


class Held(NamedTuple):
    """A position.

    Attributes:
        size: units, negative for a short.
        base: the price from which profit counts.
        tied: the cash that it took out of the account at that price; negative for a short whose
            proceeds are in the cash.
        multiplier: value of one unit at a price of 1.
    """

    size: float
    base: float
    tied: float
    multiplier: float = 1.0

    def worth(self, mark: float) -> float:
        """Return what it adds to the account's cash at a mark price."""
        return self.tied + self.size * (mark - self.base) * self.multiplier


def fails(margin: Margin, cash: float, positions: Sequence[tuple[Held, float]]) -> bool:
    """Return whether equity is at or below the maintenance margin.

    Args:
        margin: the account's.
        cash: beside the positions.
        positions: each with the mark price at which it is looked at.
    """
    equity = cash + math.fsum(held.worth(mark) for held, mark in positions)
    return equity <= math.fsum(margin.required(held, mark) for held, mark in positions)


def liquidation_price(margin: Margin, cash: float, held: Held) -> float:
    """Return the mark price at which the account's only position meets its maintenance margin.

    Solved for the price p: cash + tied + size (p - base) m = rate |size| p m + amount |size|, with
    the multiplier m.
    """
    size, multiplier = held.size, held.multiplier
    known = cash + held.tied - size * held.base * multiplier
    known -= margin.maintenance_per_contract * abs(size)
    return known / ((margin.maintenance * abs(size) - size) * multiplier)
