"""What other processes do in these tests; see :mod:`tests.ledger.processes`."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, event

import atms
from atms.errors import LedgerError
from atms.feeds.raw import RawBars
from atms.ledger import downgrade, list_runs, upgrade, write_bars
from atms.ledger.bars import Mark, Series, Written
from tests.ledger.making import file

Chunks = list[tuple[RawBars, Mark]]


def file_folders(_: Connection, url: str, folders: list[str]) -> list[bool]:
    """File the runs of *folders*, one after the other."""
    return [file(atms.load_run(folder), url, Path(folder)) for folder in folders]


def make_tables(_: Connection, url: str) -> str | None:
    """Bring the schema up; return what it was before."""
    return upgrade(url).found


def keep_bars(_: Connection | None, url: str, of: Series, chunks: Chunks) -> Written:
    """Write chunks of bars, one a transaction."""
    total = Written()
    for raw, mark in chunks:
        total += write_bars(url, of, raw, mark=mark)
    return total


def file_with_little_room(_: Connection, url: str, folder: str, limit: int) -> str:
    """File a run where no file may grow beyond *limit* bytes; return the error."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    return error_of(lambda: file(atms.load_run(folder), url, Path(folder)))


def limit_files(_: Connection, pid: int, limit: int) -> None:
    """Let no file of another process, and of those that it begins, grow beyond *limit* bytes."""
    owner = psutil.Process(pid)
    if os.geteuid() == 0:  # in a container that is not enough: only the owner may
        os.setgroups([])
        os.setgid(owner.gids().real)
        os.setuid(owner.uids().real)
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))


def as_nobody(_: Connection, url: str, folder: str) -> tuple[str, str]:
    """List runs and file one, as a user whom modes keep out; return the errors, if any."""
    os.chdir(folder)
    if os.geteuid() == 0:
        os.seteuid(65534)
    run = atms.load_run(folder)
    return error_of(lambda: list_runs(url)), error_of(lambda: file(run, url, Path(folder)))


def error_of(action: Callable[[], object]) -> str:
    """Return what a LedgerError says; nothing if there is none."""
    try:
        action()
    except LedgerError as error:
        return str(error)
    return ""


def keep_bars_and_stop(
    pipe: Connection, url: str, of: Series, chunks: Chunks, commit: int
) -> Written:
    """Write chunks, and stop where the *commit*-th of them is all written and not committed."""
    stop_at(pipe, "commit", commit)
    return keep_bars(pipe, url, of, chunks)


def migrate_and_stop(pipe: Connection, url: str, step: str, what: str, number: int) -> None:
    """Go up or down, and stop at the *number*-th statement, or commit, for as long as it takes."""
    spill()
    stop_at(pipe, what, number)
    {"up": upgrade, "down": lambda url: downgrade(url, "base"), "one down": downgrade}[step](url)


def stop_at(pipe: Connection, what: str, number: int) -> None:
    """Say so and wait for a word at the *number*-th statement or commit of this process."""
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            pipe.send("stopped")
            pipe.recv()

    event.listen(Engine, {"commit": "commit", "statement": "before_cursor_execute"}[what], count)


def spill() -> None:
    """Let SQLite write to its file from the first page on, and not only when it commits."""

    @event.listens_for(Engine, "connect")
    def small_cache(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA cache_size = 1")
