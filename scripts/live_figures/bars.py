"""Bars from a store on the loop to a strategy's next(), without a venue: latency and memory."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import backtrader as bt
import numpy as np
import psutil
from live_figures.venue import Row

from atms.execution.driver.host import ThreadHost
from atms.feeds.live import live_feed
from atms.feeds.passes import Passes
from atms.stores.market import Bar, BarFact, FeedLink

START = datetime(2024, 3, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Moments = dict[tuple[str, int], float]


def bar_of(symbol: str, end: datetime, length: timedelta) -> Bar:
    """Return a final bar; every price is the same."""
    price = Decimal(100)
    return Bar(
        instrument=f"t:1:{symbol}", open_at=end - length, close_at=end, open=price, high=price,
        low=price, close=price, volume=price, final=True,
    )  # fmt: skip


class Store:
    """Tells bars when it is asked to; it has no past."""

    account = "t:1"
    market_clock = "wall"

    def __init__(self) -> None:
        self.queues: dict[str, asyncio.Queue[BarFact]] = {}

    async def history(self, *_: Any) -> AsyncIterator[Bar]:
        """Yield nothing."""
        for bar in ():
            yield bar

    async def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        """Yield what is put."""
        queue = self.queues[instrument] = asyncio.Queue(200)
        yield FeedLink(at=START, up=True)
        while True:
            yield await queue.get()

    async def tell(self, symbol: str, end: datetime, length: timedelta) -> None:
        """Put a bar, when there is room."""
        await self.queues[f"t:1:{symbol}"].put(bar_of(symbol, end, length))


class Watch(bt.Strategy):
    """Notes when each bar was seen first."""

    params = {"seen": None, "calls": None, "ready": None}

    def __init__(self) -> None:
        self.lengths = [0] * len(self.datas)
        self.live: set[str] = set()

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        if status == data.LIVE:
            self.live.add(data._name)
            if len(self.live) == len(self.datas):
                self.p.ready()

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        now = time.perf_counter()
        for place, data in enumerate(self.datas):
            if len(data) > self.lengths[place]:
                self.lengths[place] = len(data)
                self.p.seen[data._name, len(data)] = now
        self.p.calls.append(now)


def played(
    symbols: str, pauses: Iterable[tuple[float, str, int]], step: int = 1
) -> tuple[Moments, Moments, int]:
    """Return when each (symbol, number) was put and seen, and how often next() was called.

    Args:
        pauses: before each bar the seconds that pass; its symbol; its number.
        step: minutes of a bar; each symbol's bars end at minutes of their own.
    """
    host, store = ThreadHost(), Store()
    passes = Passes(host)
    put: Moments = {}
    seen: Moments = {}
    calls: list[float] = []

    def begins(symbol: str) -> datetime:
        return START + (symbols.index(symbol) if step > 1 else 0) * MINUTE

    async def play() -> None:
        for pause, symbol, number in pauses:
            await asyncio.sleep(pause)
            put[symbol, number] = time.perf_counter()
            await store.tell(symbol, begins(symbol) + number * step * MINUTE, step * MINUTE)
        await asyncio.sleep(0.5)
        passes.end()

    cerebro = bt.Cerebro(stdstats=False)
    for symbol in symbols:
        start = begins(symbol)  # there is no past, and nothing is missing before the first bar
        cerebro.adddata(live_feed(store, passes, f"t:1:{symbol}", f"{step}m", start=start))
    cerebro.addstrategy(Watch, seen=seen, calls=calls, ready=lambda: host.spawn(play()))
    cerebro.run(exactbars=1)
    host.close()
    return put, seen, len(calls)


def feeds(count: int) -> Iterator[Row]:
    """Measure one feed; five at any times; five whose bars of one stamp come 2 ms apart.

    These are counted from the last of them.
    """
    rng = random.Random(1)
    put, seen, calls = played("A", ((0.005, "A", n) for n in range(1, count + 1)))
    yield _row("one feed", [seen[one] - put[one] for one in put], calls / count)

    each = count // 5
    left = {symbol: iter(range(1, each + 1)) for symbol in "ABCDE"}
    order = rng.sample("ABCDE" * each, 5 * each)
    alone = [(rng.uniform(0.002, 0.02), symbol, next(left[symbol])) for symbol in order]
    put, seen, calls = played("ABCDE", alone, step=7)
    late = [seen[one] - put[one] for one in put if one[1] > 1]  # one bar tells when they are due
    yield _row("five feeds, each on its own", late, calls / (5 * each))

    numbers = range(1, each + 1)
    together = [(0.01 if one == "A" else 0.002, one, n) for n in numbers for one in "ABCDE"]
    put, seen, calls = played("ABCDE", together)
    last = [max(seen[one, n] for one in "ABCDE") - put["E", n] for n in numbers]
    yield _row("five feeds, 2 ms apart, from the last", last, calls / each)


def _row(name: str, waits: list[float], per_stamp: float) -> Row:
    half, most = np.percentile(np.array(waits) * 1000, [50, 99])
    told = f"p50 {half:.2f} ms, p99 {most:.2f} ms, next() a stamp {per_stamp:.2f}"
    return f"bar in to next(): {name} (n={len(waits)})", "p99 50, aim 5", told


def memory(count: int) -> Iterator[Row]:
    """Take many bars with exactbars=1; what is used at the end, more than at a fifth."""
    host, store = ThreadHost(), Store()
    passes = Passes(host)
    used: list[float] = []

    async def play() -> None:
        for number in range(1, count + 1):
            await store.tell("A", START + number * MINUTE, MINUTE)

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(live_feed(store, passes, "t:1:A", "1m", start=START))
    cerebro.addstrategy(
        _measuring(count, used, passes.end), ready=lambda: host.spawn(play()), seen={}, calls=[]
    )
    cerebro.run(exactbars=1)
    host.close()
    told = f"{used[1]:.1f} MB at a fifth, {used[-1]:.1f} MB at the end"
    yield f"memory over {count:,} bars, exactbars=1", "flat", told


def _measuring(count: int, used: list[float], end: Callable[[], None]) -> type[bt.Strategy]:
    class Measuring(Watch):
        def __init__(self) -> None:
            super().__init__()
            self.average = bt.ind.SMA(period=20)

        def next(self) -> None:
            if len(self) % (count // 10) == 0:
                gc.collect()
                used.append(psutil.Process().memory_info().rss / 2**20)
            if len(self) >= count - 20:
                end()

    return Measuring
