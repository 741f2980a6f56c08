"""A URL that names no database of ours is refused with one that does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from atms.errors import ConfigError
from atms.result import Result
from tests.ledger.refusing import ENTRIES, SECRET, refused


@pytest.mark.parametrize(
    ("url", "way"),
    [
        (f"mysql://me:{SECRET}@h/db", r"SQLite or PostgreSQL; write .*sqlite:///atms\.db"),
        (f"mysql+pymysql://me:{SECRET}@h/db", r"SQLite or PostgreSQL; write"),
        (f"oracle://me:{SECRET}@h/db", r"SQLite or PostgreSQL; write"),
        (f"nosuchthing://me:{SECRET}@h/db", r"SQLite or PostgreSQL; write"),
        (f"postgres://me:{SECRET}@h/db", r"postgresql\+psycopg2://"),
        ("sqlite://", r"names no file; write sqlite:///atms\.db"),
        ("sqlite:///", r"names no file; write sqlite:///atms\.db"),
        ("sqlite:///:memory:", r"names no file; write sqlite:///atms\.db"),
        ("atms.db", r"is no database URL; write sqlite:///atms\.db"),
        (f"postgresql+psycopg2://me:{SECRET}@h:port/db", r"ledger\.url"),
        (f"postgresql+psycopg2://me:{SECRET}/x@h/db", r"ledger\.url|h.*host"),
        (f"postgresql+psycopg2://me:{SECRET}@[::1/db", r"ledger\.url"),
        (f"postgresql+psycopg2://me:{SECRET}#x@h.invalid/db", r"ledger"),
    ],
    ids=lambda value: value.replace(SECRET, "..") if "://" in value else None,
)
@pytest.mark.parametrize("entry", ["list_runs", "upgrade", "create"])
def test_a_url_that_cannot_be_used_is_refused_with_one_that_can(
    result: Result, url: str, way: str, entry: str
) -> None:
    with refused(way):
        ENTRIES[entry](url, result)
    assert not Path("atms.db").exists()


@pytest.mark.parametrize(
    ("url", "way"),
    [
        (f"postgresql://me:{SECRET}@h/db", r"write postgresql\+psycopg2:// instead of postgres"),
        (f"postgresql+asyncpg://me:{SECRET}@h/db", r"write postgresql\+psycopg2:// instead of"),
        (f"postgresql+psycopg://me:{SECRET}@h/db", r"write postgresql\+psycopg2:// instead of"),
        ("sqlite+aiosqlite:///atms.db", r"write sqlite:// instead of sqlite\+aiosqlite://"),
        ("sqlite+nosuchthing:///atms.db", r"write sqlite:// instead of"),
    ],
    ids=lambda value: value.replace(SECRET, "..") if "://" in value else None,
)
@pytest.mark.parametrize("entry", ["list_runs", "upgrade", "create", "file_run"])
def test_a_driver_that_is_not_ours_is_a_fault_of_the_config(
    result: Result, url: str, way: str, entry: str
) -> None:
    with refused(way, error=ConfigError):
        ENTRIES[entry](url, result)
    assert not Path("atms.db").exists()


HIDDEN = """
import sys


class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] != "psycopg2":
            return self.finder.find_spec(name, path, target)


sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from atms.errors import ConfigError, MissingExtra
from atms.ledger import create, list_runs, upgrade

for use in (list_runs, upgrade, create):
    try:
        use("postgresql+psycopg2://me:SECRET@127.0.0.1:1/atms")
    except MissingExtra as error:
        print(error.exit_code, error)
try:
    list_runs("postgresql+asyncpg://me:SECRET@127.0.0.1:1/atms")
except ConfigError as error:
    print(error.exit_code, error)
print(list_runs("sqlite:///atms.db"))
"""


def test_a_driver_that_is_not_installed_is_named_with_the_command_that_installs_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN.replace("SECRET", SECRET)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines.pop() == "[]", done.stderr  # a file needs no driver
    other = lines.pop()
    assert other.startswith("2 ledger.url: say which driver: ")
    assert "pip install" in other
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("2 PostgreSQL needs its driver: ")
        assert "pip install" in line
        assert "[postgres]" in line or "psycopg2" in line
    assert SECRET not in done.stdout + done.stderr
