"""What every simulated store shares: one connection to one account of a simulated venue."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.sandbox.simulation.venue import market
from atms.sandbox.simulation.venue.market import Topic
from atms.sandbox.simulation.venue.orders import Declined, Order
from atms.sandbox.simulation.venue.records import Record
from atms.sandbox.simulation.venue.stream import BARS, NONE, PRIVATE, Stream
from atms.sandbox.simulation.venue.telling import Teller
from atms.sandbox.simulation.venue.truth import Venue
from atms.sandbox.simulation.venue.wire import Wire
from atms.sandbox.simulation.venue.words import unfit
from atms.stores.capabilities import Capabilities
from atms.stores.facts import Cursor, Fact, LinkFact, Page, Snapshot
from atms.stores.market import Bar, BarFact, Book, FeedLink, Instrument, Print, Quote
from atms.stores.outcomes import Acked, Found, Looked, NotSeen, NotSent, Outcome, Refused
from atms.stores.requests import Amend, Cancel, Key, Place, Prepared, Refs, Request


class SimulatedStore:
    """One connection; several to one venue see the same account.

    Args:
        venue: outlives this.
        base: the currency that equity is told in.
    """

    order_name = "order"  # what the venue's number of an order is called in refs
    fills_in_replies = True  # whether answers and look-ups tell executions

    def __init__(self, venue: Venue, *, base: str = "USD") -> None:
        self.account = venue.account
        self.base = base
        self.venue = venue
        self.wire = Wire(venue)
        self.capabilities = self._capabilities()
        self.teller = self._teller()
        self._streams: list[Stream[Any]] = []
        self._private: list[Stream[Fact]] = []

    def _capabilities(self) -> Capabilities:
        raise NotImplementedError

    def _teller(self) -> Teller:
        keeps = bool(self.capabilities.keys.kinds)
        return Teller(self.venue, self._order_name, keeps_keys=keeps)

    def _order_name(self, number: str) -> str:
        return f"{self.order_name}:{number}" if self.order_name else ""

    # ---- connection -----------------------------------------------------------------------------
    async def connect(self) -> Capabilities:
        """Connect; return what the venue can do."""
        self.wire.up = True
        try:
            return await self.wire.read(lambda: self.capabilities)
        except VenueError:
            self.wire.up = False
            raise

    def used(self, names: Iterable[str]) -> None:
        """Do nothing: no name of this venue's comes from us."""

    async def arm(self, after: timedelta | None) -> None:
        """Set the dead man's switch.

        Raises:
            VenueError: the venue has none.
        """
        if self.capabilities.switch is None:
            raise VenueError(f"{self.account}: the venue has no dead man's switch; do not arm it")
        await self.wire.read(lambda: self.venue.arm(after))

    async def close(self) -> None:
        """End the streams; the venue goes on."""
        self.wire.up = False
        for stream in self._streams:
            stream.close()
        self._streams.clear()
        self._private.clear()

    # ---- the public side ------------------------------------------------------------------------
    async def instruments(self, symbols: Sequence[str]) -> tuple[Instrument, ...]:
        """Return what may be traded of *symbols*; what is not known is left out."""
        names = [f"{self.account}:{symbol}" for symbol in symbols]
        there = self.venue.instruments
        return await self.wire.read(lambda: tuple(there[name] for name in names if name in there))

    async def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        """Yield final bars that lie whole between two times, the oldest first."""
        kept = self.venue.market.bars
        found = await self.wire.read(
            lambda: list(kept.get((instrument, timeframe), {}).values()), patient=True
        )
        newest = sorted(found, key=lambda bar: bar.close_at)[
            -(self.venue.manners.history_bars or 0) :
        ]
        for bar in newest:
            if bar.open_at >= start and bar.close_at <= end:
                yield bar

    def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        """Yield bars as they are told, after the word that the stream is up."""
        stream: Stream[BarFact] = Stream(self.venue, BARS)
        stream.start(FeedLink(at=self.venue.now(), up=True))
        return self._published(("bars", instrument, timeframe), stream)

    def quotes(self, instrument: str, qty: Decimal | None = None) -> AsyncIterator[Quote]:
        """Yield the price that can be had, now and at each change."""
        stream: Stream[Quote] = Stream(self.venue, NONE)
        if instrument in self.venue.prices:
            stream.start(market.quote(self.venue, instrument, qty))
        return self._published(("quotes", instrument), stream)

    async def book(self, instrument: str, depth: int) -> AsyncIterator[Book]:
        """Yield a made-up order book around each price."""
        quotes: Stream[Quote] = Stream(self.venue, NONE)
        async with aclosing(self._published(("quotes", instrument), quotes)) as prices:
            async for _ in prices:
                yield market.book(self.venue, instrument, depth)

    def prints(self, instrument: str) -> AsyncIterator[Print]:
        """Yield public trades."""
        return self._published(("prints", instrument), Stream(self.venue, NONE))

    def _published(self, topic: Topic, stream: Stream[Any]) -> AsyncGenerator[Any, None]:
        self._streams.append(stream)
        self.venue.market.subscribe(topic, stream)
        return self._carried(stream, lambda: self.venue.market.leave(topic, stream))

    # ---- the private stream ---------------------------------------------------------------------
    def facts(self) -> AsyncIterator[Fact]:
        """Yield what happens from this call on, whenever it is iterated."""
        replays = self.venue.manners.replays
        every = self.venue.manners.heartbeat
        stream: Stream[Fact] = Stream(
            self.venue, PRIVATE, link=self._link, beat=self._head, every=every, replays=replays
        )
        stream.start(self._link(True))
        listener = _Private(self, stream)
        self._streams.append(stream)
        self._private.append(stream)
        self.venue.listen(listener)
        return self._carried(stream, lambda: self.venue.ignore(listener))

    def _link(self, up: bool) -> Fact:
        return LinkFact(at=self.venue.now(), up=up, lossless=self.venue.manners.replays)

    def _head(self) -> Fact:
        raise NotImplementedError

    async def _carried(
        self, stream: Stream[Any], leave: Callable[[], None]
    ) -> AsyncGenerator[Any, None]:
        try:
            async with aclosing(stream.items()) as items:
                async for item in items:
                    yield item
        finally:
            leave()

    # ---- writes ---------------------------------------------------------------------------------
    async def prepare(self, request: Request) -> Prepared:
        """Return the request: nothing is known beforehand."""
        return Prepared(request=request)

    async def transmit(self, prepared: Prepared) -> Outcome:
        """Send once, and tell what came of it."""
        why = self._unfit(prepared.request)
        if why:
            return NotSent(why=f"cannot be sent: {why}")
        return await self.wire.write(prepared.request, lambda: self._arrived(prepared))

    async def admit(self, prepared: Prepared, patience: timedelta) -> timedelta:
        """Spend what sending costs of the rate budget, waiting in line for it; 0: it is spent."""
        return await self.wire.rationing.admit(prepared, patience)

    def delay(self, writes: Sequence[Prepared]) -> timedelta:
        """Return about how long the last of several writes would wait."""
        return self.wire.rationing.delay(writes)

    def _unfit(self, request: Request) -> str:
        return unfit(self.capabilities, request)

    def _arrived(self, prepared: Prepared) -> Outcome:
        """Do at the venue what was sent, and return the answer that it sends."""
        match prepared.request:
            case Place():
                return self._place(prepared, prepared.request)
            case Cancel():
                return self._cancel(prepared.request)
            case Amend():
                return self._amend(prepared.request)

    def _place(self, prepared: Prepared, request: Place) -> Outcome:
        names: dict[Key, tuple[str, ...]] = {}
        for key, name in prepared.refs:
            names[key] = (*names.get(key, ()), name)
        made = self.venue.place(request.tickets, request.link, names=names)
        if isinstance(made, Declined):
            return self._refused(made, [ticket.key for ticket in request.tickets])
        return self._acked(made)

    def _acked(self, orders: Sequence[Order]) -> Acked:
        refs: list[tuple[Key, str]] = []
        facts: list[Fact] = []
        for order in orders:
            refs += [(order.key or "", name) for name in sorted(self.teller.refs(order))]
            facts.append(self.teller.order(self.venue.newest[order.id], "reply"))
            if self.fills_in_replies:
                facts += self.teller.fills(order, "reply")
        return Acked(refs=tuple(refs), facts=tuple(facts))

    def _refused(self, declined: Declined, keys: Sequence[Key] = ()) -> Refused:
        facts: tuple[Fact, ...] = ()
        if self.venue.manners.tells_refusals:
            facts = tuple(
                self.teller.order(self.venue.newest[order.id], "reply")
                for order in self.venue.orders.values()
                if order.key in keys and order.reason is declined.reason
            )
        return Refused(code=declined.code, reason=declined.reason, facts=facts)

    def _cancel(self, request: Cancel) -> Outcome:
        ended = [self.venue.cancel(one.id) for one in self._standing(request.key, request.refs)]
        orders = [one for one in ended if isinstance(one, Order)]
        if orders:
            return self._acked(orders)
        named = self._named(request.key, request.refs)
        declined = self.venue.cancel(named[-1].id if named else "")
        assert isinstance(declined, Declined)
        return self._refused(declined)

    def _amend(self, request: Amend) -> Outcome:
        number = next((one.id for one in self._standing(request.key, request.refs)), "")
        made = self.venue.amend(number, request.ticket)
        return self._refused(made) if isinstance(made, Declined) else self._acked([made])

    # ---- reads ----------------------------------------------------------------------------------
    async def lookup(self, key: Key, refs: Refs, since: datetime) -> Looked:
        """Ask for an order."""
        return await self.wire.read(lambda: self._looked(key, refs))

    def _looked(self, key: Key, refs: Refs) -> Looked:
        now = self.venue.now()
        found = [one for one in self._named(key, refs) if one.visible_at <= now]
        if not found:
            return NotSeen(at=now)
        facts: list[Fact] = []
        for order in found:
            if order.replaced_by is None or order.replaced_by not in {one.id for one in found}:
                facts.append(self.teller.order(self.venue.newest[order.id], "poll"))
            if self.fills_in_replies:
                facts += self.teller.fills(order, "poll")
        return Found(facts=tuple(facts))

    def _named(self, key: Key, refs: Refs) -> list[Order]:
        """Return the orders that are meant; a name that another key's order bears means none."""
        keeps = bool(self.capabilities.keys.kinds)
        return [
            order
            for order in self.venue.orders.values()
            if (keeps and order.key == key)
            or (
                refs & self.teller.refs(order)
                and not (keeps and key and order.key not in (key, None))
            )
        ]

    def _standing(self, key: Key, refs: Refs) -> list[Order]:
        return [order for order in self._named(key, refs) if order.open]

    async def log(self, after: Cursor | None, instruments: Sequence[str]) -> Page:
        """Return the account's own history after a place."""
        raise NotImplementedError

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return the account as it stands."""
        raise NotImplementedError


class _Private:
    """Puts what happens on a private stream."""

    def __init__(self, store: SimulatedStore, stream: Stream[Fact]) -> None:
        self._store = store
        self._stream = stream

    def hear(self, record: Record) -> None:
        """Tell a record's facts."""
        for fact in self._store.teller.facts(record, "stream"):
            self._stream.put(fact)

    def wake(self) -> None:
        """Look what is due."""
        self._stream.wake()
