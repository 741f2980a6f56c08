"""The ccxt store passes the contract of stores on Bybit's sandboxes: spot, linear contracts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.stores.bench import Bench
from tests.stores.ccxt import bybit, bybitlinear
from tests.stores.ccxt.contract import OfSandbox


class TestBybitSpot(OfSandbox):
    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        bybit.run(body)


class TestBybitLinear(OfSandbox):
    symbol, near = "BTC/USDT:USDT", "BTC/USDT"

    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        bybitlinear.run(body)
