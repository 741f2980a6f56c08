"""Random scenarios on the simulated broker and on a small matcher that shares no code with it.

Fills, costs, fees, statuses, charges, cash and value must agree to 1e-9 relative. The reference
stands in tests/simulation/reference; it is proved on Backtrader's own broker first.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import backtrader as bt
import pytest

from atms.simulation import SimulatedBroker
from tests.simulation.reference import cerebro, ours
from tests.simulation.reference.comparing import first_difference
from tests.simulation.reference.generating import scenario
from tests.simulation.reference.ladders import ladder
from tests.simulation.reference.scenario import KINDS, Outcome, Settings
from tests.simulation.reference.tallying import LEAST, features, fills_of_kinds
from tests.simulation.reference.venue import Venue

SEEDS = 1_000
GROUP = 100


def groups(count: int) -> list[range]:
    """Split the first seeds into groups, each one test."""
    return [range(first, first + GROUP) for first in range(0, count, GROUP)]


def stock_broker(terms: Settings) -> tuple[bt.BrokerBase, bt.CommInfoBase]:
    """Make Backtrader's own broker for an account without costs but a percentage."""
    options = {"leverage": terms.leverage, "margin": terms.per_contract, "mult": terms.multiplier}
    rate = terms.terms[0][0] if terms.terms else 0.0
    broker = bt.brokers.BackBroker(cash=terms.cash, shortcash=not terms.margin_account)
    return broker, bt.CommissionInfo(commission=rate, **options)


@pytest.mark.parametrize("seeds", groups(300), ids=lambda seeds: f"from {seeds[0]}")
def test_the_reference_agrees_with_stock_backtrader(seeds: range) -> None:
    for seed in seeds:
        case = scenario(seed, costs=False)
        actual = cerebro.run(case, *stock_broker(case.settings))
        told = first_difference(Venue(case).run(), actual, stock=True)
        assert told is None, f"seed {seed}: {told}"


@pytest.mark.parametrize("seeds", groups(300), ids=lambda seeds: f"from {seeds[0]}")
def test_without_costs_the_simulated_broker_agrees_with_stock_to_the_last_bit(
    seeds: range,
) -> None:
    for seed in seeds:
        case = scenario(seed, costs=False)
        stock, commission = stock_broker(case.settings)
        expected = cerebro.run(case, stock, commission)
        broker = SimulatedBroker(
            cash=case.settings.cash, shortcash=not case.settings.margin_account
        )
        actual = cerebro.run(case, broker, stock_broker(case.settings)[1])
        assert (actual.cash, actual.value) == (expected.cash, expected.value), f"seed {seed}"
        assert actual.statuses == expected.statuses, f"seed {seed}"
        told = first_difference(expected, actual, stock=True)
        assert told is None, f"seed {seed}: {told}"


@pytest.mark.parametrize("seeds", groups(SEEDS), ids=lambda seeds: f"from {seeds[0]}")
def test_the_simulated_broker_agrees_with_the_reference(seeds: range) -> None:
    for seed in seeds:
        case = scenario(seed)
        told = first_difference(Venue(case).run(), ours.run(case))
        assert told is None, f"seed {seed}: {told}"


def test_the_scenarios_exercise_every_order_and_every_cost() -> None:
    filled, seen = Counter[str](), Counter[str]()
    for seed in range(SEEDS):
        case = scenario(seed)
        outcome = Venue(case).run()
        filled += fills_of_kinds(case, outcome)
        seen.update(features(case, outcome))
    assert {kind: filled[kind] for kind in KINDS if filled[kind] < 1_000} == {}
    assert {name: seen[name] for name, least in LEAST.items() if seen[name] < least} == {}


def met(outcome: Outcome) -> list[tuple[object, ...]]:
    """List what was filled, where and at which reference prices, whatever it cost."""
    return [
        (number, fill.stamp, fill.size, fill.reference)
        for number, fills in sorted(outcome.fills.items())
        for fill in fills
    ]


def cost(outcome: Outcome) -> float:
    """Sum what a run says that its fills and its nights cost."""
    fills = [fill for several in outcome.fills.values() for fill in several]
    paid = sum(fill.spread + fill.slippage + fill.impact + fill.fee for fill in fills)
    return paid - sum(outcome.charges.values())


@pytest.mark.parametrize("seed", range(40))
def test_more_costs_never_make_a_fixed_list_of_fills_richer(seed: int) -> None:
    runs = [ours.run(rung) for rung in ladder(seed)]
    assert all(met(run) == met(runs[0]) for run in runs)
    worth = [run.value[-1] for run in runs]
    rises = [(n, b - a) for n, (a, b) in enumerate(pairwise(worth)) if b > a + 1e-7]
    assert rises == []
    assert worth[-1] < worth[0]


@pytest.mark.parametrize("seed", range(40))
def test_the_costs_told_are_the_difference_from_the_same_fills_without_costs(seed: int) -> None:
    bare, *dearer = (ours.run(rung) for rung in ladder(seed))
    for run in dearer:
        assert bare.value[-1] - run.value[-1] == pytest.approx(cost(run), rel=1e-9, abs=1e-6)
