"""The simulated stores pass the contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.stores.bench import Bench
from tests.stores.contract import StoreContract
from tests.stores.simulated import run


class Simulated(StoreContract):
    name = ""

    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        run(self.name, body)


class TestExchangeStore(Simulated):
    name = "exchange"


class TestLotStore(Simulated):
    name = "lots"


class TestCounterStore(Simulated):
    name = "counter"


class TestChainStore(Simulated):
    name = "chain"
