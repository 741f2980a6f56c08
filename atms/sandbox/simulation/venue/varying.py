"""How one account at a kind of venue differs from the next: what it holds, and what it may ask."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from decimal import Decimal

from atms.sandbox.simulation.venue.profiles import Profile
from atms.stores.capabilities import Budget

_FEWEST = 6  # in a budget's time, that anybody has


@dataclass(frozen=True, kw_only=True)
class Varied:
    """An account's venue.

    Attributes:
        policy: what becomes of positions that no journal explains; *held* units are such.
    """

    profile: Profile
    policy: str = "halt"
    held: Decimal = Decimal(0)

    @property
    def spared(self) -> Decimal:
        """Return units that are no position."""
        return self.held if self.policy == "ignore" else Decimal(0)


def vary(profile: Profile, rng: random.Random) -> Varied:
    """Draw an account."""
    balances, policy, held = dict(profile.balances), "halt", Decimal(0)
    if "POINT" in balances:
        balances["POINT"] = Decimal("0.01")  # then fees are taken from what fills bring
    if profile.untold and rng.random() < 0.45:
        held, policy = Decimal(3), rng.choice(("adopt", "ignore"))
        balances[next(iter(profile.symbols.values()))[0]] = held
    manners = profile.manners
    if rng.random() < 0.3 and not any(one.units <= 30 for one in manners.budgets):
        manners = replace(manners, budgets=tuple(_fewer(one) for one in manners.budgets))
    return Varied(
        profile=replace(profile, balances=balances, manners=manners), policy=policy, held=held
    )


def _fewer(budget: Budget) -> Budget:
    """Return what a lesser account may spend: orders wait for it, and reads now and then."""
    units = max(_FEWEST, budget.units // (16 if budget.name == "orders" else 3))
    return replace(budget, units=units, reserve=min(budget.reserve, units // 4))
