"""The contract of stores on a sandbox of an exchange."""

from __future__ import annotations

import pytest

from atms.errors import VenueError
from atms.stores.market import Bar
from tests.stores.bench import Bench, played
from tests.stores.ccxt.bench import PRICE
from tests.stores.contract import StoreContract


class OfSandbox(StoreContract):
    """The contract of stores, and what the store says of every exchange alike."""

    symbol, near = "BTC/USDT", "BTC/USD"

    @played
    async def test_instruments_have_our_names_and_unknown_ones_are_left_out(
        self, bench: Bench
    ) -> None:
        """Here an unknown one is told, with the nearest that there is."""
        store = await bench.opened()
        (found,) = await store.instruments([self.symbol])
        assert found.id == bench.instrument == f"{store.account}:{self.symbol}"
        assert found.qty_step > 0
        told = f"no symbol '{self.near}'; did you mean '{self.symbol}'"
        with pytest.raises(VenueError, match=told):
            await store.instruments([self.symbol, self.near])

    @played
    async def test_bars_come_in_order_and_history_has_the_final_ones(self, bench: Bench) -> None:
        """Bars that still grow come too; they are told apart by the wire's own flag."""
        store = await bench.opened()
        stream = store.bars(bench.instrument, "1m")
        await bench.settle()
        for number in range(3):
            await bench.bar(number)
        final: list[Bar] = []
        growing = 0
        async for fact in stream:
            if isinstance(fact, Bar) and fact.open == PRICE:
                growing += not fact.final
                final += [fact] if fact.final else []
            if len(final) == 3:
                break
        assert growing
        first, last = final[0], final[-1]
        span = (first.open_at, last.close_at)
        assert [bar async for bar in store.history(bench.instrument, "1m", *span)] == final
        less = store.history(bench.instrument, "1m", first.close_at, last.open_at)
        assert [bar async for bar in less] == final[1:-1]
