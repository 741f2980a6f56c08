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
    name = "binance"


class TestLotStore(Simulated):
    name = "oanda"


class TestCounterStore(Simulated):
    name = "ibkr"


class TestChainStore(Simulated):
    name = "chain"


class TestUsdmStore(Simulated):
    name = "binanceusdm"


class TestKrakenStore(Simulated):
    name = "kraken"


class TestAlpacaStore(Simulated):
    name = "alpaca"
