"""Strategies in Cerebro on venues that do everything wrong, and these trials against mutants.

A seed that fails is repeated by
``python -m atms.sandbox.simulation SEED --driver cerebro --profile PROFILE --minutes 5``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from atms.sandbox.simulation import runs
from atms.sandbox.simulation.__main__ import again
from atms.sandbox.simulation.adversary import Trial
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.strategies import STRATEGIES
from atms.sandbox.simulation.venue.faults import Faults
from tests.sandbox.simulation.run_mutants import MUTANTS

PROFILES = ("binance", "binanceusdm", "kraken", "oanda", "ibkr", "alpaca", "chain")
SEEDS = 6  # of each profile; `--driver cerebro --seeds N` goes on
MOST = 60  # seeds in which a mutant must be found out


@pytest.mark.parametrize("profile", PROFILES)
def test_what_strategies_books_and_venues_say_is_the_same_and_true(profile: str) -> None:
    for seed in range(SEEDS):
        trial = runs.run(seed, profile, minutes=5)
        assert trial.found == [], again(trial, "cerebro")


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_runs_where_nothing_goes_wrong(name: str) -> None:
    trial = runs.run(
        3, "ibkr", minutes=5, faults=Faults(), kills=0.0, deaths=None, lasting=None,
        outages=False, profiles=("ibkr",), strategies=(STRATEGIES[name],), limits=None,
        symbols=2, step=timedelta(seconds=5),
    )  # fmt: skip
    assert trial.found == []
    assert trial.fills > 5
    assert (trial.seen["process broken"] > 0) == (name == "Breaking")


@pytest.mark.parametrize("profile", ["binance", "oanda"])
def test_whose_loop_runs_the_strategies_changes_nothing(profile: str) -> None:
    ours, backtraders = (
        runs.run(2, profile, minutes=3, engine=engine) for engine in ("fast", "stock")
    )
    assert ours.trace == backtraders.trace
    assert ours.bars > 10


def test_the_trials_hold_what_they_are_to_try() -> None:
    trials = [runs.run(seed, "oanda", minutes=5, kills=0.004) for seed in range(18)]
    seen = sum((trial.seen for trial in trials), Trial(0).seen)
    assert seen["process killed"] > 5
    assert {"process ended", "process broken", "adopted", "leg", "oco", "taken back"} <= set(seen)
    assert {"refused NOT_LIVE", "refused FILTER", "bars past", "bars live"} <= set(seen)
    told = {f"told {status}" for status in ("Submitted", "Accepted", "Partial", "Completed")}
    assert told | {"told Canceled", "told Rejected"} <= set(seen)


def test_two_venues_of_different_kinds_and_all_engines_and_strategies_are_drawn() -> None:
    plans = [Plan.draw(f"{seed}/binance", "binance") for seed in range(60)]
    assert {len(plan.profiles) for plan in plans} == {1, 2}
    assert {plan.engine for plan in plans} == {"fast", "dense", "stock"}
    assert {plan.symbols for plan in plans} == {1, 2}
    assert {kind for plan in plans for kind in plan.strategies} == set(STRATEGIES.values())
    assert any(plan.faults.revised_bar for plan in plans)


def test_a_seed_goes_the_same_way_in_every_process() -> None:
    code = (
        "from atms.sandbox.simulation.runs import run\n"
        "names = ('binance', 'binanceusdm', 'kraken', 'oanda', 'ibkr', 'alpaca', 'chain')\n"
        "print(*(run(s, p, minutes=3).trace for s in range(2) for p in names))"
    )
    traces = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
            capture_output=True, text=True, check=True,
        ).stdout
        for hash_seed in (1, 2)
    }  # fmt: skip
    assert len(traces) == 1
    assert len(set(traces.pop().split())) == 14


def test_a_seed_goes_the_same_way_whatever_ran_before_it() -> None:
    alone = runs.run(5, "ibkr", minutes=2).trace
    runs.run(6, "oanda", minutes=2)
    assert runs.run(5, "ibkr", minutes=2).trace == alone


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    profile, changed, patch = MUTANTS[name]
    patch(monkeypatch)
    for seed in range(MOST):
        if runs.run(seed, profile, minutes=5, **changed).found:
            return
    pytest.fail(f"{MOST} seeds, and nobody noticed")
