"""The paper venue behind the seam: another store's market data, and orders of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from atms.errors import VenueError
from atms.stores.base import Unreachable
from atms.stores.capabilities import Capabilities
from atms.stores.facts import Cursor, Fact, LinkFact, Page, Snapshot
from atms.stores.market import Bar, BarFact, Book, Instrument, Print, Quote
from atms.stores.outcomes import Looked, NotSent, Outcome, Unknown
from atms.stores.requests import Cancel, Key, Place, Prepared, Refs, Request
from atms.stores.sim import telling
from atms.stores.sim.checks import unfit
from atms.stores.sim.handover import Outlet
from atms.stores.sim.meeting import Meeting
from atms.stores.sim.models import SimAccount, SimModels
from atms.stores.sim.naming import Naming
from atms.stores.sim.venue import SimVenue

Answer = TypeVar("Answer")
PAGE = 500


class SimStore:
    """One connection to a paper account.

    Orders are matched on the final bars that pass through :meth:`bars` and :meth:`history`: the
    venue is between its source and the feed. Of several timeframes of an instrument the finest
    that is followed counts. A bar goes out only when every listener to :meth:`facts` has dealt
    with what it did. Bars that nobody followed are read from the source's history, in their
    order, before the next one is met, and at :meth:`connect`.

    Args:
        source: gives market data: any store, or :class:`~atms.stores.sim.recorded.Recorded`.
        cash: of a new account, by asset.
        base: the currency that equity is told in.
        models, sim_account, state, clock, account: see :class:`SimVenue`.
        page: the most executions of one page of the log.
        venue: the account, where another connection has made it; then the six before it are not
            looked at.

    Attributes:
        venue: the account.
    """

    def __init__(
        self,
        source: Any,
        *,
        cash: Mapping[str, Decimal] | None = None,
        base: str = "USDT",
        models: SimModels | Mapping[str, SimModels] | None = None,
        sim_account: SimAccount | None = None,
        state: Path | None = None,
        clock: Callable[[], datetime] | None = None,
        account: str = "paper",
        page: int = PAGE,
        venue: SimVenue | None = None,
    ) -> None:
        self.venue = venue or SimVenue(
            cash=cash or {}, models=models, sim_account=sim_account, state=state, clock=clock,
            account=account,
        )  # fmt: skip
        self.account = self.venue.account
        self.base = base
        self.source = source
        self.up = False
        self._page = page
        self._names = Naming(self.account, source)
        self._meeting = Meeting(self.venue, source, self._names)
        self._outlets: list[Outlet] = []
        self._can: Capabilities | None = None

    # ---- connection -----------------------------------------------------------------------------
    async def connect(self) -> Capabilities:
        """Connect to the source, take the account, and match what was missed.

        Raises:
            VenueError: another run has the account; its memory cannot be used.
        """
        market: Capabilities = await self.source.connect()
        if self.up:
            return telling.capabilities(market, self.venue.has_sessions)
        self.venue.open()
        try:
            known = sorted(self.venue.book.instruments)
            await self.instruments([self._names.symbol(one) for one in known])
            await self._meeting.catch_up_all(market.timeframes)
        except BaseException:
            self.venue.close()
            raise
        self.up = True
        self._can = telling.capabilities(market, self.venue.has_sessions)
        return self._can

    def used(self, names: Iterable[str]) -> None:
        """Do nothing: the venue remembers its names itself."""

    async def arm(self, after: object) -> None:
        """Refuse.

        Raises:
            VenueError: there is no dead man's switch.
        """
        raise VenueError(f"{self.account}: the venue has no dead man's switch; do not arm it")

    async def close(self) -> None:
        """End the streams, and let account and source go."""
        if self.up:
            self.up = False
            self.venue.close()
        for outlet in list(self._outlets):
            outlet.close()
        self._outlets.clear()
        await self._meeting.close()
        await self.source.close()

    # ---- the public side ------------------------------------------------------------------------
    async def instruments(self, symbols: Sequence[str]) -> tuple[Instrument, ...]:
        """Return what may be traded of *symbols*; what the source does not know is left out."""
        found = tuple(self._names.ours(one) for one in await self.source.instruments(list(symbols)))
        self.venue.learn(found)
        return found

    async def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        """Yield final bars, the oldest first; orders meet those that are news to them."""
        told = self.source.history(self._names.theirs(instrument), timeframe, start, end)
        async for bar in self._meeting.passed(told, instrument, timeframe):
            if isinstance(bar, Bar):
                yield bar

    def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        """Yield bars as they come; what a final one did to orders is told before it."""
        told = self.source.bars(self._names.theirs(instrument), timeframe)
        return self._meeting.followed(told, instrument, timeframe)

    async def lag(self, symbol: str) -> timedelta:
        """Return how far the source's bars are behind the clock; nothing, but for a sandbox's."""
        lag = getattr(self.source, "lag", None)
        found: timedelta = timedelta(0) if lag is None else await lag(symbol)
        return found

    def quotes(self, instrument: str, qty: Decimal | None = None) -> AsyncIterator[Quote]:
        """Yield the source's prices."""
        return self._renamed(self.source.quotes(self._names.theirs(instrument), qty))

    def book(self, instrument: str, depth: int) -> AsyncIterator[Book]:
        """Yield the source's order book."""
        return self._renamed(self.source.book(self._names.theirs(instrument), depth))

    def prints(self, instrument: str) -> AsyncIterator[Print]:
        """Yield the source's public trades."""
        return self._renamed(self.source.prints(self._names.theirs(instrument)))

    async def _renamed(self, told: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        async for one in told:
            yield self._names.renamed(one)

    # ---- writes ---------------------------------------------------------------------------------
    async def prepare(self, request: Request) -> Prepared:
        """Return the request: nothing is known beforehand."""
        return Prepared(request=request)

    async def transmit(self, prepared: Prepared) -> Outcome:
        """Do what was asked."""
        request = prepared.request
        if self._can is None or not self.up:
            return NotSent(why="not connected")
        why = unfit(self._can, request)
        if why:
            return NotSent(why=f"cannot be sent: {why}")
        if isinstance(request, Place):
            name = request.tickets[0].instrument
            with suppress(VenueError):  # it is refused then
                await self._meeting.have_bars(name, self._can.timeframes)
            self._meeting.watch(name, self._can.timeframes)
        return await self._write(lambda: self._arrived(request))

    async def _write(self, action: Callable[[], Outcome]) -> Outcome:
        """Carry a write to the venue and its answer back."""
        try:
            return action()
        except VenueError as error:
            return Unknown(why=str(error))

    def _arrived(self, request: Request) -> Outcome:
        if isinstance(request, Cancel):
            return self.venue.cancel(request.key, request.refs)
        assert isinstance(request, Place)
        return self.venue.place(request)

    # ---- the account ----------------------------------------------------------------------------
    def facts(self) -> AsyncIterator[Fact]:
        """Yield what happens from this call on."""
        outlet = self.venue.listen()
        self._outlets.append(outlet)
        outlet.put(LinkFact(at=self.venue.stamp(), up=True, lossless=False))
        return outlet.facts()

    async def lookup(self, key: Key, refs: Refs, since: datetime) -> Looked:
        """Ask for an order; one that is not there was never placed."""
        return await self._read(lambda: telling.looked(self.venue, key, refs))

    async def log(self, after: Cursor | None, instruments: Sequence[str]) -> Page:
        """Return executions after a place, of all instruments."""
        return await self._read(lambda: telling.page(self.venue, after, self._page))

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return the account as it stands."""
        return await self._read(lambda: telling.snapshot(self.venue, instruments))

    async def _read(self, action: Callable[[], Answer]) -> Answer:
        """Carry a question to the venue and its answer back.

        Raises:
            Unreachable: there is no connection, or the venue is out of order.
        """
        if not self.up:
            raise Unreachable(f"{self.account}: not connected")
        if self.venue.failed is not None:
            raise Unreachable(str(self.venue.failed))
        return action()
