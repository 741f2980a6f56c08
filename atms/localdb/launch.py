"""Launch PostgreSQL, detached, and wait until it answers or has given up."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from atms.errors import LedgerError
from atms.localdb import ports, process
from atms.localdb.account import Account
from atms.localdb.folder import ServerFolder
from atms.localdb.programs import Programs
from atms.localdb.reasons import STILL_HELD, TAKEN, explained

# The shell ends at once: the server is then nobody's child, and holds no pipe of the caller's.
_IN_BACKGROUND = 'exec "$@" </dev/null >&2 & echo $!'
_READY_SECONDS = 120.0  # after a power cut it first reads its log again
_RETRY_SECONDS = 10.0
_LOOK_EVERY = 0.01
_LOG_BYTES = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Launched:
    """A server that answers.

    Attributes:
        moved_from: the port that was kept for it, if another program holds that one.
    """

    pid: int
    moved_from: int | None


class _Ended(Exception):  # noqa: N818 - caught here
    """The server ended; its own words."""


def launch(
    folder: ServerFolder, programs: Programs, account: Account, port: int | None
) -> Launched:
    """Launch the server of *folder* on *port*, or on the one it had last, or on a free one.

    Raises:
        LedgerError: the port is taken, or PostgreSQL ends; with the last lines of its log.
    """
    process.drop_stale(folder.data)
    _shorten(folder.log)
    last = ports.kept(folder) if port is None else None
    deadline = time.monotonic() + _RETRY_SECONDS
    while True:
        chosen = _port(folder, port or last, own=port is not None)
        try:
            pid = _launch_once(folder, programs, account, chosen)
        except _Ended as ended:
            text = str(ended)
            if TAKEN in text and port is not None:
                raise _taken(port) from ended
            passing = TAKEN in text or STILL_HELD in text
            if not passing or time.monotonic() > deadline:
                what = f"{folder.path}: PostgreSQL did not start ({folder.log})"
                raise LedgerError(explained(what, text)) from ended
            time.sleep(_LOOK_EVERY)
        else:
            ports.keep(folder, chosen)
            return Launched(pid=pid, moved_from=last if last != chosen else None)


def _port(folder: ServerFolder, wanted: int | None, *, own: bool) -> int:
    """Return the port to try: *wanted* if it is free; another one unless the caller asked."""
    if wanted is not None and ports.becomes_free(wanted):
        return wanted
    if wanted is not None and own:
        raise _taken(wanted)
    return ports.choose(folder)


def _launch_once(folder: ServerFolder, programs: Programs, account: Account, port: int) -> int:
    settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={port}"]
    command: list[str | Path] = [programs["postgres"], "-D", folder.data]
    command += [part for setting in settings for part in ("-c", setting)]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    with os.fdopen(os.open(folder.log, flags, 0o600), "ab") as log:
        start = os.fstat(log.fileno()).st_size
        shell: list[str | Path] = ["/bin/sh", "-c", _IN_BACKGROUND, "sh", *command]
        done = account.run(shell, folder=folder.path, log=log, detached=True)
    if not done.stdout.strip().isdigit():
        raise _Ended(_since(folder.log, start))
    pid = int(done.stdout)
    if not _becomes_ready(folder, pid):
        raise _Ended(_since(folder.log, start))
    return pid


def wait_until_ready(folder: ServerFolder, pid: int) -> None:
    """Wait until the server that another process launched answers.

    Raises:
        LedgerError: it ended meanwhile.
    """
    if not _becomes_ready(folder, pid):
        raise LedgerError(f"{folder.path}: the server has just stopped; start it again")


def _becomes_ready(folder: ServerFolder, pid: int) -> bool:
    """Wait until process *pid* answers; return False if it ended."""
    deadline = time.monotonic() + _READY_SECONDS
    while process.is_alive(pid):
        found = process.read_pid_file(folder.data)
        if found and found.pid == pid and found.status == "ready":
            return True
        if time.monotonic() > deadline:
            raise LedgerError(
                f"{folder.path}: PostgreSQL (process {pid}) does not answer after "
                f"{_READY_SECONDS:g} s; see {folder.log}, and try again when it is ready"
            )
        time.sleep(_LOOK_EVERY)
    return False


def _taken(port: int) -> LedgerError:
    return LedgerError(
        f"port {port}: another program holds it on {ports.HOST}; choose another --port, or none"
    )


def _shorten(log: Path) -> None:
    """Begin a log anew that has grown long; the old one stays until the next time."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_name("log.old"))


def _since(log: Path, start: int) -> str:
    return log.read_bytes()[start:].decode("utf-8", errors="replace")
