"""Each fault, called by its name, does what its name says."""

from __future__ import annotations

import asyncio
from typing import Any

import ccxt
import pytest

from atms.errors import ConfigError, UnknownName
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.sandbox.venue.faults import FAULTS
from tests.sandbox.binance.bench import SYMBOL, Events, order, played, refusal


def test_a_fault_of_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'drop_event'"):
        Sandbox(SandboxConfig(faults={"drop_evnt": 0.5}))


def test_a_rate_beyond_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        Sandbox(SandboxConfig(faults={"drop_event": 1.5}))


def test_the_same_seed_draws_the_same_faults() -> None:
    def drawn(seed: int) -> list[bool]:
        faults = Sandbox(SandboxConfig(faults={"ban": 0.3}, seed=seed)).faults
        return [faults.happens("ban") for _ in range(200)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 30 < sum(drawn(1)) < 90


def test_every_fault_is_tested_here() -> None:
    tested = {
        "timeout_after_order", "drop_request", "http_503_after_order", "error_1007_after_order",
        "reject_order", "read_lag", "slow_reply", "fill_before_ack", "duplicate_event",
        "drop_event", "delay_event", "disconnect_stream", "mute_stream", "ban", "maintenance",
    }  # fmt: skip
    assert set(FAULTS) == tested


@pytest.mark.parametrize(
    ("name", "error", "taken"),
    [
        ("timeout_after_order", ccxt.RequestTimeout, True),
        ("http_503_after_order", ccxt.ExchangeNotAvailable, True),
        ("error_1007_after_order", ccxt.RequestTimeout, True),
        ("drop_request", ccxt.NetworkError, False),
        ("reject_order", ccxt.BaseError, False),
        ("ban", ccxt.DDoSProtection, False),
        ("maintenance", ccxt.BaseError, False),
    ],
)
def test_an_order_is_taken_or_not_whatever_is_answered(
    name: str, error: type[Exception], taken: bool
) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        exchange.timeout = 300
        await exchange.load_markets()
        sandbox.faults.once(name)
        with pytest.raises(error):
            await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 49_000)
        assert len(sandbox.venue.desk.open("BTCUSDT")) == int(taken)
        assert sandbox.truth.of("fault")[0]["name"] == name

    played(body)


@pytest.mark.parametrize("name", ["timeout_after_order", "http_503_after_order", "drop_request"])
def test_an_order_over_the_websocket_is_struck_too(name: str) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.load_markets()
        await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.01, 40_000)
        sandbox.faults.once(name)
        with pytest.raises((asyncio.TimeoutError, ccxt.BaseError)):
            await asyncio.wait_for(
                exchange.create_order_ws(SYMBOL, "limit", "buy", 0.01, 49_000), 0.3
            )
        assert len(sandbox.venue.desk.open("BTCUSDT")) == 1 + int(name != "drop_request")

    played(body)


def test_a_new_order_is_hidden_from_queries_for_a_while() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.faults.once("read_lag")
        made = await exchange.private_post_order(order())
        which = {"symbol": "BTCUSDT", "orderId": made["orderId"]}
        assert (await refusal(exchange, exchange.private_get_order(which)))[0] == -2013
        assert await exchange.private_get_openorders() == []
        sandbox.market.print(49_000, 1)
        assert await exchange.private_get_mytrades({"symbol": "BTCUSDT"}) == []
        sandbox.clock.offset = 30_000
        exchange.options["timeDifference"] = -30_000
        assert (await exchange.private_get_order(which))["status"] == "FILLED"
        assert len(await exchange.private_get_mytrades({"symbol": "BTCUSDT"})) == 1

    played(body)


def test_fills_are_told_before_the_answer() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        sandbox.faults.once("fill_before_ack")
        task = asyncio.create_task(exchange.create_order(SYMBOL, "market", "buy", 0.01))
        await events.until("NEW", "TRADE")
        assert not task.done()
        assert (await task)["status"] == "closed"

    sandbox_seed = SandboxConfig(seed=3)
    played(body, sandbox_seed)


def test_a_slow_reply_comes_in_the_end() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.load_markets()
        sandbox.faults.once("slow_reply")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await exchange.public_get_ping({})
        assert loop.time() - began > 0.05

    played(body, SandboxConfig(seed=5))


@pytest.mark.parametrize(
    ("name", "heard"), [("drop_event", ["TRADE"]), ("duplicate_event", ["NEW", "NEW", "TRADE"])]
)
def test_an_event_is_lost_or_repeated(name: str, heard: list[str]) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        sandbox.faults.once(name)
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        await events.until(*heard)

    played(body)


def test_a_delayed_event_comes_after_later_ones() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        sandbox.faults.once("delay_event")
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        await events.until("TRADE", "NEW")

    played(body, SandboxConfig(seed=5))


def test_a_muted_connection_says_nothing_more_and_stays() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        sandbox.faults.once("mute_stream")
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        await asyncio.sleep(0.1)
        assert events.all == []
        wire = exchange.clients[exchange.urls["api"]["ws"]["ws-api"]["spot"]]
        assert not wire.closed()

    played(body)


def test_a_connection_is_cut_in_the_place_of_an_event() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.load_markets()
        task = asyncio.create_task(exchange.watch_orders(SYMBOL))
        await asyncio.sleep(0.2)
        sandbox.faults.once("disconnect_stream")
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        with pytest.raises(ccxt.NetworkError):
            await task

    played(body)


def test_maintenance_ends() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.venue.close_for(60)
        assert (await refusal(exchange, exchange.public_get_time()))[0] == -1016
        sandbox.clock.offset = 61_000
        await exchange.public_get_time()

    played(body)
