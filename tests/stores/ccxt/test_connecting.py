"""Connecting a ccxt store: what is refused, and in which words; and coming back after a break."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import ConfigError, MissingExtra, UnknownName, VenueError
from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.ccxt.store import CCXTStore
from atms.stores.facts import CashFact, FillFact, LinkFact, OrderFact
from atms.stores.market import Bar, FeedLink
from atms.stores.outcomes import NotSent
from atms.stores.requests import Place
from tests.stores.bench import LONG_AGO, Ear, placed, sent
from tests.stores.ccxt.bench import CONFIG, SandboxBench, run

LOCAL = "http://127.0.0.1:1"


def store_of(bench: SandboxBench, **more: Any) -> CCXTStore:
    given = {"key": bench.sandbox.key, "secret": bench.sandbox.secret, "timeout": 2, **more}
    made = CCXTStore("binance", url=bench.front.url, **given)
    bench.stores.append(made)
    return made


async def until(there: Callable[[], object], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not there():
            await asyncio.sleep(0.02)


async def refused(connecting: Awaitable[object]) -> VenueError:
    with pytest.raises(VenueError) as caught:
        await connecting
    assert "\n" not in str(caught.value)
    return caught.value


# ---- made wrong ---------------------------------------------------------------------------------
def test_an_exchange_without_a_profile_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="knows no exchange 'binanse'; did you mean 'binan"):
        CCXTStore("binanse")


def test_without_ccxt_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt", None)
    with pytest.raises(MissingExtra, match=r"needs ccxt: pip install '.*\[ccxt\]'"):
        CCXTStore("binance")


def test_a_clock_by_the_stream_is_for_this_computer_alone() -> None:
    with pytest.raises(ConfigError, match="market_clock: stream is for an address of this comp"):
        CCXTStore("binance", market_clock="stream")
    with pytest.raises(ConfigError, match="market_clock"):
        CCXTStore("binance", testnet=True, url="https://example.com", market_clock="stream")
    CCXTStore("binance", url=LOCAL, market_clock="stream")


def test_an_address_elsewhere_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not of this computer"):
        CCXTStore("binance", url="https://example.com")


def test_a_key_without_its_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="key and secret belong together"):
        CCXTStore("binance", key="k")


def test_the_place_says_where_it_is() -> None:
    assert CCXTStore("binance").account == "binance-spot"
    assert CCXTStore("binance", testnet=True).account == "binance-spot-testnet"
    assert CCXTStore("binance", url=LOCAL).account == "binance-spot-loopback"
    assert repr(CCXTStore("binance")) == "CCXTStore('binance', account='binance-spot')"


# ---- refused ------------------------------------------------------------------------------------
def test_a_wrong_key_is_told_as_one() -> None:
    async def body(bench: SandboxBench) -> None:
        error = await refused(store_of(bench, key="k" * 64).connect())
        assert isinstance(error, AuthFailed)
        assert "does not take the key" in str(error)
        assert "check key and secret" in str(error)
        error = await refused(store_of(bench, secret="s" * 64).connect())
        assert isinstance(error, AuthFailed)

    run(body)


def test_maintenance_is_told_in_the_venues_words() -> None:
    async def body(bench: SandboxBench) -> None:
        bench.sandbox.venue.close_for(5)
        error = await refused(store_of(bench).connect())
        assert isinstance(error, Unreachable)
        assert "This service is no longer available" in str(error)

    run(body)


def test_a_venue_that_is_not_there_is_unreachable() -> None:
    async def body(bench: SandboxBench) -> None:
        bench.front.go_down()
        error = await refused(store_of(bench).connect())
        assert isinstance(error, Unreachable)
        assert "no connection" in str(error)

    run(body)


@pytest.mark.parametrize("seconds", [10.2, -10.2])
def test_a_clock_ten_seconds_off_is_told(seconds: float) -> None:
    async def body(bench: SandboxBench) -> None:
        bench.sandbox.clock.offset = int(seconds * 1000)
        error = await refused(store_of(bench).connect())
        assert "the clock is 10.2 s off" in str(error)
        assert "should follow a time server" in str(error)

    run(body)


def test_a_clock_three_seconds_off_is_corrected() -> None:
    async def body(bench: SandboxBench) -> None:
        bench.sandbox.clock.offset = -3000
        store = store_of(bench)
        await store.connect()
        assert await placed(store, replace(bench.standing("a-1"), instrument=bench.instrument))

    run(body)


def test_a_ban_at_the_beginning_is_told_with_its_length() -> None:
    async def body(bench: SandboxBench) -> None:
        bench.sandbox.venue.meter.ban("127.0.0.1", 30)
        error = await refused(store_of(bench).connect())
        assert isinstance(error, RateLimited)
        assert error.after is not None
        assert timedelta(seconds=25) < error.after <= timedelta(seconds=31)

    run(body)


def test_a_key_that_may_withdraw_is_told() -> None:
    async def body(bench: SandboxBench) -> None:
        assert (await store_of(bench).connect()).can_withdraw is False
        key, secret = bench.sandbox.withdrawal_key or ("", "")
        assert (await store_of(bench, key=key, secret=secret).connect()).can_withdraw is True

    run(body, replace(CONFIG, may_withdraw=True))


def test_without_a_key_there_are_prices_and_no_account() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench, key=None, secret=None)
        assert (await store.connect()).can_withdraw is None
        assert store.account == "binance-spot-loopback-public"
        (listed,) = await store.instruments(["BTC/USDT"])
        async for quote in store.quotes(listed.id):
            assert quote.bid < quote.ask
            break
        for read in (store.snapshot([listed.id]), store.log(None, [listed.id])):
            assert isinstance(await refused(read), AuthFailed)
        with pytest.raises(AuthFailed):
            store.facts()
        assert isinstance(await sent(store, bench.standing("a-1")), NotSent)
        assert bench.received() == 0

    run(body)


# ---- breaks -------------------------------------------------------------------------------------
def test_after_a_break_the_account_is_heard_again_and_the_gap_is_told() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench)
        await store.connect()
        ear = Ear(store)
        await placed(store, bench.standing("a-1"))
        bench.sandbox.disconnect()
        await until(lambda: [one.up for one in ear.of(LinkFact)] == [True, False, True])
        assert not any(one.lossless for one in ear.of(LinkFact))
        await bench.fill("a-1")
        await until(lambda: ear.of(FillFact))

    run(body)


def test_a_venue_that_announces_its_end_is_left_before_it() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench)
        await store.connect()
        ear = Ear(store)
        bench.sandbox.announce_shutdown()
        await until(lambda: len(ear.of(LinkFact)) >= 3)
        assert "the venue ends the stream" in ear.of(LinkFact)[1].why

    run(body)


def test_a_message_that_cannot_be_read_costs_no_other_and_asks_for_the_log() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench)
        await store.connect()
        ear = Ear(store)
        await bench.front.say({"event": {"e": "executionReport", "s": "BTCUSDT"}})
        await placed(store, bench.standing("a-1"))
        await until(lambda: ear.of(OrderFact))
        assert [one.up for one in ear.of(LinkFact)] == [True, False, True]

    run(body)


def test_a_connection_that_says_nothing_more_is_given_up() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench)
        store._profile.idle = 0.2  # not the ten seconds of the real one
        await store.connect()
        ear = Ear(store)
        bench.sandbox.faults.once("mute_stream")
        await placed(store, bench.standing("a-1"))
        await asyncio.sleep(0.1)
        bench.front.deaf = True
        await until(lambda: not all(one.up for one in ear.of(LinkFact)))
        bench.front.deaf = False

    run(body)


def test_a_deposit_is_told() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench)
        await store.connect()
        ear = Ear(store)
        bench.sandbox.venue.desk.deposit("USDT", Decimal(5))
        await until(lambda: ear.of(CashFact))
        assert ear.of(CashFact)[0].kind == "deposit"
        assert ear.of(CashFact)[0].amount == 5

    run(body)


def test_bars_go_on_after_a_break_and_the_feed_is_told_of_it() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench, market_clock="stream")
        await store.connect()
        heard: list[object] = []

        async def listen() -> None:
            async for fact in store.bars(bench.instrument, "1m"):
                heard.append(fact)

        task = asyncio.ensure_future(listen())
        await until(lambda: heard)
        bench.sandbox.disconnect()
        await until(lambda: len(heard) >= 3)
        assert [one.up for one in heard[:3] if isinstance(one, FeedLink)] == [True, False, True]
        await bench.bar(1)
        await until(lambda: any(isinstance(one, Bar) and one.final for one in heard))
        await store.close()
        await task

    run(body)


# ---- the log ------------------------------------------------------------------------------------
def test_a_long_past_before_the_log_was_begun_is_not_told() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench)
        await store.connect()
        store.page = 3
        for number in range(5):
            await sent(store, bench.taking(f"a-{number}"))
        await asyncio.sleep(0.05)
        page = await store.log(None, [])
        for number in range(4):
            await sent(store, bench.taking(f"b-{number}"))
        found: list[FillFact] = []
        more, place = True, page.next
        while more:
            page = await store.log(place, [bench.instrument])
            found += [one for one in page.facts if isinstance(one, FillFact)]
            more, place = page.more, page.next
        assert [one.key for one in found] == ["b-0", "b-1", "b-2", "b-3"]

    run(body)


def test_after_a_restart_an_order_is_found_by_what_the_journal_kept() -> None:
    async def body(bench: SandboxBench) -> None:
        store = store_of(bench)
        await store.connect()
        made = await store.prepare(Place(tickets=(bench.standing("a-1"),)))
        await store.transmit(made)
        await store.close()
        again = store_of(bench)
        await again.connect()
        again.used([name for _, name in made.refs])
        looked = await again.lookup("a-1", frozenset(), LONG_AGO)
        assert type(looked).__name__ == "Found"

    run(body)
