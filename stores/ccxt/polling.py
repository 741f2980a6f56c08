"""Bars that no stream tells: each is asked for when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

from atms.errors import VenueError
from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.ccxt.outlets import Outlet
from atms.stores.market import Bar, BarFact, FeedLink

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = 0.25  # seconds between two looks at a market whose time is not that of the clock
_AHEAD, _LEAPS = 50, 20  # so many bars are looked for there; so many looks without any are odd
_TRIES = 3  # so often a bar is asked for that was not there; then nothing was traded in it
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds after a look that failed


class Polled:
    """The bars of one instrument, final ones only.

    What a venue changes in a bar later than its lag is seen by history, which a feed reads again.

    Args:
        read: gives the final bars between two times.
        step: the length of a bar.
        lag: how long after a bar's end the venue may still change it.
        now: the venue's clock.
        present: gives the time of the market.
        clocked: whether the two are the same; else a look is had all the time.

    Attributes:
        ended: the end of the newest bar that was told.
    """

    def __init__(
        self,
        read: Callable[[datetime, datetime], AsyncIterator[Bar]],
        step: timedelta,
        *,
        lag: timedelta,
        now: Callable[[], datetime],
        present: Callable[[], Awaitable[datetime]],
        clocked: bool,
    ) -> None:
        self._read, self._step, self._lag = read, step, lag
        self._now, self._present, self._clocked = now, present, clocked
        self.ended: datetime | None = None
        self._outlet: Outlet[BarFact | VenueError] = Outlet()
        self._up = False
        self._idle = 0  # looks that found nothing
        self._at: datetime | None = None  # the beginning of the first bar that was not told
        self._task = asyncio.get_running_loop().create_task(self._look())

    async def carried(self, left: Callable[[], object]) -> AsyncGenerator[BarFact, None]:
        """Yield bars and whether the venue answers; *left* is called at the end.

        Raises:
            AuthFailed: the venue does not take the key.
        """
        try:
            async for item in self._outlet.items():
                if isinstance(item, VenueError):
                    raise item
                yield item
        finally:
            left()
            await self.close()

    async def close(self) -> None:
        """End the looking."""
        self._outlet.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    # ---- the looks --------------------------------------------------------------------------
    async def _look(self) -> None:
        pause, tries = _FIRST_PAUSE, 0
        while True:
            try:
                found = await self._news()
            except (Unreachable, RateLimited) as error:
                self._link(False)
                after = error.after if isinstance(error, RateLimited) else None
                await asyncio.sleep(max(pause, after.total_seconds() if after else 0.0))
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            except AuthFailed as error:
                self._outlet.put(error)
                return
            pause = _FIRST_PAUSE
            self._link(True)
            for bar in found:
                self._outlet.put(bar)
            tries = 0 if self._told_all() else tries + 1
            await asyncio.sleep(self._rest(tries))

    async def _news(self) -> list[Bar]:
        """Return the bars that are over and were not told."""
        if self._at is None:
            self._at = self._floor(await self._present())
            return []
        end = self._now() if self._clocked else self._at + _AHEAD * self._step
        if end < self._at + self._step:
            return []
        found = [bar async for bar in self._read(self._at, end)]
        if found:
            self._at = self.ended = found[-1].close_at
        elif not self._clocked:
            await self._leap()
        return found

    async def _leap(self) -> None:
        """Follow a market whose time has made a leap, now and then."""
        assert self._at is not None
        self._idle = (self._idle + 1) % _LEAPS
        if not self._idle:
            self._at = max(self._at, self._floor(await self._present()))

    def _told_all(self) -> bool:
        """Return whether no bar is over that was not told."""
        assert self._at is not None
        return not self._clocked or self._now() < self._at + self._step

    def _rest(self, tries: int) -> float:
        """Return how many seconds to wait for the next look."""
        assert self._at is not None
        if not self._clocked:
            return _MOMENT
        lag = self._lag.total_seconds()
        if 0 < tries <= _TRIES:
            return lag * float(2 ** (tries - 1))
        if tries:  # nothing was traded in it
            self._at = self._floor(self._now())
        return max(0.0, (self._at + self._step - self._now()).total_seconds()) + lag

    def _floor(self, at: datetime) -> datetime:
        return at - (at - _EPOCH) % self._step

    def _link(self, up: bool) -> None:
        if up is not self._up:
            self._up = up
            self._outlet.put(FeedLink(at=self._now(), up=up))
