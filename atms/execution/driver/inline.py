"""Where the driver's asyncio loop runs in a trial: inline, on virtual time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVarTuple

from atms.execution.driver.tasks import Spawned, closed, end, wrong_side

if TYPE_CHECKING:
    from atms.sandbox.simulation.loop import VirtualLoop

Ts = TypeVarTuple("Ts")


class InlineHost:
    """A host on virtual time, without a thread: `wait` turns the loop.

    Tasks that are ready run until they wait, then the clock jumps to the next timer; nothing runs
    between two waits. `wait(0)` runs all that can run without time going on.

    Args:
        loop: the virtual loop.
        shared: others have tasks on the loop too; `close` ends those of this host alone and
            leaves the loop open.
    """

    def __init__(self, loop: VirtualLoop, *, shared: bool = False) -> None:
        self._loop = loop
        self._shared = shared
        self._spawned = Spawned(loop, loop.failures.add)
        self._told = False
        self._closed = False

    def now(self) -> datetime:
        """Return the virtual time, aware UTC."""
        return self._loop.now()

    def call(self, function: Callable[[*Ts], object], *args: *Ts) -> None:
        """Run a function in the next turn of the loop, in the order of the calls."""
        self._check_open()
        self._loop.call_soon(function, *args)

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine as a task on the loop."""
        if self._is_closed() and not self._loop.is_running():
            coroutine.close()  # else Python warns that it was never awaited
            raise closed()
        self._spawned.start(coroutine)

    def tell(self) -> None:
        """End the turn that `wait` is in."""
        self._told = True

    def wait(self, timeout: float | None) -> bool:
        """Turn the loop until told or until virtual time is over; see `Host`.

        Raises:
            Stalled: nothing will ever happen, or time stands still (see `VirtualLoop`).
        """
        self._check_open()
        if self._loop.is_running():
            raise wrong_side("wait")
        self._loop.turn(lambda: self._told, timeout)
        told, self._told = self._told, False
        return told

    def close(self) -> None:
        """Cancel the tasks, wait for them, close the loop unless it is shared; see `Host`."""
        if self._loop.is_running():
            raise wrong_side("close")
        if self._is_closed():
            return
        self._closed = True
        try:
            self._loop.run_until_complete(self._wind_up())
        finally:
            if not self._shared:
                self._loop.close()
        self._loop.failures.raise_rest()

    async def _wind_up(self) -> None:
        await end(self._spawned.living if self._shared else self._loop.living)
        if not self._shared:
            await self._loop.shutdown_asyncgens()

    def _is_closed(self) -> bool:
        return self._closed or self._loop.is_closed()

    def _check_open(self) -> None:
        if self._is_closed():
            raise closed()
