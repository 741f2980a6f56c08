"""What a bar did is dealt with before the bar goes out, on either host; a stuck listener waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from atms.execution.driver.host import ThreadHost
from atms.sandbox.simulation.loop import VirtualLoop
from atms.stores.facts import FillFact
from atms.stores.market import Bar
from atms.stores.outcomes import Acked
from atms.stores.requests import Kind, Place, Ticket
from atms.stores.sim import SimStore
from atms.stores.sim.handover import PATIENCE
from tests.stores.sim.paper import Market, btc, in_virtual_time, minute

PRICES = "100 101 99 100"


def buy(key: str = "a-1") -> Place:
    ticket = Ticket(
        key=key, instrument="paper:BTC/USD", side=1, qty=Decimal(1), kind=Kind.MARKET
    )  # fmt: skip
    return Place(tickets=(ticket,))


async def opened(market: Market, **options: Any) -> SimStore:
    store = SimStore(market, cash={"USD": Decimal(10_000)}, base="USD", **options)
    await store.connect()
    await store.instruments(["BTC/USD"])
    return store


async def bar_of(stream: Any) -> Bar:
    async for fact in stream:
        if isinstance(fact, Bar):
            return fact
    raise AssertionError


async def with_an_order(market: Market, **options: Any) -> tuple[SimStore, Any]:
    store = await opened(market, **options)
    stream = store.bars("paper:BTC/USD", "1m")
    market.make(minute(0, PRICES))
    await bar_of(stream)
    outcome = await store.transmit(await store.prepare(buy()))
    assert isinstance(outcome, Acked)
    return store, stream


def test_a_bar_waits_until_a_slow_listener_has_dealt_with_its_fill() -> None:
    async def body(loop: VirtualLoop) -> None:
        store, stream = await with_an_order(Market([btc()]), clock=loop.now)
        log: list[str] = []

        async def listen() -> None:
            async for fact in store.facts():
                await asyncio.sleep(1)
                log.append(type(fact).__name__)

        listening = loop.create_task(listen())
        await asyncio.sleep(2)
        store.source.make(minute(1, PRICES))
        await bar_of(stream)
        assert log == ["LinkFact", "FillFact", "OrderFact"]
        listening.cancel()

    in_virtual_time(body)


def test_a_bar_does_not_wait_for_a_stream_that_nobody_listens_to() -> None:
    async def body(loop: VirtualLoop) -> None:
        store, stream = await with_an_order(Market([btc()]), clock=loop.now)
        facts = store.facts()
        before = loop.time()
        store.source.make(minute(1, PRICES))
        await bar_of(stream)
        assert loop.time() == before
        assert [type(await anext(facts)).__name__ for _ in range(2)] == ["LinkFact", "FillFact"]

    in_virtual_time(body)


def test_a_stuck_listener_holds_bars_up_once_and_not_for_ever() -> None:
    async def body(loop: VirtualLoop) -> None:
        store, stream = await with_an_order(Market([btc()]), clock=loop.now)
        facts = store.facts()
        await anext(facts)
        before = loop.time()
        store.source.make(minute(1, PRICES))
        await bar_of(stream)
        assert loop.time() == before + PATIENCE - 0
        store.source.make(minute(2, PRICES))
        await bar_of(stream)
        assert loop.time() == before + PATIENCE

    in_virtual_time(body)


def test_a_listener_that_goes_away_holds_nothing_up() -> None:
    async def body(loop: VirtualLoop) -> None:
        store, stream = await with_an_order(Market([btc()]), clock=loop.now)

        async def listen() -> None:
            async for fact in store.facts():
                if isinstance(fact, FillFact):
                    await asyncio.sleep(1)
                    return

        task = loop.create_task(listen())
        await asyncio.sleep(0.1)
        store.source.make(minute(1, PRICES))
        before = loop.time()
        await bar_of(stream)
        await task
        assert loop.time() - before <= 1

    in_virtual_time(body)


def test_on_a_thread_a_fill_is_heard_before_its_bar() -> None:
    order: list[str] = []
    over, host = threading.Event(), ThreadHost()

    async def run(body: Callable[[], Awaitable[None]]) -> None:
        await body()
        over.set()

    async def body() -> None:
        market = Market([btc()])
        store, stream = await with_an_order(market)
        listening = asyncio.create_task(listen(store))
        await asyncio.sleep(0.01)
        for number in range(1, 30):
            market.make(minute(number, PRICES))
            await bar_of(stream)
            order.append("bar")
            await store.transmit(await store.prepare(buy(f"b-{number}")))
        listening.cancel()
        await store.close()

    async def listen(store: SimStore) -> None:
        async for fact in store.facts():
            if isinstance(fact, FillFact):
                order.append("fill")

    host.spawn(run(body))
    assert over.wait(30)
    host.close()
    assert order == ["fill", "bar"] * 29
