"""What is OKX's own of orders for swaps: contracts, and stops beside orders."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import (
    BucketFact,
    FillFact,
    OrderFact,
    State,
)
from atms.stores.outcomes import Acked, Found, NotSent, Reason, Refused, Unknown
from atms.stores.requests import Kind
from tests.stores.bench import LONG_AGO, Ear, canceled, placed, read_log, sent
from tests.stores.ccxt.okxlinear import CONFIG, OkxLinearBench, long_of_eight, run, until

D = Decimal


# ---- contracts -----------------------------------------------------------------------------
def test_orders_leave_in_contracts_and_come_back_in_units() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        heard: list[dict[str, Any]] = []
        wire = store._asking.connected()  # type: ignore[attr-defined]
        usual = wire.call

        async def call(one: Any) -> Any:
            heard.append({"rows": one.rows} if one.rows else dict(one.params))
            return await usual(one)

        wire.call = call
        (listed,) = await store.instruments([bench.symbol])
        # a lot is a tenth of a contract, which is a hundredth of a coin
        assert (listed.qty_step, listed.min_qty, listed.max_qty) == (D("0.001"), D("0.001"), 1000)
        assert (listed.cash, listed.settle, listed.multiplier) == ("margin", "USDT", 1)
        del heard[:]
        await sent(store, bench.taking("a1"))
        await sent(store, replace(bench.standing("a2"), qty=D("0.125"), side=-1, post_only=True))
        stop = await placed(store, bench.stop("a3", 95))
        await canceled(store, "a3", stop["a3"])
        common = {"instId": "BTC-USDT-SWAP", "tdMode": "cross"}
        number = next(one.rpartition(":")[2] for one in stop["a3"] if one.startswith("algo:"))
        assert heard == [
            {**common, "clOrdId": "a1", "side": "buy", "sz": "800", "reduceOnly": False,
             "ordType": "market"},
            {**common, "clOrdId": "a2", "side": "sell", "sz": "12.5", "reduceOnly": False,
             "ordType": "post_only", "px": "90"},
            # both ids, else ccxt would send one of its own, with a tag
            {**common, "clOrdId": "a3", "algoClOrdId": "a3", "side": "sell", "sz": "800",
             "reduceOnly": True, "ordType": "conditional", "slTriggerPx": "95", "slOrdPx": "-1",
             "slTriggerPxType": "last"},
            {"rows": [{"instId": "BTC-USDT-SWAP", "algoId": number}]},
        ]  # fmt: skip
        shot = await store.snapshot([bench.instrument])
        (held,) = [one for one in shot.facts if isinstance(one, BucketFact)]
        assert (held.bucket, held.qty, held.price) == ("net", 8, 100)

    run(body)


def test_a_market_without_a_key_is_told_in_units_too() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = CCXTStore("okxlinear", url=bench.front.url, market_clock="stream", timeout=2)
        bench.stores.append(store)
        await store.connect()
        instrument = f"{store.account}:{bench.symbol}"
        bench.sandbox.market.book([[99, 1]], [[100, 3]])
        async with asyncio.timeout(5):
            book = await anext(aiter(store.book(instrument, 5)))
        assert (book.bids, book.asks) == (((D(99), D(1)),), ((D(100), D(3)),))
        # and one that was never told what a contract is reads trades of the past alike
        other = CCXTStore("okxlinear", url=bench.front.url, market_clock="stream", timeout=2)
        bench.stores.append(other)
        await other.connect()
        bench.sandbox.market.print(101, D("2.5"), buyer_took=False)
        since, until_ = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(1)
        told = [(one.price, one.qty, one.taker) async for one in other.trades(
            instrument, since, until_
        )]  # fmt: skip
        assert told == [(100, 1, 1), (101, D("2.5"), -1)]

    run(body)


# ---- stops ---------------------------------------------------------------------------------
@pytest.mark.parametrize("keeps_id", [True, False])
def test_a_stop_has_one_key_though_the_venue_makes_two_orders_of_it(keeps_id: bool) -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        names = await placed(store, bench.stop("stop", 95))
        assert {name.partition(":")[0] for name in names["stop"]} == {"algo", "algoclient"}
        bench.sandbox.market.print(95, 500)
        await until(lambda: any(one.state is State.FILLED for one in ear.orders("stop")))
        (fill,) = ear.fills("stop")
        assert (fill.side, fill.qty, fill.price) == (-1, 8, 95)
        number = next(name for name in fill.refs if name.startswith("order:"))
        # by either name, by the key alone, and in the log of who never heard of it, it is the same
        for refs in (names["stop"], frozenset({number}), frozenset()):
            looked = await store.lookup("stop", refs, LONG_AGO)
            assert isinstance(looked, Found)
            facts = looked.facts
            assert [one.exec for one in facts if isinstance(one, FillFact)] == [fill.exec]
            (last,) = [one for one in facts if isinstance(one, OrderFact)]
            assert (last.key, last.state, last.filled) == ("stop", State.FILLED, 8)
            assert number in last.refs
        (page,) = await read_log(await bench.opened(), bench.start, [bench.instrument])
        logged = [one for one in page.facts if isinstance(one, FillFact)]
        assert [(one.exec, one.key) for one in logged] == [
            (one.exec, one.key) for one in ear.of(FillFact)
        ]  # fmt: skip

    run(body, replace(CONFIG, keeps_id=keeps_id))


def test_a_stop_is_taken_back_by_its_own_name_and_another_process_knows_it() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        names = await placed(store, bench.stop("one", 95))
        limited = replace(bench.stop("two", 94), kind=Kind.STOP_LIMIT, limit=D(93))
        names |= await placed(store, limited)
        shot = await store.snapshot([bench.instrument])
        waiting = {one.key: one.ticket for one in shot.facts if isinstance(one, OrderFact)}
        assert waiting == {"one": bench.stop("one", 95), "two": limited}
        assert isinstance(await canceled(store, "one", names["one"]), Acked)
        await until(lambda: ear.orders("one")[-1].state is State.CANCELED)
        gone = await canceled(store, "one", names["one"])
        assert isinstance(gone, Refused)
        assert gone.reason is Reason.NOT_OPEN
        other = await bench.opened()
        only_ours = frozenset(one for one in names["two"] if one.startswith("algoclient:"))
        other.used(only_ours)
        assert isinstance(await canceled(other, "two", frozenset()), Acked)
        assert bench.sandbox.venue.desk.waiting() == []

    run(body)


def test_a_stop_that_fired_and_rests_is_taken_back_as_the_order_that_it_became() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        names = await placed(
            store, replace(bench.stop("stop", 95), kind=Kind.STOP_LIMIT, limit=D(97))
        )
        bench.sandbox.market.print(95, 5)
        await until(lambda: any("order:" in "".join(one.refs) for one in ear.orders("stop")))
        assert isinstance(await canceled(store, "stop", names["stop"]), Acked)
        await until(lambda: ear.orders("stop")[-1].state is State.CANCELED)
        assert [one.key for one in ear.of(FillFact)] == ["long"]

    run(body)


def test_a_stop_whose_price_is_met_already_is_refused_and_one_without_margin_later() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        met = await sent(store, replace(bench.stop("met", 99, side=1), reduces=False))
        assert isinstance(met, Refused)
        assert met.reason is Reason.WOULD_TRIGGER
        twice = replace(bench.stop("big", 101, side=1, qty=120), reduces=False)
        await placed(store, twice)
        again = await sent(store, twice)
        assert isinstance(again, Refused)
        assert again.reason is Reason.DUPLICATE_KEY
        bench.sandbox.venue.account.free["USDT"] = D(100)
        bench.sandbox.market.print(101, 1)
        await until(lambda: ear.orders("big")[-1].state is State.REFUSED)
        assert (ear.orders("big")[-1].reason, ear.orders("big")[-1].text) == (Reason.FUNDS, "51008")
        looked = await store.lookup("big", frozenset(), LONG_AGO)
        assert isinstance(looked, Found)
        assert [getattr(one, "state", None) for one in looked.facts] == [State.REFUSED]

    run(body)


def test_a_stop_of_which_nobody_knows_what_became_is_looked_up() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        await long_of_eight(bench, store)
        bench.sandbox.faults.once("error_1007_after_order")
        assert isinstance(await sent(store, bench.stop("stop", 95)), Unknown)
        for one in (store, await bench.opened()):
            one.used(["algoclient:BTC-USDT-SWAP:stop"])
            looked = await one.lookup("stop", frozenset(), LONG_AGO)
            assert isinstance(looked, Found)
            assert [getattr(fact, "state", None) for fact in looked.facts] == [State.WORKING]

    run(body)


def test_what_would_not_reduce_is_refused_and_what_reduces_does_not_turn() -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        sale = replace(bench.taking("a1"), side=-1, reduces=True)
        refused = await sent(store, sale)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.REDUCE_ONLY
        await placed(store, bench.taking("a2"))
        await placed(store, replace(sale, key="a3", qty=D(20)))
        over = (State.CANCELED, State.EXPIRED)  # what is left of it is taken back
        await until(lambda: any(one.state in over for one in ear.orders("a3")))
        assert sum(one.side * one.qty for one in ear.of(FillFact)) == 0

    run(body)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bucket": "long"}, "one-way"), ({"kind": Kind.STOP, "trigger": None}, "its prices"),
        ({"kind": Kind.STOP, "trigger": D(95), "tif": "ioc"}, "a stop order stays here"),
        ({"kind": Kind.STOP, "trigger": D(95), "key": "a-1"}, "not of the venue's form"),
        ({"kind": Kind.STOP, "trigger": D(95), "qty": D(121)}, "would become several orders"),
    ],
)  # fmt: skip
def test_what_has_no_words_is_not_sent(change: dict[str, Any], told: str) -> None:
    async def body(bench: OkxLinearBench) -> None:
        store = await bench.opened()
        outcome = await sent(store, replace(bench.taking("a1"), **change))
        assert isinstance(outcome, NotSent)
        assert told in outcome.why
        assert bench.received() == 0

    run(body)
