"""The contract of stores, the private stream: order, keys, sums, corrections, ends."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal

from atms.stores.facts import (
    BalanceFact,
    FeeFact,
    FillFact,
    OrderFact,
    State,
)
from atms.stores.outcomes import Acked, Refused
from atms.stores.requests import Key, Place
from tests.stores.bench import (
    LONG_AGO,
    Bench,
    Ear,
    OnABench,
    canceled,
    executions,
    needs,
    placed,
    played,
    prepared,
    read_log,
)

OVER = {State.FILLED, State.CANCELED, State.EXPIRED, State.REFUSED}


class Telling(OnABench):
    """What STORE.md says of facts."""

    @played
    async def test_facts_of_the_stream_keep_the_venues_order(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        for number in range(6):
            await placed(store, bench.standing(f"a{number}"))
            await bench.fill(f"a{number}")
        await bench.settle()
        times = [fact.at for fact in ear.facts]
        assert times == sorted(times)
        pages = await read_log(store, bench.start, [bench.instrument])
        logged = executions([fact for page in pages for fact in page.facts])
        heard = executions(ear.facts)
        assert len(heard) == 6
        assert heard == logged

    @played
    async def test_a_fill_is_told_though_the_acknowledgement_is_still_on_its_way(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        ear = Ear(store)
        made = await prepared(store, Place(tickets=(bench.taking("a1"),)))
        with bench.trouble("late_reply"):
            sending = asyncio.get_running_loop().create_task(store.transmit(made))
            await bench.wait(0.5)
            await bench.fill("a1")
            await bench.wait(0.5)
        assert not sending.done()
        assert ear.of(FillFact) != []
        assert isinstance(await sending, Acked)

    @played
    async def test_the_executions_of_an_order_sum_to_what_its_last_state_says(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        ear = Ear(store)
        names = await placed(store, bench.standing("a1"))
        ticket = bench.standing("a1")
        if bench.can.partial_fills:
            await bench.fill("a1", ticket.qty / 2)
        await bench.fill("a1")
        await bench.finish()
        fills = ear.fills("a1", names["a1"])
        last = ear.orders("a1", names["a1"])[-1]
        assert len(fills) >= (2 if bench.can.partial_fills else 1)
        assert last.state is State.FILLED
        assert last.filled == sum(one.qty for one in fills) == ticket.qty

    @played
    async def test_the_sums_of_an_order_never_fall(self, bench: Bench) -> None:
        needs(bench.can.partial_fills, "orders fill whole")
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a1"))
        for _ in range(4):
            await bench.fill("a1", bench.standing("a1").qty / 4)
        await bench.settle()
        sums = [fact.filled for fact in ear.orders("a1") if fact.filled is not None]
        assert sums == sorted(sums)
        assert len(set(sums)) >= 4

    @played
    async def test_what_was_partly_filled_and_taken_back_says_how_much_it_filled(
        self, bench: Bench
    ) -> None:
        needs(bench.can.partial_fills, "orders fill whole")
        store = await bench.opened()
        ear = Ear(store)
        names = await placed(store, bench.standing("a1"))
        await bench.fill("a1", bench.standing("a1").qty / 2)
        assert isinstance(await canceled(store, "a1", names["a1"]), Acked)
        await bench.settle()
        last = ear.orders("a1")[-1]
        assert last.state is State.CANCELED
        assert last.filled == bench.standing("a1").qty / 2
        assert last.filled == sum(one.qty for one in ear.fills("a1"))

    @played
    async def test_a_filled_order_cannot_be_taken_back_and_stays_filled(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        names = await placed(store, bench.standing("a1"))
        await bench.fill("a1")
        await bench.settle()
        assert isinstance(await canceled(store, "a1", names["a1"]), Refused)
        await bench.finish()
        assert ear.orders("a1", names["a1"])[-1].state is State.FILLED

    @played
    async def test_keys_come_back_where_the_venue_keeps_them_and_only_there(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a1"))
        await placed(store, bench.taking("a2"))
        await bench.fill("a1")
        await bench.settle()
        kinds = bench.can.keys.kinds
        keys: set[Key | None] = {
            one.key for one in ear.facts if isinstance(one, OrderFact | FillFact)
        }
        kept = {
            ticket.key
            for ticket in (bench.standing("a1"), bench.taking("a2"))
            if ticket.kind in kinds
        }
        assert keys == (kept or {None})
        assert all(fact.refs for fact in ear.facts if isinstance(fact, OrderFact | FillFact))

    @played
    async def test_a_fee_that_is_not_known_yet_is_told_apart_from_none(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a1"))
        await bench.fill("a1")
        await bench.settle()
        fills = ear.of(FillFact)
        late = [one for one in ear.of(FeeFact) if one.exec is not None]
        if bench.can.fees == "later":
            assert all(one.fees is None for one in fills)
            assert {one.exec for one in late} == {one.exec for one in fills}
            assert len({one.id for one in late}) == len(late)
        else:
            assert all(one.fees is not None for one in fills)
            assert late == []

    @played
    async def test_every_amount_is_a_decimal_and_every_time_is_aware(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a1"))
        await bench.fill("a1")
        await bench.settle()
        found = [*ear.facts, *(await store.snapshot([bench.instrument])).facts]
        for fact in found:
            for field in fields(fact):
                value = getattr(fact, field.name)
                assert not isinstance(value, float)
                if isinstance(value, datetime):
                    assert value.utcoffset() == timedelta(0)
        assert all(fill.qty > 0 for fill in ear.of(FillFact))
        assert all(isinstance(one.total, Decimal) for one in found if isinstance(one, BalanceFact))

    @played
    async def test_closing_ends_the_stream_though_more_is_on_its_way(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a1"))
        assert not await ear.ended()
        await bench.fill("a1")
        await store.close()
        assert await ear.ended()

    @played
    async def test_the_stream_tells_what_happened_between_asking_for_it_and_listening(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        stream = store.facts()
        await placed(store, bench.standing("a1"))
        await bench.fill("a1")
        await bench.settle()
        async with asyncio.timeout(60):
            async for fact in stream:
                if isinstance(fact, FillFact):
                    break
        await store.close()

    @played
    async def test_two_connections_to_one_account_hear_the_same(self, bench: Bench) -> None:
        one, two = await bench.opened(), await bench.opened()
        first, second = Ear(one), Ear(two)
        names = await placed(one, bench.standing("a1"))
        await placed(two, bench.standing("a2"))
        await bench.fill("a1")
        await one.close()
        await bench.fill("a2")
        await bench.settle()
        heard = executions(second.facts)
        assert len(heard) == 2
        assert set(executions(first.facts)) <= set(heard)
        looked = await two.lookup("a1", names["a1"], LONG_AGO)
        assert "Found" in type(looked).__name__
