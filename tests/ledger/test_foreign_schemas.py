"""What is not this ledger, or one of a later atms, is refused in a clear line and left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from atms import syncing
from atms.errors import LedgerError
from atms.ledger import (
    SchemaStatus,
    check_balances,
    delete_runs,
    downgrade,
    import_mark,
    list_runs,
    list_series,
    read_bars,
    schema_status,
    upgrade,
    write_bars,
)
from atms.ledger.summary import row_counts
from atms.ledger.version import WANTED
from atms.pruning import prunable
from atms.result import Result
from tests.ledger.making import SERIES, bars, file
from tests.ledger.raw import counts, execute, is_sqlite, stored

Entry = Callable[[str, Result], Any]
ENTRIES: dict[str, Entry] = {
    "list_runs": lambda url, _: list_runs(url),
    "file_run": lambda url, result: file(result, url),
    "delete_runs": lambda url, result: delete_runs(url, [result.id]),
    "upgrade": lambda url, _: upgrade(url),
    "downgrade": lambda url, _: downgrade(url),
    "downgrade to base": lambda url, _: downgrade(url, "base"),
    "read_bars": lambda url, _: read_bars(url, SERIES),
    "write_bars": lambda url, _: write_bars(url, SERIES, bars(3)),
    "list_series": lambda url, _: list_series(url),
    "import_mark": lambda url, _: import_mark(url, SERIES, "file"),
    "check_balances": lambda url, _: check_balances(url),
    "row_counts": lambda url, _: row_counts(url),
    "sync": lambda url, result: syncing.sync(result.config.run.out, url),
    "prunable": lambda url, _: prunable(url, keep=0),
}


@pytest.fixture
def newer_url(url: str) -> Iterator[str]:
    """A ledger of a later atms."""
    execute(url, "UPDATE alembic_version SET version_num = '9999'")
    yield url
    execute(url, f"UPDATE alembic_version SET version_num = '{WANTED}'")


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_schema_that_is_newer_than_the_code_is_refused(
    newer_url: str, result: Result, entry: Entry
) -> None:
    before = counts(newer_url)
    newer = r"ledger .*: its schema is 9999, newer than this atms, .*0002: update atms, or "
    with pytest.raises(LedgerError, match=newer) as caught:
        entry(newer_url, result)
    assert "\n" not in str(caught.value)
    assert counts(newer_url) == before
    assert stored(newer_url, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_newer_schema_is_told(newer_url: str) -> None:
    assert schema_status(newer_url) == SchemaStatus("9999", WANTED)


@pytest.fixture
def foreign(bare_url: str) -> str:
    """A database of somebody else's, with a table of the name of ours."""
    execute(bare_url, "CREATE TABLE runs (id INTEGER, marathon TEXT)",
            "INSERT INTO runs VALUES (7, 'Athens')")  # fmt: skip
    return bare_url


@pytest.mark.parametrize(
    "entry",
    [*ENTRIES.values(), lambda url, _: schema_status(url)],
    ids=[*ENTRIES, "schema_status"],
)
def test_a_database_with_runs_of_another_kind_is_refused(
    foreign: str, result: Result, entry: Entry
) -> None:
    other = r"ledger .*: this database has a table 'runs' that is not this ledger's .*ledger\.url"
    with pytest.raises(LedgerError, match=other) as caught:
        entry(foreign, result)
    assert "\n" not in str(caught.value)
    assert counts(foreign) == {"runs": 1}
    assert stored(foreign, "SELECT * FROM runs") == [(7, "Athens")]


def test_a_database_with_another_table_of_our_names_is_left_as_it_is(
    bare_url: str, result: Result
) -> None:
    execute(bare_url, "CREATE TABLE fills (tooth INTEGER)", "INSERT INTO fills VALUES (32)")
    with pytest.raises(LedgerError, match=r"fills.* already exists"):
        file(result, bare_url)
    assert counts(bare_url) == {"fills": 1}


def test_tables_of_others_stand_beside_ours(bare_url: str, result: Result) -> None:
    execute(bare_url, "CREATE TABLE teeth (number INTEGER)", "INSERT INTO teeth VALUES (32)")
    file(result, bare_url)
    downgrade(bare_url)
    upgrade(bare_url)
    assert counts(bare_url)["teeth"] == counts(bare_url)["runs"] == 1


# ours stand in the schema that a connection uses by default
@pytest.mark.parametrize("bare_url", ["postgresql"], indirect=True)
def test_runs_in_another_schema_of_postgresql_are_none_of_ours(
    bare_url: str, result: Result
) -> None:
    assert not is_sqlite(bare_url)
    execute(bare_url, "DROP SCHEMA IF EXISTS theirs CASCADE", "CREATE SCHEMA theirs",
            "CREATE TABLE theirs.runs (id INTEGER)")  # fmt: skip
    assert file(result, bare_url)
    assert len(list_runs(bare_url)) == 1
    execute(bare_url, "DROP SCHEMA theirs CASCADE")
