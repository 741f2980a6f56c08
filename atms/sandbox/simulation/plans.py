"""What a seed of a trial stands for: venues, strategies, faults, and how processes die."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from atms.execution.broker.winding_down import Policy
from atms.risk import Limits
from atms.sandbox.simulation.strategies import STRATEGIES
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.watched import Watched

# No order is changed, it is made anew; and clocks are set between processes of the other driver.
_NOT_DRAWN = frozenset({"amend_doubles", "clock_set"})
DRAWN = tuple(each.name for each in fields(Faults) if each.name not in _NOT_DRAWN)
# Two whose clocks change in the nights that trials begin in, and one of half hours.
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
_OTHERS = {
    "binance": "oanda", "binanceusdm": "kraken", "kraken": "alpaca", "oanda": "ibkr",
    "ibkr": "binance", "alpaca": "binanceusdm", "chain": "binance",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A drawn trial.

    Attributes:
        profiles: of the venues; each has *symbols* datas.
        step: the length of a bar.
        kills: the rate of deaths in steps.
        rush: what of that rate holds in a pass that waits for nothing, as one with a bar does.
        deaths: seconds between deaths at a time that nothing else sets; None: there are none.
        lasting: seconds after which a process ends in order, by *on_stop*; None: never.
        limits: of the risk gate; None: there is none.
        idle: seconds after which a pass without news ends.
        engine: whose loop runs the strategies, as the config has it.
        zone: in which they read times.
    """

    profiles: tuple[str, ...]
    symbols: int
    step: timedelta
    strategies: tuple[type[Watched], ...]
    faults: Faults
    kills: float
    deaths: float | None
    lasting: float | None
    on_stop: Policy
    outages: bool
    limits: Limits | None
    idle: float
    rush: float = 1.0
    engine: Literal["fast", "dense", "stock"] = "fast"
    zone: str = "UTC"

    @classmethod
    def draw(cls, seed: str, profile: str) -> Plan:
        """Draw everything."""
        rng = random.Random(f"{seed}/plan")
        two = rng.random()
        profiles = (profile, _OTHERS[profile]) if two < 0.2 else (profile,)
        symbols = 2 if 0.2 <= two < 0.4 else 1
        faults = _faults(seed)
        if len(profiles) + symbols > 2:  # a refused key ends its feed for good, the others go on
            faults = replace(faults, auth_failed=0, key_expires=0)
        names = [rng.choice(sorted(STRATEGIES)) for _ in range(rng.choice((1, 1, 2)))]
        return cls(
            profiles=profiles, symbols=symbols,
            step=timedelta(seconds=rng.choice((5, 15, 30))),
            strategies=tuple(STRATEGIES[name] for name in names),
            faults=faults, kills=rng.choice((0.0, 0.001, 0.004)),
            deaths=rng.choice((None, None, 150.0)), lasting=rng.choice((None, None, 200.0)),
            on_stop=rng.choice(("leave", "leave", "cancel", "flatten")),
            outages=rng.random() < 0.3, limits=_limits(rng), idle=rng.choice((0.5, 3.0)),
            engine=random.Random(f"{seed}/engine").choice(("fast", "dense", "stock")),
            zone=random.Random(f"{seed}/zone").choice(ZONES),
        )  # fmt: skip


def _faults(seed: str) -> Faults:
    """Draw a subset of all faults; a venue passes over those that it does not know."""
    return Faults.draw(seed, DRAWN)


def _limits(rng: random.Random) -> Limits | None:
    if rng.random() < 0.5:
        return None
    return Limits(
        max_position=Decimal(rng.choice((4, 9))),
        max_order_notional=rng.choice((None, Decimal(450))),
        max_orders_per_minute=rng.choice((None, 20)),
    )
