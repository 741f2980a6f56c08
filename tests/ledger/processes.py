"""Other processes: that wait for a word to begin, stop where they are told, and can be killed.

They come from a fork server that has imported the ledger already: a new interpreter would need
seconds for it, each time.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

_PATIENCE = 60  # seconds; a busy machine is no failure
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["pytest", "atms", "atms.stored", "atms.ledger", "alembic.command", "alembic.config",
     "backtrader", "psycopg2", "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite"]
)  # fmt: skip

Work = Callable[..., Any]


class Process:
    """Another process; *work* is a function of a module, and gets a connection and *args*."""

    def __init__(self, work: Work, *args: Any) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, work, args), daemon=True)
        self._process.start()
        theirs.close()
        assert self.hear() == "ready"

    def say(self, word: str = "go") -> None:
        """Let it go on."""
        self._pipe.send(word)

    def hear(self) -> Any:
        """Return what it says next."""
        assert self._pipe.poll(_PATIENCE), "the process says nothing"
        return self._pipe.recv()

    def is_silent(self, seconds: float) -> bool:
        """Return whether it says nothing for that long."""
        return not self._pipe.poll(seconds)

    def finish(self) -> Any:
        """Return what its work returned; what it raised fails the test."""
        kind, value = self.hear()
        assert kind == "returned", value
        self._process.join(_PATIENCE)
        return value

    def kill(self) -> None:
        """Kill it at once, as ``kill -9`` does."""
        self._process.kill()
        self._process.join(_PATIENCE)


@contextmanager
def processes(*works: tuple[Any, ...]) -> Iterator[list[Process]]:
    """Yield a process for each (work, *args), ready to be told to go; none outlives the block."""
    made: list[Process] = []
    try:
        for work, *args in works:
            made.append(Process(work, *args))
        yield made
    finally:
        for process in made:
            process.kill()


def at_once(*works: tuple[Any, ...]) -> list[Any]:
    """Run works at once, each in its process; return what they returned."""
    with processes(*works) as made:
        for process in made:
            process.say()
        return [process.finish() for process in made]


def _serve(pipe: Connection, work: Work, args: tuple[Any, ...]) -> None:
    pipe.send("ready")
    pipe.recv()
    try:
        answer = ("returned", work(pipe, *args))
    except BaseException as error:  # noqa: BLE001 - the test that asked is told
        answer = ("raised", f"{type(error).__name__}: {error}")
    pipe.send(answer)
