"""The contract of stores, reading: the log and look-ups."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from atms.stores.facts import FillFact, OrderFact, State
from atms.stores.outcomes import Found, Never, NotSeen, Unknown
from atms.stores.requests import Place
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
    traded,
)


class Remembering(OnABench):
    """What STORE.md says of the log."""

    @played
    async def test_the_log_gives_every_execution_over_its_pages(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await traded(bench, store, 8)
        pages = await read_log(store, bench.start, [bench.instrument])
        told = Counter(executions([fact for page in pages for fact in page.facts]))
        assert set(told) == set(executions(ear.facts))
        assert len(told) >= 8
        if bench.can.log != "window":
            assert len(pages) > 1
            assert set(told.values()) == {1}
            (again,) = await read_log(store, pages[-1].next, [bench.instrument])
            assert (again.facts, again.next) == ((), pages[-1].next)

    @played
    async def test_a_place_in_the_log_is_the_same_for_every_connection_and_at_any_time(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        await traded(bench, store, 5)
        first = await read_log(store, bench.start, [bench.instrument])
        await store.close()
        second = await read_log(await bench.opened(), bench.start, [bench.instrument])
        assert [page.facts for page in second] == [page.facts for page in first]

    @played
    async def test_reading_from_nowhere_begins_now(self, bench: Bench) -> None:
        store = await bench.opened()
        await traded(bench, store, 2)
        page = await store.log(None, [bench.instrument])
        assert (page.facts, page.more) == ((), False)
        await bench.wait(1)
        await placed(store, bench.standing("b1"))
        await bench.fill("b1")
        await bench.settle()
        told = await read_log(store, page.next, [bench.instrument])
        fills = [one for page in told for one in page.facts if isinstance(one, FillFact)]
        assert len(fills) == 1

    @played
    async def test_an_instrument_that_is_named_later_has_lost_nothing(self, bench: Bench) -> None:
        store = await bench.opened()
        page = await store.log(None, [])
        await bench.wait(1)
        await traded(bench, store, 1)
        told = await read_log(store, page.next, [bench.instrument])
        assert len(executions([fact for page in told for fact in page.facts])) == 1

    @played
    async def test_a_window_that_no_longer_reaches_back_says_so(self, bench: Bench) -> None:
        store = await bench.opened()
        (page,) = await read_log(store, bench.start, [bench.instrument])
        assert page.gap_until is None
        needs(bench.can.log_depth is not None, "how far back the venue tells has no known bound")
        assert bench.can.log_depth is not None
        await traded(bench, store, 1)
        await bench.leap(2 * bench.can.log_depth)
        page = await store.log(bench.start, [bench.instrument])
        assert page.gap_until is not None
        assert executions(page.facts) == []
        page = await store.log(page.next, [bench.instrument])
        assert (page.gap_until, executions(page.facts)) == (None, [])

    @played
    async def test_a_bound_of_the_unknown_lies_above_what_reads_may_hide(
        self, bench: Bench
    ) -> None:
        assert bench.can.outcome_bound > bench.can.read_lag >= timedelta(0)


class Looking(OnABench):
    """What STORE.md says of look-ups."""

    @played
    async def test_an_order_is_found_by_its_names_when_the_lag_is_over(self, bench: Bench) -> None:
        store = await bench.opened()
        names = await placed(store, bench.standing("a1"))
        looked = await store.lookup("", names["a1"], LONG_AGO)
        assert isinstance(looked, Found | NotSeen)
        if bench.can.finality is not None:
            await bench.fill("a1")  # what waits in a pool is not seen
        await bench.settle()
        looked = await store.lookup("", names["a1"], LONG_AGO)
        assert isinstance(looked, Found)
        assert any(isinstance(one, OrderFact) and one.refs & names["a1"] for one in looked.facts)

    @played
    async def test_an_order_is_found_by_its_key_where_the_venue_can(self, bench: Bench) -> None:
        needs(bench.can.keys.lookup, "nobody can be asked by our key")
        store = await bench.opened()
        await placed(store, bench.standing("a1"))
        await bench.settle()
        looked = await store.lookup("a1", frozenset(), LONG_AGO)
        assert isinstance(looked, Found)
        assert isinstance(await store.lookup("a2", frozenset(), LONG_AGO), NotSeen)

    @played
    async def test_what_was_sent_without_an_answer_is_found(self, bench: Bench) -> None:
        store = await bench.opened()
        made = await prepared(store, Place(tickets=(bench.standing("a1"),)))
        with bench.trouble("lose_reply"):
            assert isinstance(await store.transmit(made), Unknown)
        await bench.fill("a1")
        await bench.finish()
        names = frozenset(name for _, name in made.refs)
        looked = await store.lookup("a1", names, LONG_AGO)
        assert isinstance(looked, Found)
        states = [fact.state for fact in looked.facts if isinstance(fact, OrderFact)]
        assert states == [State.FILLED]

    @played
    async def test_what_never_arrived_is_not_seen_and_not_proved_away(self, bench: Bench) -> None:
        store = await bench.opened()
        made = await prepared(store, Place(tickets=(bench.standing("a1"),)))
        with bench.trouble("lose_request"):
            assert isinstance(await store.transmit(made), Unknown)
        names = frozenset(name for _, name in made.refs)
        first = await store.lookup("a1", names, LONG_AGO)
        await bench.settle()
        second = await store.lookup("a1", names, LONG_AGO)
        assert isinstance(first, NotSeen)
        assert isinstance(second, NotSeen)
        assert second.at - first.at >= bench.can.read_lag

    @played
    async def test_what_can_no_longer_happen_is_proved_when_it_is_final(self, bench: Bench) -> None:
        needs(bench.can.finality, "no venue but a chain can prove it")
        store = await bench.opened()
        names = await placed(store, bench.standing("a1"))
        await bench.let_another_have_its_place()
        assert isinstance(await store.lookup("a1", names["a1"], LONG_AGO), NotSeen)
        await bench.finish()
        looked = await store.lookup("a1", names["a1"], LONG_AGO)
        assert isinstance(looked, Never)
        assert looked.proof
