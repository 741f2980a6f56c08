"""How long a bar takes from the loop to a strategy's next(), on wall time, in milliseconds.

    python scripts/live_latency.py [BARS]

Measured: one feed; five feeds whose bars come at any time; five whose bars of one stamp come 2 ms
apart (counted from the last of them), and how often next() was called for a stamp.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import backtrader as bt
import numpy as np

from atms.execution.driver.host import ThreadHost
from atms.feeds.live import live_feed
from atms.feeds.passes import Passes
from atms.stores.market import Bar, BarFact, FeedLink

START = datetime(2024, 3, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Store:
    """Tells bars when it is asked to; it has no past."""

    account = "t:1"

    def __init__(self) -> None:
        self.queues: dict[str, asyncio.Queue[BarFact]] = {}

    async def history(self, *_: Any) -> AsyncIterator[Bar]:
        for bar in ():
            yield bar

    async def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        queue = self.queues[instrument] = asyncio.Queue()
        yield FeedLink(at=START, up=True)
        while True:
            yield await queue.get()


class Watch(bt.Strategy):
    """Notes when each bar was seen first."""

    params = (("seen", None), ("calls", None), ("ready", None))

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


def measure(
    symbols: str, pauses: Iterable[tuple[float, str, int]], step: int = 1
) -> tuple[dict[tuple[str, int], float], dict[tuple[str, int], float], int]:
    """Return when each (symbol, number) was put and seen, and how often next() was called.

    Args:
        pauses: before each bar the seconds that pass; its symbol; its number.
        step: minutes of a bar; each symbol's bars end at minutes of their own.
    """
    host, store = ThreadHost(), Store()
    passes = Passes(host)
    put: dict[tuple[str, int], float] = {}
    seen: dict[tuple[str, int], float] = {}
    calls: list[float] = []

    async def play() -> None:
        for pause, symbol, number in pauses:
            await asyncio.sleep(pause)
            minute = number * step + (symbols.index(symbol) if step > 1 else 0)
            end, price = START + minute * MINUTE, Decimal(100)
            put[symbol, number] = time.perf_counter()
            store.queues[f"t:1:{symbol}"].put_nowait(
                Bar(
                    instrument=f"t:1:{symbol}", open_at=end - step * MINUTE, close_at=end,
                    open=price, high=price, low=price, close=price, volume=price, final=True,
                )
            )  # fmt: skip
        await asyncio.sleep(0.5)
        passes.end()

    cerebro = bt.Cerebro(stdstats=False)
    for symbol in symbols:
        cerebro.adddata(live_feed(store, passes, f"t:1:{symbol}", f"{step}m", start=START))
    cerebro.addstrategy(Watch, seen=seen, calls=calls, ready=lambda: host.spawn(play()))
    cerebro.run(exactbars=1)
    host.close()
    return put, seen, len(calls)


def tell(name: str, waits: list[float], per_stamp: float) -> None:
    """Print a row."""
    half, most = np.percentile(np.array(waits) * 1000, [50, 99])
    print(f"{name:<40} p50 {half:6.2f}  p99 {most:6.2f}  next() a stamp {per_stamp:.2f}")


def main() -> None:
    """Measure and print."""
    bars = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = random.Random(1)
    put, seen, calls = measure("A", ((0.005, "A", n) for n in range(1, bars + 1)))
    tell("one feed", [seen[one] - put[one] for one in put], calls / bars)

    each = bars // 5
    left = {symbol: iter(range(1, each + 1)) for symbol in "ABCDE"}
    order = rng.sample("ABCDE" * each, 5 * each)
    alone = [(rng.uniform(0.002, 0.02), symbol, next(left[symbol])) for symbol in order]
    put, seen, calls = measure("ABCDE", alone, step=7)
    late = [seen[one] - put[one] for one in put if one[1] > 1]  # one bar tells when they are due
    tell("five feeds, each on its own", late, calls / (5 * each))

    numbers = range(1, each + 1)
    together = [(0.01 if one == "A" else 0.002, one, n) for n in numbers for one in "ABCDE"]
    put, seen, calls = measure("ABCDE", together)
    last = [max(seen[one, n] for one in "ABCDE") - put["E", n] for n in numbers]
    tell("five feeds, 2 ms apart, from the last", last, calls / each)


if __name__ == "__main__":
    main()
