"""``atms runs prune --live``: folders of runs that are over, never what a restart needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from atms.running.session import Session, SessionFolder, this_process

Cli = Callable[..., tuple[int, str, str]]
NOW = datetime.now(UTC)


def begun(run: str, days: int, *, account: str = "venue-1", alive: bool = False) -> Path:
    """Make the folder of a run that began so many days ago, with a log and its inputs."""
    pid, started = this_process()
    session = Session(
        id=run, mode="live", pid=pid, started=started if alive else started - 1000,
        accounts=(account,), strategy="Mine", begun=(NOW - timedelta(days=days)).isoformat(),
        on_stop="leave", state=str(Path("state").absolute()),
    )  # fmt: skip
    folder = SessionFolder.create(Path("state"), session, "version: 1\n")
    folder.beat({"state": "ended"})
    for name in ("inputs.jsonl", "log.jsonl", "log.jsonl.1"):
        (folder.path / name).write_text("{}\n")
    return folder.path


@pytest.fixture
def prune(cli: Cli) -> Callable[..., dict[str, Any]]:
    """Prune, without a ledger unless it is asked for; return what it printed."""
    Path("c.yaml").write_text(
        "execution: {state_dir: state}\nstrategy: ma_cross\n"
        "data: {feeds: [{source: sample:BTCUSD_1h}]}\n"
    )

    def call(*args: str, ledger: bool = False) -> dict[str, Any]:
        Path("l.yaml").write_text(f"ledger: {{enabled: {str(ledger).lower()}}}\n")
        code, out, err = cli(
            "runs", "prune", "--live", "--json", "-c", "c.yaml", "-c", "l.yaml", *args
        )
        assert code == 0, err
        return json.loads(out)

    return call


def names(found: dict[str, Any]) -> list[str]:
    return [run["id"] for run in found["runs"]]


def test_old_runs_go_and_the_last_of_an_account_stays(prune: Any) -> None:
    paths = [begun("one", 50), begun("two", 40), begun("other", 60, account="venue-2")]
    found = prune("--older", "30d")
    assert (names(found), found["pruned"]) == (["one"], False)
    assert found["runs_that_stay"] == {
        "two": "it is the last one of account venue-1",
        "other": "it is the last one of account venue-2",
    }
    assert all(path.is_dir() for path in paths)
    assert names(prune("--older", "30d", "--yes")) == ["one"]
    assert [path.is_dir() for path in paths] == [False, True, True]


def test_a_run_that_goes_on_stays(prune: Any) -> None:
    path = begun("one", 50, alive=True)
    begun("two", 40)
    found = prune("--older", "1d", "--yes")
    assert (names(found), found["runs_that_stay"]["one"]) == ([], "its process runs")
    assert path.is_dir()


def test_a_journal_and_what_is_not_ours_stay(prune: Any) -> None:
    journal = Path("state/accounts/venue-1/journal.db")
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"x")
    path = begun("one", 50)
    begun("two", 1)
    (path / "notes.txt").write_text("mine")
    found = prune("--keep", "1", "--yes")
    assert found["folders_that_stay"] == [str(path)]
    assert [one.name for one in path.iterdir()] == ["notes.txt"]
    assert journal.read_bytes() == b"x"


def test_a_run_that_the_ledger_does_not_know_to_have_ended_stays(prune: Any) -> None:
    path = begun("one", 50)
    begun("two", 1)
    found = prune("--keep", "1", "--yes", ledger=True)
    assert "runs sync" in found["runs_that_stay"]["one"]
    assert path.is_dir()


def test_the_size_counts_from_the_newest(prune: Any) -> None:
    sizes = [
        sum(file.stat().st_size for file in begun(name, days).iterdir())
        for name, days in (("one", 3), ("two", 2), ("three", 1))
    ]
    assert names(prune("--max-size", str(sum(sizes)))) == []
    assert names(prune("--max-size", str(sum(sizes) - 1))) == ["one"]
