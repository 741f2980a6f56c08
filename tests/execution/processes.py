"""Processes of their own that hold journals and leases, to be killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from atms.errors import JournalError
from atms.execution.disk.journal import Journal
from atms.execution.disk.lease import Lease

ACCOUNT = "venue:test:1"
NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
NOBODY = 65534
_PATIENCE = 30.0
_IMPORTS = [
    "pytest",
    "atms.execution.disk.journal",
    "atms.execution.disk.lease",
    "urllib.parse",  # pathlib wants it late, when a child has no right any more to read it
]  # once, not in each child


class Child:
    """A process that runs one function, and the pipe between us."""

    def __init__(self, work: Callable[..., None], *args: Any) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_IMPORTS)
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, *args), daemon=True)
        self._process.start()
        theirs.close()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def hear(self) -> Any:
        """Return the next that it says; EOFError when it has ended."""
        assert self._pipe.poll(_PATIENCE)
        return self._pipe.recv()

    def say(self, word: object) -> None:
        """Tell it something."""
        self._pipe.send(word)

    def kill(self) -> list[Any]:
        """Kill it by SIGKILL; return what it had said and we had not heard."""
        self._process.kill()
        heard = []
        while True:
            try:
                heard.append(self.hear())
            except (EOFError, ConnectionResetError):
                self._process.join()
                return heard

    @property
    def lives(self) -> bool:
        """Whether it still runs."""
        return self._process.is_alive()

    def end_of(self) -> int | None:
        """Wait for its end; return its exit code, below 0 the signal."""
        self._process.join(_PATIENCE)
        return self._process.exitcode

    def close(self) -> None:
        """Kill what is left, and take away."""
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._process.close()
        self._pipe.close()


@contextmanager
def children() -> Iterator[Callable[..., Child]]:
    """Yield a starter of children; none of them outlives the block."""
    started: list[Child] = []

    def start(work: Callable[..., None], *args: Any) -> Child:
        started.append(Child(work, *args))
        return started[-1]

    try:
        yield start
    finally:
        for child in started:
            child.close()


# ---- journals -----------------------------------------------------------------------------------
def group(number: int, size: int) -> list[str]:
    """Return bodies that tell how many belong together, a few pages of them."""
    return [f"{number} {place}/{size} " + "é" * 4500 for place in range(1, size + 1)]


def append_for_ever(pipe: Connection, folder: Path, seed: int) -> None:
    """Append groups of 1 to 5, each told when it is durable, until killed."""
    drawn = random.Random(seed)
    journal = Journal.open(folder, ACCOUNT)
    journal.begin(NOW)
    while True:
        pipe.send(journal.append(group(journal.last, drawn.randint(1, 5))))


def append_when_asked(pipe: Connection, folder: Path) -> None:
    """Append the lists of bodies that come; answer with the last number."""
    journal = Journal.open(folder, ACCOUNT)
    journal.begin(NOW)
    while True:
        pipe.send(journal.append(pipe.recv()))


def append_to_a_full_disk(pipe: Connection, folder: Path) -> None:
    """Tell what happens when files may not grow, and when they may again."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = Journal.open(folder, ACCOUNT)
    journal.append(["kept"])
    size = (folder / "journal.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5000, hard))
    pipe.send(said_of(journal.append, ["lost", *group(1, 5)]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    pipe.send(said_of(journal.append, ["refused"]))
    pipe.send(list(journal.bodies()))
    journal.close()
    with Journal.open(folder, ACCOUNT) as again:
        pipe.send(list(again.bodies()))
        pipe.send(again.append(["taken"]))


def make_on_a_full_disk(pipe: Connection, folder: Path) -> None:
    """Tell what happens when the file of a new journal may not grow."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    pipe.send(said_of(Journal.open, folder, ACCOUNT))


def open_without_right(pipe: Connection, folder: Path) -> None:
    """Tell what an ordinary user hears who may only read."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    pipe.send(said_of(Journal.open, folder, ACCOUNT))


def said_of(what: Callable[..., Any], *args: Any) -> str:
    """Return the JournalError's text; an empty string if there was none."""
    try:
        what(*args)
    except JournalError as error:
        return str(error)
    return ""


# ---- leases -------------------------------------------------------------------------------------
def hold(pipe: Connection, folder: Path, deaf: bool = False, user: int | None = None) -> None:
    """Take the lease, say so, and hold it.

    Args:
        deaf: to SIGTERM.
        user: be that one from then on.
    """
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Lease.take(folder, ACCOUNT)
    if user is not None:
        os.setuid(user)
    pipe.send("held")
    pipe.recv()


def hold_with_a_child(pipe: Connection, folder: Path, releases: bool) -> None:
    """Take the lease, fork, and hold it; what is forked says its number and lives on.

    Args:
        releases: whether what is forked gives up what it thinks it has.
    """
    lease = Lease.take(folder, ACCOUNT)
    if os.fork() == 0:
        said = said_of(lease.check)
        if releases:
            lease.release()
        pipe.send((os.getpid(), said))
    signal.pause()


def hold_in_a_child(pipe: Connection, folder: Path) -> None:
    """Fork; what is forked holds the lease, and its parent never asks how it ended."""
    if os.fork() == 0:
        pipe.send(Lease.take(folder, ACCOUNT).holder.pid)
    signal.pause()


def hold_across_an_exec(pipe: Connection, folder: Path, told: Path) -> None:
    """Take the lease, become another program, take it again, and write into *told* that it is."""
    Lease.take(folder, ACCOUNT)
    again = (
        "import sys; from pathlib import Path; from atms.execution.disk.lease import Lease; "
        "Path(sys.argv[2]).write_text(str(Lease.take(Path(sys.argv[1]), 'a').holder.pid))"
    )
    os.execv(sys.executable, [sys.executable, "-c", again, str(folder), str(told)])


def try_to_take(pipe: Connection, folder: Path) -> None:
    """At a word, try to take the lease; say what came of it, and keep it."""
    pipe.send("ready")
    pipe.recv()
    pipe.send(said_of(Lease.take, folder, ACCOUNT))
    pipe.recv()
