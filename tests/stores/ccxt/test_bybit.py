"""The ccxt store passes the contract of stores on the sandbox of Bybit; and Bybit's own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.stores.bench import Bench
from tests.stores.ccxt import bybit
from tests.stores.ccxt.contract import OfSandbox


class TestBybitSpot(OfSandbox):
    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        bybit.run(body)
