"""What the corpus covers: an engine that always fell back on Backtrader would pass it, too."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.engine.corpus.answers import SEEDS
from tests.engine.corpus.cases import draw
from tests.engine.corpus.features import HAPPENINGS, all_features, counted, features_of
from tests.engine.corpus.outcomes import Outcome, outcome

# Parts that the engine has a fast way for. Each must be seen on it in so many cases, and so must
# every other part that is ever fast.
FAST_PARTS = ("load", "indicator", "loop", "broker", "observer", "analyzer")
CASES_A_PART = 100
LEAST = 3
# Runs that no fast path is promised for.
EXCLUDED = ("setting: exactbars", "setting: oldsync", "derived: replay", "stamps: unordered",
            "stamps: doubled")  # fmt: skip


@pytest.fixture(scope="module")
def outcomes() -> dict[int, Outcome]:
    """Every seed's outcome; worked out already where the comparison ran before."""
    return {seed: outcome(seed) for seed in SEEDS}


def test_every_feature_is_drawn() -> None:
    drawn = counted(draw(seed) for seed in SEEDS)

    rare = {name: drawn[name] for name in all_features() if drawn[name] < LEAST}

    assert not rare


def test_every_happening_happens(outcomes: dict[int, Outcome]) -> None:
    seen = Counter(name for one in outcomes.values() for name in one.happened)

    rare = {name: seen[name] for name in HAPPENINGS if seen[name] < LEAST}

    assert not rare


def test_most_runs_come_to_their_end(outcomes: dict[int, Outcome]) -> None:
    cut_short = [
        seed
        for seed, one in outcomes.items()
        if any(name.startswith("raised") for name in one.happened)
    ]

    assert len(cut_short) < len(SEEDS) / 4


def fast_kinds(one: Outcome) -> set[str]:
    """Return the kinds of which all parts of a run were fast."""
    slow = {kind for kind, _, fast, _ in one.parts if not fast}
    return {kind for kind, _, fast, _ in one.parts if fast} - slow


def test_each_fast_part_is_proved_fast_in_a_hundred_cases(
    outcomes: dict[int, Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    fast = Counter(kind for one in outcomes.values() for kind in fast_kinds(one))
    slow = Counter(
        kind for one in outcomes.values() for kind in {p[0] for p in one.parts} - fast_kinds(one)
    )
    with capsys.disabled():
        print("\npart: cases in which it was fast, and in which it was stock's")
        for kind in sorted({*fast, *slow}):
            print(f"  {kind:12} {fast[kind]:5} {slow[kind]:5}")

    parts = {*FAST_PARTS, *fast}
    assert {kind: fast[kind] for kind in parts if fast[kind] < CASES_A_PART} == {}


def test_four_of_five_bars_take_the_fast_path(
    outcomes: dict[int, Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    bars = fast_bars = 0
    for seed, one in outcomes.items():
        if not any(name.startswith(EXCLUDED) for name in features_of(draw(seed))):
            bars += one.bars
            fast_bars += one.fast_bars
    with capsys.disabled():
        print(f"\n{fast_bars:,} of {bars:,} bars on the fast path: {fast_bars / (bars or 1):.1%}")

    assert fast_bars >= 0.8 * bars
    assert bars > 50 * len(SEEDS)
