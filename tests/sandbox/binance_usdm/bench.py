"""A sandbox of futures and the real ccxt on it, for one test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from atms.sandbox.binance.pointing import loopback_urls
from atms.sandbox.binance_usdm.config import UsdmConfig
from atms.sandbox.binance_usdm.server import UsdmSandbox

pytest.importorskip("ccxt", reason="the sandbox is tested with ccxt")

import ccxt.pro

SYMBOL = "BTC/USDT:USDT"
Body = Callable[[UsdmSandbox, Any], Awaitable[None]]
D = Decimal


def client(sandbox: UsdmSandbox) -> Any:
    """Return ccxt's binanceusdm pointed at *sandbox*."""
    exchange = ccxt.pro.binanceusdm(
        {"apiKey": sandbox.key, "secret": sandbox.secret, "enableRateLimit": False}
    )
    exchange.timeout_on_exit = 5  # milliseconds
    exchange.urls["api"] = loopback_urls(exchange.urls["api"], sandbox.url)
    return exchange


def played(body: Body, last: float | None = 50_000, **options: Any) -> None:
    """Run *body* with a sandbox that stands at a price of *last* and a client of it."""

    async def inside() -> None:
        async with UsdmSandbox(UsdmConfig(**options)) as sandbox:
            exchange = client(sandbox)
            if last is not None:
                sandbox.market.print(last, 5)
            try:
                await asyncio.wait_for(body(sandbox, exchange), 30)
            finally:
                await exchange.close()

    asyncio.run(inside())


def order(**changes: Any) -> dict[str, Any]:
    """Return the parameters of a limit order that rests, with *changes*; None takes one away."""
    usual = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.1", "price": "49000", "newOrderRespType": "RESULT",
    }  # fmt: skip
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def market(side: str, qty: str, **more: Any) -> dict[str, Any]:
    """Return the parameters of a market order."""
    return order(side=side, type="MARKET", quantity=qty, price=None, timeInForce=None, **more)


def stop(side: str, qty: str, trigger: str, **more: Any) -> dict[str, Any]:
    """Return the parameters of a conditional order."""
    usual = {
        "symbol": "BTCUSDT", "side": side, "type": "STOP_MARKET", "quantity": qty,
        "algoType": "CONDITIONAL", "triggerPrice": trigger,
    }  # fmt: skip
    return {**usual, **more}


class Heard:
    """What the account's stream tells, as ccxt's socket hears it."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange
        self.all: list[dict[str, Any]] = []

    async def start(self) -> Heard:
        """Begin the stream; return when it is there."""
        original = self._exchange.handle_message

        def hear(wire: Any, message: Any) -> Any:
            if isinstance(message, dict) and "e" in message:
                self.all.append(message)
            return original(wire, message)

        self._exchange.handle_message = hear
        await self._exchange.load_markets()
        self._watching = asyncio.create_task(self._exchange.watch_orders(SYMBOL))
        for _ in range(300):
            if any("/private" in url for url in self._exchange.clients):
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        return self

    def kinds(self) -> list[str]:
        """Return what was told, in short: ``TRADE``, ``algo NEW``, ``account ORDER``."""
        return [_short(one) for one in self.all]

    async def until(self, *kinds: str) -> None:
        """Wait until just *kinds* were told since the last look, and look anew from here on."""
        for _ in range(300):
            if self.kinds() == list(kinds):
                self.all.clear()
                return
            await asyncio.sleep(0.01)
        pytest.fail(f"heard {self.kinds()}, not {list(kinds)}")

    def stop(self) -> None:
        self._watching.cancel()


def _short(event: dict[str, Any]) -> str:
    if event["e"] == "ORDER_TRADE_UPDATE":
        return str(event["o"]["x"])
    if event["e"] == "ALGO_UPDATE":
        return f"algo {event['o']['X']}"
    if event["e"] == "ACCOUNT_UPDATE":
        return f"account {event['a']['m']}"
    return str(event["e"])


async def refused(asked: Awaitable[Any]) -> str:
    """Return the words in which a request is refused."""
    with pytest.raises(ccxt.BaseError) as caught:
        await asked
    return str(caught.value)
