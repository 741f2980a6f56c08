"""PostgreSQL killed with -9 while atms writes: nothing lost, nothing doubled."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.kills import truth
from tests.kills.making import BACKTEST, BARS, CHUNK, import_of
from tests.kills.rounds import BACKTEST as BACKTEST_PHASES
from tests.kills.rounds import CREATE, IMPORT, Kills
from tests.kills.victims import Ended, Starter, Victim
from tests.ledger import raw
from tests.postgres import CrashableServer, execute

TIMES = 20


@pytest.fixture
def server(
    postgres_crashable: CrashableServer, monkeypatch: pytest.MonkeyPatch
) -> CrashableServer:
    """A server that the command line works with."""
    monkeypatch.setenv("DATABASE_URL", postgres_crashable.url)
    return postgres_crashable


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
    files: dict[str, pd.DataFrame],
) -> None:
    seconds = timed(*import_of(1)[2], rows=CHUNK)
    execute(server.url, "DROP SCHEMA public CASCADE")
    execute(server.url, "CREATE SCHEMA public")
    assert starter.run("db", "create").code == 0
    seconds = max(seconds, 0.1)

    def start(number: int) -> Victim:
        return starter.start(*import_of(number)[2], rows=CHUNK)

    kills = Kills(IMPORT, TIMES, seconds)
    done = {}
    for number, ended in kills.rounds(start, lambda victim: server.kill()):
        assert_told(ended, server.url)
        url = start_again(server)
        name, symbol, args = import_of(number)
        again = starter.run(*args, rows=CHUNK)
        assert again.code == 0, again.err
        truth.assert_bars_are(url, symbol, files[name])
        done[symbol] = files[name]
    truth.assert_no_bars_but(url, done, BARS)
    for symbol, bars in done.items():
        truth.assert_bars_are(url, symbol, bars)


def test_a_backtest_whose_server_is_killed_keeps_its_files_and_is_filed_once(
    server: CrashableServer, starter: Starter, timed: Callable[..., float], a_run: None
) -> None:
    seconds = timed(*BACKTEST)
    known = set(Path("runs").iterdir())

    def start(number: int) -> Victim:
        return starter.start(*BACKTEST)

    kills = Kills(BACKTEST_PHASES, TIMES, seconds)
    for _, ended in kills.rounds(start, lambda victim: server.kill()):
        assert_told(ended, server.url)
        url = start_again(server)
        (folder,) = set(Path("runs").iterdir()) - known
        synced = starter.run("runs", "sync")
        assert synced.code == 0, synced.err
        truth.assert_filed_once(url, folder)
        known.add(folder)
        truth.assert_nothing_else(url, known)
    for folder in known:
        truth.assert_filed_once(url, folder)
    checked = starter.run("db", "check")
    assert (checked.code, checked.err.strip()) == (0, "every stored run adds up")


def test_tables_whose_server_is_killed_while_they_are_made_are_there_whole_or_not_at_all(
    server: CrashableServer, starter: Starter, timed: Callable[..., float]
) -> None:
    seconds = timed("db", "create")
    whole = raw.counts(server.url)

    def start(number: int) -> Victim:
        execute(server.url, "DROP SCHEMA public CASCADE")
        execute(server.url, "CREATE SCHEMA public")
        return starter.start("db", "create")

    for _, ended in Kills(CREATE, 6, seconds).rounds(start, lambda victim: server.kill()):
        assert_told(ended, server.url)
        url = start_again(server)
        assert raw.counts(url) in ({}, whole)
        assert starter.run("db", "create").code == 0
        assert raw.counts(url) == whole
