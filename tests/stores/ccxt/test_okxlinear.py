"""The ccxt store passes the contract of stores on the sandbox of OKX's swaps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.stores.bench import Bench
from tests.stores.ccxt import okxlinear
from tests.stores.ccxt.contract import OfSandbox


class TestOkxLinear(OfSandbox):
    symbol, near = "BTC/USDT:USDT", "BTC/USDT"

    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        okxlinear.run(body)
