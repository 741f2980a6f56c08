"""The catalogue of faults says of each how it is provoked, and a campaign counts them."""

from __future__ import annotations

import pytest

from atms.sandbox.simulation import __main__ as command
from atms.sandbox.simulation import catalogue
from atms.sandbox.simulation.adversary import Trial
from atms.sandbox.simulation.coverage import Coverage
from atms.sandbox.simulation.venue import PROFILES
from atms.sandbox.simulation.venue.faults import HAPPENINGS


def test_every_fault_of_the_catalogue_is_provoked_somehow_or_says_why_not() -> None:
    assert [one.number for one in catalogue.CATALOGUE] == list(range(1, 67))
    lines = list(catalogue.told())
    assert [line for line in lines if line.endswith(": ")] == []
    assert catalogue.unnumbered() == []


def test_every_happening_happens_at_some_kind_of_venue() -> None:
    met = {name for profile in PROFILES.values() for name in profile.happens}
    assert met == HAPPENINGS


def test_a_campaign_counts_faults_pairs_of_them_and_where_processes_died() -> None:
    sums = Coverage()
    for names in (("a", "b"), ("a", "b", "c"), ("b",)):
        trial = Trial(0)
        trial.hits.update(names)
        trial.killed_at["before Persist"] += 1
        sums.add(trial)
    assert sums.pairs == {("a", "b"): 2, ("a", "c"): 1, ("b", "c"): 1}
    lines = list(sums.told(["a", "b", "c", "d"]))
    assert f"  {3:8} b" in lines
    assert f"  {0:8} d" in lines
    assert f"  {3:8} before Persist" in lines
    assert "pairs of faults in one trial: 3 of 6 met, 3 of them fewer than 10 times" in lines
    assert "faults with fewer than 100 hits: a, b, c, d" in lines


def test_all_kinds_of_venues_are_tried_by_one_command_in_two_processes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["x", "3", "--profile", "all", "--seeds", "2", "--minutes", "1", "--coverage"]
    told = []
    for jobs in ("1", "2"):
        monkeypatch.setattr("sys.argv", [*words, "--jobs", jobs])
        assert command.main() == 0
        told.append(capsys.readouterr().out.splitlines())
    assert told[0][1:] == told[1][1:]
    assert told[0][0].startswith("2 seeds of all: 14 trials, 0 with a violation, ")
    assert "killed at:" in told[0]
