"""Conditional orders of Bybit's contracts: one order, with one number, before and after."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from atms.stores.facts import FillFact, OrderFact, State
from atms.stores.outcomes import Acked, Found, Reason, Refused
from atms.stores.requests import Kind
from tests.stores.bench import LONG_AGO, Ear, canceled, placed, read_log, sent
from tests.stores.ccxt.bybitlinear import LinearBench, long_of_eight, run, until

D = Decimal


def test_a_stop_keeps_its_key_and_its_number_when_it_fires() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        names = await placed(store, bench.stop("stop", 95))
        shot = await store.snapshot([bench.instrument])
        (waits,) = [one for one in shot.facts if isinstance(one, OrderFact)]
        assert waits.ticket == bench.stop("stop", 95)
        bench.sandbox.market.print(95, 500)
        await until(lambda: any(one.state is State.FILLED for one in ear.orders("stop")))
        (fill,) = ear.fills("stop")
        assert (fill.side, fill.qty, fill.price, fill.cause) == (-1, 8, 95, "order")
        assert fill.refs == names["stop"] == ear.orders("stop")[-1].refs
        for refs in (names["stop"], frozenset()):
            looked = await store.lookup("stop", refs, LONG_AGO)
            assert isinstance(looked, Found)
            (again, last) = looked.facts
            assert isinstance(again, FillFact) and isinstance(last, OrderFact)
            assert (again.exec, last.state, last.filled) == (fill.exec, State.FILLED, 8)
        pages = await read_log(store, bench.start, [bench.instrument])
        logged = [one for page in pages for one in page.facts if isinstance(one, FillFact)]
        assert [(one.key, one.exec) for one in logged] == [
            (one.key, one.exec) for one in ear.of(FillFact)
        ]

    run(body)


def test_a_stop_whose_price_is_met_already_is_refused_for_it() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        for ticket in (bench.stop("a-1", 100), bench.stop("a-2", 99, side=1)):
            refused = await sent(store, ticket)
            assert isinstance(refused, Refused)
            assert refused.reason is Reason.WOULD_TRIGGER

    run(body)


def test_a_stop_is_taken_back_by_its_key_in_another_process() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        names = await placed(store, bench.stop("one", 95))
        other = await bench.opened()
        other.used(frozenset(one for one in names["one"] if one.startswith("client:")))
        assert isinstance(await canceled(other, "one", frozenset()), Acked)
        gone = await canceled(store, "one", names["one"])
        assert isinstance(gone, Refused) and gone.reason is Reason.NOT_OPEN
        looked = await store.lookup("one", names["one"], LONG_AGO)
        assert isinstance(looked, Found)
        assert [one.state for one in looked.facts if isinstance(one, OrderFact)] == [State.CANCELED]

    run(body)


def test_a_stop_that_fired_and_rests_is_taken_back() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        ticket = replace(bench.stop("stop", 95), kind=Kind.STOP_LIMIT, limit=D(97))
        names = await placed(store, ticket)
        bench.sandbox.market.print(95, 5)
        await until(lambda: len(ear.orders("stop")) > 1)
        assert isinstance(await canceled(store, "stop", names["stop"]), Acked)
        await until(lambda: ear.orders("stop")[-1].state is State.CANCELED)
        assert ear.orders("stop")[0].ticket == ticket
        assert [one.key for one in ear.of(FillFact)] == ["long"]

    run(body)


def test_a_stop_that_fires_without_margin_is_refused_for_funds() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, replace(bench.stop("big", 101, side=1, qty=120), reduces=False))
        bench.sandbox.venue.account.free["USDT"] = D(100)
        bench.sandbox.market.print(101, 1)
        await until(lambda: any(one.state is State.REFUSED for one in ear.orders("big")))
        assert ear.orders("big")[-1].reason is Reason.FUNDS

    run(body)


def test_what_would_not_reduce_is_refused_and_what_reduces_does_not_turn() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        sale = replace(bench.taking("a-1"), side=-1, reduces=True)
        refused = await sent(store, sale)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.REDUCE_ONLY
        await placed(store, bench.taking("a-2"))
        await placed(store, replace(sale, key="a-3", qty=D(20)))
        await until(lambda: any(one.state is State.EXPIRED for one in ear.orders("a-3")))
        assert sum(one.side * one.qty for one in ear.of(FillFact)) == 0

    run(body)
