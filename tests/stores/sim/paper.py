"""A bench on the paper venue: a market that the test makes, and connections that have trouble."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from atms.sandbox.simulation.loop import VirtualLoop
from atms.stores.base import AuthFailed, RateLimited, Store, Unreachable
from atms.stores.capabilities import Capabilities, KeyRule
from atms.stores.facts import Part, Snapshot
from atms.stores.market import Bar, BarFact, FeedLink, Instrument, Quote
from atms.stores.outcomes import NotSent, Outcome, Reason, Refused, Unknown
from atms.stores.requests import Key, Kind, Ticket
from atms.stores.sim import SimModels, SimStore, SimVenue
from tests.stores.bench import Bench

Answer = TypeVar("Answer")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Market:
    """A source whose bars the test makes; several stores may be connected to it.

    Attributes:
        down: whether history cannot be read.
        asked: (start, end) of each history that was read.
    """

    account, base = "market", "USD"

    def __init__(self, instruments: Sequence[Instrument] = ()) -> None:
        self.down = False
        self.asked: list[tuple[datetime, datetime]] = []
        self._instruments = {one.id.partition(":")[2]: one for one in instruments}
        self._bars: dict[tuple[str, str], list[Bar]] = defaultdict(list)
        self._streams: dict[tuple[str, str], list[asyncio.Queue[BarFact]]] = defaultdict(list)

    async def connect(self) -> Capabilities:
        keys = KeyRule(max_len=0, alphabet="", unique="none", kinds=frozenset(), lookup=False)
        return Capabilities(
            keys=keys, kinds=frozenset(), tifs=frozenset(), read_lag=timedelta(0),
            outcome_bound=timedelta(seconds=1), log="contiguous", timeframes=frozenset({"1m"}),
        )  # fmt: skip

    async def instruments(self, symbols: Sequence[str]) -> tuple[Instrument, ...]:
        return tuple(self._instruments[one] for one in symbols if one in self._instruments)

    async def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        self.asked.append((start, end))
        if self.down:
            raise Unreachable("the market does not answer")
        for bar in list(self._bars[instrument, timeframe]):
            if bar.final and bar.open_at >= start and bar.close_at <= end:
                yield bar

    def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        queue: asyncio.Queue[BarFact] = asyncio.Queue()
        queue.put_nowait(FeedLink(at=START, up=True))
        self._streams[instrument, timeframe].append(queue)
        return self._told(queue)

    async def _told(self, queue: asyncio.Queue[BarFact]) -> AsyncGenerator[BarFact, None]:
        while True:
            yield await queue.get()

    async def quotes(self, instrument: str, qty: Decimal | None = None) -> AsyncIterator[Quote]:
        yield Quote(at=START, instrument=instrument, bid=Decimal(99), ask=Decimal(101), qty=qty)

    async def close(self) -> None:
        pass

    def make(self, bar: Bar, timeframe: str = "1m", *, told: bool = True) -> None:
        """Let a bar be; *told*: on the streams too."""
        self._bars[bar.instrument, timeframe].append(bar)
        for queue in self._streams[bar.instrument, timeframe] if told else ():
            queue.put_nowait(bar)


def btc(account: str = "market", **more: Any) -> Instrument:
    """Return what is traded."""
    told: dict[str, Any] = {"cash": "margin", "min_notional": Decimal(10), **more}
    return Instrument(
        id=f"{account}:BTC/USD", base="BTC", quote="USD", settle="USD", qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"), price_steps=((Decimal(0), Decimal("0.01")),), **told,
    )  # fmt: skip


def minute(
    number: float, prices: str, *, volume: int | None = 1_000_000,
    instrument: str = "market:BTC/USD", **more: Any,
) -> Bar:  # fmt: skip
    """Return the bar that opens so many minutes after the start: ``open high low close``."""
    open_, high, low, close = (Decimal(price) for price in prices.split())
    opens = START + number * MINUTE
    return Bar(
        instrument=instrument, open_at=opens, close_at=opens + MINUTE, open=open_, high=high,
        low=low, close=close, volume=None if volume is None else Decimal(volume),
        **{"final": True, **more},
    )  # fmt: skip


def in_virtual_time(body: Callable[[VirtualLoop], Awaitable[None]]) -> None:
    """Run a coroutine in virtual time, and leave nothing running."""
    loop = VirtualLoop(START)

    async def played() -> None:
        await body(loop)

    try:
        loop.run_until_complete(played())
        for task in loop.living():
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


class PaperBench(Bench):
    """A paper account whose orders fill as much as a bar of the test's lets them."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.instrument = "paper:BTC/USD"
        self.market = Market([btc()])
        self.venue = SimVenue(
            cash={"USD": Decimal(1_000_000)}, models=SimModels(participation=1.0),
            clock=loop.now, reaction=timedelta(days=1),
        )  # fmt: skip
        self.troubles: list[str] = []
        self.writes = 0
        self._last = START

    async def ready(self) -> PaperBench:
        """Learn what the venue can, and let it see a price."""
        store = self.connection()
        self.can = await store.connect()
        await store.instruments(["BTC/USD"])
        self.start = (await store.log(None, [self.instrument])).next
        self.venue.match(minute(-2, "100 100 100 100", instrument=self.instrument), "1m")
        self.venue.handed()
        await store.close()
        await asyncio.sleep(1)
        return self

    def connection(self) -> Store:
        return _Troubled(self)

    def standing(self, key: Key, *, larger: bool = False) -> Ticket:
        return Ticket(
            key=key, instrument=self.instrument, side=1, qty=Decimal(20 if larger else 8),
            kind=Kind.LIMIT, limit=Decimal(90),
        )  # fmt: skip

    def taking(self, key: Key) -> Ticket:
        return replace(self.standing(key), kind=Kind.MARKET, limit=None)

    def too_large(self, key: Key) -> Ticket:
        return replace(self.taking(key), qty=Decimal(10_000_000))

    def legs(self, target: Key, stop: Key) -> tuple[Ticket, Ticket]:
        out = replace(self.standing(target), side=-1, limit=Decimal(110))
        protect = replace(out, key=stop, kind=Kind.STOP, limit=None, trigger=Decimal(80))
        return out, protect

    async def fill(self, key: Key, qty: Decimal | None = None) -> None:
        order = next((one for one in self.venue.named(key, frozenset()) if one.open), None)
        if order is None:
            return
        price = order.ticket.limit or Decimal(100)
        wanted = qty or order.ticket.qty - order.filled
        self._last += timedelta(milliseconds=1)
        bar = Bar(
            instrument=self.instrument, open_at=self._last, close_at=self._last, open=price,
            high=price, low=price, close=price, volume=wanted, final=True,
        )  # fmt: skip
        self.venue.match(bar, "1m")

    async def settle(self) -> None:
        await asyncio.sleep(5)

    def received(self) -> int:
        return self.writes

    @contextmanager
    def trouble(self, name: str) -> Iterator[None]:
        self.troubles.append(name)
        yield
        self.troubles.remove(name)

    async def bar(self, number: int) -> None:
        self.market.make(minute(number, f"100 {101 + number} 99 {100 + number}", volume=4))


class _Troubled(SimStore):
    """A connection that loses what it carries when the bench says so."""

    def __init__(self, bench: PaperBench) -> None:
        super().__init__(bench.market, base="USD", venue=bench.venue, page=3)
        self._bench = bench

    async def _write(self, action: Callable[[], Outcome]) -> Outcome:
        troubles = list(self._bench.troubles)
        if "venue_down" in troubles:
            return NotSent(why="no connection")
        if "rate_limited" in troubles:
            return Refused(code="429", reason=Reason.RATE, retry_after=timedelta(seconds=1))
        if "lose_request" in troubles:
            return Unknown(why="no answer in time")
        self._bench.writes += 1
        outcome = await super()._write(action)
        if "late_reply" in troubles:
            await asyncio.sleep(8)
        if {"lose_reply", "server_error"} & set(troubles):
            return Unknown(why="no answer in time")
        return outcome

    async def _read(self, action: Callable[[], Answer]) -> Answer:
        for name, error in (
            ("venue_down", Unreachable), ("rate_limited", RateLimited), ("auth_failed", AuthFailed),
        ):  # fmt: skip
            if name in self._bench.troubles:
                raise error(name)
        return await super()._read(action)

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        found = await super().snapshot(instruments)
        if "partial_snapshot" not in self._bench.troubles:
            return found
        parts = frozenset({Part.ORDERS, Part.BUCKETS})
        facts = tuple(fact for fact in found.facts if "Balance" not in type(fact).__name__)
        return replace(found, parts=parts, facts=facts)
