"""The ccxt store passes the contract of stores on the sandbox of Coinbase, and knows its words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from atms.stores.market import Bar
from tests.stores.bench import Bench, played
from tests.stores.ccxt import coinbase
from tests.stores.ccxt.contract import OfSandbox


class TestCoinbase(OfSandbox):
    symbol, near = "BTC/USDT", "BTC/USD"

    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        coinbase.run(body)

    @played
    async def test_bars_come_in_order_and_history_has_the_final_ones(self, bench: Bench) -> None:
        """Nothing streams them: each is asked for when it is over, here when the next began."""
        store = await bench.opened()
        await bench.bar(0)
        stream = store.bars(bench.instrument, "1m")
        await bench.settle()
        for number in range(1, 5):
            await bench.bar(number)
        final: list[Bar] = []
        async for fact in stream:
            if isinstance(fact, Bar):
                final.append(fact)
            if len(final) == 3:
                break
        assert all(bar.final for bar in final)
        assert [bar.open_at.minute for bar in final] == [0, 1, 2]
        first, last = final[0], final[-1]
        span = (first.open_at, last.close_at)
        assert [bar async for bar in store.history(bench.instrument, "1m", *span)] == final
        less = store.history(bench.instrument, "1m", first.close_at, last.open_at)
        assert [bar async for bar in less] == final[1:-1]
