"""What will happen at a simulated venue by itself, and requests on their way to it."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass
class Parcel(Generic[Answer]):
    """A request that is on its way: it arrives though its sender is dead."""

    at: datetime
    action: Callable[[], Answer]
    arrived: bool = False
    answers: list[Answer] = field(default_factory=list)

    def deliver(self) -> None:
        """Let it arrive."""
        self.arrived = True
        self.answers.append(self.action())


class Agenda:
    """Things to be done at their times, in the order of time and then of making.

    Time passes when somebody looks: what is due is done before anything else happens, under its
    own time. A venue so needs no task of its own, and outlives every loop.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, Callable[[], object]]] = []
        self._made = 0
        self._last: datetime | None = None
        self._busy = False

    def now(self) -> datetime:
        """Return the venue's time; it never goes back."""
        clock = self._clock()
        if self._busy and self._last is not None:
            return self._last
        self._last = clock if self._last is None else max(clock, self._last)
        return self._last

    def at(self, when: datetime, action: Callable[[], object]) -> None:
        """Have something done at a time, or at once where that is over."""
        self._made += 1
        heapq.heappush(self._heap, (when, self._made, action))

    def post(self, when: datetime, action: Callable[[], Answer]) -> Parcel[Answer]:
        """Send a request that arrives at a time."""
        parcel = Parcel(when, action)
        self.at(when, parcel.deliver)
        return parcel

    def due(self) -> datetime | None:
        """Return when something is to be done next."""
        return self._heap[0][0] if self._heap else None

    def turn(self, until: datetime | None = None) -> None:
        """Do everything that is due, and what is due by *until* though the clock is not there."""
        if self._busy:
            return
        end = self._clock() if until is None else max(until, self._clock())
        while self._heap and self._heap[0][0] <= end:
            when, _, action = heapq.heappop(self._heap)
            self._last = when if self._last is None else max(when, self._last)
            self._busy = True
            try:
                action()
            finally:
                self._busy = False
