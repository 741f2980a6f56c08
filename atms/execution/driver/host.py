"""Where the driver's asyncio loop runs: in a thread of its own, or inline on virtual time.

A host has two sides. The strategy's side is where Cerebro runs; the loop's side is where the
driver and the stores await. Live, they are two threads; in the simulation, one: `wait` turns the
loop. Nothing but `wait` ever blocks the strategy's side.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Protocol, TypeVarTuple

from atms.errors import RunError
from atms.execution.driver.failures import Failures
from atms.execution.driver.inline import InlineHost
from atms.execution.driver.tasks import CLOSING, Spawned, closed, end, wrong_side
from atms.steady import SteadyClock

__all__ = ["CLOSING", "Failures", "Host", "InlineHost", "ThreadHost"]

Ts = TypeVarTuple("Ts")

SWITCH_INTERVAL = 0.0005  # with Python's 5 ms a computing strategy delays the wire by 11 ms

log = logging.getLogger(__name__)


class Host(Protocol):
    """Runs the driver's loop, tells the time, and wakes the strategy's side."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""

    def call(self, function: Callable[[*Ts], object], *args: *Ts) -> None:
        """Run a function on the loop soon, in the order of the calls.

        Raises:
            RunError: the host is closed.
        """

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine as a task on the loop, from either side; `wait` raises what it raises.

        Raises:
            RunError: the host is closed.
        """

    def tell(self) -> None:
        """Wake the strategy's side; told twice before it looks is told once."""

    def wait(self, timeout: float | None) -> bool:
        """Block the strategy's side until it is told (True) or *timeout* seconds are over (False).

        0 looks and waits for nothing; None waits for ever.

        Raises:
            RunError: the host is closed, or this is the loop's side.
            BaseException: what a task or a callback raised; each of them is raised once.
        """

    def close(self) -> None:
        """Cancel the tasks, wait for them, end the loop; a second time does nothing.

        Raises:
            RunError: a task did not end within `CLOSING` seconds of being cancelled.
            BaseException: what a task raised and no `wait` did, if none has raised yet.
        """


class _Switching:
    """Python's switch interval while any thread host lives.

    The setting is the interpreter's own, so those who want it short are counted together: else
    the host that closes first would slow the others down.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts = 0
        self._before = 0.0

    def quicken(self) -> None:
        with self._lock:
            if self._hosts == 0:
                self._before = sys.getswitchinterval()
                self._set(SWITCH_INTERVAL)
            self._hosts += 1

    def restore(self) -> None:
        with self._lock:
            self._hosts -= 1
            if self._hosts == 0:
                self._set(self._before)

    def _set(self, interval: float) -> None:
        if self._before > SWITCH_INTERVAL:  # a user's own may be shorter
            sys.setswitchinterval(interval)


_switching = _Switching()


class ThreadHost:
    """A host on wall time: the loop runs in a daemon thread from the constructor to `close`.

    What foreign code on the loop leaves behind (an error in a future that nobody awaited, an
    unclosed connection) is logged; it does not end a run that trades.
    """

    def __init__(self, clock: SteadyClock | None = None) -> None:
        self._clock = clock or SteadyClock()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._heard)
        self._failures = Failures()
        self._spawned = Spawned(self._loop, self._fail)
        self._leave = asyncio.Event()
        self._news = threading.Condition()  # guards the three below, and the failures
        self._told = False
        self._ended = False
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="atms-host", daemon=True)
        self._thread.start()
        _switching.quicken()

    def now(self) -> datetime:
        """Return the time, aware UTC; it goes on evenly, whoever sets the computer's clock."""
        return self._clock.now()

    def call(self, function: Callable[[*Ts], object], *args: *Ts) -> None:
        """Run a function on the loop soon, in the order of the calls; from any thread."""
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError as error:
            raise closed() from error

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine as a task on the loop; from any thread."""
        try:
            self.call(self._spawned.start, coroutine)
        except RunError:
            coroutine.close()  # else Python warns that it was never awaited
            raise

    def tell(self) -> None:
        """Wake the strategy's side."""
        with self._news:
            self._told = True
            self._news.notify_all()

    def wait(self, timeout: float | None) -> bool:
        """Sleep until told or until the time is over; see `Host`."""
        if self._is_here():
            raise wrong_side("wait")
        with self._news:
            self._news.wait_for(self._has_news, timeout)
            self._failures.raise_next()
            if self._ended:
                raise closed()
            told, self._told = self._told, False
            return told

    def close(self) -> None:
        """Cancel the tasks, wait for them, end the thread; see `Host`."""
        if self._is_here():
            raise wrong_side("close")
        with contextlib.suppress(RunError):  # a task has ended the loop: SystemExit
            self.call(self._leave.set)
        self._thread.join(2 * CLOSING)
        if self._thread.is_alive():
            raise RunError(
                f"host: its loop did not end within {2 * CLOSING:g} s; something blocks it"
            )
        with self._news:
            again, self._closed = self._closed, True
        if not again:
            _switching.restore()
            self._failures.raise_rest()

    def _has_news(self) -> bool:
        return self._told or self._ended or bool(self._failures)

    def _is_here(self) -> bool:
        return threading.get_ident() == self._thread.ident

    def _serve(self) -> None:
        """Be the thread."""
        for part in (self._leave.wait, self._wind_up):
            try:
                self._loop.run_until_complete(part())
            except BaseException as error:  # noqa: BLE001 - the run's to handle, not the thread's
                self._fail(error, "raised on the host's loop")
        self._loop.close()
        with self._news:
            self._ended = True
            self._news.notify_all()

    async def _wind_up(self) -> None:
        await end(lambda: list(asyncio.all_tasks()))
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()  # ours is unused; an SDK resolves names in it

    def _fail(self, error: BaseException, where: str) -> None:
        with self._news:
            self._failures.add(error, where)
            self._news.notify_all()

    def _heard(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what asyncio's loop has nobody else to give to."""
        error = context.get("exception")
        if error is not None and "handle" in context:  # raised by a callback
            self._fail(error, context["message"])
        else:
            log.error("%s", context["message"], exc_info=error)
