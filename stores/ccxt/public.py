"""What a connection tells anybody: bars, prices, order books, trades."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from atms.errors import VenueError
from atms.stores.ccxt.asking import Asking
from atms.stores.ccxt.depth import executable
from atms.stores.ccxt.market import Market
from atms.stores.ccxt.polling import Polled
from atms.stores.ccxt.profile import Passed, Profile, Stream
from atms.stores.market import Bar, BarFact, Book, Print, Quote


class PublicSide:
    """The part of a store that needs no account.

    Attributes:
        account: the first part of every instrument's id.
        venue: what its bars are filed under: the exchange, or which copy of it.
        market_clock: ``stream``: bars are of another time than now.
        page: rows of history that are asked for at once.
    """

    account: str
    venue: str
    market_clock: Literal["wall", "stream"]
    page: int
    _profile: Profile
    _asking: Asking
    _polled: dict[Polled, str]  # bars that are asked for, by the names of their streams
    _markets: dict[str, Market]  # by the channel that carries their streams

    async def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        """Yield final bars that lie whole between two times, the oldest first."""
        asking, raw = self._asking, self._profile.names.raw(instrument)
        stream = self._profile.bars(raw, timeframe)

        def counts(bar: Bar, *, newest: bool) -> bool:
            inside = bar.open_at >= start and bar.close_at <= end
            return inside and bar.final and self._is_over(bar, stream, newest=newest)

        at, more = start, True
        waiting: list[Bar] = []  # the newest that was told: unless another follows, it may grow
        while more and at < end:
            page = self._profile.history(asking.ask_patiently, raw, timeframe, at, end, self.page)
            bars, more = await asking.read(page)
            told = [*waiting, *bars]
            # behind a full page there is more; and what it brought is kept before the next question
            waiting = [] if more and len(bars) >= self.page else told[-1:]
            for bar in told[: len(told) - len(waiting)]:
                if counts(bar, newest=False):
                    yield bar
            more = more and bool(bars)
            at = bars[-1].close_at if bars else end
        for bar in waiting:
            if counts(bar, newest=True):
                yield bar

    async def trades(
        self, instrument: str, start: datetime, end: datetime,
        after: tuple[str, datetime] | None = None,
    ) -> AsyncIterator[Print]:  # fmt: skip
        """Yield public trades from *start* (included) to *end* (not included), by their ids.

        Of venues whose capabilities have ``trade_history``. Ids rise, and are those of this
        history: a stream of trades may count others.

        Args:
            after: id and time of a trade inside; those behind it are wanted.

        Raises:
            VenueError: the venue tells none, or none that old.
        """
        if not self._profile.capabilities.trade_history:
            raise self._forgets()
        asking, raw, more = self._asking, self._profile.names.raw(instrument), True
        passed = Passed(*after) if after is not None else None
        while more:
            page = self._profile.trades(asking.ask_patiently, raw, start, passed, self.page)
            found, more = await asking.read(page)
            for one in found:
                if one.at >= end:
                    return
                yield one
                passed = Passed(one.id, one.at)
            more = more and bool(found)

    def _forgets(self) -> VenueError:
        """Return why there are no trades of the past."""
        place, newest = self._profile.place, self._profile.capabilities.newest_trades
        if newest is None:
            return VenueError(f"{place}: tells no public trades of the past")
        return VenueError(
            f"{place}: tells the newest {newest} public trades alone, and none of the past; a run "
            "that follows them (data.feeds: trades) sees each as it happens"
        )

    def _is_over(self, bar: Bar, stream: Stream, *, newest: bool) -> bool:
        if self.market_clock == "wall":
            lag = self._profile.capabilities.bar_lag if self._profile.unified else timedelta(0)
            return bar.close_at + lag <= self._asking.clock.now()
        market = self._markets.get(stream.channel)
        told = market.closed.get(stream.name) if market is not None else None
        for polled, name in self._polled.items():
            if name == stream.name:
                told = polled.ended
        return not newest or (told is not None and bar.close_at <= told)

    async def lag(self, symbol: str) -> timedelta:
        """Return how far the market's bars are behind the clock.

        Nothing, but for a sandbox that plays old ones (``market_clock: stream``).
        """
        present = await self.present(symbol)
        return timedelta(0) if self.market_clock == "wall" else self._asking.clock.now() - present

    async def present(self, symbol: str) -> datetime:
        """Return the time of the market: the venue's, or that of the old bars that it plays."""
        asking, raw = self._asking, self._profile.names.raw(f"{self.account}:{symbol}")
        newest = None
        if self.market_clock == "stream":
            newest = await asking.read(self._profile.newest(asking.ask, raw))
        return asking.clock.now() if newest is None else newest

    async def spelled(self, symbol: str) -> str:
        """Return a symbol as it is written here, given so or in the venue's own form.

        What the venue does not know comes back as it was given.
        """
        asking = self._asking
        return await asking.read(self._profile.spelled(asking.ask, symbol))

    def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        """Yield bars, those that still grow too, and whether the stream is up."""
        stream = self._profile.bars(self._profile.names.raw(instrument), timeframe)
        if stream.asked is not None:
            return self._asked_for(stream.name, instrument, timeframe, stream.asked)
        return self._joined(stream, links=True)

    def _asked_for(
        self, name: str, instrument: str, timeframe: str, step: timedelta
    ) -> AsyncGenerator[BarFact, None]:
        """Return bars that nothing streams."""
        self._asking.connected()
        polled = Polled(
            partial(self.history, instrument, timeframe), step,
            lag=self._profile.capabilities.bar_lag, now=self._asking.clock.now,
            present=partial(self.present, instrument.partition(":")[2]),
            clocked=self.market_clock == "wall",
        )  # fmt: skip
        self._polled[polled] = name
        return polled.carried(lambda: self._polled.pop(polled, None))

    def quotes(self, instrument: str, qty: Decimal | None = None) -> AsyncIterator[Quote]:
        """Yield the best prices, or those that *qty* would have of the streamed book."""
        raw = self._profile.names.raw(instrument)
        if qty is not None:
            depth = self._profile.capabilities.book_depth or 1
            return executable(self._joined(self._profile.book(raw, depth), newest=True), qty)
        return self._quoted(raw, self._joined(self._profile.quotes(raw), newest=True))

    async def _quoted(
        self, raw: str, stream: AsyncGenerator[Quote, None]
    ) -> AsyncGenerator[Quote, None]:
        """Yield the price of now, then its changes: the stream tells nothing of a still market."""
        reply = await self._asking.ask(self._profile.quote(raw))
        first = self._profile.read_quote(reply, self._asking.clock.now())
        if first is not None:
            yield first
        async for quote in stream:
            yield quote

    def book(self, instrument: str, depth: int) -> AsyncIterator[Book]:
        """Yield the order book, its newest state only."""
        raw = self._profile.names.raw(instrument)
        return _cut(self._joined(self._profile.book(raw, depth), newest=True), depth)

    def prints(self, instrument: str) -> AsyncIterator[Print]:
        """Yield public trades."""
        return self._joined(self._profile.prints(self._profile.names.raw(instrument)))

    def _joined(
        self, stream: Stream, *, newest: bool = False, links: bool = False
    ) -> AsyncGenerator[Any, None]:
        wire = self._asking.connected()
        market = self._markets.get(stream.channel)
        if market is None:
            market = Market(
                wire, self._profile, self._asking.clock.now, stream.channel,
                self._asking.ask_for_stream, clocked=self.market_clock == "wall",
            )  # fmt: skip
            self._markets[stream.channel] = market
        outlet = market.join(stream, newest=newest, links=links)
        return market.carried(stream, outlet)


async def _cut(stream: AsyncGenerator[Book, None], depth: int) -> AsyncGenerator[Book, None]:
    """Yield books with so many levels of those that a stream has."""
    async with aclosing(stream):
        async for book in stream:
            yield replace(book, bids=book.bids[:depth], asks=book.asks[:depth])
