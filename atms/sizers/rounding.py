"""What an instrument allows of a size, and sizes rounded to it: down, or to nothing."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

# What a float may be short of the number that was meant: 0.29 * 100 is 28.999999999999996. A part
# of the step, or where that is less, some units of the float's last place.
_NOISE_OF_STEP, _NOISE_OF_VALUE = Decimal("1e-9"), Decimal("1e-15")


class Terms(NamedTuple):
    """What counts of an instrument for a size; None: there is no such rule.

    Attributes:
        step: smallest size step.
        minimum: smallest size.
        min_notional: smallest value of an order, in the price's currency.
        rate: the account's currency for one unit of the price's; 0 where it is not known yet.
    """

    step: Decimal | None = None
    minimum: Decimal | None = None
    min_notional: Decimal | None = None
    rate: float = 1.0


def terms_of(broker: Any, comminfo: Any, data: Any) -> Terms:
    """Return what the broker knows of a data's instrument.

    A live or paper broker knows what the venue says; the simulated broker what it refuses orders
    by, its ``rules``; Backtrader's own knows nothing.
    """
    portfolio = getattr(broker, "portfolio", None)
    for holding in getattr(portfolio, "holdings", {}).values():
        if portfolio is not None and holding.commission is comminfo:
            one = holding.instrument
            paid_in = one.quote if one.cash == "exchange" else one.settle
            return Terms(one.qty_step, one.min_qty, one.min_notional, portfolio.rate(paid_in))
    rules = (getattr(broker.p, "rules", None) or {}).get(data._name)
    return Terms() if rules is None else Terms(rules.step, rules.min_size, rules.min_notional)


def rounded_down(size: float, step: Decimal | None) -> float:
    """Return the largest multiple of *step* that is not above *size*, as its nearest float.

    A size that misses a multiple by a float's noise alone is on it.
    """
    if step is None:
        return size
    exact = Decimal(repr(float(size)))
    times = (exact / step).to_integral_value(ROUND_HALF_EVEN)
    if abs(times * step - exact) > max(step * _NOISE_OF_STEP, exact * _NOISE_OF_VALUE):
        times = (exact / step).to_integral_value(ROUND_FLOOR)
    return float(times * step)


def added(one: float, other: float) -> float:
    """Return the sum of two sizes as they are written: 0.1 and 0.2 are 0.3."""
    return float(Decimal(repr(float(one))) + Decimal(repr(float(other))))
