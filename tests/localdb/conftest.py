"""Folders for local servers, on which every process in them is ended after the test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atms import localdb
from tests.postgres import (
    postgres_crashable,
    postgres_server,
    postgres_url,
    session_of,
)

__all__ = ["postgres_crashable", "postgres_server", "postgres_url"]

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def few_surprises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what must not reach the server's programs; each of these alone would break them."""
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")


@pytest.fixture
def fresh(pytestconfig: pytest.Config) -> Iterator[Path]:
    """A folder that does not exist yet, where a server of any user may stand."""
    session = session_of(pytestconfig)
    folder = session.folder / session.new_name()
    yield folder
    if folder.exists():
        session.discard(folder)


@pytest.fixture(scope="module")
def _shared(pytestconfig: pytest.Config) -> Path:
    return session_of(pytestconfig).copy()


@pytest.fixture
def made(_shared: Path) -> Iterator[Path]:
    """The folder of a server that has run before, and is stopped; shared by a module's tests."""
    yield _shared
    localdb.stop(_shared)


@pytest.fixture
def spoilable(pytestconfig: pytest.Config) -> Iterator[Path]:
    """The same, a test's own: it may leave it broken."""
    session = session_of(pytestconfig)
    folder = session.copy()
    yield folder
    session.discard(folder)


@pytest.fixture
def command() -> Callable[..., list[str]]:
    """Make the command line of ``local ...``, in a process of its own."""

    def make(*args: str | Path) -> list[str]:
        code = "from atms.cli.local import local; local(prog_name='local')"
        return [sys.executable, "-c", code, *map(str, args)]

    return make


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment of a process that imports atms from here."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}
