"""Bars on their way from the source to the feed, and orders that they meet in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

from atms.errors import VenueError
from atms.model import Timeframe
from atms.stores.base import RateLimited, Unreachable
from atms.stores.market import Bar, BarFact
from atms.stores.sim.naming import Naming
from atms.stores.sim.venue import SimVenue

_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds between questions for history that is missing
_AGAIN = 5.0  # seconds before a stream is opened again that nobody but the venue follows
_LOOK_BACK = timedelta(days=4)  # over a weekend and a holiday, for a last price


class Meeting:
    """Lets final bars meet orders, each once and in the order of time.

    Args:
        venue: has the orders.
        source: gives the bars.
        names: turns ids.
    """

    def __init__(self, venue: SimVenue, source: Any, names: Naming) -> None:
        self._venue = venue
        self._source = source
        self._names = names
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._read: set[str] = set()

    async def followed(
        self, told: AsyncIterator[BarFact], instrument: str, timeframe: str
    ) -> AsyncGenerator[BarFact, None]:
        """Yield a stream's bars, which count as followed while they are listened to."""
        self._venue.following.join(instrument, timeframe)
        try:
            async with aclosing(self.passed(told, instrument, timeframe)) as passed:
                async for fact in passed:
                    yield fact
        finally:
            self._venue.following.leave(instrument, timeframe)

    async def passed(
        self, told: AsyncIterator[Any], instrument: str, timeframe: str
    ) -> AsyncGenerator[BarFact, None]:
        """Yield what the source tells, after final bars have met orders and that was dealt with."""
        async for fact in told:
            ours = self._names.renamed(fact)
            if isinstance(ours, Bar) and ours.final:
                await self._meet(ours, timeframe)
            yield ours

    async def _meet(self, bar: Bar, timeframe: str) -> None:
        venue = self._venue
        if (
            timeframe == venue.following.met_by(bar.instrument)
            and bar.instrument in venue.book.instruments
        ):
            async with venue.following.turn(bar.instrument):
                if not venue.is_news(bar):
                    venue.note(bar)
                else:
                    if venue.book.resting(bar.instrument):
                        await self._patiently_catch_up(bar.instrument, timeframe, bar.open_at)
                    venue.match(bar, timeframe)
        for outlet in list(venue.outlets):
            await outlet.dealt_with()
        venue.handed()

    # ---- what was missed ------------------------------------------------------------------------
    async def catch_up_all(self, timeframes: Collection[str]) -> None:
        """Match all that rests, and mark what is held, on the bars since that was done last."""
        book = self._venue.book
        names = {order.ticket.instrument for order in book.open_orders()}
        held = {name for name in book.holdings.positions if book.holdings.qty(name)}
        for name in sorted(names | (held & self._venue.marks.keys())):
            async with self._venue.following.turn(name):
                timeframe = self._timeframe(name, timeframes)
                await self._catch_up(name, timeframe, self._venue.now(), back=True)

    async def _patiently_catch_up(self, instrument: str, timeframe: str, until: datetime) -> None:
        for pause in _PAUSES:
            try:
                await self._catch_up(instrument, timeframe, until)
                return
            except RateLimited as error:
                await asyncio.sleep(error.after.total_seconds() if error.after else pause)
            except Unreachable:
                await asyncio.sleep(pause)
        await self._catch_up(instrument, timeframe, until)

    async def _catch_up(
        self, instrument: str, timeframe: str, until: datetime, *, back: bool = False
    ) -> None:
        """Match on history from the last bar on; *back*: read what lies before that, too."""
        mark = self._venue.marks.get(instrument)
        since = mark[1] if mark else min(o.made for o in self._venue.book.resting(instrument))
        if since >= until and not back:
            return
        length = timedelta(seconds=Timeframe.parse(timeframe).seconds)
        looks = self._venue.book.tape(instrument).keeps * length
        start = since - max(looks, _LOOK_BACK) if back else since
        theirs = self._names.theirs(instrument)
        async for told in self._source.history(theirs, timeframe, start, until):
            bar = self._names.renamed(told)
            if bar.close_at <= since:
                self._venue.note(bar)
            else:
                self._venue.match(bar, timeframe)

    # ---- without a feed -------------------------------------------------------------------------
    async def have_bars(self, instrument: str, timeframes: Collection[str]) -> None:
        """Read the bars that are looked back at, where they are not known: once.

        Raises:
            Unreachable, RateLimited, AuthFailed: the source cannot be asked.
        """
        book = self._venue.book
        if instrument not in book.instruments or instrument in self._read:
            return
        looks = 1 if book.models(instrument).impact is None else book.tape(instrument).keeps
        if len(book.tape(instrument).bars) < looks:
            async with self._venue.following.turn(instrument):
                await self._read_back(instrument, self._timeframe(instrument, timeframes))
        self._read.add(instrument)

    async def _read_back(self, instrument: str, timeframe: str) -> None:
        now = self._venue.now()
        length = timedelta(seconds=Timeframe.parse(timeframe).seconds)
        start = now - max(self._venue.book.tape(instrument).keeps * length, _LOOK_BACK)
        theirs = self._names.theirs(instrument)
        async for told in self._source.history(theirs, timeframe, start, now):
            bar = self._names.renamed(told)
            if self._venue.is_news(bar):
                self._venue.match(bar, timeframe)
            else:
                self._venue.note(bar)

    def watch(self, instrument: str, timeframes: Collection[str]) -> None:
        """Follow an instrument's bars for the venue's own sake, if nobody does."""
        if instrument in self._watching or self._venue.following.met_by(instrument) is not None:
            return
        timeframe = self._timeframe(instrument, timeframes)
        task = asyncio.get_running_loop().create_task(self._watch(instrument, timeframe))
        self._watching[instrument] = task

    async def _watch(self, instrument: str, timeframe: str) -> None:
        while True:
            try:
                theirs = self._names.theirs(instrument)
                stream = self.followed(self._source.bars(theirs, timeframe), instrument, timeframe)
                async with aclosing(stream):
                    async for _ in stream:
                        if not self._venue.book.resting(instrument):
                            return
            except VenueError:
                if self._venue.failed is not None:
                    return
            finally:
                if not self._venue.book.resting(instrument):
                    self._watching.pop(instrument, None)
            await asyncio.sleep(_AGAIN)

    def _timeframe(self, instrument: str, timeframes: Collection[str]) -> str:
        """Return the bars to follow: those of before, else the finest that there are."""
        followed, mark = self._venue.following.met_by(instrument), self._venue.marks.get(instrument)
        if followed is not None:
            return followed
        if mark is not None:
            return mark[0]
        if not timeframes or "1m" in timeframes:
            return "1m"
        return min(timeframes, key=lambda one: Timeframe.parse(one).seconds)

    async def close(self) -> None:
        """Follow nothing any more."""
        tasks = list(self._watching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watching.clear()
