"""A bench on a simulated venue, in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.venue import PROFILES, Venue, correct
from atms.sandbox.simulation.venue.orders import Order
from atms.sandbox.simulation.venue.records import Received
from atms.stores.base import Store
from atms.stores.market import Bar
from atms.stores.requests import Key, Kind, Ticket
from tests.stores.bench import Bench

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PRICE = Decimal(100)


def run(name: str, body: Callable[[SimulatedBench], Awaitable[None]]) -> None:
    """Run a coroutine with a bench in virtual time, and leave nothing running."""
    loop = VirtualLoop(START)

    async def played() -> None:
        await body(await SimulatedBench(name, loop).ready())

    try:
        loop.run_until_complete(played())
        for task in loop.living():
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


class SimulatedBench(Bench):
    """One of the simulated venues; without faults unless a test asks for one."""

    def __init__(self, name: str, loop: VirtualLoop) -> None:
        self.profile = PROFILES[name]
        self.profile = replace(self.profile, manners=replace(self.profile.manners, page=3))
        self.venue: Venue = self.profile.venue(clock=loop.now, source=random.Random(1), mines=False)
        self.instrument, self.other = self.venue.instruments
        for instrument in self.venue.instruments:
            self.venue.trade(instrument, PRICE, Decimal(1))

    async def ready(self) -> SimulatedBench:
        """Learn what the venue can, and where its log stands."""
        store = self.connection()
        self.can = await store.connect()
        self.start = (await store.log(None, [self.instrument])).next
        await store.close()
        await asyncio.sleep(1)
        return self

    def connection(self) -> Store:
        return self.profile.connect(self.venue)

    def standing(self, key: Key, *, larger: bool = False) -> Ticket:
        qty = Decimal(20) if larger else Decimal(8)
        if self.venue.chain is not None:
            return Ticket(key=key, instrument=self.instrument, side=1, qty=qty, kind=Kind.MARKET)
        return Ticket(
            key=key, instrument=self.instrument, side=1, qty=qty, kind=Kind.LIMIT,
            limit=Decimal(90),
        )  # fmt: skip

    def taking(self, key: Key) -> Ticket:
        return Ticket(key=key, instrument=self.instrument, side=1, qty=Decimal(8), kind=Kind.MARKET)

    def too_large(self, key: Key) -> Ticket:
        return replace(self.taking(key), qty=Decimal(10_000_000))

    def legs(self, target: Key, stop: Key) -> tuple[Ticket, Ticket]:
        out = replace(self.standing(target), side=-1, limit=Decimal(110))
        protect = replace(out, key=stop, kind=Kind.STOP, limit=None, trigger=Decimal(80))
        return out, protect

    async def fill(self, key: Key, qty: Decimal | None = None) -> None:
        if self.venue.chain is not None:
            self.venue.chain.mine()
            return
        found = self._open(key)
        if found is not None and found.ticket.limit is not None:
            self.venue.trade(self.instrument, found.ticket.limit, qty or found.left)
            self.venue.trade(self.instrument, PRICE, Decimal(0))

    async def settle(self) -> None:
        await asyncio.sleep(self.can.read_lag.total_seconds() + 5)

    def received(self) -> int:
        return sum(isinstance(one, Received) for one in self.venue.history)

    @contextmanager
    def trouble(self, name: str) -> Iterator[None]:
        before = self.venue.faults
        named = "late_fill_before_ack" if name == "late_reply" else name
        self.venue.faults = replace(before, **{named: 1})
        yield
        self.venue.faults = before
        self.venue.ban = None

    async def bar(self, number: int) -> None:
        open_at, price = START + timedelta(minutes=number), PRICE + number
        bar = Bar(
            instrument=self.instrument, open_at=open_at, close_at=open_at + timedelta(minutes=1),
            open=PRICE, high=price + 1, low=PRICE - 1, close=price, volume=Decimal(4), final=True,
        )  # fmt: skip
        self.venue.bar("1m", bar)

    async def correct(self, exec_: str) -> None:
        row = self.venue.executions[exec_]
        correct(self.venue, exec_, row.qty, row.price - 1)

    async def undo(self) -> None:
        assert self.venue.chain is not None
        self.venue.chain.reorg(1)
        self.venue.chain.mine()

    async def let_another_have_its_place(self) -> None:
        assert self.venue.chain is not None
        self.venue.chain.spend_elsewhere()
        self.venue.chain.mine()

    async def finish(self) -> None:
        if self.venue.chain is not None:
            for _ in range(self.venue.chain.deep + 1):
                self.venue.chain.mine()
        await self.settle()

    def _open(self, key: Key) -> Order | None:
        return next((one for one in self.venue.open_orders() if one.key == key), None)


Body = Callable[[SimulatedBench], Awaitable[None]]


def on(name: str) -> Callable[[Body], Callable[[], None]]:
    """Make a test of a coroutine that takes the bench of a profile."""

    def make(body: Body) -> Callable[[], None]:
        def test() -> None:
            run(name, body)

        return test

    return make
