"""Timers of the virtual loop."""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(eq=False, slots=True)
class Timer:
    """What is called back, unless it was cancelled."""

    handle: asyncio.TimerHandle
    callback: Callable[..., object]
    args: tuple[Any, ...]
    context: contextvars.Context

    def __repr__(self) -> str:  # what asyncio's messages say of it
        return str(getattr(self.callback, "__qualname__", self.callback))

    def __call__(self) -> None:
        if not self.handle.cancelled():  # perhaps by the one before it
            self.callback(*self.args)


class Timers:
    """Timers by microsecond, those of one in the order in which they came."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = itertools.count()
        self._sweep_at = 1_000

    def add(self, at: int, timer: Timer) -> None:
        """Have one go off at a microsecond."""
        heapq.heappush(self._heap, (at, next(self._count), timer))
        if len(self._heap) > self._sweep_at:  # timeouts that were not needed lie here for hours
            self._heap = [one for one in self._heap if not one[2].handle.cancelled()]
            heapq.heapify(self._heap)
            self._sweep_at = max(1_000, 2 * len(self._heap))

    def next(self) -> int | None:
        """Return when the next one goes off."""
        while self._heap and self._heap[0][2].handle.cancelled():
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, clock: int) -> Iterator[Timer]:
        """Take out those whose time has come."""
        while self._heap and self._heap[0][0] <= clock:
            yield heapq.heappop(self._heap)[2]
