"""The contract of stores on a sandbox of an exchange."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import VenueError
from atms.stores.market import Bar
from tests.stores.bench import Bench, needs, played
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

    @played
    async def test_the_price_of_now_comes_first(self, bench: Bench) -> None:
        """Of a market that stands still a stream tells nothing; an emulated stop needs a price."""
        store = await bench.opened()
        async with asyncio.timeout(5):
            first = await anext(aiter(store.quotes(bench.instrument)))
        assert first.instrument == bench.instrument
        assert first.bid < first.ask
        assert abs(first.bid / PRICE - 1) < Decimal("0.05")

    @played
    async def test_a_book_is_as_deep_as_it_is_asked_for(self, bench: Bench) -> None:
        """Two that want one stream's levels each get their own number of them."""
        depth = min(5, bench.can.book_depth or 0)
        needs(depth > 1, "the venue streams no book")
        store = await bench.opened()
        book = await _heard(bench, aiter(store.book(bench.instrument, depth)))
        assert [one[0] for one in book.bids] == sorted(one[0] for one in book.bids)[::-1]
        assert [one[0] for one in book.asks] == sorted(one[0] for one in book.asks)
        assert book.bids[0][0] < book.asks[0][0]
        less = await _heard(bench, aiter(store.book(bench.instrument, depth - 1)))
        assert 1 <= len(less.bids) < len(book.bids) <= depth

    @played
    async def test_public_trades_are_told_with_the_side_that_took(self, bench: Bench) -> None:
        needs(bench.can.prints, "the venue streams no public trades")
        store = await bench.opened()
        one = await _heard(bench, aiter(store.prints(bench.instrument)))
        assert (one.price, one.qty, one.taker) == (PRICE, Decimal("0.5"), 1)


async def _heard(bench: Bench, stream: Any) -> Any:
    """Return the first thing that a stream tells while others trade: before that nobody listens."""
    heard = asyncio.ensure_future(anext(stream))
    async with asyncio.timeout(10):
        while not heard.done():
            await bench.printed(PRICE, Decimal("0.5"))
            await asyncio.wait([heard], timeout=0.3)
    return heard.result()
