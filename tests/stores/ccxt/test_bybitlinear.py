"""What contracts add to Bybit: stops of the venue's, the account's modes, funding, liquidation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import ConfigError, VenueError
from atms.sandbox.bybitlinear.venue import BybitLinearVenue
from atms.sandbox.venue.futures.contracts import brackets
from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import BucketFact, CashFact, FillFact, OrderFact, State
from atms.stores.outcomes import Acked, Found, NotSent, Reason, Refused
from atms.stores.requests import Kind
from tests.stores.bench import LONG_AGO, Ear, canceled, placed, read_log, sent
from tests.stores.ccxt.bybitlinear import CONFIG, LinearBench, run, store_of

D = Decimal
RAW = "BTCUSDT"


async def until(there: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not there():
            await asyncio.sleep(0.02)


async def long_of_eight(bench: LinearBench, store: Any) -> Ear:
    """Hold 8 units, bought at 100, and listen."""
    ear = Ear(store)
    await placed(store, bench.taking("long"))
    await until(lambda: ear.fills("long"))
    return ear


# ---- conditional orders --------------------------------------------------------------------
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


def test_a_position_that_is_a_side_of_hedge_mode_is_not_traded() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        outcome = await sent(store, replace(bench.standing("a-1"), bucket="long"))
        assert isinstance(outcome, NotSent)
        assert "one-way" in outcome.why

    run(body)


# ---- what the account is like --------------------------------------------------------------
def test_an_option_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ConfigError, match="options of bybitlinear: no 'leverge'"):
        CCXTStore("bybitlinear", options={"leverge": 5})
    with pytest.raises(ConfigError, match="two positions of one symbol are not traded here"):
        CCXTStore("bybitlinear", options={"position_mode": "hedge"})


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (replace(CONFIG, margin_mode="isolated"), r"margin is isolated, and cross is wanted"),
        (replace(CONFIG, portfolio=True), r"PORTFOLIO_MARGIN, in which no leverage counts; set"),
        (replace(CONFIG, unified=False), r"is not a unified trading account; upgrade it"),
    ],
    ids=["isolated", "portfolio", "classic"],
)
def test_an_account_of_another_kind_is_refused_at_connect(config: Any, told: str) -> None:
    async def body(bench: LinearBench) -> None:
        raise AssertionError("the bench connects before this")

    with pytest.raises(VenueError, match=told):
        run(body, config)


def test_a_margin_mode_is_compared_and_never_set() -> None:
    async def body(bench: LinearBench) -> None:
        with pytest.raises(VenueError, match=r"its margin is cross, and isolated is wanted"):
            await store_of(bench, margin_mode="isolated").connect()
        assert (bench.received(), bench.sandbox.venue.account.margin_mode) == (0, "cross")

    run(body)


@pytest.mark.parametrize(
    ("hedge", "options", "told"),
    [
        (True, {}, r"BTC/USDT:USDT: the account is in hedge mode.*set one-way mode"),
        (False, {"leverage": 10}, r"leverage is 20, and 10 is wanted; .*options.leverage: 20"),
        (False, {"leverage": 75}, r"a leverage of 75 is above the 50 of its highest bracket"),
    ],
    ids=["hedge", "leverage", "bracket"],
)
def test_a_symbol_that_is_set_otherwise_is_refused_and_stays_so(
    hedge: bool, options: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BybitLinearVenue, "brackets", brackets([(50, 10_000_000, "0.01")]))

    async def body(bench: LinearBench) -> None:
        account = bench.sandbox.venue.account
        account.hedge = hedge
        store = store_of(bench, **options)
        await store.connect()
        with pytest.raises(VenueError, match=told):
            await store.instruments([bench.symbol])
        assert (account.leverage[RAW], account.hedge, bench.received()) == (20, hedge, 0)

    run(body)


def test_an_account_as_it_is_wanted_trades() -> None:
    async def body(bench: LinearBench) -> None:
        store = store_of(bench, leverage=20, margin_mode="cross", position_mode="one_way")
        await store.connect()
        (listed,) = await store.instruments([bench.symbol])
        assert (listed.cash, listed.settle, listed.min_notional) == ("margin", "USDT", 5)
        assert (listed.qty_step, listed.max_market_qty) == (D("0.001"), 120)
        profile, ask = store._profile, store._asking.ask
        found = [await profile.spelled(ask, one) for one in ("btcusdt", bench.symbol, "nosuch")]
        assert found == [bench.symbol, bench.symbol, "nosuch"]

    run(body)


def test_the_bar_that_still_grows_is_no_history_though_more_might_follow() -> None:
    async def body(bench: LinearBench) -> None:
        for number in range(3):
            await bench.bar(number)
        bench.sandbox.market.print(104, 1)  # begins the fourth
        store = await bench.opened()
        first = datetime(2100, 3, 2, 9, tzinfo=UTC)
        span = (first, first + timedelta(days=30))  # several questions
        found = [bar async for bar in store.history(bench.instrument, "1m", *span)]
        assert [bar.open_at.minute for bar in found] == [0, 1, 2]

    run(body)


# ---- what the venue does by itself ---------------------------------------------------------
def test_funding_is_told_at_once_and_stands_in_the_log_under_the_same_id() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        bench.sandbox.venue.risk.pay(RAW, D("-0.08"))
        bench.sandbox.venue.desk.deposit("USDT", D(5))
        await until(lambda: ear.of(CashFact))
        (heard,) = ear.of(CashFact)
        assert (heard.kind, heard.amount, heard.asset) == ("funding", D("-0.08"), "USDT")
        pages = await read_log(store, bench.start, [bench.instrument])
        cash = [one for page in pages for one in page.facts if isinstance(one, CashFact)]
        assert [(one.kind, one.amount, one.instrument) for one in cash] == [
            ("funding", D("-0.08"), bench.instrument), ("deposit", D(5), None),
        ]  # fmt: skip
        assert cash[0].id == heard.id
        again = await store.log(pages[-1].next, [bench.instrument])
        assert (again.facts, again.next) == ((), pages[-1].next)
        # the log of another process tells what came since, and nothing twice
        bench.sandbox.venue.desk.deposit("USDT", D(-2))
        other = await (await bench.opened()).log(pages[-1].next, [bench.instrument])
        assert [(one.kind, one.amount) for one in other.facts if isinstance(one, CashFact)] == [
            ("withdrawal", -2)
        ]

    run(body)


def test_cash_of_many_pages_and_of_weeks_is_told_once() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        for _ in range(120):  # the venue gives 50 rows at once
            bench.sandbox.venue.desk.deposit("USDT", D(1))
        place = json.loads(bench.start)
        place["cash"][0] -= 15 * 86_400_000  # as if nobody had read for two windows of a week
        pages = await read_log(store, json.dumps(place), [bench.instrument])
        cash = [one for page in pages for one in page.facts if isinstance(one, CashFact)]
        assert len(pages) == 3
        assert (len({one.id for one in cash}), len(cash)) == (120, 120)
        later = await (await bench.opened()).log(pages[-1].next, [bench.instrument])
        assert later.facts == ()

    run(body)


def test_a_liquidation_is_a_fill_with_that_cause_from_the_stream_and_from_the_log() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        names = await placed(store, bench.standing("rests"))
        bench.sandbox.venue.account.free["USDT"] = D(100)
        bench.sandbox.venue.risk.set_mark(RAW, D(87))  # 104 are lost
        await until(lambda: len(ear.of(FillFact)) == 2)
        taken = ear.of(FillFact)[-1]
        assert (taken.cause, taken.qty, taken.price, taken.key) == ("liquidation", 8, 87, None)
        await until(lambda: ear.orders("rests", names["rests"])[-1].state is State.CANCELED)
        pages = await read_log(store, bench.start, [bench.instrument])
        facts = [one for page in pages for one in page.facts]
        logged = [one for one in facts if isinstance(one, FillFact)]
        assert [one.cause for one in logged] == ["order", "liquidation"]
        assert [one.kind for one in facts if isinstance(one, CashFact)] == ["other"]  # the fund's

    run(body)


def test_a_position_that_is_taken_for_anothers_liquidation_is_told_as_that() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        bench.sandbox.venue.risk.deleverage(RAW, D(3))
        await until(lambda: len(ear.of(FillFact)) == 2)
        assert ear.of(FillFact)[-1].cause == "assignment"
        await until(lambda: [one.qty for one in ear.of(BucketFact)] == [8, 5])
        shot = await store.snapshot([bench.instrument])
        (held,) = [one for one in shot.facts if isinstance(one, BucketFact)]
        assert (held.bucket, held.qty, held.price) == ("net", 5, 100)

    run(body)
