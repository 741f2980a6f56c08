"""Start, stop and look at the server of a folder."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from atms.errors import LedgerError
from atms.localdb import ports, process
from atms.localdb.account import server_account
from atms.localdb.cluster import (
    DATABASE,
    SUPERUSER,
    check_owner,
    make_cluster,
    read_password,
)
from atms.localdb.folder import ServerFolder, claim, locked, named, sweep
from atms.localdb.launch import launch, wait_until_ready
from atms.localdb.programs import find_programs, within_reach

_STOP_SECONDS = 60.0
_LOOK_EVERY = 0.01


@dataclass(frozen=True, kw_only=True)
class LocalServer:
    """A local server that is running.

    Attributes:
        folder: its folder; absolute.
        data: the cluster, inside *folder*.
        port: on 127.0.0.1.
        pid: of the server's first process.
        url: for SQLAlchemy; the password is in it.
        moved_from: the port that it had last time, if another program holds that one now.
    """

    folder: Path
    data: Path
    port: int
    pid: int
    url: str = field(repr=False)
    moved_from: int | None = None


def start(folder: Path, *, port: int | None = None) -> LocalServer:
    """Start the server of *folder*, which is made on first use; return it once it answers.

    A server that runs already is returned. It runs on after this process, until it is stopped.

    Args:
        folder: where everything of the server stands, and nothing else.
        port: on 127.0.0.1; default: the one it had last, or a free one.

    Raises:
        ConfigError: *port* is out of range.
        LedgerError: the folder cannot be used, the port is taken, or PostgreSQL does not start.
        MissingExtra: PostgreSQL is not installed.
    """
    if port is not None:
        ports.check(port)
    home = named(folder)
    with _readable_errors(home):
        account = server_account()
        claim(home, account)
        with locked(home):
            if (running := _running(home)) is None:
                sweep(home)
                programs = within_reach(find_programs(home.data, account), home, account)
                if not home.data.exists():
                    make_cluster(home, programs, account)
                check_owner(home, account)
                launched = launch(home, programs, account, port)
                return replace(_server(home, launched.pid), moved_from=launched.moved_from)
            wait_until_ready(home, running)
        server = _server(home, running)
    if port not in (None, server.port):
        raise LedgerError(
            f"{home.path}: the server runs already, on port {server.port}; "
            f"stop it first to start it on {port}"
        )
    return server


def stop(folder: Path) -> bool:
    """Stop the server of *folder* and wait until it is gone; open connections are closed.

    Returns:
        False if it was not running.

    Raises:
        LedgerError: the folder cannot be read, or the server does not end.
    """
    home = named(folder)
    with _readable_errors(home):
        if not home.is_ours:
            return False
        with locked(home):
            if (pid := _running(home)) is None:
                return False
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
            deadline = time.monotonic() + _STOP_SECONDS
            while process.is_server_of(pid, home.data):
                if time.monotonic() > deadline:
                    raise LedgerError(
                        f"{home.path}: the server (process {pid}) was told to stop, and has not "
                        f"after {_STOP_SECONDS:g} s; see {home.log}"
                    )
                time.sleep(_LOOK_EVERY)
    return True


def status(folder: Path) -> LocalServer | None:
    """Return the server of *folder* if it is running and answers; else None.

    Raises:
        LedgerError: the folder cannot be read.
    """
    home = named(folder)
    with _readable_errors(home):
        pid = _running(home) if home.is_ours else None
        found = process.read_pid_file(home.data)
        return _server(home, pid) if pid and found and found.status == "ready" else None


def _running(home: ServerFolder) -> int | None:
    found = process.read_pid_file(home.data)
    return found.pid if found and process.is_server_of(found.pid, home.data) else None


def _server(home: ServerFolder, pid: int) -> LocalServer:
    found = process.read_pid_file(home.data)
    if found is None or found.port is None:
        raise LedgerError(f"{home.path}: the server has just stopped; see {home.log}")
    password = read_password(home)
    address = f"{ports.HOST}:{found.port}"
    return LocalServer(
        folder=home.path,
        data=home.data,
        port=found.port,
        pid=pid,
        url=f"postgresql+psycopg2://{SUPERUSER}:{password}@{address}/{DATABASE}",
    )


@contextmanager
def _readable_errors(home: ServerFolder) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        where = error.filename or home.path
        raise LedgerError(
            f"{where}: permission denied; use the user who made it, or choose another --dir"
        ) from error
    except OSError as error:
        where = error.filename or home.path
        raise LedgerError(
            f"{where}: {error.strerror or error}; mend that, or choose another --dir"
        ) from error
