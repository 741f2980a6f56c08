"""Mutants of what orders hang on: a pair, a lifetime, a position, a refusal. Each is found out.

A seed that fails is repeated by ``python -m atms.sandbox.simulation SEED --profile PROFILE``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from atms.execution.core.step import Step
from atms.execution.emulation import covering, expiring, pairing, serving
from atms.sandbox.simulation import adversary
from atms.sandbox.simulation.venue.faults import Faults

Patch = Callable[[pytest.MonkeyPatch], None]
MOST = 60  # seeds in which a mutant must be found out, from one shortly before the first that does


def lifetimes_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(expiring, "look", lambda _: None)


def what_is_to_reduce_may_turn(patch: pytest.MonkeyPatch) -> None:
    real = serving.send

    def send(step: Step, parts: Any, link: str = "single") -> None:
        real(step, [(plan, replace(ticket, reduces=False)) for plan, ticket in parts], link)

    patch.setattr(serving, "send", send)


def the_venue_is_trusted_to_end_the_other_of_a_pair(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pairing, "_is_forgotten", lambda *_: False)


def a_refused_stop_is_tried_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(covering, "_is_refused", lambda *_: False)


# name -> profile, first seed, what is given in the place of what is drawn, what is found, and how.
MUTANTS: dict[str, tuple[str, int, dict[str, Any], str, Patch]] = {
    patch.__name__: (profile, first, changed, says, patch)
    for profile, first, changed, says, patch in (
        ("kraken", 0, {}, "was to end at", lifetimes_are_ignored),
        ("binanceusdm", 3, {}, "reduces, and turned", what_is_to_reduce_may_turn),
        (
            "alpaca", 6, {"faults": Faults(oco_breaks=0.9)}, "of its group, has filled",
            the_venue_is_trusted_to_end_the_other_of_a_pair,
        ),
        ("binance", 11, {}, "stops in a row were refused", a_refused_stop_is_tried_for_ever),
    )
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    profile, first, changed, says, patch = MUTANTS[name]
    patch(monkeypatch)
    for seed in range(first, first + MOST):
        found = adversary.run(seed, profile, minutes=5, **changed).found
        if any(says in line for line in found):
            return
    pytest.fail(f"{MOST} seeds, and nobody noticed")
