"""The ccxt store passes the contract of stores on the sandbox of OKX."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.stores.bench import Bench
from tests.stores.ccxt import okx
from tests.stores.ccxt.contract import OfSandbox


class TestOkx(OfSandbox):
    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        okx.run(body)
