"""PostgreSQL killed with -9 while atms writes: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kills import truth
from tests.kills.making import BACKTEST, BARS, CHUNK, import_of
from tests.kills.rounds import CREATING, FILING, IMPORTING, Kills
from tests.kills.truth import Bars
from tests.kills.victims import Ended, Starter, Victim
from tests.ledger import raw
from tests.postgres import CrashableServer, execute

TIMES = 20
SETTINGS = (
    # A commit takes 2 ms longer, so that kills land in it.
    "commit_delay = 2000",
    "commit_siblings = 0",
    # After a crash PostgreSQL has each of its thousand files written; this asks the disk once.
    "recovery_init_sync_method = syncfs",
)


@pytest.fixture
def server(postgres_crashable: CrashableServer, monkeypatch: pytest.MonkeyPatch) -> CrashableServer:
    """A server that the command line works with."""
    monkeypatch.setenv("DATABASE_URL", postgres_crashable.url)
    for setting in SETTINGS:
        execute(postgres_crashable.url, f"ALTER SYSTEM SET {setting}")
    execute(postgres_crashable.url, "SELECT pg_reload_conf()")
    return postgres_crashable


def kill(server: CrashableServer) -> None:
    """Kill all its processes; those that serve somebody within a fraction of a millisecond."""
    pid = server.server.pid
    os.kill(pid, signal.SIGSTOP)
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    server.kill()


def start_again(server: CrashableServer) -> str:
    """Start the server after its kill; return its URL, which the command line gets too."""
    server.start()
    os.environ["DATABASE_URL"] = server.url
    return server.url


def assert_told(ended: Ended, url: str) -> None:
    """An outage is told in a line with exit code 4, and without the password."""
    password = url.partition("://")[2].partition("@")[0].partition(":")[2]
    assert ended.code in (0, 4), ended.err
    assert "Traceback" not in ended.err
    assert password not in ended.out + ended.err
    if ended.code == 4:
        assert "error: ledger postgresql" in ended.err


def test_an_import_whose_server_is_killed_goes_on_and_has_every_bar_once(
    server: CrashableServer,
    starter: Starter,
    timed: Callable[..., float],
    files: dict[str, Bars],
) -> None:
    before = [import_of(number) for number in (-1, -2)]
    seconds = timed(*(args for _, _, args in before), rows=CHUNK)
    done = [symbol for _, symbol, _ in before]

    def start(number: int) -> Victim:
        return starter.start(*import_of(number)[2], rows=CHUNK)

    kills = Kills(IMPORTING, TIMES, seconds)
    for number, ended in kills.rounds(start, lambda victim: kill(server)):
        assert_told(ended, server.url)
        url = start_again(server)
        name, symbol, args = import_of(number)
        again = starter.run(*args, rows=CHUNK)
        assert again.code == 0, again.err
        truth.assert_bars_are(url, symbol, files[name])
        done.append(symbol)
    truth.assert_each_has(url, done, BARS)


def test_a_backtest_whose_server_is_killed_keeps_its_files_and_is_filed_once(
    server: CrashableServer, starter: Starter, timed: Callable[..., float], a_run: None
) -> None:
    seconds = timed(BACKTEST, BACKTEST)
    known = set(Path("runs").iterdir())

    def start(number: int) -> Victim:
        return starter.start(*BACKTEST)

    kills = Kills(FILING, TIMES, seconds)
    for _, ended in kills.rounds(start, lambda victim: kill(server)):
        assert_told(ended, server.url)
        url = start_again(server)
        (folder,) = set(Path("runs").iterdir()) - known
        synced = starter.run("runs", "sync")
        assert synced.code == 0, synced.err
        truth.assert_filed_once(url, folder)
        known.add(folder)
        assert raw.count(url, "runs") == len(known)
    truth.assert_nothing_else(url, known)
    checked = starter.run("db", "check")
    assert checked.code == 0, checked.err


def test_tables_whose_server_is_killed_while_they_are_made_are_there_whole_or_not_at_all(
    server: CrashableServer, starter: Starter, timed: Callable[..., float]
) -> None:
    seconds = timed(("db", "create"))
    whole = raw.counts(server.url)

    def start(number: int) -> Victim:
        execute(server.url, "DROP SCHEMA public CASCADE")
        execute(server.url, "CREATE SCHEMA public")
        return starter.start("db", "create")

    for _, ended in Kills(CREATING, 6, seconds).rounds(start, lambda victim: kill(server)):
        assert_told(ended, server.url)
        url = start_again(server)
        assert raw.counts(url) in ({}, whole)
        assert starter.run("db", "create").code == 0
        assert raw.counts(url) == whole
