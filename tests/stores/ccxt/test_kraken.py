"""The ccxt store passes the contract of stores on the sandbox of Kraken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.stores.bench import Bench
from tests.stores.ccxt import kraken
from tests.stores.ccxt.contract import OfSandbox


class TestKraken(OfSandbox):
    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        kraken.run(body)
