"""The tasks of a host: started, kept, and ended together."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from atms.errors import RunError

CLOSING = 10.0  # seconds that cancelled tasks have to end, by the host's own clock


class Spawned:
    """The tasks of one host, the oldest first; what they raise goes to *fail*.

    The loop itself keeps no task alive that only waits.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, fail: Callable[[BaseException, str], None]
    ) -> None:
        self._loop = loop
        self._fail = fail
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def start(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine."""
        name = getattr(coroutine, "__qualname__", None)
        task = self._loop.create_task(coroutine, name=name)
        self._tasks[task] = None
        task.add_done_callback(self._done)

    def living(self) -> list[asyncio.Task[Any]]:
        """Return those that are not done."""
        return list(self._tasks)

    def _done(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        error = None if task.cancelled() else task.exception()
        # asyncio lets those two through its loop, so the run has them already.
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            self._fail(error, f"raised in the task {task.get_name()!r}")


async def end(living: Callable[[], Sequence[asyncio.Task[Any]]]) -> None:
    """Cancel all that lives but this, what is born meanwhile too, and wait for it.

    Raises:
        RunError: something did not end within `CLOSING` seconds.
    """
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    until = loop.time() + CLOSING
    while tasks := [task for task in living() if task is not this]:
        for task in tasks:
            if inspect.iscoroutine(task.get_coro()):  # asyncio itself closes dropped generators
                task.cancel()
        _, pending = await asyncio.wait(tasks, timeout=max(0.0, until - loop.time()))
        if pending:
            names = ", ".join(sorted(task.get_name() for task in pending))
            raise RunError(
                f"host: still running {CLOSING:g} s after it was cancelled: {names}; "
                "a task must not swallow CancelledError"
            )


def closed() -> RunError:
    """Return what is raised by a host that is closed."""
    return RunError("host: it is closed; open another one")


def wrong_side(what: str) -> RunError:
    """Return what is raised on the loop's side, which would wait for itself."""
    return RunError(f"host: {what} was called on the loop, which it would block; await instead")
