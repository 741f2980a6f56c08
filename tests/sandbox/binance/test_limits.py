"""Weights, order counts, 429 and 418."""

from __future__ import annotations

import contextlib
from typing import Any

import ccxt

from atms.sandbox.binance.config import Limits, SandboxConfig
from atms.sandbox.binance.server import Sandbox
from tests.sandbox.binance.bench import SYMBOL, order, played, refusal


def test_every_reply_tells_the_weight_that_is_used() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        used = []
        for ask in (
            exchange.public_get_ping({}),
            exchange.public_get_klines({"symbol": "BTCUSDT", "interval": "1m"}),
            exchange.public_get_depth({"symbol": "BTCUSDT", "limit": 500}),
            exchange.private_get_account(),
            exchange.private_get_openorders(),
            exchange.private_get_openorders({"symbol": "BTCUSDT"}),
            exchange.private_get_mytrades({"symbol": "BTCUSDT"}),
        ):
            await ask
            used.append(int(exchange.last_response_headers["X-MBX-USED-WEIGHT-1M"]))
        steps = [b - a for a, b in zip([0, *used], used, strict=False)]
        assert steps == [1, 2, 25, 20, 80, 6, 20]

    played(body)


def test_over_the_limit_comes_429_and_then_a_ban_that_grows() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        for _ in range(5):
            await exchange.public_get_ping({})
        for _ in range(2):
            code, message = await refusal(exchange, exchange.public_get_ping({}))
            assert code == -1003
            assert message.startswith("Too much request weight used; current limit is 5 request")
            assert 1 <= int(exchange.last_response_headers["Retry-After"]) <= 60
        for seconds in (60, 120):
            _, message = await refusal(exchange, exchange.public_get_ping({}))
            assert message.startswith("Way too much request weight used; IP banned until")
            assert abs(int(exchange.last_response_headers["Retry-After"]) - seconds) <= 1
            sandbox.clock.offset += (seconds + 61) * 1000
            for _ in range(7):
                with contextlib.suppress(ccxt.DDoSProtection):
                    await exchange.public_get_ping({})
        assert [one["seconds"] for one in sandbox.truth.of("ban")][:2] == [60, 120]

    played(body, SandboxConfig(limits=Limits(weight=5, patience=2, ban=60)))


def test_the_count_of_a_minute_starts_anew_with_the_next() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        for _ in range(5):
            await exchange.public_get_ping({})
        await refusal(exchange, exchange.public_get_ping({}))
        sandbox.clock.offset += 60_000
        await exchange.public_get_ping({})

    played(body, SandboxConfig(limits=Limits(weight=5)))


def test_unfilled_orders_are_counted_and_filled_ones_are_not() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.private_post_order(order())
        assert exchange.last_response_headers["X-MBX-ORDER-COUNT-10S"] == "1"
        assert exchange.last_response_headers["X-MBX-ORDER-COUNT-1D"] == "1"
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        await exchange.private_post_order(order())
        assert exchange.last_response_headers["X-MBX-ORDER-COUNT-10S"] == "2"
        code, message = await refusal(exchange, exchange.private_post_order(order()))
        assert (code, message) == (
            -1015, "Too many new orders; current limit is 2 orders per 10 SECOND.",
        )  # fmt: skip
        counts = await exchange.private_get_ratelimit_order()
        assert [row["count"] for row in counts] == [2, 2]
        sandbox.clock.offset += 10_000
        exchange.options["timeDifference"] = -10_000
        await exchange.private_post_order(order())

    played(body, SandboxConfig(limits=Limits(orders_10s=2)))


def test_while_banned_no_websocket_is_opened() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        import aiohttp

        sandbox.venue.meter.ban("127.0.0.1", 60)
        async with aiohttp.ClientSession() as session:
            try:
                await session.ws_connect(sandbox.url + "/ws-api/v3")
            except aiohttp.WSServerHandshakeError as error:
                assert error.status == 418
            else:
                raise AssertionError("was let in")

    played(body)
