"""Servers and starters that are killed: the next start mends what they left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from atms import localdb
from atms.errors import LedgerError
from atms.localdb import launch, process
from atms.localdb.account import server_account
from atms.localdb.folder import named
from atms.localdb.programs import Programs
from tests.postgres import CrashableServer, execute


def test_a_server_that_was_killed_starts_again_with_what_was_committed(
    postgres_crashable: CrashableServer,
) -> None:
    execute(postgres_crashable.url, "CREATE TABLE kept AS SELECT 42 AS n")
    postgres_crashable.kill()
    assert localdb.status(postgres_crashable.folder) is None
    postgres_crashable.start()
    assert execute(postgres_crashable.url, "SELECT n FROM kept") == [(42,)]


def test_kill_leaves_no_process_of_the_server(postgres_crashable: CrashableServer) -> None:
    family = psutil.Process(postgres_crashable.server.pid).children(recursive=True)
    assert len(family) > 3
    postgres_crashable.kill()
    assert not any(one.is_running() and one.status() != "zombie" for one in family)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(postgres_crashable.url.replace("+psycopg2", ""))


def test_a_restart_waits_for_what_is_left_of_a_killed_server(
    postgres_crashable: CrashableServer,
) -> None:
    # The first process alone: the others still hold its memory when the next start comes.
    postmaster = psutil.Process(postgres_crashable.server.pid)
    last = postmaster.children()[-1]
    last.suspend()
    postmaster.kill()
    with resumed_after(last, 0.5):
        postgres_crashable.start()
    assert execute(postgres_crashable.url, "SELECT 1") == [(1,)]


class resumed_after:  # noqa: N801 - read as a sentence: with resumed_after(...)
    """Let a stopped process run on after some seconds, in a process of its own."""

    def __init__(self, stopped: psutil.Process, seconds: float) -> None:
        code = f"sleep {seconds}; kill -CONT {stopped.pid}"
        self._waker = subprocess.Popen(["/bin/sh", "-c", code])

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        assert self._waker.wait(timeout=30) == 0


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of no concern, of the user as whom a server would run."""
    account = server_account()
    sleeper = subprocess.Popen(["sleep", "600"], user=account.uid if account.switch else None)
    yield sleeper
    sleeper.kill()
    sleeper.wait()


def test_a_number_that_went_to_another_program_is_no_running_server(
    spoilable: Path, bystander: subprocess.Popen[bytes]
) -> None:
    server = localdb.start(spoilable)
    pid_file = process.pid_path(server.data).read_text()
    localdb.stop(spoilable)
    forged = pid_file.replace(str(server.pid), str(bystander.pid), 1)
    process.pid_path(server.data).write_text(forged)
    assert localdb.status(spoilable) is None
    assert localdb.stop(spoilable) is False
    assert bystander.poll() is None
    assert execute(localdb.start(spoilable).url, "SELECT 1") == [(1,)]
    assert bystander.poll() is None


def test_another_folders_server_is_not_stopped_by_a_stale_number(
    spoilable: Path, postgres_crashable: CrashableServer
) -> None:
    other = postgres_crashable.server
    data = named(spoilable).data
    process.pid_path(data).write_text(process.pid_path(other.data).read_text())
    assert localdb.stop(spoilable) is False
    assert localdb.start(spoilable).pid != other.pid
    assert localdb.status(other.folder) == other


def test_a_cluster_whose_making_was_killed_is_made_anew(
    fresh: Path, environment: dict[str, str]
) -> None:
    code = "import sys, pathlib; from atms import localdb; localdb.start(pathlib.Path(sys.argv[1]))"
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(fresh)], env=environment, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not list(fresh.glob("new-*/data/PG_VERSION")):
        assert time.monotonic() < deadline
        assert starter.poll() is None
        time.sleep(0.001)
    os.killpg(starter.pid, signal.SIGKILL)
    starter.wait()
    assert not named(fresh).data.exists()
    server = localdb.start(fresh)
    assert execute(server.url, "SELECT current_database()") == [("atms",)]
    assert list(fresh.glob("new-*")) == []


def test_a_server_that_does_not_start_says_its_last_words(spoilable: Path) -> None:
    with named(spoilable).data.joinpath("postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(LedgerError) as caught:
        localdb.start(spoilable)
    first, *rest = str(caught.value).splitlines()
    assert first.startswith(f"{spoilable}: PostgreSQL did not start ({spoilable / 'log'})")
    assert 'unrecognized configuration parameter "no_such_setting"' in "\n".join(rest)


def test_a_server_that_ends_without_a_word_was_killed_from_outside(spoilable: Path) -> None:
    programs = Programs(root=spoilable / "silent", name="none", major=18)
    programs["postgres"].parent.mkdir(parents=True)
    programs["postgres"].symlink_to("/bin/true")
    with pytest.raises(LedgerError) as caught:
        launch.launch(named(spoilable), programs, server_account(), None)
    assert "it ended without a word, as one does that is killed from outside" in str(caught.value)


def test_a_server_whose_program_is_still_being_loaded_has_not_ended(spoilable: Path) -> None:
    # It becomes the same program again and again: at each change its command line is empty for
    # some microseconds, which about 3 of 100 looks met.
    again = 'exec /bin/sh -c "$0" "$0"'
    home = named(spoilable)
    with subprocess.Popen(["/bin/sh", "-c", again, again]) as changing:
        try:
            lines = [changing.pid, home.data, 0, 1, "", "127.0.0.1", "", "ready"]
            process.pid_path(home.data).write_text("".join(f"{line}\n" for line in lines))
            for _ in range(2000):
                launch.wait_until_ready(home, changing.pid)
        finally:
            changing.kill()
            process.pid_path(home.data).unlink()


def test_an_error_shows_the_log_of_this_start_only(spoilable: Path) -> None:
    localdb.start(spoilable)
    localdb.stop(spoilable)
    with named(spoilable).data.joinpath("postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(LedgerError) as caught:
        localdb.start(spoilable)
    assert "ready to accept connections" in named(spoilable).log.read_text()
    assert "ready to accept connections" not in str(caught.value)


def test_a_long_log_is_begun_anew_and_the_old_one_kept(spoilable: Path) -> None:
    log = named(spoilable).log
    with log.open("wb") as file:
        file.truncate(11_000_000)
    localdb.start(spoilable)
    assert log.stat().st_size < 1_000_000
    assert log.with_name("log.old").stat().st_size == 11_000_000
