"""What futures add to a store: conditional orders, the account's mode, funding, liquidation."""

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
from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profiles.binanceusdm.profile import BinanceUsdm
from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import (
    BucketFact,
    CashFact,
    FillFact,
    HeadFact,
    LinkFact,
    OrderFact,
    Part,
    State,
)
from atms.stores.outcomes import Acked, Found, NotSent, Reason, Refused
from atms.stores.requests import Kind
from tests.stores.bench import LONG_AGO, Ear, canceled, placed, read_log, sent
from tests.stores.ccxt.usdm import CONFIG, UsdmBench, run, store_of

D = Decimal


async def until(there: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not there():
            await asyncio.sleep(0.02)


async def long_of_eight(bench: UsdmBench, store: Any) -> Ear:
    """Hold 8 units, bought at 100, and listen."""
    ear = Ear(store)
    await placed(store, bench.taking("long"))
    await until(lambda: ear.fills("long"))
    return ear


# ---- conditional orders --------------------------------------------------------------------
@pytest.mark.parametrize("keeps_id", [True, False])
def test_a_stop_has_one_key_though_the_venue_makes_two_orders_of_it(keeps_id: bool) -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        names = await placed(store, bench.stop("stop", 95))
        assert {name.partition(":")[0] for name in names["stop"]} == {"algo", "algoclient"}
        bench.sandbox.market.print(95, 500)
        await until(lambda: any(one.state is State.FILLED for one in ear.orders("stop")))
        number = next(
            name for fact in ear.orders("stop") for name in fact.refs if name.startswith("order:")
        )
        (fill,) = [one for one in ear.of(FillFact) if number in one.refs]
        assert (fill.side, fill.qty, fill.price) == (-1, 8, 95)
        # by either name, by the key alone, and in the log it is the same
        for refs in (names["stop"], frozenset({number}), frozenset()):
            looked = await store.lookup("stop", refs, LONG_AGO)
            assert isinstance(looked, Found)
            facts = looked.facts
            assert [one.exec for one in facts if isinstance(one, FillFact)] == [fill.exec]
            (last,) = [one for one in facts if isinstance(one, OrderFact)]
            assert (last.state, last.filled) == (State.FILLED, 8)
            assert number in last.refs
        (page,) = await read_log(store, bench.start, [bench.instrument])
        logged = [one for one in page.facts if isinstance(one, FillFact)]
        assert [one.exec for one in logged] == [one.exec for one in ear.of(FillFact)]
        assert number in logged[-1].refs

    run(body, replace(CONFIG, keeps_id=keeps_id))


def test_a_stop_is_taken_back_by_its_own_name_and_another_process_knows_it() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        await long_of_eight(bench, store)
        names = await placed(store, bench.stop("one", 95), link="single")
        names |= await placed(store, bench.stop("two", 94))
        shot = await store.snapshot([bench.instrument])
        waiting = [one for one in shot.facts if isinstance(one, OrderFact)]
        assert {one.key for one in waiting} == {"one", "two"}
        assert {one.ticket.kind for one in waiting if one.ticket} == {Kind.STOP}
        assert isinstance(await canceled(store, "one", names["one"]), Acked)
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
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        ticket = replace(bench.stop("stop", 95), kind=Kind.STOP_LIMIT, limit=D(97))
        names = await placed(store, ticket)
        bench.sandbox.market.print(95, 5)
        await until(lambda: any("order:" in "".join(one.refs) for one in ear.orders("stop")))
        assert isinstance(await canceled(store, "stop", names["stop"]), Acked)
        await until(lambda: ear.orders("stop")[-1].state is State.CANCELED)
        (only,) = ear.of(FillFact)
        assert only.key == "long"

    run(body)


def test_a_stop_that_fires_without_margin_is_refused_for_funds() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        ticket = replace(bench.stop("big", 101, side=1, qty=120), reduces=False)
        await placed(store, replace(ticket, qty=D(120)))
        bench.sandbox.venue.account.wallet["USDT"] = D(100)
        bench.sandbox.market.print(101, 1)
        await until(lambda: any(one.state is State.REFUSED for one in ear.orders("big")))
        assert ear.orders("big")[-1].reason is Reason.FUNDS

    run(body)


def test_what_would_not_reduce_is_refused_and_what_reduces_does_not_turn() -> None:
    async def body(bench: UsdmBench) -> None:
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
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        outcome = await sent(store, replace(bench.standing("a-1"), bucket="long"))
        assert isinstance(outcome, NotSent)
        assert "one-way" in outcome.why

    run(body)


# ---- what the account is like --------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"leverge": 5}, "no 'leverge'; did you mean 'leverage'"),
        ({"leverage": 126}, "leverage 126: write a whole number from 1 to 125"),
        ({"leverage": "20"}, "write a whole number"),
        ({"leverage": True}, "write a whole number"),
        ({"margin_mode": "crossed"}, "write cross or isolated"),
        ({"position_mode": "hedge"}, "two positions of one symbol are not traded here"),
        ({"position_mode": "both"}, "write one_way"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CCXTStore("binanceusdm", options=options)
    assert told in str(caught.value)


def test_a_spot_market_takes_no_options() -> None:
    with pytest.raises(ConfigError, match="options of binance: no 'leverage'; there are: none"):
        CCXTStore("binance", options={"leverage": 5})


def test_an_account_in_hedge_mode_is_refused_and_stays_in_it() -> None:
    async def body(bench: UsdmBench) -> None:
        bench.sandbox.venue.account.dual_side = True
        with pytest.raises(VenueError, match=r"is in hedge mode.*set one-way mode"):
            await store_of(bench).connect()
        assert bench.sandbox.venue.account.dual_side
        assert bench.received() == 0

    run(body)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"leverage": 10},
            r"leverage is 20, and 10 is wanted; .*or write options.leverage: 20",
        ),
        ({"margin_mode": "isolated"}, r"its margin is cross, and isolated is wanted"),
    ],
)
def test_a_symbol_that_is_set_otherwise_is_refused_and_stays_so(
    options: dict[str, Any], told: str
) -> None:
    async def body(bench: UsdmBench) -> None:
        store = store_of(bench, **options)
        await store.connect()
        with pytest.raises(VenueError, match=told):
            await store.instruments([bench.symbol])
        account = bench.sandbox.venue.account
        assert (account.leverage["BTCUSDT"], account.margin_type["BTCUSDT"]) == (20, "CROSSED")
        fitting = store_of(bench, leverage=20, margin_mode="cross", position_mode="one_way")
        await fitting.connect()
        (listed,) = await fitting.instruments([bench.symbol])
        assert (listed.cash, listed.settle, listed.min_notional) == ("margin", "USDT", 5)

    run(body)


def test_a_leverage_above_the_bracket_is_told_at_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from atms.sandbox.binance_usdm import private

    async def body(bench: UsdmBench) -> None:
        monkeypatch.setattr(private, "BRACKETS", private.BRACKETS[3:])  # from 50 on
        store = store_of(bench, leverage=75)
        await store.connect()
        with pytest.raises(VenueError, match="a leverage of 75 is above the 50 of its highest"):
            await store.instruments([bench.symbol])

    run(body)


def test_a_symbol_may_be_written_as_the_venue_does() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        profile = store._profile  # type: ignore[attr-defined]
        ask = store._asking.ask  # type: ignore[attr-defined]
        found = [await profile.spelled(ask, one) for one in ("btcusdt", bench.symbol, "nosuch")]
        assert found == [bench.symbol, bench.symbol, "nosuch"]

    run(body)


# ---- what the venue does by itself ---------------------------------------------------------
def test_funding_is_a_fact_of_the_log_and_the_stream_says_that_there_is_one() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        bench.sandbox.venue.risk.pay(("BTCUSDT", "BOTH"), D("-0.08"))
        bench.sandbox.venue.desk.transfer("USDT", D(5))
        await until(lambda: len(ear.of(HeadFact)) == 2)
        pages = await read_log(store, bench.start, [bench.instrument])
        cash = [one for page in pages for one in page.facts if isinstance(one, CashFact)]
        assert [(one.kind, one.amount, one.instrument) for one in cash] == [
            ("funding", D("-0.08"), bench.instrument), ("deposit", D(5), None),
        ]  # fmt: skip
        again = await store.log(pages[-1].next, [bench.instrument])
        assert (again.facts, again.next) == ((), pages[-1].next)
        # in the very millisecond of the last one there may be another
        bench.sandbox.venue.desk.earn("FUNDING_FEE", "USDT", D(1), "BTCUSDT")
        bench.sandbox.venue.desk.income[-1]["time"] = bench.sandbox.venue.desk.income[-2]["time"]
        assert (await store.log(pages[-1].next, [bench.instrument])).facts == ()  # not told of
        later = await (await bench.opened()).log(pages[-1].next, [bench.instrument])
        assert [one.amount for one in later.facts if isinstance(one, CashFact)] == [D(1)]

    run(body)


def test_a_liquidation_is_a_fill_with_that_cause_from_the_stream_and_from_the_log() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        bench.sandbox.venue.account.wallet["USDT"] = D(100)
        bench.sandbox.venue.risk.set_mark("BTCUSDT", D(87))  # 104 are lost
        await until(lambda: len(ear.of(FillFact)) == 2)
        taken = ear.of(FillFact)[-1]
        assert (taken.cause, taken.qty, taken.price) == ("liquidation", 8, 87)
        pages = await read_log(store, bench.start, [bench.instrument])
        facts = [one for page in pages for one in page.facts]
        logged = [one for one in facts if isinstance(one, FillFact)]
        assert [one.cause for one in logged] == ["order", "liquidation"]
        assert [one.kind for one in facts if isinstance(one, CashFact)] == ["other"]  # the fund's

    run(body)


def test_a_position_that_is_taken_for_anothers_liquidation_is_told_as_that() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        ear = await long_of_eight(bench, store)
        bench.sandbox.venue.risk.deleverage("BTCUSDT", D(3))
        await until(lambda: len(ear.of(FillFact)) == 2)
        assert ear.of(FillFact)[-1].cause == "assignment"
        shot = await store.snapshot([bench.instrument])
        assert Part.BUCKETS in shot.parts
        (held,) = [one for one in shot.facts if isinstance(one, BucketFact)]
        assert (held.bucket, held.qty, held.price) == ("net", 5, 100)

    run(body)


# ---- the account's stream ------------------------------------------------------------------
def test_a_listen_key_is_prolonged_and_a_new_one_dialled_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    often = timedelta(seconds=0.2)
    call = Call(method="fapiPrivatePutListenKey", costs={"weight": 1})
    monkeypatch.setattr(BinanceUsdm, "prolong", lambda self: (call, often))

    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await asyncio.sleep(1.2)  # longer than a key lives
        assert [one.up for one in ear.of(LinkFact)] == [True]
        first, bench.sandbox.users.key = bench.sandbox.users.key, ""
        await until(lambda: [one.up for one in ear.of(LinkFact)] == [True, False, True])
        assert bench.sandbox.users.key not in (first, "")
        await placed(store, bench.standing("a-1"))
        await until(lambda: ear.orders("a-1"))

    run(body, replace(CONFIG, listen_life=1.0))


def test_a_listen_key_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        key = bench.sandbox.users.key
        assert key
        ear = Ear(store)
        await bench.front.say("{")  # cannot be read
        bench.front.cut()
        await until(lambda: [one.up for one in ear.of(LinkFact)][-2:] == [False, True])
        assert key not in caplog.text
        assert all(key not in one.why for one in ear.of(LinkFact))

    run(body)


@pytest.mark.parametrize(("days", "gap"), [(88, False), (90, True)])
def test_a_log_that_was_not_read_for_three_months_has_a_gap_and_tells_it_once(
    days: int, gap: bool
) -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        past = json.loads(bench.start)
        past["income"] -= days * 86_400_000
        page = await store.log(json.dumps(past), [bench.instrument])
        assert (page.gap_until is not None) is gap
        again = await store.log(page.next, [bench.instrument])
        assert again.gap_until is None

    run(body)


def test_a_log_that_is_read_has_no_gap_though_no_income_comes_for_half_a_year() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        ask, log = store._asking.ask, store._profile.log
        cursor, gaps = bench.start, []
        for month in range(6):
            later = datetime.now(UTC) + timedelta(days=30 * month)  # as it would be read then
            page = await log(ask, cursor, ["BTCUSDT"], later, 100)
            cursor, gaps = page.next, [*gaps, page.gap_until]
        assert gaps == [None] * 6

    run(body)
