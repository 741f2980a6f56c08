"""No fault is silently left out: each is drawn by some seeds, and happens where it is drawn."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import fields

import pytest

from atms.sandbox.simulation import adversary, runs
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.venue.faults import Chance, Faults
from atms.sandbox.simulation.venue.profiles import PROFILES

NOT_DRAWN = {"amend_doubles"}  # no order is changed, it is made anew
OFTEN = 0.5
NEEDS = {"lose_in_reorg": {"reorg": 0.3}}  # what cannot happen by itself
ALL = {each.name for each in fields(Faults)} - NOT_DRAWN


def _hits(name: str) -> int:
    """Return how often a fault happened in the first trial in which it did."""
    faults = Faults(**{name: OFTEN, **NEEDS.get(name, {})})
    of_bars = name.endswith(("_bar", "_bars")) or name.startswith("feed_")
    for seed, profile in itertools.product(range(3, 6), PROFILES):
        if of_bars:
            trial = runs.run(seed, profile, minutes=1.0, faults=faults, kills=0.0)
        else:
            trial = adversary.run(seed, profile, minutes=1.0, faults=faults)
        if trial.hits[name]:
            return trial.hits[name]
    return 0


def _never_hit(names: Iterable[str]) -> list[str]:
    return [name for name in sorted(names) if not _hits(name)]


def test_every_fault_is_drawn_by_some_seed() -> None:
    seeds = [(f"{seed}/{profile}", profile) for seed in range(20) for profile in PROFILES]
    whole = [Plan.draw(seed, profile).faults for seed, profile in seeds]
    alone = [Faults.draw(seed, adversary.DRAWN) for seed, _ in seeds]
    drawn = {name for name in ALL for faults in (*whole, *alone) if getattr(faults, name)}
    assert ALL - drawn == set()


def test_every_fault_that_is_drawn_happens() -> None:
    assert _never_hit(ALL) == []


def test_a_fault_that_never_happens_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Chance.hit

    def hit(self: Chance, name: str) -> bool:
        return name != "lose_reply" and real(self, name)

    monkeypatch.setattr(Chance, "hit", hit)
    assert _never_hit(["lose_reply", "lose_request"]) == ["lose_reply"]
