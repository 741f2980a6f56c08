"""Exchanges that nobody tried: their bars through ccxt alone, and never an order.

``binanceus`` has no profile of its own, and ccxt asks it as it asks Binance: so the sandbox of
Binance is one of an exchange that was never tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import ccxt
import pytest

from atms.config import load_config
from atms.errors import ConfigError, UnknownName, VenueError
from atms.running.live import LiveRun
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.sandbox.binance.threads import SandboxThread
from atms.sandbox.venue.config import MarketConfig
from atms.stores.base import Unreachable
from atms.stores.ccxt.claims import claims_of, class_of
from atms.stores.ccxt.profiles.unexercised.markets import bars_of, instrument_of, usable
from atms.stores.ccxt.store import CCXTStore
from atms.stores.market import Bar, FeedLink
from atms.stores.outcomes import NotSent
from atms.stores.requests import Kind, Place, Ticket

D = Decimal
HOUR = timedelta(hours=1)
START = datetime(2030, 1, 1, tzinfo=UTC)


def hourly(number: int) -> datetime:
    return START + number * HOUR


def run(body: Callable[[Sandbox, CCXTStore], Awaitable[None]]) -> None:
    """Run with a market of three hourly bars that are over and one that grows."""

    async def played() -> None:
        async with Sandbox(SandboxConfig(markets=(MarketConfig(timeframe="1h"),))) as sandbox:
            for number in range(3):
                trade(sandbox, number)
            sandbox.market.print(103, 1, time=_ms(hourly(3)))
            store = CCXTStore(
                "binanceus", key="akey", secret="asecret", url=sandbox.url, market_clock="stream"
            )
            try:
                await body(sandbox, store)
            finally:
                await store.close()

    asyncio.run(played())


def trade(sandbox: Sandbox, number: int) -> None:
    price = 100 + number
    sandbox.market.bar(price, price + 1, price - 1, price, 4, start=_ms(hourly(number)))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def test_history_ends_with_the_last_bar_that_is_over() -> None:
    async def body(sandbox: Sandbox, store: CCXTStore) -> None:
        await store.connect()
        name = f"{store.account}:BTC/USDT"
        much_later = hourly(1000)  # as a feed asks, by its own clock
        bars = [bar async for bar in store.history(name, "1h", hourly(1), much_later)]
        assert [(bar.open_at, bar.close) for bar in bars] == [(hourly(1), 101), (hourly(2), 102)]
        assert all(bar.final and bar.close_at == bar.open_at + HOUR for bar in bars)

    run(body)


def test_a_bar_comes_once_after_it_is_over() -> None:
    async def body(sandbox: Sandbox, store: CCXTStore) -> None:
        await store.connect()
        facts = store.bars(f"{store.account}:BTC/USDT", "1h")
        assert isinstance(await anext(facts), FeedLink)
        waiting = asyncio.ensure_future(anext(facts))
        await asyncio.sleep(1.2)  # it asks each second, and the bar of 3:00 still grows
        assert not waiting.done()
        sandbox.market.print(104, 1, time=_ms(hourly(4)))
        bar = await asyncio.wait_for(waiting, 5)
        assert isinstance(bar, Bar)
        assert (bar.open_at, bar.close, bar.final) == (hourly(3), 103, True)
        await facts.aclose()  # type: ignore[attr-defined]

    run(body)


def test_no_order_no_key_and_no_question_of_an_account_leaves() -> None:
    async def body(sandbox: Sandbox, store: CCXTStore) -> None:
        can = await store.connect()
        (listed,) = await store.instruments(["BTC/USDT"])
        assert not can.exercised
        assert store.account == "binanceus-loopback-public"
        order = Ticket(key="k1", instrument=listed.id, side=1, qty=D(1), kind=Kind.MARKET)
        sent = await store.transmit(await store.prepare(Place(tickets=(order,))))
        assert isinstance(sent, NotSent)
        with pytest.raises(VenueError, match="not exercised: orders were never tried there"):
            await store.snapshot([listed.id])
        assert not sandbox.truth.of("order")

    run(body)


def test_ccxt_s_own_word_tells_why_a_question_was_refused() -> None:
    async def body(sandbox: Sandbox, store: CCXTStore) -> None:
        await store.connect()
        with pytest.raises(VenueError, match=r"no symbol 'BTC/USDD'; did you mean 'BTC/USDT'\?"):
            await store.instruments(["BTC/USDD"])
        with pytest.raises(Unreachable, match="binanceus does not have market symbol ABC/DEF"):
            await anext(store.history(f"{store.account}:ABC/DEF", "1h", START, hourly(9)))
        with pytest.raises(VenueError, match="not exercised: bars alone"):
            store.prints(f"{store.account}:BTC/USDT")

    run(body)


def test_live_is_refused_before_anything_is_begun(tmp_path: Path) -> None:
    with SandboxThread(SandboxConfig()) as sandbox:
        config = load_config(
            {
                "stores": {"us": {"venue": "binanceus", "url": sandbox.sandbox.url, "key": "${K}",
                                  "secret": "${K}"}},
                "data": {"feeds": [{"name": "btc", "store": "us", "symbol": "BTC/USDT",
                                    "timeframe": "1h"}]},
                "strategy": {"name": "buy_and_hold"},
                "execution": {"state_dir": str(tmp_path)},
                "risk": {"max_order_notional": 1, "max_position": 1, "max_daily_loss": "1%",
                         "max_orders_per_minute": 9},
            },
            environment={"K": "akey"},
        ).config  # fmt: skip
        live = LiveRun(config, "live")
        try:
            with pytest.raises(VenueError, match=r"stores\.us: .*not exercised"):
                live.look()
        finally:
            live.trading.close()


# ---- names -------------------------------------------------------------------------------------
@pytest.mark.parametrize("exchange", ccxt.exchanges)
def test_every_exchange_of_ccxt_has_a_store(exchange: str) -> None:
    assert CCXTStore(exchange).venue == exchange


def test_a_misspelt_exchange_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"'binanse'; did you mean 'binance'\?"):
        CCXTStore("binanse")


def test_an_exchange_of_which_ccxt_has_no_bars_says_so_when_bars_are_asked_for() -> None:
    store = CCXTStore("bitflyer")
    with pytest.raises(VenueError, match="ccxt has no bars of it"):
        store.bars("bitflyer-public:BTC/JPY", "1h")


def test_a_test_network_that_ccxt_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match="no test network of upbit"):
        CCXTStore("upbit", testnet=True)


def test_what_ccxt_does_itself_is_told_apart_from_what_the_exchange_does() -> None:
    # as ccxt 4.5.90 has it: gate streams bars and takes trigger orders; of bitflyer it has no bars
    gate, other = claims_of("gate"), claims_of("bitflyer")
    assert (gate.abilities["bars"], gate.abilities["stop orders"]) == ("yes", "yes")
    assert (other.abilities["bars"], other.can("bars")) == ("no", False)


def test_a_market_of_an_exchange_may_have_an_id_of_ours() -> None:
    for ours, id_ in (("bybitlinear", "bybit"), ("okxlinear", "okx")):
        assert class_of(ours) is class_of(id_)
    with pytest.raises(UnknownName, match="did you mean 'okxlinear'"):
        class_of("okxlinaer")


# ---- answers -----------------------------------------------------------------------------------
def test_bars_of_no_fixed_length_are_left_out() -> None:
    assert usable(("1m", "1h", "1M", "3M", "1y", "15")) == {"1m", "1h"}


def test_bars_come_in_order_once_and_from_the_start_on() -> None:
    def row(number: int, close: float | None) -> list[float | None]:
        return [_ms(hourly(number)), 1, 2, 0.5, close, None]

    rows = [row(2, 1.2), row(0, 1), row(1, 1.1), row(2, 1.25), row(3, None)]
    bars = bars_of(rows, "x", "1h", hourly(1))
    assert [(bar.open_at, bar.close) for bar in bars] == [
        (hourly(1), D("1.1")), (hourly(2), D("1.25")),
    ]  # fmt: skip
    assert bars[0].volume is None


def test_a_contract_counts_in_its_own_units_and_an_inverse_one_is_refused() -> None:
    row = {
        "base": "BTC", "quote": "USDT", "settle": "USDT", "contract": True, "linear": True,
        "contractSize": 0.0001, "precision": {"amount": 1, "price": 0.1},
        "limits": {"amount": {"min": 1, "max": 1000}},
    }  # fmt: skip
    made = instrument_of(row, "x", decimal_places=False)
    assert (made.multiplier, made.qty_step, made.max_qty) == (D("0.0001"), 1, 1000)
    assert (made.cash, made.price_steps) == ("margin", ((0, D("0.1")),))
    with pytest.raises(VenueError, match="only spot and linear"):
        instrument_of({**row, "linear": False}, "x", decimal_places=False)


def test_steps_may_be_told_as_numbers_of_decimal_places() -> None:
    row = {"base": "A", "quote": "B", "precision": {"amount": 3, "price": 0}}
    made = instrument_of(row, "x", decimal_places=True)
    assert (made.qty_step, made.price_steps) == (D("0.001"), ((0, 1),))
