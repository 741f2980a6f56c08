"""Runs of all sorts, made from seeds: ours leaves what Backtrader's own loop leaves, by bits."""

from __future__ import annotations

from collections import Counter
from typing import Any

import backtrader as bt
import pytest

from tests.engine.event.conftest import Ours
from tests.engine.event.world import outcome

SEEDS = [seed for seed in range(120) if seed not in (21, 41)]  # those two take Backtrader minutes


@pytest.mark.parametrize("block", range(0, len(SEEDS), 10))
def test_a_run_made_from_a_seed_is_backtraders(block: int) -> None:
    for seed in SEEDS[block : block + 10]:
        stock, made, _ = outcome(seed, bt.Cerebro)
        ours, _, _ = outcome(seed, Ours)
        for mine, theirs in zip(ours, stock, strict=True):
            assert mine == theirs, (seed, made)


def test_most_parts_of_those_runs_are_on_our_code() -> None:
    counts: Counter[Any] = Counter()
    for seed in SEEDS[:30]:
        outcome(seed, Ours)
        counts.update((part.kind, part.fast) for part in Ours.told)
    for kind in ("load", "indicator", "strategy", "observer", "broker"):
        assert counts[kind, True] > counts[kind, False], kind
