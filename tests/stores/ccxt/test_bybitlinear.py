"""What contracts add to Bybit: the account's modes, funding, liquidation."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import ConfigError, VenueError
from atms.sandbox.bybitlinear.venue import BybitLinearVenue
from atms.sandbox.venue.futures.contracts import brackets
from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import BucketFact, CashFact, FillFact, State
from atms.stores.outcomes import NotSent
from tests.stores.bench import placed, read_log, sent
from tests.stores.ccxt.bybitlinear import (
    CONFIG,
    LinearBench,
    long_of_eight,
    run,
    store_of,
    until,
)

D = Decimal
RAW = "BTCUSDT"


# ---- what the account is like --------------------------------------------------------------
def test_a_position_that_is_a_side_of_hedge_mode_is_not_traded() -> None:
    async def body(bench: LinearBench) -> None:
        store = await bench.opened()
        outcome = await sent(store, replace(bench.standing("a-1"), bucket="long"))
        assert isinstance(outcome, NotSent)
        assert "one-way" in outcome.why

    run(body)


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
