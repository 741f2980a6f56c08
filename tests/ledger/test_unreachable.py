"""A database that cannot be used is an error in one line with the way out; the files are kept."""

from __future__ import annotations

import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from atms import ledger
from atms.errors import LedgerError
from atms.ledger import create, list_runs, read_bars, schema_status, upgrade, write_bars
from atms.result import Result
from atms.syncing import sync
from tests.ledger.making import SERIES, bars, file, on
from tests.ledger.raw import count, counts, is_sqlite, tables
from tests.postgres import execute

SECRET = "s3cr3t-Pa55"
ENTRIES: dict[str, Callable[[str, Result], Any]] = {
    "list_runs": lambda url, _: list_runs(url),
    "file_run": lambda url, result: file(result, url),
    "upgrade": lambda url, _: upgrade(url),
    "schema_status": lambda url, _: schema_status(url),
    "read_bars": lambda url, _: read_bars(url, SERIES),
    "write_bars": lambda url, _: write_bars(url, SERIES, bars(2)),
    "create": lambda url, _: create(url),
}


@contextmanager
def refused(match: str, *secrets: str) -> Iterator[None]:
    """See that a line is raised that holds *match*, and no password, not even in its causes."""
    with pytest.raises(LedgerError, match=match) as caught:
        yield
    said = str(caught.value)
    assert "\n" not in said
    whole = "".join(traceback.format_exception_only(caught.value))
    causes: BaseException | None = caught.value
    while causes is not None:
        whole += "".join(traceback.format_exception_only(causes))
        causes = causes.__cause__
    for secret in (SECRET, *secrets):
        assert secret not in whole


def changed(url: str, **parts: Any) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


@pytest.fixture
def closed() -> str:
    """The URL of a port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return f"postgresql+psycopg2://me:{SECRET}@127.0.0.1:{port}/atms"


# ---- nobody there -------------------------------------------------------------------------------
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_server_that_does_not_answer_is_named(
    closed: str, result: Result, entry: Callable[[str, Result], Any]
) -> None:
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
    assert ledger.check_balances(url) == []


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


# ---- not let in ---------------------------------------------------------------------------------
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_wrong_password_is_said_to_be_wrong_and_is_not_told(
    postgres_empty: str, result: Result, entry: Callable[[str, Result], Any]
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
        assert create(absent).found == ledger.schema_status(absent).wanted
        assert file(result, absent)
        assert len(list_runs(absent)) == 1
    finally:
        execute(postgres_empty, "DROP DATABASE IF EXISTS \"made \"\"here\"\"; it's ä\"")


def test_a_role_that_does_not_exist_is_not_taken_for_a_database(postgres_empty: str) -> None:
    execute(postgres_empty, f"CREATE ROLE leaving LOGIN PASSWORD '{SECRET}'")
    url = changed(postgres_empty, username="leaving", password=SECRET, database="absent")
    try:
        with refused("permission denied to create database"):
            create(url)
    finally:
        execute(postgres_empty, "DROP ROLE leaving")


# ---- not ours -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "way"),
    [
        (f"postgresql://me:{SECRET}@h/db", r"write postgresql\+psycopg2:// instead of postgres"),
        (f"postgresql+asyncpg://me:{SECRET}@h/db", r"write postgresql\+psycopg2:// instead of"),
        (f"postgresql+psycopg://me:{SECRET}@h/db", r"write postgresql\+psycopg2:// instead of"),
        (f"mysql://me:{SECRET}@h/db", r"SQLite or PostgreSQL; write .*sqlite:///atms\.db"),
        (f"mysql+pymysql://me:{SECRET}@h/db", r"SQLite or PostgreSQL; write"),
        (f"oracle://me:{SECRET}@h/db", r"SQLite or PostgreSQL; write"),
        (f"nosuchthing://me:{SECRET}@h/db", r"SQLite or PostgreSQL; write"),
        (f"postgres://me:{SECRET}@h/db", r"postgresql\+psycopg2://"),
        ("sqlite://", r"names no file; write sqlite:///atms\.db"),
        ("sqlite:///", r"names no file; write sqlite:///atms\.db"),
        ("sqlite:///:memory:", r"names no file; write sqlite:///atms\.db"),
        ("atms.db", r"is no database URL; write sqlite:///atms\.db"),
        ("", r"is no database URL; write sqlite:///atms\.db"),
        (f"postgresql+psycopg2://me:{SECRET}@h:port/db", r"ledger\.url"),
        (f"postgresql+psycopg2://me:{SECRET}/x@h/db", r"ledger\.url|h.*host"),
        (f"postgresql+psycopg2://me:{SECRET}@[::1/db", r"ledger\.url"),
        (f"postgresql+psycopg2://me:{SECRET}#x@h.invalid/db", r"ledger"),
    ],
    ids=lambda value: value.replace(SECRET, "..") if "://" in value else None,
)
@pytest.mark.parametrize("entry", ["list_runs", "file_run", "create"])
def test_a_url_that_cannot_be_used_is_refused_with_one_that_can(
    result: Result, url: str, way: str, entry: str
) -> None:
    with refused(way):
        ENTRIES[entry](url, result)
    assert not Path("atms.db").exists()


HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "psycopg2":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
from atms.errors import MissingExtra
from atms.ledger import create, list_runs, upgrade

for use in (list_runs, upgrade, create):
    try:
        use("postgresql+psycopg2://me:SECRET@127.0.0.1:1/atms")
    except MissingExtra as error:
        print(error.exit_code, error)
"""


def test_a_driver_that_is_not_installed_is_named_with_the_command_that_installs_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN.replace("SECRET", SECRET)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    for line in lines:
        assert line.startswith("2 PostgreSQL needs its driver: ")
        assert "pip install" in line
        assert "[postgres]" in line or "psycopg2" in line
    assert SECRET not in done.stdout + done.stderr


def test_the_ledger_without_its_driver_still_keeps_a_file(url: str) -> None:
    assert is_sqlite(url) or list_runs(url) == []
