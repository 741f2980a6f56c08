"""An asyncio loop on virtual time: waiting takes no time, and each run goes the same way."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import math
import selectors
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, NoReturn, TypeVarTuple

from atms.errors import RunError
from atms.execution.driver.failures import Failures
from atms.sandbox.simulation.timers import Timer, Timers

Ts = TypeVarTuple("Ts")

STILL = 1_000_000  # passes of the loop in one turn without time going on: something spins


class Stalled(RunError):  # noqa: N818 - read as a sentence: raise Stalled
    """Virtual time cannot go on: the program would hang for ever."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer when nothing is left to run.

    The clock is a whole number of microseconds, as datetime is, so `time` and `now` disagree by
    whole leaps at most, and a sleep until a stamp ends at that stamp. Timers of one microsecond go
    off in the order in which they were set. Tasks hash by their number, so that a set of them has
    the same order in every process; each is kept alive until it is done.

    There is no way out of virtual time: sockets and executors are refused. What a callback
    raises, or a task that nobody awaits, is raised by `turn`, and at the latest by `close`.

    Args:
        start: the time at which it begins, aware.

    Attributes:
        failures: what was raised and not told yet.

    Raises:
        ValueError: *start* has no time zone.
    """

    _ready: Collection[asyncio.Handle]  # asyncio's own

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._clock = 0  # microseconds since then
        self._timers = Timers()
        self._turning: _Turn | None = None
        self._passes = 0
        self._living: dict[asyncio.Task[Any], None] = {}
        self._numbers = itertools.count(1)
        self.failures = Failures()
        selector = _Selector(self._pass)
        super().__init__(selector)
        selector.shut = True  # asyncio's own pipe is in; nothing else comes
        self.set_task_factory(self._new_task)
        self.set_exception_handler(self._heard)
        if start.tzinfo is None:  # not earlier: Python closes the half-made loop, too
            self.close()
            raise ValueError(f"{start} has no time zone; give an aware datetime")

    def time(self) -> float:
        """Return the virtual seconds since the start."""
        return self._clock / 1_000_000

    def now(self) -> datetime:
        """Return the virtual time, aware UTC."""
        return self._start + timedelta(microseconds=self._clock)

    def leap(self, span: timedelta) -> None:
        """Set the time of day forward; what was to come in so many seconds still comes in them."""
        self._start += span

    def turn(self, until: Callable[[], bool], timeout: float | None) -> bool:
        """Run until a condition is true (True) or *timeout* virtual seconds are over (False).

        The condition is looked at before each pass of the loop, and must change nothing. All
        that is due up to the end of the time has run when the answer is False; 0 runs what can
        run now.

        Raises:
            Stalled: nothing is left that could ever make the condition true and there is no
                timeout, or the program spins without time going on.
            RunError: called from within the loop.
            BaseException: what a callback or an abandoned task raised; each of them once.
        """
        if self.is_running():
            raise RunError("virtual loop: turn was called from within the loop; await instead")
        self.failures.raise_next()
        if until():
            return True
        forever = timeout is None or timeout == math.inf
        deadline = None if forever else self._clock + _microseconds(max(timeout or 0.0, 0.0))
        if deadline == self._clock and self._is_idle():
            return False  # what asyncio does for a turn costs more than most bars of the past
        self._turning = _Turn(until, deadline, self.create_future())
        try:
            answer = self.run_until_complete(self._turning.answer)
        finally:
            self._turning = None
        self.failures.raise_next()
        return answer

    def living(self) -> list[asyncio.Task[Any]]:
        """Return the tasks that are not done, the oldest first."""
        return list(self._living)

    # ---- what asyncio asks of a loop ------------------------------------------------------------
    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at a time of this clock; infinity is never."""
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        context = contextvars.copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if when != math.inf:
            self._timers.add(_microseconds(when), Timer(handle, callback, args, context))
        return handle

    def run_forever(self) -> None:
        """Run until stopped; asyncio's other ways of running come through here."""
        self._passes = 0
        super().run_forever()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], object], *args: *Ts
    ) -> NoReturn:
        """Refuse: a thread has a time of its own.

        Raises:
            RunError: always.
        """
        raise RunError("virtual loop: there are no executors in virtual time; await instead")

    def close(self) -> None:
        """Close the loop.

        Raises:
            BaseException: what was raised and not told yet, if nothing was told.
        """
        super().close()
        self._timers = Timers()
        self.failures.raise_rest()

    # ---- a pass of the loop ---------------------------------------------------------------------
    def _pass(self, idle: bool) -> None:
        """Stand where a loop would wait for the network: before each pass."""
        turn = self._turning
        if turn is not None and (self.failures or turn.until()):
            turn.end(True)
            return
        self._passes += 1
        if idle:
            self._advance(turn)
        elif self._passes > STILL:
            raise Stalled(
                f"virtual loop: time stands still at {self.now()} after {STILL:,} passes of the "
                f"loop; something spins without sleeping; running: {self._names()}"
            )
        for timer in self._timers.due(self._clock):
            self.call_soon(timer, context=timer.context)

    def _is_idle(self) -> bool:
        """Return whether nothing can run now."""
        ahead = self._timers.next()
        late = ahead is None or ahead > self._clock
        return late and not self._ready and not self.is_closed()

    def _advance(self, turn: _Turn | None) -> None:
        """Move the clock to the next timer, or to the end of the turn, which ends then."""
        ahead = self._timers.next()
        if turn is not None and turn.deadline is not None:  # noqa: SIM102 - two thoughts
            if ahead is None or ahead > turn.deadline:
                self._move(turn.deadline)
                turn.end(False)
                return
        if ahead is None:
            raise Stalled(
                f"virtual loop: nothing will ever happen again at {self.now()}: nothing to run, "
                f"no timer and no timeout; waiting: {self._names()}"
            )
        self._move(ahead)

    def _move(self, clock: int) -> None:
        if clock > self._clock:
            self._clock = clock
            self._passes = 0

    def _names(self) -> str:
        names = [task.get_name() for task in self._living]
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        return (", ".join(names[:10]) or "no task") + more

    def _new_task(
        self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any
    ) -> asyncio.Task[Any]:
        number = next(self._numbers)
        task = _Task(number, coro, loop, options)
        self._living[task] = None
        task.add_done_callback(self._living.pop)
        return task

    def _heard(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what asyncio's loop has nobody else to give to."""
        message = context["message"]
        self.failures.add(context.get("exception") or RunError(f"virtual loop: {message}"), message)


class _Turn(NamedTuple):
    until: Callable[[], bool]
    deadline: int | None
    answer: asyncio.Future[bool]

    def end(self, answer: bool) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


class _Task(asyncio.Task[Any]):
    """A task that hashes by its number, not by its place in memory."""

    def __init__(
        self, number: int, coro: Any, loop: asyncio.AbstractEventLoop, options: dict[str, Any]
    ) -> None:
        self._number = number  # before the rest: asyncio puts it into a set
        super().__init__(coro, loop=loop, **options)
        if options.get("name") is None:  # asyncio's own count goes on from loop to loop
            self.set_name(f"task-{number}")

    def __hash__(self) -> int:
        return self._number


class _Selector(selectors.BaseSelector):
    """Calls back where others wait; knows of no file but asyncio's own pipe."""

    def __init__(self, on_pass: Callable[[bool], None]) -> None:
        self.shut = False
        self._on_pass = on_pass
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        if self.shut:
            raise RunError("virtual loop: there are no sockets or pipes in virtual time")
        key = selectors.SelectorKey(fileobj, fileobj, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._on_pass(timeout is None)  # asyncio gives 0 when there is something to run
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


def _microseconds(seconds: float) -> int:
    """Return whole microseconds, upwards; what a float is short of or above them is taken off."""
    return math.ceil(seconds * 1e6 - 0.01)
