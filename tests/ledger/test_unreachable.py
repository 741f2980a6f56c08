"""A server that does not answer: an error in one line; the run's files are kept and filed later."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from atms.errors import LedgerError
from atms.ledger import check_balances, list_runs
from atms.result import Result
from atms.syncing import sync
from tests.ledger.making import on
from tests.ledger.raw import count, counts
from tests.ledger.refusing import ENTRIES, SECRET, Entry, refused


@pytest.fixture
def closed() -> str:
    """The URL of a port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return f"postgresql+psycopg2://me:{SECRET}@127.0.0.1:{port}/atms"


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_server_that_does_not_answer_is_named(closed: str, result: Result, entry: Entry) -> None:
    with refused(r"ledger postgresql\+psycopg2://me:\*\*\*@127.*refused.*is the server running"):
        entry(closed, result)


def test_a_host_that_does_not_exist_is_named(result: Result) -> None:
    with refused(r"nowhere\.invalid.*look at the host in ledger\.url"):
        list_runs(f"postgresql+psycopg2://me:{SECRET}@nowhere.invalid/atms")


def test_the_files_of_a_run_that_could_not_be_filed_are_kept_and_filed_later(
    url: str, closed: str, result: Result
) -> None:
    with pytest.raises(LedgerError, match=r"the run's files are kept in runs/") as caught:
        on(result, closed).save()
    assert SECRET not in str(caught.value)
    (folder,) = Path("runs").iterdir()
    assert f"runs/{folder.name}" in str(caught.value)
    done = sync(Path("runs"), url)
    assert (done.filed, done.known, done.left) == ([folder], [], {})
    assert [row["id"] for row in list_runs(url)] == [result.id]
    before = counts(url)
    again = sync(Path("runs"), url)
    assert (again.filed, again.known, again.left) == ([], [folder], {})
    assert counts(url) == before
    assert check_balances(url) == []


def test_runs_that_were_filed_before_the_database_went_stay_filed(
    url: str, closed: str, result: Result, make: Callable[..., Result]
) -> None:
    first = on(result, url).save()
    other = on(make(name="other"), closed)
    with pytest.raises(LedgerError):
        other.save()
    done = sync(Path("runs"), url)
    assert done.known == [first]
    assert [folder.name for folder in done.filed] == [other.id]
    assert count(url, "runs") == 2


def test_a_folder_that_cannot_be_read_does_not_keep_the_others_from_being_filed(
    url: str, closed: str, result: Result, make: Callable[..., Result]
) -> None:
    for run in (result, make(name="other")):
        with pytest.raises(LedgerError):
            on(run, closed).save()
    broken, whole = sorted(Path("runs").iterdir())
    (broken / "fills.csv").unlink()
    done = sync(Path("runs"), url)
    assert done.filed == [whole]
    assert list(done.left) == [broken]
    assert "fills.csv" in done.left[broken]
