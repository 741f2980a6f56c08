"""Live feeds on wall time, where the loop is a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import backtrader as bt
import pytest

from atms.execution.driver.host import ThreadHost
from atms.feeds.live import live_feed
from atms.feeds.passes import ALIGN, Passes
from tests.feeds.live_world import MINUTE, START, Seen, TapeStore, bar, bars

LONG = 30.0  # seconds that no pass may ever wait in these tests


@pytest.fixture
def host() -> Iterator[ThreadHost]:
    made = ThreadHost()
    yield made
    made.close()


class Live(Seen):
    """Calls when all its feeds are live for the first time."""

    params = (("on_live", None),)

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        super().notify_data(data, status, *args, **kwargs)
        if status == data.LIVE and str(self.words).count("LIVE") == len(self.datas):
            self.p.on_live()


def play(
    host: ThreadHost,
    symbols: str,
    on_live: Callable[[TapeStore, Passes, bt.Cerebro], object],
    on_next: Callable[[Seen, Passes], None],
    align: timedelta = ALIGN,
) -> Seen:
    """Run feeds with five bars behind them until a strategy ends it."""
    store, passes = TapeStore(), Passes(host, idle=LONG, align=align)
    store.lag = 0.0
    cerebro = bt.Cerebro(stdstats=False)
    for symbol in symbols:
        store.keep(bars(5, symbol))
        cerebro.adddata(live_feed(store, passes, f"t:1:{symbol}", "1m", start=START))
    cerebro.addstrategy(
        Live,
        on_live=lambda: on_live(store, passes, cerebro),
        on_next=lambda seen: on_next(seen, passes),
    )
    (seen,) = cerebro.run()
    return seen  # type: ignore[no-any-return]


def test_bars_wake_the_strategy_at_once(host: ThreadHost) -> None:
    began = time.monotonic()
    count = 300

    def feed(store: TapeStore, passes: Passes, cerebro: Any) -> None:
        for number in range(6, count + 1):
            host.call(store.trade, bar(number))

    def look(seen: Seen, passes: Passes) -> None:
        if len(seen) == count:
            passes.end()

    seen = play(host, "X", feed, look)
    assert [step[0][0] for step in seen.steps] == list(range(1, count + 1))
    assert seen.lives == [(False,)] * 5 + [(True,)] * (count - 5)
    assert time.monotonic() - began < LONG


def test_bars_of_several_feeds_are_grouped_whoever_comes_first(host: ThreadHost) -> None:
    count, symbols = 60, "ABC"

    def feed(store: TapeStore, passes: Passes, cerebro: Any) -> None:
        for number in range(6, count + 1):
            for place in range(len(symbols)):
                host.call(store.trade, bar(number, symbols[(place + number) % 3]))

    def look(seen: Seen, passes: Passes) -> None:
        if len(seen) == count:
            passes.end()

    seen = play(host, symbols, feed, look, align=timedelta(seconds=LONG))
    lengths = [tuple(one[0] for one in step) for step in seen.steps]
    assert lengths == [(n, n, n) for n in range(1, count + 1)]


def test_news_from_another_thread_end_the_wait(host: ThreadHost) -> None:
    began = time.monotonic()
    heard: list[int] = []

    def feed(store: TapeStore, passes: Passes, cerebro: Any) -> None:
        passes.before.append(lambda: heard.append(passes.number))
        threading.Timer(0.05, passes.wake).start()
        threading.Timer(0.1, passes.end).start()

    play(host, "X", feed, lambda seen, passes: None)
    assert len(heard) >= 2
    assert time.monotonic() - began < LONG


def test_a_run_that_is_stopped_leaves_no_task(host: ThreadHost) -> None:
    kept: list[TapeStore] = []

    def feed(store: TapeStore, passes: Passes, cerebro: Any) -> None:
        kept.append(store)
        cerebro.runstop()

    play(host, "XY", feed, lambda seen, passes: None)
    for _ in range(500):
        if not host._spawned.living():
            break
        time.sleep(0.01)
    assert host._spawned.living() == []


def test_a_clock_of_the_wall_has_the_barrier_too(host: ThreadHost) -> None:
    def feed(store: TapeStore, passes: Passes, cerebro: Any) -> None:
        host.call(store.trade, bar(6, "A"))

    def look(seen: Seen, passes: Passes) -> None:
        if len(seen.datas[0]) == 6:
            passes.end()

    began = time.monotonic()
    seen = play(host, "AB", feed, look)
    assert [len(data) for data in seen.datas] == [6, 5]
    assert 0.24 < time.monotonic() - began < LONG
    assert seen.datas[0].datetime.datetime(0) == (START + 6 * MINUTE).replace(tzinfo=None)
