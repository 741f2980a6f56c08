"""What a venue takes as an order: price and size steps, least size and least value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_EVEN, Decimal


@dataclass(frozen=True, kw_only=True)
class Rules:
    """An instrument's steps and least values; None: there is no such rule.

    Attributes:
        tick: smallest price step.
        step: smallest size step.
        min_size: smallest size.
        min_notional: smallest size times price.

    Raises:
        ValueError: a step that is not above zero, or a least value below zero.
    """

    tick: Decimal | None = None
    step: Decimal | None = None
    min_size: Decimal | None = None
    min_notional: Decimal | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            least = field.name.startswith("min")
            if not (value.is_finite() and (value >= 0 if least else value > 0)):
                raise ValueError(f"{field.name}: is {value}, and must be above 0")


def refusal(rules: Rules, size: float, prices: Iterable[float], worth: float) -> str:
    """Return why a venue refuses an order; an empty string if it does not.

    Args:
        rules: the instrument's.
        size: of the order, positive.
        prices: every price that the order names.
        worth: the price by which its least value is measured.
    """
    if rules.step is not None and not on_step(size, rules.step):
        return f"size {size!r} is no multiple of the step {rules.step}"
    if rules.min_size is not None and size < float(rules.min_size):
        return f"size {size!r} is below the smallest, {rules.min_size}"
    for price in prices:
        if rules.tick is not None and not on_step(price, rules.tick):
            return f"price {price!r} is no multiple of the tick {rules.tick}"
    if rules.min_notional is not None and size * worth < float(rules.min_notional):
        return f"its value of {size * worth:g} is below the smallest, {rules.min_notional}"
    return ""


def on_step(value: float, step: Decimal) -> bool:
    """Return whether *value* is the nearest float of a decimal multiple of *step*."""
    return nearest(value, step) == value


def nearest(value: float, step: Decimal) -> float:
    """Return the float nearest to the multiple of *step* that is nearest to *value*."""
    times = (Decimal(value) / step).to_integral_value(ROUND_HALF_EVEN)
    return float(times * step)


def floored(value: float, step: Decimal) -> float:
    """Return the largest multiple of *step* that is not above *value*, as its nearest float."""
    close = nearest(value, step)
    if close <= value + 1e-9 * float(step):  # 0.29 x 100 is 28.999999999999996
        return close
    times = (Decimal(value) / step).to_integral_value(ROUND_HALF_EVEN) - 1
    return float(times * step)
