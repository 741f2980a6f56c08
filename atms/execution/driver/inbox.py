"""Events on their way to a core: those of a moment go together, so that they share a commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

from atms.execution.core.events import Event

# Events of a batch, at most, and seconds for which they are gathered and handled: about as long as
# the sync of the disk that they share. What the first of them sends or tells waits for all of it.
BATCH = 64
BATCH_TIME = 0.005


class Inbox:
    """Events that came, and that the core has not heard.

    Args:
        take: takes a batch, the oldest event first; it may leave a part of it.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, take: Callable[[Iterator[Event]], None]
    ) -> None:
        self._loop = loop
        self._take = take
        self._events: deque[Event] = deque()
        self._since = 0.0  # when the first of them came
        self._going_on = False

    def put(self, event: Event) -> None:
        """Add an event; it is taken with the others of this turn of the loop."""
        if not self._events:
            self._since = self._loop.time()
        self._events.append(event)
        if self._loop.time() - self._since > BATCH_TIME:  # a turn may be long
            self._take(self._batch())
        elif not self._going_on:
            self._going_on = True
            self._loop.call_soon(self._go_on)

    def empty(self) -> None:
        """Have everything taken now."""
        while self._events:
            self._take(self._batch())

    def _go_on(self) -> None:
        """Have a batch taken; the rest in the next turn, when what this one sends has left."""
        try:
            self._take(self._batch())
        finally:
            self._going_on = bool(self._events)
            if self._going_on:
                self._loop.call_soon(self._go_on)

    def _batch(self) -> Iterator[Event]:
        end = self._loop.time() + BATCH_TIME
        for _ in range(min(len(self._events), BATCH)):
            yield self._events.popleft()
            self._since = self._loop.time()
            if self._since > end:
                return
