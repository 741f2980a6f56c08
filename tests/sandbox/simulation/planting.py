"""Lies, each planted into a trial that was true, of which one check alone can know.

A plant changes what a finished world holds; it takes nothing back, since its patch does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.core import Core
from atms.sandbox.simulation.diary import Noted
from atms.sandbox.simulation.places import Place
from atms.sandbox.simulation.runs import World
from atms.sandbox.simulation.venue.truth import Venue

Patch = pytest.MonkeyPatch
Sow = Callable[[World, Patch], Any]
BINANCE, OANDA, IBKR = "binance", "oanda", "ibkr"
ONE = Decimal(1)


@dataclass(frozen=True)
class Plant:
    """A lie.

    Attributes:
        check: the module and the name of the only check that can know.
        profile: of the world that it is planted in.
        says: what is found of it.
    """

    check: tuple[Any, str]
    profile: str
    says: str
    sow: Sow

    @property
    def name(self) -> str:
        """What is wrong."""
        return self.sow.__name__


def plant(module: Any, check: str, says: str, profile: str = BINANCE) -> Callable[[Sow], Plant]:
    """Make a lie of what tells it."""
    return lambda sow: Plant((module, check), profile, says, sow)


# ---- what is there ------------------------------------------------------------------------------
def place_of(world: World) -> Place:
    return world.places[0]


def venue_of(world: World) -> Venue:
    return place_of(world).venue


def core_of(world: World) -> Core:
    return place_of(world).lives[-1].core


def noted_of(world: World, *statuses: str) -> Noted:
    """Return an order of the strategy's own that ended so, or stands."""
    orders = world.ran[-1].diary.orders.values()
    adjusted = {noted.instead for noted in orders}  # another order tells of what came late
    for noted in orders:
        last = noted.told[-1][0] if noted.told else ""
        single = noted.order.parent is None and noted.order.oco is None
        own = noted.made and noted.key and noted.order.ref not in adjusted
        if own and single and last in statuses:
            return noted
    raise LookupError(statuses)
