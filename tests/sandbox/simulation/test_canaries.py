"""What a trial checks, checked: switch a check off, and a lie that was planted goes unnoticed."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from atms.execution.core.core import Core
from atms.risk import Limits
from atms.sandbox.simulation import (
    adversary,
    clock_truths,
    ledger_truths,
    limit_truths,
    order_truths,
    run_truths,
    truths,
)
from atms.sandbox.simulation.guard import Guard
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.runs import World, found_in
from atms.sandbox.simulation.strategies import Guarded, Restless
from atms.sandbox.simulation.venue.faults import Chance, Faults
from tests.sandbox.simulation import account_plants, run_plants
from tests.sandbox.simulation.planting import BINANCE, IBKR, Plant
from tests.sandbox.simulation.test_guard import legs_are_left_unsent

PLANTS = [
    one
    for module in (account_plants, run_plants)
    for one in vars(module).values()
    if isinstance(one, Plant)
]


@cache
def _world(profile: str) -> World:
    """Return a finished trial in which nothing went wrong, and that holds enough to lie about."""
    drawn = Plan.draw(f"2/{profile}", profile)
    plan = replace(
        drawn, profiles=(profile,), symbols=1, step=timedelta(seconds=15), faults=Faults(),
        strategies=(Restless if profile == IBKR else Guarded,), kills=0.0, deaths=None,
        lasting=None, outages=False, limits=Limits(max_position=Decimal(100), max_rejects=9),
        on_stop="leave", idle=3.0,
    )  # fmt: skip
    world = World(2, profile, 6, plan, Core)
    assert world.run().found == []
    return world


def _found(world: World) -> list[str]:
    return found_in(world.places, world.ran, world.plan, world.start)


def _sees_nothing(*_: Any) -> Iterator[str]:
    return iter(())


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_lie_is_found_by_one_check_and_goes_unnoticed_without_it(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = _world(plant.profile)
    plant.sow(world, monkeypatch)
    found = _found(world)
    assert found
    assert [line for line in found if plant.says not in line] == []
    monkeypatch.setattr(*plant.check, _sees_nothing)
    assert _found(world) == []


def test_every_check_has_a_lie_that_it_alone_can_find() -> None:
    checks = {
        (module.__name__, name)
        for module in (
            truths,
            order_truths,
            run_truths,
            limit_truths,
            ledger_truths,
            clock_truths,
        )
        for name, one in inspect.getmembers(module, inspect.isgeneratorfunction)
        if one.__module__ == module.__name__ and one.__annotations__["return"] == "Iterator[str]"
    }
    whole = {  # which ask others
        (ledger_truths.__name__, "ledger_violations"), (order_truths.__name__, "order_violations"),
        (limit_truths.__name__, "limit_violations"),
    }  # fmt: skip
    assert {(plant.check[0].__name__, plant.check[1]) for plant in PLANTS} == checks - whole
    assert len(checks) > 20


def test_a_stop_that_is_never_sent_is_seen_by_the_guard_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    legs_are_left_unsent(monkeypatch)
    seed, found = next(
        (seed, found)
        for seed in range(20)
        if (found := adversary.run(seed, BINANCE, minutes=3, faults=Faults()).found)
    )
    assert [line for line in found if not line.startswith("I6: what")] == []
    monkeypatch.setattr(Guard, "_look_at", lambda *_: None)
    assert adversary.run(seed, BINANCE, minutes=3, faults=Faults()).found == []


def test_a_trial_that_draws_from_elsewhere_goes_another_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def trace() -> str:
        return adversary.run(1, BINANCE, minutes=1).trace

    assert trace() == trace()
    elsewhere = random.Random(0)
    monkeypatch.setattr(Chance, "seconds", lambda self, span: elsewhere.uniform(*span))
    assert trace() != trace()
