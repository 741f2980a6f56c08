"""A trial that fails is made as short as it can be, and stays wrong in the same way."""

from __future__ import annotations

import re
import shlex

import pytest

from atms.sandbox.simulation import __main__ as command
from atms.sandbox.simulation.cases import Case, kind_of, try_case
from atms.sandbox.simulation.shrinking import Shrinker, told
from tests.sandbox.simulation.run_mutants import fills_are_told_twice
from tests.sandbox.simulation.test_adversary import MUTANTS

PROFILE, _, MUTANT = MUTANTS["a_timeout_is_a_refusal"]


def _first(driver: str, profile: str) -> Case:
    for seed in range(20):
        case = Case(seed=seed, profile=profile, driver=driver, minutes=5)
        if try_case(case).kinds:
            return case
    pytest.fail("20 seeds, and nobody noticed")


def test_a_timeout_that_is_a_refusal_is_shrunk_to_one_fault_and_some_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    MUTANT(monkeypatch)
    shrinker = Shrinker(_first("core", PROFILE), most=150)
    best = shrinker.shrink()
    assert shrinker.kind in best.kinds
    assert [one for one in told(shrinker) if "outcome=unknown" in one or "is refused, and" in one]
    faults = vars(best.faults)
    (name,) = (name for name, rate in faults.items() if rate)
    assert name in {"lose_reply", "late_reply", "late_request", "server_error", "lose_request"}
    assert best.trial.kills <= 1
    assert best.case.minutes <= 0.5
    assert best.size * 3 < shrinker.first.size

    # The command that is printed tells the same again.
    monkeypatch.setattr("sys.argv", shlex.split(best.case.command)[2:])
    assert command.main() == 1
    (trace,) = re.findall("trace ([0-9a-f]+)", capsys.readouterr().out)
    assert best.trial.trace.startswith(trace)


def test_a_run_is_shrunk_to_one_strategy_on_one_venue_without_faults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fills_are_told_twice(monkeypatch)
    shrinker = Shrinker(_first("cerebro", PROFILE), most=40)
    best = shrinker.shrink()
    plan = dict(best.case.plan)
    assert shrinker.kind in best.kinds
    assert (len(plan["strategies"]), len(plan["profiles"]), plan["symbols"]) == (1, 1, 1)
    assert not any(vars(best.faults).values())
    repeated = Case(
        seed=best.case.seed, profile=PROFILE, driver="cerebro", minutes=best.case.minutes
    ).given(shlex.split(best.case.command)[-1])
    assert try_case(repeated).trial.trace == best.trial.trace


def test_what_is_not_wrong_is_not_shrunk() -> None:
    with pytest.raises(ValueError, match="seed 3: nothing is wrong with it"):
        Shrinker(Case(seed=3, profile=PROFILE, driver="core", minutes=0.2))


def test_an_unknown_part_of_a_case_is_told() -> None:
    case = Case(seed=3, profile=PROFILE, driver="core", minutes=0.2)
    with pytest.raises(ValueError, match="is no JSON object of deaths, faults"):
        case.given('{"fault": {}}')


def test_a_case_that_cannot_be_read_ends_the_command_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulation", "3", "--case", '{"faults": {"lose_replay": 1}}'])
    with pytest.raises(SystemExit):
        command.main()
    assert "lose_replay" in (said := capsys.readouterr().err)
    assert "give it as --shrink has printed it" in said


def test_the_same_violation_in_two_trials_is_of_one_kind() -> None:
    assert kind_of("process 3: I13: order 7 (sim-1-7) was told 2.0, and has filled 1.0") == kind_of(
        "process 0: I13: order 12 (sim-2-31) was told 0.3, and has filled 0"
    )
    assert kind_of("exchange: I1: 2 orders of one key, sim-1-1") == "I1: … orders of one key, …"


def test_a_trial_on_two_venues_tells_whose_each_line_is_in_the_order_of_time() -> None:
    plan = (("profiles", ("binance", "chain")),)
    case = Case(seed=1, profile=PROFILE, driver="cerebro", minutes=0.5, plan=plan)
    lines = try_case(case).lines
    dated = [line.split(" ", 1) for line in lines if line.startswith("00:")]
    assert [at for at, _ in dated] == sorted(at for at, _ in dated)
    told = {tuple(words.split()[:2]) for _, words in dated}
    accounts = {account for who, account in told if who == "venue"}
    assert {("we", account) for account in accounts} <= told
    assert len(accounts) == 2
    assert "process 0, ended" in lines
