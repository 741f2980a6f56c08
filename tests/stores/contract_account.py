"""The contract of stores, the account: snapshots, groups of orders, instruments, bars."""

from __future__ import annotations

from decimal import Decimal

from atms.stores.facts import (
    BalanceFact,
    BucketFact,
    Fact,
    FeeFact,
    FillFact,
    OrderFact,
    Part,
    Snapshot,
    State,
)
from atms.stores.market import Bar, Instrument
from tests.stores.bench import (
    Bench,
    Ear,
    OnABench,
    executions,
    needs,
    placed,
    played,
    read_log,
    traded,
)

KINDS = {Part.ORDERS: OrderFact, Part.BUCKETS: BucketFact, Part.BALANCES: BalanceFact}


class Standing(OnABench):
    """What STORE.md says of snapshots, and of groups that a venue holds together."""

    @played
    async def test_a_snapshot_tells_orders_and_balances_and_positions_where_there_are_any(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        before = await store.snapshot([bench.instrument])
        ear = Ear(store)
        await traded(bench, store, 2)
        await bench.finish()
        names = await placed(store, bench.standing("b1"))
        await bench.settle()
        found = await store.snapshot([bench.instrument])
        assert found.parts >= {Part.ORDERS, Part.BALANCES}
        assert {type(fact) for fact in found.facts} <= {KINDS[part] for part in found.parts}
        (order,) = [one for one in found.facts if isinstance(one, OrderFact)]
        assert order.refs & names["b1"]
        (listed,) = await store.instruments([bench.instrument.partition(":")[2]])
        units = _units(listed, ear)
        assert units != 0
        if Part.BUCKETS in found.parts:
            held = [one for one in found.facts if isinstance(one, BucketFact)]
            assert sum(one.qty for one in held) == units
            if bench.can.buckets == "net":
                assert {one.bucket for one in held} == {"net"}
        else:
            assert listed.cash == "exchange"
            assert _total(found, listed.base) - _total(before, listed.base) == units
        free = [one.free for one in found.facts if isinstance(one, BalanceFact)]
        assert free
        assert all(one is None or isinstance(one, Decimal) for one in free)

    @played
    async def test_only_a_snapshot_of_one_moment_has_a_place_in_the_log(self, bench: Bench) -> None:
        store = await bench.opened()
        await traded(bench, store, 3)
        found = await store.snapshot([bench.instrument])
        assert found.atomic == bench.can.snapshot_atomic == (found.cursor is not None)
        needs(found.cursor, "snapshots are put together")
        assert found.cursor is not None
        (page,) = await read_log(store, found.cursor, [bench.instrument])
        assert executions(page.facts) == []
        await traded(bench, store, 1, "c")
        pages = await read_log(store, found.cursor, [bench.instrument])
        assert len(executions([fact for page in pages for fact in page.facts])) == 1

    @played
    async def test_a_part_that_was_not_answered_is_not_told_as_empty(self, bench: Bench) -> None:
        store = await bench.opened()
        await traded(bench, store, 2)
        await placed(store, bench.standing("b1"))
        await bench.settle()
        whole = await store.snapshot([bench.instrument])
        with bench.trouble("partial_snapshot"):
            found = await store.snapshot([bench.instrument])
        assert found.parts < whole.parts
        told: set[Part] = {part for part, kind in KINDS.items() if _any(found.facts, kind)}
        assert told == found.parts

    @played
    async def test_an_instrument_that_is_not_asked_for_is_not_in_the_snapshot(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        await traded(bench, store, 1)
        await placed(store, bench.standing("b1"))
        await bench.settle()
        found = await store.snapshot([])
        assert not _any(found.facts, OrderFact)
        assert not _any(found.facts, BucketFact)

    @played
    async def test_an_orders_other_is_taken_back_when_one_is_filled(self, bench: Bench) -> None:
        needs("oco" in bench.can.links, "no order cancels another here")
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a1"), bench.standing("a2"), link="oco")
        await bench.fill("a1")
        await bench.settle()
        assert ear.orders("a1")[-1].state is State.FILLED
        assert ear.orders("a2")[-1].state is State.CANCELED

    @played
    async def test_legs_are_held_until_their_entry_fills_and_know_their_parent(
        self, bench: Bench
    ) -> None:
        needs("bracket" in bench.can.links, "no legs are attached here")
        store = await bench.opened()
        ear = Ear(store)
        entry = bench.standing("a1")
        await placed(store, entry, *bench.legs("a2", "a3"), link="bracket")
        await bench.settle()
        assert {ear.orders(key)[-1].state for key in ("a2", "a3")} == {State.HELD}
        assert {ear.orders(key)[-1].parent for key in ("a2", "a3")} == {"a1"}
        if bench.can.protection_scales:
            await bench.fill("a1", entry.qty / 2)
            await bench.settle()
            legs = [ear.orders(key)[-1].ticket for key in ("a2", "a3")]
            assert [leg.qty for leg in legs if leg is not None] == [entry.qty / 2] * 2
        await bench.fill("a1")
        await bench.settle()
        assert {ear.orders(key)[-1].state for key in ("a2", "a3")} == {State.WORKING}
        await bench.fill("a2")
        await bench.settle()
        assert ear.orders("a2")[-1].state is State.FILLED
        assert ear.orders("a3")[-1].state is State.CANCELED

    @played
    async def test_instruments_have_our_names_and_unknown_ones_are_left_out(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        symbol = bench.instrument.partition(":")[2]
        (found,) = await store.instruments([symbol, "NO/SUCH"])
        assert found.id == bench.instrument == f"{store.account}:{symbol}"
        assert found.qty_step > 0

    @played
    async def test_bars_come_in_order_and_history_has_the_final_ones(self, bench: Bench) -> None:
        store = await bench.opened()
        stream = store.bars(bench.instrument, "1m")
        for number in range(3):
            await bench.bar(number)
        await bench.settle()
        heard: list[Bar] = []
        async for fact in stream:
            if isinstance(fact, Bar):
                heard.append(fact)
            if len(heard) == 3:
                break
        first, last = heard[0], heard[-1]
        span = (first.open_at, last.close_at)
        found = [bar async for bar in store.history(bench.instrument, "1m", *span)]
        assert found == heard
        less = store.history(bench.instrument, "1m", first.close_at, last.open_at)
        assert [bar async for bar in less] == heard[1:-1]


def _units(listed: Instrument, ear: Ear) -> Decimal:
    """Return what fills have brought, less the fees that were paid in it."""
    fills = {one.exec: one for one in ear.of(FillFact)}.values()
    fees = [fee for one in fills for fee in one.fees or ()]
    fees += [one.fee for one in ear.of(FeeFact)]
    paid = [fee.amount for fee in fees if listed.cash == "exchange" and fee.asset == listed.base]
    return sum((one.side * one.qty for one in fills), Decimal(0)) - sum(paid, Decimal(0))


def _total(found: Snapshot, asset: str) -> Decimal:
    facts = [one for one in found.facts if isinstance(one, BalanceFact) and one.asset == asset]
    return facts[0].total if facts else Decimal(0)


def _any(facts: tuple[Fact, ...], kind: type) -> bool:
    return any(isinstance(fact, kind) for fact in facts)
