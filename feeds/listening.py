"""The loop's side of a live feed: hears a store's bars, reads its history, and never gives up.

What could not be read is asked again with pauses that double. Only a key that the venue does not
take ends the feed, and a store that was closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from atms.errors import AtmsError, VenueError
from atms.feeds.lanes import Lane, Over, Ready
from atms.feeds.passes import Passes
from atms.feeds.seam import Action, Deliver, Fetch, Seam, Told, Turned
from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.market import Bar, BarFact, FeedLink

Some = TypeVar("Some")

PAGE = 1000  # bars of history that are given on together
FIRST_PAUSE = 0.5  # seconds; each further one is twice as long
LONGEST_PAUSE = 60.0
LONGEST_PROBE = 300.0
GREETING = 5.0  # seconds after which a stream that says nothing is taken to be there
READING = 60.0  # seconds without a bar after which a read is taken to hang
_EPOCH, _DAY = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=1)


class BarStore(Protocol):
    """The part of :class:`atms.stores.base.Store` that bars come from."""

    account: str

    def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        """Yield final bars, the oldest first."""

    def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        """Yield bars as they come."""


class Listener:
    """Fills a lane with what one store tells of one instrument.

    Args:
        timeframe: as stores write it, ``1m``.
        step: the length of a bar.
        probe: seconds beyond *step* that a stream may say nothing before history is asked whether
            it lost something; None: never.
    """

    def __init__(
        self,
        store: BarStore,
        instrument: str,
        timeframe: str,
        *,
        step: timedelta,
        seam: Seam,
        lane: Lane,
        passes: Passes,
        probe: float | None,
    ) -> None:
        self._store = store
        self._instrument = instrument
        self._timeframe = timeframe
        self._step = step
        self._seam = seam
        self._lane = lane
        self._passes = passes
        self._margin = probe or 0.0
        self._first: datetime | None = _first_end(seam.start, step)
        self._probe = None if probe is None else step.total_seconds() + probe
        self._silence = self._probe or 0.0  # how long it may last now
        self._spoke = 0.0
        self.heard: datetime | None = None  # when the stream last said something
        self._pause = FIRST_PAUSE
        self._greeted = False
        self._up = True
        self._ended = False
        self._hearing: asyncio.Timeout | None = None
        self._fetch: Fetch | None = None
        self._probed: Fetch | None = None  # the one that a silent stream was the reason for
        self._wanted = asyncio.Event()
        self._tasks: set[asyncio.Task[object]] = set()

    async def listen(self) -> None:
        """Hear the stream until the feed ends; when it breaks, ask for it again."""
        with self._running():
            while True:
                try:
                    await self._hear_all()
                    self._end(None)
                    return
                except AuthFailed as error:
                    self._end(error)
                    return
                except (Unreachable, RateLimited, TimeoutError) as error:
                    wait = _asked_to_wait(error) or self._pause
                except AtmsError:
                    raise
                except Exception:  # noqa: BLE001 - a store's mistake: told, and asked again
                    wait = self._pause
                    self._act([Told(what="broken", at=self._now())])
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
                self._up = False
                self._act(self._seam.heard(FeedLink(at=self._now(), up=False)))
                await asyncio.sleep(wait)

    async def supply(self) -> None:
        """Read history whenever it is wanted, until the feed ends."""
        with self._running():
            while True:
                fetch = await self._next_fetch()
                await asyncio.sleep(fetch.tries * FIRST_PAUSE)  # it may lag behind the stream
                await self._read(fetch)

    def stop(self) -> None:
        """End both, from the loop's side."""
        self._ended = True
        for task in self._tasks:
            task.cancel()

    # ---- the stream -----------------------------------------------------------------------------
    async def _hear_all(self) -> None:
        greeting = asyncio.get_running_loop().call_later(GREETING, self._greet)
        try:
            bars = self._store.bars(self._instrument, self._timeframe)
            async with asyncio.timeout(None) as self._hearing, _closing(bars) as stream:
                async for fact in stream:
                    self._hear(fact)
        finally:
            greeting.cancel()

    def _hear(self, fact: BarFact) -> None:
        self._spoke, self.heard = asyncio.get_running_loop().time(), self._now()
        self._silence = self._probe or 0.0
        self._pause = FIRST_PAUSE
        if not (isinstance(fact, FeedLink) and not fact.up):
            self._greet()
        self._act(self._seam.heard(fact))

    def _greet(self) -> None:
        """Take that the stream is there: now history can be read without leaving a hole."""
        first, self._greeted = not self._greeted, True
        if first:
            self._act([Turned(status="CONNECTED")])
        if not self._up:
            self._up = True
            self._act(self._seam.heard(FeedLink(at=self._now(), up=True)))
        elif first:
            self._act(self._seam.begin())

    # ---- history --------------------------------------------------------------------------------
    async def _next_fetch(self) -> Fetch:
        """Wait until history is wanted; a stream that says nothing makes it so.

        So does one that talks of growing bars alone when the first has long been over.
        """
        loop = asyncio.get_running_loop()
        while not self._wanted.is_set():
            rest = None
            if self._probe is not None and self._greeted:
                rest = min(self._spoke + self._silence - loop.time(), self._first_overdue())
                if rest < 0.001:  # a clock may be coarser than a float
                    self._ask(loop.time())
                    continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._wanted.wait()
        self._wanted.clear()
        assert self._fetch is not None
        return self._fetch

    def _first_overdue(self) -> float:
        """Return in how many seconds a first bar that nobody told is overdue."""
        if self._first is None or not self._seam.empty:
            return math.inf
        return (self._first - self._now()).total_seconds() + self._margin

    def _ask(self, now: float) -> None:
        """Ask history what the stream did not tell; of the first bar once."""
        if self._first is not None and self._first_overdue() < 0.001:
            self._first = None
        else:
            self._spoke = now
            self._silence = max(self._silence, min(2 * self._silence, LONGEST_PROBE))
        self._act(self._seam.probe())
        self._probed = self._fetch if self._wanted.is_set() else None

    async def _read(self, fetch: Fetch) -> None:
        """Read until all is there, or something newer is wanted."""
        pause = FIRST_PAUSE
        while self._fetch is fetch:
            try:
                await self._ban()
                await self._read_once(fetch)
                return
            except AuthFailed as error:
                self._end(error)
                return
            except (Unreachable, RateLimited, TimeoutError) as error:
                wait = _asked_to_wait(error) or pause
                if isinstance(error, RateLimited):
                    self._passes.banned[id(self._store)] = self._now() + timedelta(seconds=wait)
            if self._fetch is fetch:
                self._act(self._seam.stalled())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wanted.wait()  # a newer one need not wait
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _ban(self) -> None:
        """Wait for the end of a ban that this or another feed of the store has heard of."""
        banned, store = self._passes.banned, id(self._store)
        while store in banned:
            rest = (banned[store] - self._now()).total_seconds()
            if rest <= 0:
                del banned[store]
            await asyncio.sleep(max(rest, 0.0))

    async def _read_once(self, fetch: Fetch) -> None:
        """Give history on page by page, no faster than the strategy takes it."""
        now = self._now()  # which may be late, or that of another market
        end = max(now, fetch.until or now) + self._step
        page: list[Bar] = []
        loop = asyncio.get_running_loop()
        history = self._store.history(self._instrument, self._timeframe, self._seam.since, end)
        async with asyncio.timeout(READING) as limit, _closing(history) as bars:
            async for bar in bars:
                page.append(bar)
                if len(page) == PAGE:
                    if self._fetch is not fetch:
                        return
                    self._act(self._seam.history(page, more=True))
                    page = []
                    limit.reschedule(None)
                    await self._lane.room()
                    limit.reschedule(loop.time() + READING)
        if self._fetch is fetch:
            actions = self._seam.history(page, until=end)
            self._act(actions)
            untold = any(isinstance(one, Deliver) and not one.live for one in actions)
            if untold and fetch is self._probed:
                self._give_up_stream(loop.time())

    def _give_up_stream(self, now: float) -> None:
        """Ask for another stream: this one did not tell what has happened."""
        self._silence = self._probe or 0.0
        if self._hearing is not None and self._up:
            self._hearing.reschedule(now)

    # ---- what comes of it -----------------------------------------------------------------------
    def _act(self, actions: Iterable[Action | Over]) -> None:
        now = self._now()
        for action in actions:
            if isinstance(action, Fetch):
                self._fetch = action
                self._wanted.set()
            elif isinstance(action, Deliver):
                self._lane.push(Ready(action.bar, action.live, now), now)
            else:
                self._lane.push(action, now)
        self._passes.wake()

    def _end(self, error: AtmsError | None) -> None:
        """End the feed."""
        actions: list[Action | Over] = []
        if self._greeted:
            actions.append(Turned(status="DISCONNECTED"))
        if error is not None:
            actions.append(Turned(status="NOTSUBSCRIBED"))
        self._act([*actions, Over(error)])
        self._ended = True
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        """Be one of the tasks that `stop` ends."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._ended:
                raise asyncio.CancelledError
            yield
        finally:
            self._tasks.discard(task)

    def _now(self) -> datetime:
        return self._passes.host.now()


def _first_end(start: datetime, step: timedelta) -> datetime:
    """Return when the first bar is over; days and longer ones begin where their market says."""
    return start + step - ((start - _EPOCH) % step if step < _DAY else timedelta(0))


def _asked_to_wait(error: VenueError | TimeoutError) -> float | None:
    """Return how many seconds the venue wants to be left alone."""
    after = error.after if isinstance(error, RateLimited) else None
    return after.total_seconds() if after is not None else None


@contextlib.asynccontextmanager
async def _closing(items: AsyncIterator[Some]) -> AsyncIterator[AsyncIterator[Some]]:
    """Close an iterator at the end, if it can be closed."""
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
