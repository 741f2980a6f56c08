"""One stream from a simulated venue to one listener, with delays and faults."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from atms.sandbox.simulation.venue.chronicle import Chronicle

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class StreamFaults:
    """Which faults befall a stream, by their names; an empty name: none."""

    drop: str = ""
    duplicate: str = ""
    reorder: str = ""
    late: str = ""
    silent: str = ""
    breaks: str = ""
    fails: str = ""


PRIVATE = StreamFaults(
    drop="drop_fact", duplicate="duplicate_fact", reorder="reorder_facts", late="late_fact",
    silent="stream_silent", breaks="link_drops", fails="stream_fails",
)  # fmt: skip
BARS = StreamFaults(
    drop="drop_bar", duplicate="duplicate_bar", reorder="reorder_bars", late="late_bar",
    silent="feed_silent", fails="feed_fails",
)  # fmt: skip
NONE = StreamFaults()


class Stream(Generic[Item]):
    """Carries items in their order, each as late as was drawn for it.

    Args:
        link: makes the item that tells that the stream is up or down, and whether what was
            missed still comes.
        beat: makes the item of a heartbeat; sent when nothing was for *every* seconds.
        replays: what happens while the stream is down is told when it is up again.
    """

    def __init__(
        self,
        venue: Chronicle,
        faults: StreamFaults,
        *,
        link: Callable[[bool], Item] | None = None,
        beat: Callable[[], Item] | None = None,
        every: float | None = None,
        replays: bool = False,
    ) -> None:
        self.closed = False
        self._venue = venue
        self._faults = faults
        self._link = link
        self._beat = beat
        self._every = every
        self._replays = replays
        self._heap: list[tuple[datetime, int, Item]] = []
        self._made = 0
        self._last = self._spoke = venue.now()
        self._silent_until = self._down_until = venue.now()
        self._missed: list[Item] = []
        self._waiting: asyncio.Future[None] | None = None

    def start(self, item: Item) -> None:
        """Send the first item: at once, and for certain."""
        self._in_order(item, self._venue.now())

    def put(self, item: Item) -> None:
        """Send an item."""
        chance, delays, now = self._venue.chance, self._venue.delays, self._venue.now()
        if now < self._down_until:
            self._missed.append(item)
            return
        if now < self._silent_until:
            return
        if self._hit(self._faults.breaks):
            self._break(item)
            return
        if self._hit(self._faults.silent):
            self._silent_until = now + chance.time(delays.silence)
            return
        if self._hit(self._faults.drop):
            return
        due = now + chance.time(delays.stream)
        if self._hit(self._faults.late):
            due += chance.time(delays.late_fact)
        if self._hit(self._faults.duplicate):
            self._push(due + chance.time(delays.late_fact), item)
        if self._hit(self._faults.reorder):
            self._push(due + chance.time(delays.late_fact), item)
        else:
            self._in_order(item, due)

    @property
    def deaf(self) -> bool:
        """Whether what happens now is not told."""
        return self._venue.now() < max(self._silent_until, self._down_until)

    def close(self) -> None:
        """End; what is on its way does not arrive."""
        self.closed = True
        self.wake()

    def wake(self) -> None:
        """Look again what is due."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def items(self) -> AsyncGenerator[Item, None]:
        """Yield items as they arrive, until closed."""
        while True:
            self._venue.turn()
            if self.closed:
                return
            now = self._venue.now()
            if self._heap and self._heap[0][0] <= now:
                self._spoke = now
                item = heapq.heappop(self._heap)[2]
                if self._hit(self._faults.fails):
                    raise RuntimeError("what the stream carried could not be read")
                yield item
            elif self._beats(now):
                self._spoke = now
                assert self._beat is not None
                yield self._beat()
            else:
                await self._wait(now)

    def _hit(self, name: str) -> bool:
        return bool(name) and self._venue.chance.hit(name)

    def _push(self, due: datetime, item: Item) -> None:
        self._made += 1
        heapq.heappush(self._heap, (due, self._made, item))
        self.wake()

    def _in_order(self, item: Item, due: datetime) -> None:
        self._last = max(self._last, due)
        self._push(self._last, item)

    def _break(self, item: Item) -> None:
        """The connection is lost, noticed, and made again after a while (F19, F23, F60)."""
        chance, now = self._venue.chance, self._venue.now()
        self._down_until = now + chance.time(self._venue.delays.silence)
        if self._link is not None:
            self._in_order(self._link(False), now)
        self._missed.append(item)
        self._venue.at(self._down_until, self._up)

    def _up(self) -> None:
        if self._link is not None:
            self._in_order(self._link(True), self._venue.now())
        missed, self._missed = self._missed, []
        for item in missed if self._replays else ():
            self._in_order(item, self._venue.now())

    def _beats(self, now: datetime) -> bool:
        if self._every is None or now < max(self._silent_until, self._down_until):
            return False
        return now >= self._spoke + timedelta(seconds=self._every)

    async def _wait(self, now: datetime) -> None:
        """Sleep until something is due, or something was put."""
        times = [due for due in (self._venue.due(),) if due is not None]
        if self._heap:
            times.append(self._heap[0][0])
        if self._every is not None:
            beat = self._spoke + timedelta(seconds=self._every)
            times.append(max(beat, self._silent_until, self._down_until))
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        delay = max(1e-6, (min(times) - now).total_seconds()) if times else None
        timer = loop.call_later(delay, self.wake) if delay is not None else None
        try:
            await self._waiting
        finally:
            self._waiting = None
            if timer is not None:
                timer.cancel()
