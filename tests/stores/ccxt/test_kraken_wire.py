"""Kraken's own: numbers of orders, words of errors, the log by times, turns of requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from atms.errors import ConfigError
from atms.sandbox.kraken.config import KrakenConfig
from atms.stores.capabilities import Budget
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.profiles.kraken import codes
from atms.stores.ccxt.profiles.kraken.limits import budgets, cost_of_cancel
from atms.stores.ccxt.profiles.kraken.names import KrakenSymbols, asset
from atms.stores.ccxt.profiles.kraken.numbers import exact
from atms.stores.ccxt.profiles.kraken.profile import KrakenSpot
from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import BalanceFact, FillFact, OrderFact, State
from atms.stores.market import Book, Print
from atms.stores.outcomes import Acked, Found, Reason, Refused
from atms.stores.requests import Kind, Place, Ticket
from tests.stores.bench import (
    LONG_AGO,
    Ear,
    canceled,
    executions,
    placed,
    read_log,
    sent,
    traded,
)
from tests.stores.ccxt.kraken import CONFIG, KrakenBench, run

Body = Callable[[KrakenBench, CCXTStore], Awaitable[None]]


def on_the_wire(body: Body, config: KrakenConfig = CONFIG, **more: object) -> None:
    """Run a body with a store that is connected."""

    async def played(bench: KrakenBench) -> None:
        store = bench.joined(**more)
        await store.connect()
        await body(bench, store)

    run(played, config)


# ---- words ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("EOrder:Insufficient funds", Reason.FUNDS),
        ("EGeneral:Invalid arguments:volume minimum not met", Reason.FILTER),
        ("EGeneral:Invalid arguments", Reason.OTHER),
        ("EOrder:Invalid price:BTC/USD price can only be specified up to 1 decimals.",
         Reason.FILTER),
        ("EOrder:Duplicate order", Reason.DUPLICATE_KEY),
        ("EOrder:Rate limit exceeded", Reason.RATE),
        ("EAPI:Invalid nonce", Reason.CLOCK),
        ("EService:Market in cancel_only mode", Reason.CLOSED_MARKET),
        ("EService:Unavailable", None),
        ("EService:Deadline elapsed", None),
        ("EGeneral:Internal error:EX12", None),
        ("EOrder:Something new", None),
    ],
)  # fmt: skip
def test_an_error_is_a_refusal_only_where_nothing_was_done(
    error: str, reason: Reason | None
) -> None:
    said = codes.complaint(200, "", {"error": [error]}, {})
    assert said is not None
    assert codes.judge(said) is reason


def test_a_warning_is_no_error_and_a_page_of_the_firewall_proves_nothing() -> None:
    assert codes.complaint(200, "", {"error": ["WTrading:slow"], "result": {}}, {}) is None
    page = codes.complaint(520, "<html><b>520</b></html>", None, {})
    assert page is not None
    assert (page.text, codes.judge(page)) == ("520", None)
    turned = codes.complaint(429, "", None, {"Retry-After": "7"})
    assert turned is not None
    assert (codes.judge(turned), turned.retry_after) == (Reason.RATE, timedelta(seconds=7))


def test_a_limit_of_orders_does_not_stop_reads() -> None:
    orders = codes.complaint(200, "", {"error": ["EOrder:Rate limit exceeded"]}, {})
    calls = codes.complaint(200, "", {"error": ["EAPI:Rate limit exceeded"]}, {})
    assert isinstance(orders, Said) and isinstance(calls, Said)
    assert (orders.bans, calls.bans) == (False, True)
    assert calls.retry_after == timedelta(seconds=15)


def test_a_pair_is_one_under_each_of_its_names() -> None:
    names = KrakenSymbols()
    names.account = "k"
    row = {"altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD"}
    assert names.listed("XXBTZUSD", row) == "BTC/USD"
    for word in ("XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD"):
        assert names.id(word) == "k:BTC/USD"
    later = KrakenSymbols()  # of another process, which has not read the list
    later.account = "k"
    assert later.raw("k:DOGE/USDT") == "XDGUSDT"
    assert later.id("XDGUSDT") == "k:DOGE/USDT"
    assert [asset(one) for one in ("ZEUR", "XXDG", "ZRX", "XBT.F")] == [
        "EUR", "DOGE", "ZRX", "BTC.F",
    ]  # fmt: skip


def test_a_number_that_a_float_cannot_carry_is_not_booked_from_the_stream() -> None:
    assert exact(0.1) == Decimal("0.1")
    assert exact(1234567.12345678) == Decimal("1234567.12345678")  # fifteen digits
    with pytest.raises(ValueError, match="more digits than a float carries"):
        exact(123456789.12345678)


# ---- limits --------------------------------------------------------------------------------
def test_budgets_are_those_of_the_tier_and_a_young_orders_end_costs_most() -> None:
    by_name = {one.name: one for one in budgets("pro")}
    assert (by_name["calls"].units, by_name["calls"].per) == (20, timedelta(seconds=20))
    assert (by_name["trading"].units, by_name["trading"].per) == (180, timedelta(seconds=48))
    assert [cost_of_cancel(age) for age in (0, 7, 60, 301)] == [8, 6, 2, 0]


def test_an_order_that_waited_for_our_budget_is_as_old_as_its_time_at_the_venue() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        one_at_a_time = Budget(
            name="trading", per=timedelta(seconds=0.3), units=1, shared_by="account", reserve=0
        )
        store._asking.budgets.replace([one_at_a_time])
        assert isinstance(await sent(store, bench.standing("a-1")), Acked)
        second = await store.prepare(Place(tickets=(bench.standing("a-2"),)))
        assert await store.admit(second, timedelta(0)) > timedelta(0)
        assert not await store.admit(second, timedelta(seconds=20))
        left = time.monotonic()
        assert isinstance(await store.transmit(second), Acked)
        assert store._profile._memory.age("a-2") <= time.monotonic() - left

    on_the_wire(body)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tier": "pto"}, "no 'pto'; did you mean 'pro'"),
        ({"limits_times": 0}, "limits_times"),
        ({"leverage": 2}, "no 'leverage'"),
    ],
)
def test_options_that_the_account_has_not_are_refused(
    options: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        KrakenSpot().want(options)


def test_requests_of_one_key_keep_their_nonces_order_however_many_are_sent_at_once() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        small = replace(bench.standing("a"), qty=Decimal(1))
        tickets = [replace(small, key=f"a-{number}") for number in range(20)]
        outcomes = await asyncio.gather(*(sent(store, ticket) for ticket in tickets))
        assert [type(one) for one in outcomes] == [Acked] * 20

    on_the_wire(body, replace(CONFIG, nonce_window=0))


def test_a_request_whose_answer_is_lost_holds_the_next_up_for_a_moment_only() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        with bench.trouble("silent"):
            lost = asyncio.ensure_future(sent(store, bench.standing("a-1")))
            await asyncio.sleep(0.2)
        assert isinstance(await sent(store, bench.standing("a-2")), Acked)
        assert not lost.done()
        lost.cancel()

    on_the_wire(body, replace(CONFIG, nonce_window=0), timeout=30)


@pytest.mark.parametrize(("window", "on_their_way"), [(0, 1), (10_000, 5)])
def test_orders_overtake_each_other_only_where_the_key_has_a_nonce_window(
    window: int, on_their_way: int
) -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        small = replace(bench.standing("a"), qty=Decimal(1))
        tickets = [replace(small, key=f"a-{number}") for number in range(5)]
        with bench.trouble("silent"):
            sending = [asyncio.ensure_future(sent(store, ticket)) for ticket in tickets]
            await asyncio.sleep(0.5)
            arrived = [path for _, path in bench.front.arrived if path.endswith("/AddOrder")]
            assert len(arrived) == on_their_way
        for one in sending:
            one.cancel()

    on_the_wire(body, replace(CONFIG, nonce_window=window), timeout=30)


def test_a_clock_within_the_second_that_the_venue_tells_is_taken_as_right() -> None:
    profile, here = KrakenSpot(), datetime(2026, 3, 2, 9, 0, 5, 700_000, tzinfo=UTC)
    profile._here = lambda: here  # type: ignore[method-assign]
    second = int(here.timestamp())  # 9:00:05
    told = {number: profile.read_time({"result": {"unixtime": number}})
            for number in (second, second + 2, second - 3)}  # fmt: skip
    assert told[second] == here
    assert told[second + 2] == datetime(2026, 3, 2, 9, 0, 7, tzinfo=UTC)
    assert told[second - 3] == datetime(2026, 3, 2, 9, 0, 3, tzinfo=UTC)


# ---- orders --------------------------------------------------------------------------------
def test_what_is_partly_filled_and_taken_back_is_whole_in_log_look_up_and_balances() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        names = await placed(store, bench.standing("a-1"))
        await bench.fill("a-1", Decimal(3))
        assert isinstance(await canceled(store, "a-1", names["a-1"]), Acked)
        looked = await store.lookup("a-1", frozenset(), LONG_AGO)
        assert isinstance(looked, Found)
        (fill,) = [one for one in looked.facts if isinstance(one, FillFact)]
        (order,) = [one for one in looked.facts if isinstance(one, OrderFact)]
        assert (order.state, order.filled, order.text) == (State.CANCELED, 3, "User requested")
        (fee,) = fill.fees or ()
        assert (fee.asset, fee.amount) == ("USDT", Decimal("0.27"))  # a thousandth of 3 x 90
        (page,) = await read_log(store, bench.start, [bench.instrument])
        assert page.facts == (fill,)
        held = [
            one for one in (await store.snapshot([bench.instrument])).facts
            if isinstance(one, BalanceFact) and one.asset == "USDT"
        ]  # fmt: skip
        # 40,000 less 3 x 90 and the fee; nothing is held any more
        assert (held[0].total, held[0].free) == (Decimal("39729.73"), Decimal("39729.73"))

    on_the_wire(body)


@pytest.mark.parametrize("kind", [Kind.STOP, Kind.STOP_LIMIT])
def test_a_stop_waits_at_the_venue_and_fills_under_its_key(kind: Kind) -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        ear = Ear(store)
        stop = Ticket(
            key="s-1", instrument=bench.instrument, side=-1, qty=Decimal(2), kind=kind,
            trigger=Decimal(95), limit=Decimal(90) if kind is Kind.STOP_LIMIT else None,
        )  # fmt: skip
        await placed(store, stop)
        bench.sandbox.market.print(96, 1)
        await bench.settle()
        assert ear.orders("s-1")[-1].state is State.WORKING
        assert ear.orders("s-1")[-1].ticket == stop
        bench.sandbox.market.print(95, 1)
        await bench.settle()
        last = ear.orders("s-1")[-1]
        assert (last.state, last.filled) == (State.FILLED, 2)
        assert sum(one.qty for one in ear.fills("s-1")) == 2

    on_the_wire(body)


@pytest.mark.parametrize(
    ("more", "state", "filled"),
    [({"tif": "ioc"}, State.CANCELED, 500), ({"tif": "fok"}, State.CANCELED, 0)],
)
def test_what_may_not_stay_is_over_at_once(
    more: dict[str, object], state: State, filled: int
) -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        ear = Ear(store)
        bench.sandbox.market.book([[99, 500]], [[101, 500]])
        ticket = replace(bench.standing("a-1"), side=-1, qty=Decimal(600), limit=Decimal(99))
        await sent(store, replace(ticket, **more))  # type: ignore[arg-type]
        await bench.settle()
        assert (ear.orders("a-1")[-1].state, ear.orders("a-1")[-1].filled) == (state, filled)

    on_the_wire(body, replace(CONFIG, balances={"USDT": Decimal(1), "BTC": Decimal(1000)}))


def test_a_post_only_order_that_would_take_is_refused_for_it() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        ticket = replace(bench.standing("a-1"), limit=Decimal(110), post_only=True)
        outcome = await sent(store, ticket)
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.WOULD_TAKE

    on_the_wire(body)


def test_an_order_that_is_over_cannot_be_taken_back() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        names = await placed(store, bench.standing("a-1"))
        await bench.fill("a-1")
        for refs in (names["a-1"], frozenset[str]()):  # by its number, by our key
            outcome = await canceled(store, "a-1", refs)
            assert isinstance(outcome, Refused)
            assert outcome.reason is Reason.NOT_OPEN

    on_the_wire(body)


# ---- the log -------------------------------------------------------------------------------
def test_executions_of_one_moment_are_told_once_though_pages_end_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        now = bench.sandbox.clock.now()
        monkeypatch.setattr(bench.sandbox.clock, "now", lambda: now)
        for number in range(7):
            await placed(store, replace(bench.standing(f"a-{number}"), qty=Decimal(1)))
            await bench.fill(f"a-{number}")
        pages = await read_log(store, bench.start, [bench.instrument])
        told = executions([fact for page in pages for fact in page.facts])
        assert [len(page.facts) for page in pages] == [3, 3, 1]
        assert len(set(told)) == len(told) == 7

    on_the_wire(body)


def test_more_executions_than_the_venue_tells_at_once_come_from_the_oldest_on() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        store.page = 1000
        small = replace(bench.standing("a-1"), qty=Decimal(120))
        await placed(store, small)
        for _ in range(120):
            await bench.fill("a-1", Decimal(1))
        pages = await read_log(store, bench.start, [bench.instrument])
        facts = [fact for page in pages for fact in page.facts if isinstance(fact, FillFact)]
        assert len({one.exec for one in facts}) == len(facts) == 120
        assert [one.at for one in facts] == sorted(one.at for one in facts)
        assert {one.key for one in facts} == {"a-1"}

    on_the_wire(body)


def test_an_execution_that_shows_late_is_told_though_a_later_one_was() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        await traded(bench, store, 2)
        first, second = bench.sandbox.venue.desk.fills["BTCUSDT"]
        first.seen_from = 2**62
        (page,) = await read_log(store, bench.start, [bench.instrument])
        assert len(page.facts) == 1
        first.seen_from = 0
        (later,) = await read_log(await bench.opened(), page.next, [bench.instrument])
        (fact,) = later.facts
        assert isinstance(fact, FillFact)
        assert fact.key == "a0"
        assert second.id != first.id

    on_the_wire(body)


def test_what_happens_while_the_stream_is_cut_is_in_the_log() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        ear = Ear(store)
        await placed(store, bench.standing("a-1"))
        (page,) = await read_log(store, bench.start, [bench.instrument])
        bench.front.cut()
        await bench.fill("a-1", Decimal(3))
        await asyncio.sleep(0.5)
        assert ear.of(FillFact) == []
        (again,) = await read_log(store, page.next, [bench.instrument])
        assert len(again.facts) == 1
        await bench.fill("a-1", Decimal(2))
        await bench.settle()
        # the new connection's first message told what was filled before
        assert ear.orders("a-1")[-1].filled == 5

    on_the_wire(body)


def test_while_nothing_happens_the_log_is_not_asked_for_again() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        def asked() -> int:
            return sum(path.endswith("/TradesHistory") for _, path in bench.front.arrived)

        page = await store.log(None, [bench.instrument])
        await store.log(page.next, [bench.instrument])
        before = asked()
        for _ in range(5):
            assert (await store.log(page.next, [bench.instrument])).next == page.next
        assert asked() == before
        await traded(bench, store, 1)
        assert len((await store.log(page.next, [bench.instrument])).facts) == 1

    on_the_wire(body)


# ---- the market ----------------------------------------------------------------------------
def test_the_book_and_the_trades_are_streamed() -> None:
    async def body(bench: KrakenBench, store: CCXTStore) -> None:
        books, prints = store.book(bench.instrument, 3), store.prints(bench.instrument)
        first: Book = await anext(books)
        assert len(first.bids) == len(first.asks) == 3
        assert first.bids[0][0] < first.asks[0][0]
        heard = asyncio.ensure_future(anext(prints))
        await asyncio.sleep(0.6)
        bench.sandbox.market.print(99, Decimal("0.5"))
        one: Print = await asyncio.wait_for(heard, 5)
        assert (one.price, one.qty, one.taker) == (99, Decimal("0.5"), -1)
        bench.sandbox.market.book([[98, 1]], [[99, 2]])
        async with asyncio.timeout(5):
            async for book in books:
                if book.asks == ((Decimal(99), Decimal(2)),):
                    assert book.bids == ((Decimal(98), Decimal(1)),)
                    return

    on_the_wire(body)
