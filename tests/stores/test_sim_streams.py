"""What faults do to the streams of the simulated stores."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import timedelta
from decimal import Decimal

import pytest

from atms.sandbox.simulation.venue import PROFILES, Delays, Faults
from atms.stores.facts import FillFact, HeadFact, LinkFact, OrderFact
from atms.stores.market import Bar
from atms.stores.requests import Kind, Ticket
from tests.stores.bench import LONG_AGO, Ear, executions, placed, read_log
from tests.stores.simulated import START, SimulatedBench, on, run


# ---- the private stream -------------------------------------------------------------------------
@on("binance")
async def test_what_the_stream_drops_is_in_the_log(bench: SimulatedBench) -> None:
    store = await bench.opened()
    ear = Ear(store)
    bench.venue.faults = Faults(drop_fact=1)
    await placed(store, bench.standing("a-1"))
    await bench.fill("a-1")
    await bench.settle()
    assert [type(fact) for fact in ear.facts] == [LinkFact]
    pages = await read_log(store, bench.start, [bench.instrument])
    assert len(executions([fact for page in pages for fact in page.facts])) == 1


@on("binance")
async def test_a_silent_stream_says_nothing_of_its_silence(bench: SimulatedBench) -> None:
    store = await bench.opened()
    ear = Ear(store)
    bench.venue.faults = Faults(stream_silent=1)
    await placed(store, bench.standing("a-1"))
    bench.venue.faults = Faults()
    await bench.fill("a-1")
    await asyncio.sleep(61)
    await placed(store, bench.standing("a-2"))
    await bench.settle()
    assert ear.fills("a-1") == []
    assert len(ear.of(LinkFact)) == 1
    assert len(ear.orders("a-2")) > 0


@on("binance")
async def test_a_broken_link_is_told_and_what_it_missed_is_not(bench: SimulatedBench) -> None:
    store = await bench.opened()
    ear = Ear(store)
    bench.venue.faults = Faults(link_drops=1)
    await placed(store, bench.standing("a-1"))
    bench.venue.faults = Faults()
    await bench.fill("a-1")
    await asyncio.sleep(70)
    assert [fact.up for fact in ear.of(LinkFact)] == [True, False, True]
    assert not any(fact.lossless for fact in ear.of(LinkFact))
    assert ear.of(FillFact) == []


@on("binance")
async def test_facts_come_twice_and_overtake_each_other(bench: SimulatedBench) -> None:
    store = await bench.opened()
    twice, mixed = Ear(store), Ear(store)
    bench.venue.faults = Faults(duplicate_fact=1, reorder_facts=0.5)
    for number in range(8):
        await placed(store, bench.standing(f"a-{number}"))
        await bench.fill(f"a-{number}")
    await bench.settle()
    heard = executions(twice.facts)
    assert len(heard) == 2 * len(set(heard)) == 16
    times = [fact.at for fact in mixed.of(FillFact)]
    assert times != sorted(times)


@on("oanda")
async def test_a_heartbeat_tells_how_far_the_log_reaches(bench: SimulatedBench) -> None:
    store = await bench.opened()
    ear = Ear(store)
    await placed(store, bench.standing("a-1"))
    await bench.fill("a-1")
    await asyncio.sleep(20)
    pages = await read_log(store, bench.start, [bench.instrument])
    assert len(ear.of(HeadFact)) >= 3
    assert ear.of(HeadFact)[-1].head == pages[-1].next


@on("binance")
async def test_dead_connections_hear_nothing(bench: SimulatedBench) -> None:
    ear = Ear(await bench.opened())
    await asyncio.sleep(0)
    bench.venue.sever()
    await placed(await bench.opened(), bench.standing("a-1"))
    await bench.settle()
    assert ear.of(OrderFact) == []


# ---- bars ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "heard"),
    [("drop_bar", []), ("duplicate_bar", [0, 0]), ("late_bar", [0]), ("revised_bar", [0, 1]),
     ("feed_silent", [])],
)  # fmt: skip
def test_a_bar_in_trouble_is_right_in_history(fault: str, heard: list[int]) -> None:
    async def body(bench: SimulatedBench) -> None:
        store = await bench.opened()
        stream = store.bars(bench.instrument, "1m")
        bench.venue.faults = Faults(**{fault: 1})
        await bench.bar(2)
        await asyncio.sleep(30)
        told: list[Bar] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                async for one in stream:
                    told += [one] if isinstance(one, Bar) else []
        assert [one.revision for one in told] == heard
        span = (LONG_AGO, bench.venue.now() + timedelta(days=1))
        found = [one async for one in store.history(bench.instrument, "1m", *span)]
        assert [one.close for one in found] == [102]
        if fault == "revised_bar":
            assert [one.close for one in told] == [100, 102]

    run("binance", body)


def test_a_store_works_on_an_ordinary_loop_too() -> None:
    short = (0.0, 0.002)
    delays = Delays(out=short, back=short, stream=short, timeout=0.1)

    async def body() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        venue = PROFILES["binance"].venue(
            clock=lambda: START + timedelta(seconds=loop.time() - began),
            source=random.Random(1),
            delays=delays,
        )
        instrument = next(iter(venue.instruments))
        venue.trade(instrument, Decimal(100), Decimal(1))
        store = PROFILES["binance"].connect(venue)
        await store.connect()
        ear = Ear(store)
        ticket = Ticket(key="a", instrument=instrument, side=1, qty=Decimal(1), kind=Kind.MARKET)
        await placed(store, ticket)
        while not ear.of(FillFact):
            await asyncio.sleep(0.001)
        await store.close()
        assert await ear.ended()

    asyncio.run(asyncio.wait_for(body(), 30))
