"""The engine's own Cerebro leaves watchers alone and has Backtrader's results."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from tests.engine.watching.running import Case, Outcome, Trader, bars
from tests.engine.watching.test_conditions import Funded, Sized, everybody
from tests.engine.watching.test_ending import Ending
from tests.engine.watching.test_looking import Looker, Valued


def outcomes(case: Case) -> tuple[Outcome, Outcome]:
    stock = case.run(bt.Cerebro, bt.brokers.BackBroker())
    return stock, case.run(Cerebro, bt.brokers.BackBroker())


@pytest.mark.parametrize("stdstats", [True, False])
@pytest.mark.parametrize("feeds", [1, 2])
def test_observers_and_analyzers_run_fast(feeds: int, stdstats: bool) -> None:
    frames = [bars(150, seed=seed, gaps=0.2 * seed) for seed in range(feeds)]
    stock, ours = outcomes(Case(frames, everybody, cerebro={"stdstats": stdstats}))
    assert ours.told() == stock.told()
    explained = ours.cerebro.explain()
    assert explained.fast("analyzer")
    assert explained.fast("observer")


@pytest.mark.parametrize(
    ("strategy", "settings"),
    [
        (Looker, {"where": "next", "at": 40}),
        (Looker, {"where": "order", "at": 20}),
        (Looker, {"where": "timer", "at": 60}),
        (Looker, {"where": "start", "at": 0}),
        (Valued, {"where": "value", "at": 33}),
        (Funded, {}),
        (Funded, {"look": 41}),
        (Sized, {}),
        (Ending, {"where": "next", "at": 37}),
        (Ending, {"where": "next", "at": 37, "how": "raise"}),
        (Trader, {"period": 90}),
    ],
)
def test_what_a_strategy_does_in_the_middle_is_seen(strategy: type, settings: Any) -> None:
    stock, ours = outcomes(Case([bars(80)], everybody, strategy, settings))
    assert ours.told() == stock.told()
