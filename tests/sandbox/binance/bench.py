"""A sandbox and the real ccxt on it, for one test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.pointing import loopback_urls
from atms.sandbox.binance.server import Sandbox

pytest.importorskip("ccxt", reason="the sandbox is tested with ccxt")

import ccxt.pro
from ccxt import BaseError

SYMBOL = "BTC/USDT"
Body = Callable[[Sandbox, Any], Awaitable[None]]


def client(sandbox: Sandbox, **options: Any) -> Any:
    """Return ccxt's binance pointed at *sandbox*."""
    credentials = {"apiKey": sandbox.key, "secret": sandbox.secret}
    exchange = ccxt.pro.binance({**credentials, "enableRateLimit": False, **options})
    exchange.timeout_on_exit = 5  # milliseconds; a quarter of a second a test otherwise
    exchange.urls["api"] = loopback_urls(exchange.urls["api"], sandbox.url)
    return exchange


def played(body: Body, config: SandboxConfig | None = None, last: float | None = 50_000) -> None:
    """Run *body* with a sandbox that stands at a price of *last* and a client of it."""

    async def inside() -> None:
        async with Sandbox(config) as sandbox:
            exchange = client(sandbox)
            if last is not None:
                sandbox.market.print(last, 5)
            try:
                await asyncio.wait_for(body(sandbox, exchange), 30)
            finally:
                await exchange.close()

    asyncio.run(inside())


async def refusal(exchange: Any, asked: Awaitable[Any]) -> tuple[int, str]:
    """Return code and message that a request over REST is refused with."""
    try:
        reply = await asked
    except BaseError:
        told = json.loads(exchange.last_http_response)
        return told["code"], told["msg"]
    pytest.fail(f"was not refused: {reply}")


def order(**changes: Any) -> dict[str, Any]:
    """Return the parameters of a limit order that rests, with *changes*; None takes one away."""
    usual = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.01", "price": "49000",
    }  # fmt: skip
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


class Events:
    """The account's events, as ccxt's raw user data stream hears them."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange
        self.all: list[dict[str, Any]] = []

    async def start(self) -> Events:
        """Subscribe; return when the venue has answered."""
        original = self._exchange.handle_message

        def hear(wire: Any, message: Any) -> Any:
            if isinstance(message, dict) and isinstance(message.get("event"), dict):
                self.all.append(message["event"])
            return original(wire, message)

        self._exchange.handle_message = hear
        await self._exchange.load_markets()
        wire = self._exchange.client(self._exchange.urls["api"]["ws"]["ws-api"]["spot"])
        self._exchange.set_balance_cache(wire, "spot", False)
        await self._exchange.ensure_user_data_stream_ws_subscribe_signature("spot")
        return self

    async def until(self, *kinds: str) -> list[dict[str, Any]]:
        """Wait until the execution types told are *kinds*, and return all events."""
        for _ in range(300):
            if self.kinds() == list(kinds):
                return self.all
            await asyncio.sleep(0.01)
        pytest.fail(f"heard {self.kinds()}, not {list(kinds)}")

    def kinds(self) -> list[str]:
        """Return the execution types, and the names of other events but balances."""
        skipped = ("outboundAccountPosition",)
        return [one.get("x", one["e"]) for one in self.all if one["e"] not in skipped]

    def reports(self) -> list[dict[str, Any]]:
        """Return the execution reports."""
        return [one for one in self.all if one["e"] == "executionReport"]


def free(sandbox: Sandbox, asset: str) -> Decimal:
    """Return the free balance of *asset*."""
    return sandbox.venue.desk.wallet.free[asset]


def locked(sandbox: Sandbox, asset: str) -> Decimal:
    """Return the locked balance of *asset*."""
    return sandbox.venue.desk.wallet.locked[asset]
