"""Kraken's counters: they rise with each request and fall by themselves, by the account's tier.

A window of as many units as a counter may hold, as long as it takes to fall from there to zero,
never lets the counter pass its limit. Facts of its pages "Spot REST rate limits" and "Spot trading
limits".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from atms.errors import ConfigError, did_you_mean
from atms.stores.capabilities import Budget
from atms.stores.ccxt.options import refuse_others

# tier -> (questions: highest, falls a second), (orders of a pair: highest, falls a second)
TIERS: Mapping[str, tuple[tuple[int, float], tuple[int, float]]] = {
    "starter": ((15, 0.33), (60, 1.0)),
    "intermediate": ((20, 0.5), (125, 2.34)),
    "pro": ((20, 1.0), (180, 3.75)),
}
_USUAL = "intermediate"
_PUBLIC = 30  # units, and seconds: one question a second
# a cancellation costs more the younger its order is: below so many seconds, so much
_CANCELS = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))


def wanted(exchange: str, options: Mapping[str, Any]) -> tuple[str, int]:
    """Return the tier, and how many times its limits the account has.

    Raises:
        ConfigError: there is no such option, tier or number.
    """
    refuse_others(exchange, options, ("tier", "limits_times"))
    tier, times = str(options.get("tier", _USUAL)), options.get("limits_times", 1)
    if tier not in TIERS:
        known = ", ".join(TIERS)
        raise ConfigError(
            f"options of {exchange}: tier: no {tier!r}{did_you_mean(tier, TIERS)}; "
            f"there are: {known}"
        )
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise ConfigError(f"options of {exchange}: limits_times: {times!r} is no whole number")
    return tier, times


def budgets(tier: str = _USUAL, times: int = 1) -> tuple[Budget, ...]:
    """Return what an account of a tier may spend.

    Orders are counted by pair, and here together: never more than the venue lets through.
    """
    calls, trading = TIERS[tier]
    return (
        _counter("calls", *calls, times, 2), _counter("trading", *trading, times, 24),
        Budget(
            name="public", per=timedelta(seconds=_PUBLIC), units=_PUBLIC * times,
            shared_by="address", reserve=4,
        ),
    )  # fmt: skip


def _counter(name: str, highest: int, falls: float, times: int, reserve: int) -> Budget:
    return Budget(
        name=name, per=timedelta(seconds=highest / falls), units=highest * times,
        shared_by="account", reserve=reserve,
    )  # fmt: skip


def cost_of_cancel(age: float) -> int:
    """Return what cancelling an order costs, by the seconds since it was sent."""
    return next((cost for below, cost in _CANCELS if age < below), 0)
