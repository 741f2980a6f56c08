"""A migration that is killed leaves the old schema or the new one, and every row."""

from __future__ import annotations

import pytest

from atms.ledger import check_balances, downgrade, list_runs, schema_status, upgrade
from atms.ledger.version import WANTED
from atms.result import Result
from tests.ledger.filling import fill, is_whole, parked, snapshot
from tests.ledger.making import file
from tests.ledger.processes import processes
from tests.ledger.raw import counts, tables
from tests.ledger.work import migrate_and_stop

# Up are 180 statements and more, down 110; the first looks which schema there is. The last of the
# ways up and the first of those down are the step between 0001 and 0002.
UP = [("statement", number) for number in (1, 50, 130, 160)] + [("commit", 1)]
DOWN = [("statement", number) for number in (1, 15, 60)] + [("commit", 1)]
ONE = [("statement", number) for number in (5, 15)] + [("commit", 1)]


def killed(url: str, step: str, what: str, number: int) -> None:
    """Begin a migration in another process, and kill it where it has come to."""
    with processes((migrate_and_stop, url, step, what, number)) as (migration,):
        migration.say()
        assert migration.hear() == "stopped"
        migration.kill()


@pytest.mark.parametrize(("what", "number"), UP)
def test_going_up_killed_leaves_what_was_there_and_is_done_again(
    url: str, result: Result, what: str, number: int
) -> None:
    fill(url, result)
    rows = snapshot(url)
    downgrade(url, "base")
    before, there = parked(url), tables(url)
    killed(url, "up", what, number)
    assert schema_status(url).found is None
    assert tables(url) == there
    assert parked(url) == before
    assert upgrade(url).found is None
    assert snapshot(url) == rows
    assert is_whole(url)


@pytest.mark.parametrize(("what", "number"), DOWN)
def test_going_down_killed_leaves_what_was_there_and_is_done_again(
    url: str, result: Result, what: str, number: int
) -> None:
    fill(url, result)
    rows = snapshot(url)
    killed(url, "down", what, number)
    assert schema_status(url).found == WANTED
    assert is_whole(url)
    assert snapshot(url) == rows
    assert downgrade(url, "base").found is None
    upgrade(url)
    assert snapshot(url) == rows


@pytest.mark.parametrize(("what", "number"), ONE)
def test_a_step_that_is_killed_leaves_the_schema_before_it(
    url: str, result: Result, what: str, number: int
) -> None:
    fill(url, result)
    rows = snapshot(url)
    killed(url, "one down", what, number)
    assert (schema_status(url).found, snapshot(url)) == (WANTED, rows)
    downgrade(url, "0001")
    kept = counts(url)
    killed(url, "up", what, number)
    assert (schema_status(url).found, counts(url)) == ("0001", kept)
    upgrade(url)
    assert snapshot(url) == rows


@pytest.mark.parametrize(("what", "number"), [("statement", 30), ("commit", 1)])
def test_first_tables_that_were_killed_are_made_by_the_next_run(
    bare_url: str, result: Result, what: str, number: int
) -> None:
    killed(bare_url, "up", what, number)
    assert tables(bare_url) == []
    assert file(result, bare_url)
    assert [row["id"] for row in list_runs(bare_url)] == [result.id]
    assert check_balances(bare_url) == []
