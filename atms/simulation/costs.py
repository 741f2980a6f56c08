"""What a taker pays beside the fee: spread, slippage and market impact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, kw_only=True)
class Slippage:
    """How much worse than the reference price a taker fills.

    Attributes:
        percent: a share of the price, 0.0005 for 0.05 %.
        fixed: an amount a unit.
        ticks: so many times *tick*.
        tick: the smallest price step.
        half_spread: half of ask minus bid, two lines of the data, beside any of the above.

    Raises:
        ValueError: two of percent, fixed and ticks; one below zero; ticks without a tick.
    """

    percent: float = 0.0
    fixed: float = 0.0
    ticks: float = 0.0
    tick: float = 0.0
    half_spread: bool = False

    def __post_init__(self) -> None:
        given = [name for name in ("percent", "fixed", "ticks") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"slippage: give one of {' and '.join(given)}, not both")
        for name in (*given, "tick"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"slippage.{name}: is {value}, and must not be below zero")
        if self.ticks and not self.tick:
            raise ValueError("slippage.ticks: needs the instrument's tick")

    def amount(self, reference: float) -> float:
        """Return the slippage a unit, the spread apart."""
        return self.percent * reference + self.fixed + self.ticks * self.tick


@dataclass(frozen=True, kw_only=True)
class Impact:
    """The square-root law of market impact.

    Price moves by coefficient x volatility x sqrt(size / volume), volatility and volume over the
    same time (Toth et al., Anomalous price impact and the critical nature of liquidity in
    financial markets, Physical Review X 1, 021006, 2011).

    Attributes:
        coefficient: without unit, about 1.
        window: bars over which volatility and volume are measured.

    Raises:
        ValueError: a coefficient below zero, or a window of less than two bars.
    """

    coefficient: float = 1.0
    window: int = 20

    def __post_init__(self) -> None:
        if not (self.coefficient >= 0 and math.isfinite(self.coefficient)):
            raise ValueError(f"impact.coefficient: is {self.coefficient}, and must not be below 0")
        if self.window < 2:
            raise ValueError(f"impact.window: is {self.window}, and needs two bars or more")

    def amount(
        self, reference: float, size: float, returns: Sequence[float], volume: float
    ) -> float | None:
        """Return the impact a unit; None where nothing is traded, so that nothing can fill.

        Args:
            reference: the price before costs.
            size: of the fill, positive.
            returns: simple returns of the bars before; with fewer than two there is no impact.
            volume: mean volume of the bars before.
        """
        if not self.coefficient or len(returns) < 2:
            return 0.0
        if not volume > 0:
            return None
        mean = math.fsum(returns) / len(returns)
        variance = math.fsum((value - mean) ** 2 for value in returns) / len(returns)
        return reference * self.coefficient * math.sqrt(variance) * math.sqrt(size / volume)


class Parts(NamedTuple):
    """What makes a price worse, in the order in which it is spared at a limit: the last first."""

    spread: float = 0.0
    slippage: float = 0.0
    impact: float = 0.0


NO_PARTS = Parts()


def worsened(
    reference: float, buys: bool, parts: Parts, limit: float | None
) -> tuple[float, Parts]:
    """Return the price with *parts* in it, and what of them was paid.

    Args:
        reference: the price before costs.
        buys: the order's side.
        parts: a unit, each zero or more.
        limit: never passed; None: there is none.
    """
    if limit is not None:
        parts = _within(parts, max(0.0, limit - reference if buys else reference - limit))
    whole = sum(parts)
    price = reference + whole if buys else reference - whole
    if limit is not None:  # the sum may round past it
        price = min(price, limit) if buys else max(price, limit)
    return price, parts


def _within(parts: Parts, room: float) -> Parts:
    paid = []
    for part in parts:
        paid.append(min(part, room))
        room = max(0.0, room - paid[-1])
    return Parts(*paid)


class FillCosts(NamedTuple):
    """What one fill cost, and why.

    Attributes:
        reference_price: the price that the order met before costs.
        spread, slippage, impact: totals of the fill, in the account's currency.
        maker: whether it rested and was met.
        stamp: of the finer bar that it filled on, microseconds since 1970 UTC; None: of its bar.
    """

    reference_price: float
    spread: float = 0.0
    slippage: float = 0.0
    impact: float = 0.0
    maker: bool = False
    stamp: int | None = None
