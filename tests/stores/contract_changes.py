"""The contract of stores, second thoughts: corrections, finality, undoing, changed orders."""

from __future__ import annotations

from atms.stores.facts import FeeFact, FillFact, FillFinal, FillVoid, OrderFact, State
from atms.stores.outcomes import Acked, Found
from atms.stores.requests import Amend
from tests.stores.bench import (
    LONG_AGO,
    Bench,
    Ear,
    OnABench,
    executions,
    needs,
    placed,
    played,
    prepared,
    read_log,
)

OVER = {State.FILLED, State.CANCELED, State.EXPIRED, State.REFUSED}


class Changing(OnABench):
    """What STORE.md says of a fill that changes or disappears."""

    @played
    async def test_a_correction_is_the_same_execution_in_a_higher_version(
        self, bench: Bench
    ) -> None:
        needs(bench.can.corrections, "executions are not corrected here")
        store = await bench.opened()
        ear = Ear(store)
        start = bench.start
        await placed(store, bench.standing("a1"))
        await bench.fill("a1")
        await bench.settle()
        (first,) = ear.of(FillFact)
        await bench.correct(first.exec)
        await bench.settle()
        second = ear.of(FillFact)[-1]
        assert (second.exec, second.version) == (first.exec, first.version + 1)
        assert second.price != first.price
        assert (second.key, second.refs) == (first.key, first.refs)
        pages = await read_log(store, start, [bench.instrument])
        assert (second.exec, second.version) in executions(pages[-1].facts)

    @played
    async def test_a_fill_that_may_be_undone_says_so_and_becomes_final(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a1"))
        await bench.fill("a1")
        await bench.settle()
        (fill,) = ear.of(FillFact)[:1]
        assert fill.final == (bench.can.finality is None)
        needs(bench.can.finality, "fills are final when they are seen")
        await bench.finish()
        await bench.settle()
        finals = [(one.exec, one.version) for one in ear.of(FillFinal)]
        assert finals == [(fill.exec, fill.version)]

    @played
    async def test_no_end_and_no_fee_is_told_that_may_be_undone(self, bench: Bench) -> None:
        needs(bench.can.finality, "fills are final when they are seen")
        store = await bench.opened()
        ear = Ear(store)
        start = bench.start
        names = await placed(store, bench.standing("a1"))
        await bench.fill("a1")
        await bench.settle()
        looked = await store.lookup("a1", names["a1"], LONG_AGO)
        assert isinstance(looked, Found)
        pages = await read_log(store, start, [bench.instrument])
        early = [*ear.facts, *looked.facts, *(fact for page in pages for fact in page.facts)]
        assert not OVER & {fact.state for fact in early if isinstance(fact, OrderFact)}
        assert not any(isinstance(fact, FeeFact) for fact in early)
        await bench.finish()
        assert ear.orders("a1", names["a1"])[-1].state is State.FILLED
        (fee,) = ear.of(FeeFact)
        told = await read_log(store, pages[-1].next, [bench.instrument])
        assert [one for page in told for one in page.facts if isinstance(one, FeeFact)] == [fee]

    @played
    async def test_a_fill_that_is_undone_is_told_with_its_place_and_comes_again_as_another(
        self, bench: Bench
    ) -> None:
        needs(bench.can.finality, "fills are final when they are seen")
        store = await bench.opened()
        ear = Ear(store)
        start = bench.start
        await placed(store, bench.standing("a1"))
        await bench.fill("a1")
        await bench.settle()
        (before,) = await read_log(store, start, [bench.instrument])
        await bench.undo()
        await bench.settle()
        first, second = ear.of(FillFact)
        (void,) = ear.of(FillVoid)
        assert (void.exec, void.version, void.witness) == (
            first.exec,
            first.version,
            first.witness,
        )
        assert (second.exec, second.version) == (first.exec, first.version + 1)
        assert second.witness not in ("", first.witness)
        # A reader that stands on the undone block hears of the undoing; a new one does not.
        after = await read_log(store, before.next, [bench.instrument])
        told = [fact for page in after for fact in page.facts]
        assert [one.version for one in told if isinstance(one, FillVoid)] == [first.version]
        assert executions(told) == [(second.exec, second.version)]
        anew = await read_log(store, start, [bench.instrument])
        assert executions([fact for page in anew for fact in page.facts]) == executions(told)

    @played
    async def test_a_changed_order_keeps_its_key_and_no_end_of_the_old_one_is_told(
        self, bench: Bench
    ) -> None:
        needs(bench.can.amend != "no", "orders cannot be changed here")
        store = await bench.opened()
        ear = Ear(store)
        names = await placed(store, bench.standing("a1"))
        larger = bench.standing("a1", larger=True)
        amend = Amend(key="a1", refs=names["a1"], ticket=larger)
        assert isinstance(await store.transmit(await prepared(store, amend)), Acked)
        await bench.settle()
        last = ear.orders("a1")[-1]
        assert last.ticket is not None
        assert (last.state, last.ticket.qty) == (State.WORKING, larger.qty)
        assert bool(last.replaces) == (bench.can.amend == "replace")
        if last.replaces:
            assert last.replaces & names["a1"]
            assert not last.refs & last.replaces
        assert not OVER & {fact.state for fact in ear.orders("a1")}
