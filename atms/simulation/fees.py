"""What venues charge for a fill: pure schedules of fees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol


class OrderTotals(NamedTuple):
    """What of an order has filled before.

    Attributes:
        size: units, positive.
        value: size times price times multiplier, summed.
    """

    size: float = 0.0
    value: float = 0.0


class FeePart(NamedTuple):
    """The fill, or the part of one, that is charged.

    Attributes:
        size: units, positive.
        value: size times price times multiplier.
        maker: whether it rested and was met.
        before: what of its order was charged already.
        traded: the account's value traded within the schedule's days before.
        conversion: the account's currency for one unit of the schedule's.
    """

    size: float
    value: float
    maker: bool = False
    before: OrderTotals = OrderTotals()
    traded: float = 0.0
    conversion: float = 1.0


class Schedule(Protocol):
    """A venue's way to charge."""

    def fee(self, part: FeePart) -> float:
        """Return the fee in the account's currency; negative: a rebate."""


@dataclass(frozen=True)
class MakerTaker:
    """A share of the value, by who was there first.

    Attributes:
        maker, taker: shares, 0.001 for 0.1 %. A maker's may be negative, a rebate, but the venue
            never gives away more than it takes from the other side.
    """

    maker: float
    taker: float

    def __post_init__(self) -> None:
        _check_share("commission.taker", self.taker)
        if self.maker >= 0:
            _check_share("commission.maker", self.maker)
        elif not self.maker + self.taker >= 0:
            raise ValueError(
                f"commission.maker: a rebate of {-self.maker:g} is more than the taker's fee of "
                f"{self.taker:g}: no venue gives away more than it takes"
            )

    def fee(self, part: FeePart) -> float:
        """Return the fee, see :class:`Schedule`."""
        return part.value * (self.maker if part.maker else self.taker)


class Percent(MakerTaker):
    """A share of the value, whoever was there first."""

    def __init__(self, rate: float) -> None:
        super().__init__(rate, rate)


@dataclass(frozen=True)
class PerShare:
    """An amount a share, with a least and a most an order.

    Attributes:
        per_share: the amount.
        minimum: the least that an order costs.
        maximum: the most, as a share of the order's value; it wins over the minimum.
    """

    per_share: float
    minimum: float = 0.0
    maximum: float | None = None

    def __post_init__(self) -> None:
        _check_amount("commission.per_share", self.per_share)
        _check_amount("commission.minimum", self.minimum)
        if self.maximum is not None:
            _check_share("commission.maximum", self.maximum)

    def fee(self, part: FeePart) -> float:
        """Return what this part adds to the order's fee, see :class:`Schedule`."""
        before = part.before
        charged = self._of_order(before, part.conversion) if before.size else 0.0
        after = OrderTotals(before.size + part.size, before.value + part.value)
        return max(0.0, self._of_order(after, part.conversion) - charged)

    def _of_order(self, order: OrderTotals, conversion: float) -> float:
        fee = max(self.per_share * order.size, self.minimum) * conversion
        return fee if self.maximum is None else min(fee, self.maximum * order.value)


@dataclass(frozen=True)
class PerContract:
    """An amount a contract."""

    per_contract: float

    def __post_init__(self) -> None:
        _check_amount("commission.per_contract", self.per_contract)

    def fee(self, part: FeePart) -> float:
        """Return the fee, see :class:`Schedule`."""
        return self.per_contract * part.size * part.conversion


class Tier(NamedTuple):
    """Shares of the value from a traded value on."""

    volume: float
    maker: float
    taker: float


@dataclass(frozen=True)
class Tiered:
    """Shares that fall with what the account has traded.

    Attributes:
        tiers: by rising volume, the first from zero on.
        days: the time over which the traded value is summed.
    """

    tiers: tuple[Tier, ...]
    days: float = 30.0

    def __post_init__(self) -> None:
        if not self.tiers or self.tiers[0].volume:
            raise ValueError("commission.tiers: the first tier must be from a volume of 0 on")
        if any(one.volume >= other.volume for one, other in pairwise(self.tiers)):
            raise ValueError("commission.tiers: volumes must rise from tier to tier")
        if not self.days > 0:
            raise ValueError(f"commission.days: is {self.days:g}, and must be above 0")
        for tier in self.tiers:
            MakerTaker(tier.maker, tier.taker)

    def fee(self, part: FeePart) -> float:
        """Return the fee, see :class:`Schedule`."""
        tier = next(tier for tier in reversed(self.tiers) if tier.volume <= part.traded)
        return part.value * (tier.maker if part.maker else tier.taker)


def _check_share(key: str, value: float) -> None:
    if not 0 <= value < 1:
        what = "a negative fee that is no maker's rebate" if value < 0 else "not a share"
        raise ValueError(f"{key}: {value:g} is {what}: write 0.1% or 0.001")


def _check_amount(key: str, value: float) -> None:
    if not (value >= 0 and math.isfinite(value)):
        raise ValueError(f"{key}: is {value:g}, and must not be below 0")
