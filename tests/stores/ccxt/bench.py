"""A bench on the sandbox: the real ccxt, over real sockets, with a front that can misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.sandbox.venue.config import MarketConfig
from atms.stores.base import Store
from atms.stores.ccxt.store import CCXTStore
from atms.stores.requests import Key, Kind, Ticket
from tests.stores.bench import Bench
from tests.stores.ccxt.between import BINANCE, Between

PRICE = Decimal(100)
LAG = timedelta(milliseconds=300)  # of what the sandbox does not hide, in place of the venue's 30 s
CONFIG = SandboxConfig(
    balances={"USDT": Decimal(40_000), "BTC": Decimal(20)},
    markets=(MarketConfig(step=Decimal("0.001"), depth=Decimal(500)),),
)


def run(body: Callable[[SandboxBench], Awaitable[None]], config: SandboxConfig = CONFIG) -> None:
    """Run a coroutine with a bench, and leave nothing open."""
    play(body, lambda: Sandbox(config), SandboxBench)


def play(
    body: Callable[[Any], Awaitable[None]], sandbox_of: Callable[[], Any], made: type[SandboxBench]
) -> None:
    """Run a coroutine with a bench of a kind on a new sandbox, and leave nothing open."""

    async def played() -> None:
        async with sandbox_of() as sandbox, Between(sandbox.url, made.words) as front:
            bench = made(sandbox, front)
            try:
                await body(await bench.ready())
            finally:
                for store in bench.stores:
                    await store.close()

    asyncio.run(played())


class SandboxBench(Bench):
    """One account of the sandbox.

    Attributes:
        exchange, symbol: ccxt's names of the venue and of what is traded.
        words: the venue's, for the front.
    """

    exchange, symbol = "binance", "BTC/USDT"
    words = BINANCE

    def __init__(self, sandbox: Any, front: Between) -> None:
        self.sandbox, self.front = sandbox, front
        self.stores: list[CCXTStore] = []
        self._placed: dict[Key, Decimal] = {}
        sandbox.market.print(PRICE, 1)

    async def ready(self) -> SandboxBench:
        """Learn what the venue can, and where its log stands."""
        store = self.connection()
        self.can = replace(await store.connect(), read_lag=LAG)
        (listed,) = await store.instruments([self.symbol])
        self.instrument = listed.id
        self.start = (await store.log(None, [self.instrument])).next
        await store.close()
        return self

    def connection(self) -> CCXTStore:
        store = CCXTStore(
            self.exchange, key=self.sandbox.key, secret=self.sandbox.secret, url=self.front.url,
            market_clock="stream", timeout=5,
        )  # fmt: skip
        store.page = 3
        self.stores.append(store)
        return store

    def standing(self, key: Key, *, larger: bool = False) -> Ticket:
        qty = Decimal(20) if larger else Decimal(8)
        return Ticket(
            key=key, instrument=self.instrument, side=1, qty=qty, kind=Kind.LIMIT, limit=Decimal(90)
        )

    def taking(self, key: Key) -> Ticket:
        return Ticket(key=key, instrument=self.instrument, side=1, qty=Decimal(8), kind=Kind.MARKET)

    def too_large(self, key: Key) -> Ticket:
        return replace(self.taking(key), qty=Decimal(450))

    def legs(self, target: Key, stop: Key) -> tuple[Ticket, Ticket]:
        out = replace(self.standing(target), side=-1, limit=Decimal(110))
        return out, replace(out, key=stop, kind=Kind.STOP, limit=None, trigger=Decimal(80))

    async def fill(self, key: Key, qty: Decimal | None = None) -> None:
        for order in list(self.sandbox.venue.desk.open(self.sandbox.market.symbol.name)):
            if order.client_id == key and order.wish.price:
                self.sandbox.market.print(order.wish.price, qty or order.left)
                self.sandbox.market.print(PRICE, Decimal("0.001"))
        await asyncio.sleep(0)

    async def settle(self) -> None:
        await asyncio.sleep(LAG.total_seconds() + 0.1)

    def received(self) -> int:
        return len(self.front.writes)

    def trouble(self, name: str) -> AbstractContextManager[None]:
        return self.front.trouble(name)

    async def bar(self, number: int) -> None:
        start = datetime(2100, 3, 2, 9, number, tzinfo=UTC)
        self.sandbox.market.bar(
            PRICE, PRICE + number + 1, PRICE - 1, PRICE + number, 4,
            start=int(start.timestamp() * 1000),
        )  # fmt: skip
        await asyncio.sleep(0.1)

    async def printed(self, price: Decimal, qty: Decimal) -> None:
        self.sandbox.market.print(price, qty, buyer_took=True)

    async def leap(self, span: timedelta) -> None:
        """Put the clocks forward: the venue's, the store's and the one that ccxt signs with."""
        past = span // timedelta(milliseconds=1)
        self.sandbox.clock.offset += past
        for store in self.stores:
            asking = store._asking
            asking.clock.offset += span
            if asking.wire is not None:
                now = asking.wire.exchange.milliseconds
                asking.wire.exchange.milliseconds = lambda now=now: now() + past

    async def opened(self) -> Store:
        store = self.connection()
        await store.connect()
        return store
