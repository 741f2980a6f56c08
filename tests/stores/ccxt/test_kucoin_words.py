"""What only KuCoin's wire says: codes, the log's places, fees that come later, its own pings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from atms.errors import ConfigError, VenueError
from atms.stores.base import AuthFailed
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.profiles.kucoin import codes
from atms.stores.ccxt.profiles.kucoin.profile import KucoinSpot
from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import CashFact, FillFact, HeadFact, LinkFact, State
from atms.stores.outcomes import Acked, Reason
from tests.stores.bench import Ear, placed, read_log, sent
from tests.stores.ccxt.bench import PRICE
from tests.stores.ccxt.kucoin import CONFIG, KucoinBench, run

Test = Callable[[KucoinBench], Awaitable[None]]


def qtys(pages: list[object]) -> list[Decimal]:
    return [one.qty for page in pages for one in page.facts if isinstance(one, FillFact)]  # type: ignore[attr-defined]


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0.01)


# ---- answers -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "code", "text", "reason"),
    [
        (200, "200004", "Balance insufficient!", Reason.FUNDS),
        (200, "400100", "account.available.amount", Reason.FUNDS),
        (200, "400100", "validation.createOrder.clientOidDuplicated", Reason.DUPLICATE_KEY),
        (200, "400100", "order_not_exist_or_not_allow_to_cancel", Reason.NOT_OPEN),
        (200, "400100", "Order size below the minimum requirement.", Reason.FILTER),
        (200, "400100", "symbol can not be empty", Reason.OTHER),
        (200, "600100", "Order size increment invalid.", Reason.FILTER),
        (200, "900001", "symbol not exists", Reason.OTHER),
        (401, "400002", "KC-API-TIMESTAMP Invalid", Reason.CLOCK),
        (401, "400004", "Invalid KC-API-PASSPHRASE", Reason.NO_PERMISSION),
        (429, "429000", "Too many requests", Reason.RATE),
        (200, "200001", "Order creation for this pair suspended", Reason.CLOSED_MARKET),
        # nobody knows what became of these
        (500, "400100", "account.available.amount", None),
        (200, "230005", "The system is busy, please try again later", None),
        (200, "500000", "Internal Server Error", None),
        (200, "999999", "something new", None),
    ],
)
def test_a_code_says_why_a_write_was_refused_or_leaves_it_open(
    status: int, code: str, text: str, reason: Reason | None
) -> None:
    said = codes.complaint(status, {}, "", {"code": code, "msg": text})
    assert said is not None  # whatever HTTP says
    assert codes.judge(said) is reason


def test_a_rate_limit_says_how_long_to_wait_and_the_firewall_half_a_minute() -> None:
    limited = codes.complaint(429, {"GW-RateLimit-Reset": "1500"}, "", {"code": "429000"})
    blocked = codes.complaint(403, {}, "error code: 1015", None)
    assert isinstance(limited, Said)
    assert isinstance(blocked, Said)
    assert limited.retry_after == timedelta(seconds=1.5)
    assert (codes.judge(blocked), blocked.retry_after) == (Reason.RATE, timedelta(seconds=30))
    assert codes.complaint(200, {}, "", {"code": "200000", "data": None}) is None


# ---- the log -------------------------------------------------------------------------------
def test_executions_of_one_time_stamp_are_told_once_each_however_the_log_is_read() -> None:
    async def body(bench: KucoinBench) -> None:
        store = await bench.opened()
        await placed(store, bench.standing("a-1"))
        now = bench.sandbox.clock.now()
        bench.sandbox.clock.now = lambda: now  # all of it in one millisecond
        await bench.fill("a-1", Decimal(1))
        first = await read_log(store, bench.start, [bench.instrument])
        await bench.fill("a-1", Decimal(2))
        await bench.fill("a-1", Decimal(5))
        second = await read_log(store, first[-1].next, [bench.instrument])
        third = await read_log(store, second[-1].next, [bench.instrument])
        assert (qtys(first), qtys(second), qtys(third)) == ([1], [2, 5], [])

    run(body)


def test_an_execution_that_is_shown_later_than_a_newer_one_is_not_passed_over() -> None:
    async def body(bench: KucoinBench) -> None:
        store = await bench.opened()
        await placed(store, bench.standing("a-1"))
        await bench.fill("a-1", Decimal(1))
        (hidden,) = bench.sandbox.venue.desk.fills["BTCUSDT"]
        hidden.seen_from = bench.sandbox.clock.now() + 60_000
        await asyncio.sleep(0.01)
        await bench.fill("a-1", Decimal(2))
        first = await read_log(store, bench.start, [bench.instrument])
        hidden.seen_from = 0
        second = await read_log(store, first[-1].next, [bench.instrument])
        assert (qtys(first), qtys(second)) == ([2], [1])

    run(body)


@pytest.mark.parametrize(("days", "gap"), [(6, False), (8, True)])
def test_a_log_that_was_not_read_for_longer_than_the_venue_keeps_it_has_a_gap(
    days: int, gap: bool
) -> None:
    async def body(bench: KucoinBench) -> None:
        store = await bench.opened()
        now = bench.sandbox.clock.now()
        old = json.dumps({"newest": {}, "read": now - days * 86_400_000, "since": 0})
        page = await store.log(old, [bench.instrument])
        assert (page.gap_until is not None) is gap
        again = await store.log(page.next, [bench.instrument])
        assert again.gap_until is None

    run(body)


def test_what_is_filled_while_the_stream_is_cut_is_in_the_log() -> None:
    async def body(bench: KucoinBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a-1"))
        bench.sandbox.disconnect()
        await until(lambda: [one for one in ear.of(LinkFact) if not one.up])
        await bench.fill("a-1", Decimal(3))
        await until(lambda: ear.of(LinkFact)[-1].up)
        await bench.fill("a-1")
        await until(lambda: ear.of(HeadFact))  # each execution says that the log has more
        assert [one.qty for one in ear.of(FillFact)] == [5]
        assert qtys(await read_log(store, bench.start, [bench.instrument])) == [3, 5]

    run(body)


# ---- orders and the account ----------------------------------------------------------------
def test_a_post_only_order_that_would_take_is_taken_and_canceled() -> None:
    async def body(bench: KucoinBench) -> None:
        store = await bench.opened()
        ticket = replace(bench.standing("a-1"), limit=Decimal(120), post_only=True)
        outcome = await sent(store, ticket)
        assert isinstance(outcome, Acked)
        (fact,) = outcome.facts
        assert (fact.state, fact.filled) == (State.CANCELED, 0)  # type: ignore[union-attr]

    run(body)


def test_money_that_comes_from_without_is_told_and_what_orders_hold_is_not() -> None:
    async def body(bench: KucoinBench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await placed(store, bench.standing("a-1"))
        bench.sandbox.venue.desk.deposit("USDT", Decimal(7))
        await until(lambda: ear.of(CashFact))
        (moved,) = ear.of(CashFact)
        assert (moved.asset, moved.amount, moved.kind) == ("USDT", 7, "deposit")

    run(body)


def test_a_unified_account_is_refused_before_anything_is_sent() -> None:
    async def body(bench: KucoinBench) -> None:
        raise AssertionError("it was opened")

    with pytest.raises(VenueError, match="is a unified one"):
        run(body, replace(CONFIG, unified=True))


def test_a_key_says_whether_it_may_withdraw_and_a_passphrase_is_proved() -> None:
    async def body(bench: KucoinBench) -> None:
        assert bench.can.can_withdraw is False
        key, secret = bench.sandbox.withdrawal_key
        given = {"key": key, "secret": secret, "url": bench.front.url}
        other = CCXTStore("kucoin", password=bench.sandbox.passphrase, **given)
        wrong = CCXTStore("kucoin", password="wrong", **given)
        bench.stores += [other, wrong]
        assert (await other.connect()).can_withdraw is True
        with pytest.raises(AuthFailed, match="400004"):
            await wrong.connect()
        with pytest.raises(ConfigError, match="give password"):
            CCXTStore("kucoin", **given)

    run(body, replace(CONFIG, may_withdraw=True))


def test_history_reads_over_a_time_without_bars_and_never_gives_one_that_still_grows() -> None:
    start = datetime(2100, 3, 2, 9, tzinfo=UTC)
    minute = timedelta(minutes=1)

    async def body(bench: KucoinBench) -> None:
        for at in (0, 1, 5, 6, 20):  # a page has three; nothing was traded between
            bench.sandbox.market.print(PRICE, 1, time=int((start + at * minute).timestamp() * 1000))
        store = await bench.opened()
        far = start + timedelta(days=3000)
        found = [one async for one in store.history(bench.instrument, "1m", start, far)]
        assert [(one.open_at - start) // minute for one in found] == [0, 1, 5, 6]
        assert [one async for one in store.history(bench.instrument, "1m", far, far)] == []
        asked = [path for _, path in bench.front.arrived if path.endswith("/candles")]
        assert len(asked) < 12

    run(body)


def test_a_test_network_that_there_is_not_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match="ccxt knows no test network of kucoin"):
        CCXTStore("kucoin", key="k", secret="s", password="p", testnet=True)


# ---- streams -------------------------------------------------------------------------------
def test_prices_the_book_and_trades_are_streamed() -> None:
    async def body(bench: KucoinBench) -> None:
        store = await bench.opened()
        books = store.book(bench.instrument, 7)
        trades, quotes = store.prints(bench.instrument), store.quotes(bench.instrument)
        quote = await anext(quotes)  # of now, though nothing moves
        assert quote.bid < quote.ask
        next_book = asyncio.ensure_future(anext(books))
        next_trade = asyncio.ensure_future(anext(trades))
        next_quote = asyncio.ensure_future(anext(quotes))
        async with asyncio.timeout(10):
            while not (next_book.done() and next_trade.done() and next_quote.done()):
                bench.sandbox.market.print(105, "0.5")
                await asyncio.sleep(0.05)
        assert (len(next_book.result().bids), next_book.result().asks[0][0]) == (7, 105)
        assert (next_trade.result().price, next_trade.result().taker) == (105, 1)
        assert next_quote.result().ask == 105

    run(body)


def test_a_connection_lives_by_the_venues_own_pongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KucoinSpot, "idle", 0.1)  # a ping each so many seconds

    async def body(bench: KucoinBench) -> None:
        ear = Ear(await bench.opened())
        await asyncio.sleep(1)
        assert all(one.up for one in ear.of(LinkFact))
        bench.front.deaf = True
        await until(lambda: not ear.of(LinkFact)[-1].up)

    run(body)
