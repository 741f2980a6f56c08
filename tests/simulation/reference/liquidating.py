"""When an account on margin is closed by the venue, and at which prices."""

from __future__ import annotations

from tests.simulation.reference.account import Account
from tests.simulation.reference.carrying import mark
from tests.simulation.reference.scenario import Row, Settings

Prices = dict[str, float]


def fails(terms: Settings, account: Account, marks: Prices) -> bool:
    """Tell whether equity is at or below what must be maintained."""
    needed = 0.0
    for name, position in account.open():
        size = abs(position.size)
        needed += terms.maintenance * size * marks[name] * terms.multiplier
        needed += terms.maintenance_per_contract * size
    return bool(account.open()) and account.equity(marks) <= needed


def inside(terms: Settings, account: Account, bars: dict[str, Row], sides: Prices) -> Prices:
    """Tell the prices of a liquidation inside the bar; none where there is no cause.

    *sides* are the sizes held before the bar; a position that has kept its side is looked at at
    its worst, another at the close.
    """
    worst = {}
    any_kept = False
    for name, position in account.open():
        bar = bars[name]
        marked = any(key.startswith("mark_") for key in bar)
        kept = sides.get(name, 0.0) * position.size > 0
        if kept and (not marked or "mark_low" in bar):
            worst[name] = mark(bar, "low" if position.size > 0 else "high")
            any_kept = True
        else:
            worst[name] = mark(bar, "close")
    if not any_kept or not fails(terms, account, worst):
        return {}
    if len(worst) == 1:
        worst = {name: _meeting(terms, account, name) for name in worst}
    return {name: min(max(p, bars[name]["low"]), bars[name]["high"]) for name, p in worst.items()}


def _meeting(terms: Settings, account: Account, name: str) -> float:
    """Tell the price at which equity meets maintenance: both are straight lines of the price."""
    size = abs(account.position(name).size)
    at_0 = account.equity({name: 0.0}) - terms.maintenance_per_contract * size
    at_1 = account.equity({name: 1.0}) - terms.maintenance_per_contract * size
    slope = at_1 - at_0 - terms.maintenance * size * terms.multiplier
    return -at_0 / slope
