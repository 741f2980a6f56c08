"""A server that does not let us in, or not do what we need, is told with what to grant or make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from atms.ledger import create, list_runs, schema_status, upgrade, write_bars
from atms.result import Result
from tests.ledger.making import SERIES, bars, file
from tests.ledger.raw import tables
from tests.ledger.refusing import ENTRIES, SECRET, Entry, refused
from tests.postgres import execute


def changed(url: str, **parts: Any) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_wrong_password_is_said_to_be_wrong_and_is_not_told(
    postgres_empty: str, result: Result, entry: Entry
) -> None:
    right = make_url(postgres_empty).password
    assert isinstance(right, str)
    with refused("password authentication failed.*look at user and password in ledger.url", right):
        entry(changed(postgres_empty, password=SECRET), result)


def test_a_missing_password_is_said_to_be_missing(postgres_empty: str) -> None:
    with refused("no password supplied.*names no password"):
        list_runs(changed(postgres_empty, password=""))


def test_a_user_who_does_not_exist_is_not_let_in(postgres_empty: str) -> None:
    with refused("password authentication failed.*look at user"):
        list_runs(changed(postgres_empty, username="nobody", password=SECRET))


@pytest.fixture
def reader(postgres_empty: str) -> Iterator[str]:
    """A role that may connect and look, and make nothing."""
    execute(postgres_empty, f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
    yield changed(postgres_empty, username="reader", password=SECRET)
    execute(postgres_empty, "DROP OWNED BY reader; DROP ROLE reader")


def test_a_role_that_may_not_make_tables_is_told_what_to_grant(
    reader: str, postgres_empty: str, result: Result
) -> None:
    with refused(r"permission denied for schema public; .*GRANT"):
        upgrade(reader)
    with refused(r"permission denied for schema public; .*GRANT"):
        file(result, reader)
    assert tables(postgres_empty) == []
    execute(postgres_empty, "GRANT ALL ON SCHEMA public TO reader")  # as it says
    assert file(result, reader)
    execute(postgres_empty, "DROP OWNED BY reader")


def test_a_role_that_may_not_use_the_schema_is_told_what_to_grant(
    reader: str, postgres_empty: str
) -> None:
    execute(postgres_empty, "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    with refused(r"no schema has been selected to create in; .*GRANT"):
        upgrade(reader)


def test_a_role_that_may_only_look_is_told_so(
    reader: str, postgres_empty: str, result: Result
) -> None:
    file(result, postgres_empty)
    execute(
        postgres_empty,
        "GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA public "
        "TO reader",
    )
    assert [row["id"] for row in list_runs(reader)] == [result.id]
    with refused("permission denied for table"):
        write_bars(reader, SERIES, bars(3))


@pytest.mark.parametrize("entry", [name for name in ENTRIES if name != "create"])
def test_a_database_that_does_not_exist_can_be_made_as_it_says(
    postgres_empty: str, result: Result, entry: str
) -> None:
    absent = changed(postgres_empty, database='not "there" yet')
    with refused(r"does not exist; make it: python -m atms db create"):
        ENTRIES[entry](absent, result)


def test_a_database_is_made_with_its_tables_once(postgres_empty: str, result: Result) -> None:
    absent = changed(postgres_empty, database='made "here"; it\'s ä')
    try:
        assert create(absent).found is None
        assert create(absent).found == schema_status(absent).wanted
        assert file(result, absent)
        assert len(list_runs(absent)) == 1
    finally:
        execute(postgres_empty, 'DROP DATABASE IF EXISTS "made ""here""; it\'s ä"')


def test_a_role_that_does_not_exist_is_not_taken_for_a_database(postgres_empty: str) -> None:
    execute(postgres_empty, f"CREATE ROLE leaving LOGIN PASSWORD '{SECRET}'")
    url = changed(postgres_empty, username="leaving", password=SECRET, database="absent")
    try:
        with refused("permission denied to create database"):
            create(url)
    finally:
        execute(postgres_empty, "DROP ROLE leaving")
