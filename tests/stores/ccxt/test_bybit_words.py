"""What Bybit says on the wire, and what the store makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import VenueError
from atms.sandbox.bybit.config import BybitConfig
from atms.sandbox.venue.config import MarketConfig
from atms.stores.base import RateLimited, Unreachable
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profiles.bybit import codes, orders
from atms.stores.ccxt.profiles.bybit.profile import BybitSpot
from atms.stores.facts import Fee, FillFact, LinkFact, OrderFact, State
from atms.stores.market import Bar, Book, Quote
from atms.stores.outcomes import Acked, Found, NotSent, Reason, Refused, Unknown
from tests.stores.bench import LONG_AGO, Ear, executions, placed, read_log, sent
from tests.stores.ccxt.bybit import CONFIG, BybitBench, run

ccxt = pytest.importorskip("ccxt.pro", reason="it is ccxt that asks")
D = Decimal


# ---- codes ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (200, "170131", Reason.FUNDS), (200, "170141", Reason.DUPLICATE_KEY),
        (200, "170137", Reason.FILTER), (200, "170140", Reason.FILTER),
        (200, "170213", Reason.NOT_OPEN), (200, "10002", Reason.CLOCK),
        (200, "10004", Reason.NO_PERMISSION), (401, "", Reason.NO_PERMISSION),
        (200, "10006", Reason.RATE), (403, "", Reason.RATE), (404, "", Reason.OTHER),
        (200, "170007", None), (200, "10000", None), (200, "10016", None), (200, "170146", None),
        (503, "", None), (502, "170131", None), (200, "987654", None),
    ],
)  # fmt: skip
def test_only_a_code_that_proves_it_is_a_refusal(
    status: int, code: str, reason: Reason | None
) -> None:
    assert codes.judge(Said(status, code, "")) is reason


def test_a_limit_of_one_endpoint_is_waited_for_and_bars_no_other() -> None:
    headers = {"X-Bapi-Limit-Reset-Timestamp": "1700000000700"}
    body = {"retCode": 10006, "retMsg": "Too many visits!", "time": 1700000000000}
    said = codes.complaint(200, headers, "", body)
    assert said is not None
    assert (said.retry_after, said.bans) == (timedelta(milliseconds=700), False)
    said = codes.complaint(403, {}, "403, access too frequent", None)
    assert said is not None
    assert (said.retry_after, said.bans) == (timedelta(minutes=10), True)
    assert codes.complaint(200, {}, "", {"retCode": 0, "retMsg": "OK"}) is None


# ---- fees ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "paid"),
    [
        ({"side": "Buy", "execFee": "0.02"}, (Fee(asset="BTC", amount=D("0.02")),)),
        ({"side": "Sell", "execFee": "0.02"}, (Fee(asset="USDT", amount=D("0.02")),)),
        # a maker's rebate is given in what is not received
        ({"side": "Buy", "execFee": "-0.02"}, (Fee(asset="USDT", amount=D("-0.02")),)),
        ({"side": "Sell", "execFee": "-0.02"}, (Fee(asset="BTC", amount=D("-0.02")),)),
        ({"side": "Buy", "execFee": "0.02", "feeCurrency": "MNT"},
         (Fee(asset="MNT", amount=D("0.02")),)),
        ({"side": "Sell", "execFee": "0.02", "feeCoin": "USDT",
          "extraFees": [{"feeCoin": "USDT", "fee": "0.003"}]},
         (Fee(asset="USDT", amount=D("0.02")), Fee(asset="USDT", amount=D("0.003")))),
        ({"side": "Buy", "execFee": "0"}, ()),
        ({"side": "Buy", "execFee": "0.02", "symbol": "ETHUSDT"}, None),  # never named here
    ],
    ids=["buy", "sell", "rebate of a buy", "rebate of a sell", "named", "taxed", "none", "foreign"],
)  # fmt: skip
def test_a_fee_is_in_the_currency_that_the_venue_names_or_its_rule(
    row: dict[str, Any], paid: tuple[Fee, ...] | None
) -> None:
    names = Symbols()
    names.learn("BTCUSDT", "BTC/USDT", "BTC", "USDT")
    assert orders.fees({"symbol": "BTCUSDT", **row}, names) == paid


# ---- orders --------------------------------------------------------------------------------
def test_a_post_only_order_that_would_take_is_acknowledged_and_then_refused() -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        ticket = replace(bench.standing("a-1"), limit=D(120), post_only=True)
        assert isinstance(await sent(store, ticket), Acked)
        await bench.settle()
        last = ear.orders("a-1")[-1]
        assert (last.state, last.reason) == (State.REFUSED, Reason.WOULD_TAKE)
        assert last.ticket == ticket
        assert ear.of(FillFact) == []

    run(body)


@pytest.mark.parametrize("tif", ["ioc", "fok"])
def test_what_could_not_be_taken_at_once_has_expired(tif: Any) -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, replace(bench.standing("a-1"), tif=tif))
        await bench.settle()
        assert [one.state for one in ear.orders("a-1")][-1] is State.EXPIRED
        assert ear.orders("a-1")[-1].filled == 0

    run(body)


def test_a_market_order_that_empties_the_book_has_what_it_got() -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        bench.sandbox.market.book([], [(100, 3), (101, 2)])
        await placed(store, bench.taking("a-1"))
        await bench.settle()
        last = ear.orders("a-1")[-1]
        assert (last.state, last.filled) == (State.EXPIRED, 5)
        assert [(one.price, one.qty) for one in ear.fills("a-1")] == [(100, 3), (101, 2)]
        assert last.ticket == bench.taking("a-1")  # of units of the base currency

    run(body)


def test_a_timeout_of_the_venues_own_leaves_it_open_and_the_order_is_found() -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        bench.sandbox.faults.once("error_1007_after_order")
        assert isinstance(await sent(store, bench.standing("a-1")), Unknown)
        looked = await store.lookup("a-1", frozenset(), LONG_AGO)
        assert isinstance(looked, Found)
        (fact,) = [one for one in looked.facts if isinstance(one, OrderFact)]
        assert (fact.key, fact.state) == ("a-1", State.WORKING)
        again = await sent(store, bench.standing("a-1"))
        assert isinstance(again, Refused) and again.reason is Reason.DUPLICATE_KEY

    run(body)


def test_an_order_of_long_ago_is_found_in_the_history() -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        await placed(store, bench.standing("a-1"))
        await bench.fill("a-1")
        desk = bench.sandbox.venue.desk
        (order,) = desk.orders.values()
        for number in range(500):  # so many that are over are told with those that are open
            later = replace(order, id=order.id + 1000 + number, client_id=f"b-{number}")
            desk.orders[later.id] = later
        looked = await store.lookup("a-1", frozenset(), LONG_AGO)
        assert isinstance(looked, Found)
        asked = [path for _, path in bench.front.arrived]
        assert asked[-3:] == ["/v5/order/realtime", "/v5/order/history", "/v5/execution/list"]
        assert [type(fact) for fact in looked.facts] == [FillFact, OrderFact]

    run(body)


# ---- the log -------------------------------------------------------------------------------
def stopped(bench: BybitBench) -> Callable[[], int]:
    """Let the venue's clock stand still."""
    frozen = bench.sandbox.clock.now()
    return lambda: frozen


def test_executions_of_one_millisecond_are_told_once_each_over_pages() -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        await placed(store, bench.standing("a-1"))
        bench.sandbox.clock.now = stopped(bench)  # type: ignore[method-assign]
        for _ in range(8):
            await bench.fill("a-1", D(1))
        del bench.sandbox.clock.now  # type: ignore[method-assign]
        pages = await read_log(store, bench.start, [bench.instrument])
        told = executions([fact for page in pages for fact in page.facts])
        assert len({fact.at for page in pages for fact in page.facts}) == 1  # type: ignore[union-attr]
        assert len(pages) == 3
        assert (len(told), len(set(told))) == (8, 8)

    run(body)


def test_an_execution_that_is_listed_late_is_told_after_a_later_one() -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        await placed(store, bench.standing("a-1"))
        await bench.fill("a-1", D(1))
        await asyncio.sleep(0.01)  # so that it is of a later millisecond
        await bench.fill("a-1", D(2))
        first, second = bench.sandbox.venue.desk.fills["BTCUSDT"]
        first.seen_from = bench.sandbox.clock.now() + 3_600_000
        page = await store.log(bench.start, [bench.instrument])
        assert executions(page.facts) == [(f"BTCUSDT:{second.id}", 1)]
        first.seen_from = 0
        page = await store.log(page.next, [bench.instrument])
        assert executions(page.facts) == [(f"BTCUSDT:{first.id}", 1)]
        assert executions((await store.log(page.next, [bench.instrument])).facts) == []

    run(body)


def test_weeks_of_absence_are_read_a_week_at_a_time_and_two_years_are_lost() -> None:
    async def body(bench: BybitBench) -> None:
        store = bench.connection()
        await store.connect()
        await placed(store, bench.standing("a-1"))
        await bench.fill("a-1")
        ask, log = store._asking.ask, store._profile.log
        later = datetime.now(UTC) + timedelta(days=20)  # as it would be read then
        pages = [await log(ask, bench.start, ["BTCUSDT"], later, 100)]
        while pages[-1].more:
            pages.append(await log(ask, pages[-1].next, ["BTCUSDT"], later, 100))
        assert len(pages) == 3  # of seven days each, the last one begun
        assert len(executions([fact for page in pages for fact in page.facts])) == 1
        assert all(page.gap_until is None for page in pages)
        later += timedelta(days=880)
        page = await log(ask, bench.start, ["BTCUSDT"], later, 100)
        assert page.gap_until == later - timedelta(days=729)
        assert page.facts == ()

    run(body)


def test_a_fill_while_the_stream_is_cut_is_in_the_log() -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a-1"))
        await asyncio.sleep(0.1)
        bench.sandbox.disconnect()
        await bench.fill("a-1")
        await asyncio.sleep(0.7)
        assert [one.up for one in ear.of(LinkFact)] == [True, False, True]
        assert ear.of(FillFact) == []
        page = await store.log(bench.start, [bench.instrument])
        assert len(executions(page.facts)) == 1

    run(body)


# ---- the account ---------------------------------------------------------------------------
def test_an_account_that_is_not_unified_is_refused_when_it_connects() -> None:
    async def body(bench: BybitBench) -> None:
        bench.sandbox.venue.config = replace(CONFIG, unified=False)
        with pytest.raises(VenueError, match="is not a unified trading account; upgrade it"):
            await bench.opened()

    run(body)


def test_a_key_that_may_withdraw_is_told() -> None:
    async def body(bench: BybitBench) -> None:
        assert bench.can.can_withdraw is False
        assert bench.sandbox.withdrawal_key is not None
        bench.sandbox.key, bench.sandbox.secret = bench.sandbox.withdrawal_key
        store = bench.connection()
        assert (await store.connect()).can_withdraw is True

    run(body, replace(CONFIG, may_withdraw=True))


def test_a_barred_address_is_silent_and_maintenance_is_waited_out() -> None:
    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        bench.sandbox.venue.close_for(3600)
        assert isinstance(await sent(store, bench.standing("a-1")), Unknown)
        with pytest.raises(Unreachable, match="10016"):
            await store.snapshot([bench.instrument])
        bench.sandbox.venue.close_for(-1)
        bench.sandbox.faults.once("ban")
        with pytest.raises(RateLimited, match="403, access too frequent") as caught:
            await store.snapshot([bench.instrument])
        assert caught.value.after == timedelta(minutes=10)
        asked = len(bench.front.arrived)
        assert isinstance(await sent(store, bench.standing("a-2")), NotSent)
        with pytest.raises(RateLimited):
            await store.snapshot([bench.instrument])
        assert len(bench.front.arrived) == asked

    run(body)


# ---- the market ----------------------------------------------------------------------------
def test_a_book_is_put_together_of_the_whole_and_of_changes() -> None:
    async def body(bench: BybitBench) -> None:
        store, market = await bench.opened(), bench.sandbox.market
        market.book([(99, 5), (98, 7)], [(100, 3), (101, 2)])
        book, quotes = store.book(bench.instrument, 2), store.quotes(bench.instrument)
        first = await anext(book)
        assert isinstance(first, Book)
        assert (first.bids, first.asks) == (((99, 5), (98, 7)), ((100, 3), (101, 2)))
        assert isinstance(await anext(quotes), Quote)
        market.book([(D("99.5"), 1), (99, 5), (98, 7)], [(101, 4)])  # one comes, one goes
        async with asyncio.timeout(5):
            while (found := await anext(book)).asks == first.asks:
                pass
            assert (found.bids, found.asks) == (((D("99.5"), 1), (99, 5)), ((101, 4),))
            while (best := await anext(quotes)).ask != 101:
                pass
        assert best.bid == D("99.5")

    run(body)


def test_more_streams_than_one_message_may_name_are_joined() -> None:
    assets = [f"A{number}" for number in range(12)]

    async def body(bench: BybitBench) -> None:
        store = await bench.opened()
        found = await store.instruments([f"{asset}/USDT" for asset in assets])
        streams = [store.bars(one.id, "1m") for one in found]
        await asyncio.sleep(0.7)
        for one in found:
            bench.sandbox.market_of(f"{one.base}USDT").print(7, 1)
        async with asyncio.timeout(5):
            for stream in streams:
                while not isinstance(fact := await anext(stream), Bar):
                    pass
                assert fact.close == 7

    markets = tuple(MarketConfig(symbol=f"{asset}/USDT") for asset in ("BTC", *assets))
    run(body, BybitConfig(balances=CONFIG.balances, markets=markets))


def test_streams_are_dialled_at_the_exchange_and_at_its_test_network() -> None:
    profile, exchange = BybitSpot(), ccxt.bybit()
    for prefix in ("stream", "stream-testnet"):
        urls = exchange.urls["api"]
        assert profile.market_url(urls, "") == f"wss://{prefix}.bybit.com/v5/public/spot"
        assert profile.private_url(urls) == f"wss://{prefix}.bybit.com/v5/private"
        exchange.set_sandbox_mode(True)
