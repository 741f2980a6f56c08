"""The ccxt store passes the contract of stores on the sandboxes of Binance, spot and futures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from atms.stores.facts import State
from tests.stores.bench import Bench, Ear, placed, played
from tests.stores.ccxt import usdm
from tests.stores.ccxt.bench import run
from tests.stores.ccxt.contract import OfSandbox


class TestBinanceSpot(OfSandbox):
    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        run(body)

    @played
    async def test_an_orders_other_is_taken_back_when_one_is_filled(self, bench: Bench) -> None:
        """The venue holds pairs of a limit and a stop order, and no others."""
        store = await bench.opened()
        ear = Ear(store)
        names = await placed(store, *bench.legs("a-1", "a-2"), link="oco")
        assert all(names.values())
        await bench.fill("a-1")
        await bench.settle()
        assert ear.orders("a-1")[-1].state is State.FILLED
        assert ear.orders("a-2")[-1].state is State.CANCELED


class TestBinanceUsdm(OfSandbox):
    symbol, near = "BTC/USDT:USDT", "BTC/USDT"

    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        usdm.run(body)
