"""Linear perpetual contracts: sizes in units of the base asset, profits in the quote asset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from atms.sandbox.venue.symbols import Symbol


class Bracket(NamedTuple):
    """So much notional may be held with at most that leverage.

    Attributes:
        cap: notional up to which it goes; *floor*: from which on.
        maintenance: share of the notional that must stay, less *cum*.
    """

    leverage: int
    floor: Decimal
    cap: Decimal
    maintenance: Decimal
    cum: Decimal


def brackets(rows: Sequence[tuple[int, int, str]]) -> tuple[Bracket, ...]:
    """Return brackets of (leverage, cap, maintenance), the smallest first.

    Each `cum` lets maintenance go on without a step from one bracket to the next.
    """
    found: list[Bracket] = []
    floor, cum, before = Decimal(0), Decimal(0), Decimal(0)
    for leverage, cap, share in rows:
        rate = Decimal(share)
        cum += floor * (rate - before)
        found.append(Bracket(leverage, floor, Decimal(cap), rate, cum))
        floor, before = Decimal(cap), rate
    return tuple(found)


# Of the form that venues have them in; the numbers are nobody's.
BRACKETS = brackets((
    (100, 2_000_000, "0.005"), (50, 10_000_000, "0.01"), (25, 50_000_000, "0.02"),
    (10, 200_000_000, "0.05"), (5, 500_000_000, "0.1"),
))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Symbol):
    """One perpetual contract.

    Attributes:
        multiplier: units of the base asset that the venue counts as one contract; quantities
            here are units all the same.
    """

    step: Decimal = Decimal("0.001")
    max_qty: Decimal = Decimal(1000)
    max_market_qty: Decimal = Decimal(120)
    multiplier: Decimal = Decimal(1)
    brackets: tuple[Bracket, ...] = BRACKETS

    @property
    def most_leverage(self) -> int:
        """The leverage of the smallest bracket."""
        return self.brackets[0].leverage

    def bracket(self, notional: Decimal) -> Bracket:
        """Return the bracket that a position's notional lies in."""
        return next((one for one in self.brackets if notional <= one.cap), self.brackets[-1])

    def most_at(self, leverage: Decimal) -> Decimal:
        """Return the most notional that may be held with a leverage."""
        return max(
            (one.cap for one in self.brackets if one.leverage >= leverage), default=Decimal(0)
        )
