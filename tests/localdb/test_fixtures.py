"""The fixtures of tests/postgres.py: what a test gets, and that nothing outlives the session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from atms.localdb import LocalServer
from tests.localdb.conftest import ROOT
from tests.postgres import CrashableServer, execute


@pytest.mark.parametrize("n", [1, 2])
def test_every_test_gets_an_empty_database(postgres_url: str, n: int) -> None:
    assert execute(postgres_url, "SELECT count(*) FROM pg_class WHERE relname = 'mine'") == [(0,)]
    execute(postgres_url, f"CREATE TABLE mine AS SELECT {n} AS n")
    assert execute(postgres_url, "SELECT n FROM mine") == [(n,)]


def test_databases_are_dropped_after_their_tests(
    postgres_server: LocalServer, postgres_url: str
) -> None:
    left = execute(postgres_server.url, "SELECT datname FROM pg_database WHERE datname ~ '^test_'")
    assert left == [(postgres_url.rpartition("/")[2],)]


def test_a_crashable_server_is_another_one(
    postgres_server: LocalServer, postgres_crashable: CrashableServer
) -> None:
    postgres_crashable.kill()
    assert execute(postgres_server.url, "SELECT 1") == [(1,)]
    postgres_crashable.start()
    assert postgres_crashable.stop() is True


CONFTEST = "from tests.postgres import postgres_server, postgres_url, postgres_crashable\n"
FINISHING = """
from tests.postgres import execute

def test_that_passes(postgres_server, postgres_url):
    print("folder", postgres_server.folder.parent)
    assert execute(postgres_url, "SELECT 1") == [(1,)]

def test_that_fails(postgres_crashable):
    postgres_crashable.kill()
    assert execute(postgres_crashable.url, "SELECT 1") == [(1,)]
"""
HANGING = """
import time

def test_all(postgres_server, postgres_url):
    print("folder", postgres_server.folder.parent)
    time.sleep(600)
"""


class PytestRun:
    """A pytest of its own over one test file."""

    def __init__(self, folder: Path, body: str) -> None:
        folder.mkdir()
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_it.py").write_text(body)
        options = ["-q", "-s", "-p", "no:cacheprovider", "--basetemp", str(folder / "tmp")]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "pytest", *options, "test_it.py"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        )

    def folder(self) -> Path:
        """Return where its servers are, when they are up."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("folder "):
                return Path(line.split()[1])
        pytest.fail("it printed no folder")

    def ended(self) -> tuple[int, str]:
        """Wait for its end; return its exit code, and the rest of what it said."""
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said


def assert_nothing_is_left(folder: Path) -> None:
    """Wait for the guard: it needs a moment after a kill."""
    deadline = time.monotonic() + 30
    while folder.exists() or processes_in(folder):
        assert time.monotonic() < deadline, (folder.exists(), processes_in(folder))
        time.sleep(0.02)


def processes_in(folder: Path) -> list[list[str]]:
    """Return the command lines of processes that name *folder* or stand in it."""
    found = []
    for one in psutil.process_iter(["cmdline", "cwd"]):
        words = [*(one.info["cmdline"] or []), one.info["cwd"] or ""]
        if any(str(folder) in word for word in words):
            found.append(words)
    return found


ENDS = {"by itself": FINISHING, "SIGINT": HANGING, "SIGTERM": HANGING, "SIGKILL": HANGING}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PytestRun]]:
    """Sessions of pytest that run at the same time, one for every way to end."""
    folder = tmp_path_factory.mktemp("runs")
    started = {name: PytestRun(folder / name, body) for name, body in ENDS.items()}
    yield started
    for run in started.values():
        run.process.kill()
        run.process.communicate()


def test_a_session_beside_others_and_with_a_failure_leaves_nothing(
    runs: dict[str, PytestRun],
) -> None:
    run = runs["by itself"]
    folder = run.folder()
    code, said = run.ended()
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "1 failed, 1 passed" in said
    assert not folder.exists()
    assert processes_in(folder) == []


@pytest.mark.parametrize("means", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_session_that_is_ended_from_outside_leaves_nothing(
    runs: dict[str, PytestRun], means: signal.Signals
) -> None:
    run = runs[means.name]
    folder = run.folder()
    assert len(processes_in(folder)) > 3
    run.process.send_signal(means)
    code, _ = run.ended()
    assert code == (pytest.ExitCode.INTERRUPTED if means == signal.SIGINT else -means)
    assert_nothing_is_left(folder)
