"""Passes over several live feeds: what waits for what, how long, and what else happens in them."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta
from typing import Any

import backtrader as bt
import pytest

from atms.feeds.passes import Notice
from atms.feeds.roots import is_live
from atms.stores.base import Unreachable
from atms.stores.market import Empty
from tests.feeds.live_world import MINUTE, START, Seen, TapeStore, World, bar, bars, longer


def world_of(*feeds: tuple[str, str], count: int = 10, **options: Any) -> World:
    """Return a world whose feeds have all bars of so many minutes behind them."""
    per_feed = options.pop("per_feed", {})
    world = World(now=count, **options)
    for symbol, timeframe in feeds:
        step = int(timeframe.removesuffix("m"))
        made = bars(count // step, symbol, step=step * MINUTE)
        world.store.keep(made, timeframe)
        world.add(symbol, timeframe, **per_feed.get(symbol, {}))
    return world


class Timed(Seen):
    """Writes down at which second after the start each step was."""

    params = (("clock", None),)

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def next(self) -> None:
        super().next()
        self.times.append((self.p.clock() - START).total_seconds())


def timed(world: World, until: float) -> Timed:
    world.cerebro.addstrategy(Timed, clock=world.loop.now)
    seen = world.run(until)
    assert isinstance(seen, Timed)
    return seen


def lengths(seen: Seen) -> list[tuple[int, ...]]:
    return [tuple(one[0] if one else 0 for one in step) for step in seen.steps]


def late(seen: Seen) -> list[Notice]:
    return [notice for notice in seen.notices if notice.what == "late_sibling"]


# ---- the barrier --------------------------------------------------------------------------------
def test_bars_of_one_stamp_go_together_though_they_come_one_after_the_other() -> None:
    world = world_of(("A", "1m"), ("B", "1m"))
    world.trade([bar(11, "A")], delay=0.01)
    world.trade([bar(11, "B")], delay=0.2)
    seen = timed(world, 12)
    assert lengths(seen)[-1] == (11, 11)
    assert seen.times[-1] == pytest.approx(660.2, abs=0.001)


def test_a_late_one_is_left_out_after_the_barrier_counted_and_told() -> None:
    world = world_of(("A", "1m"), ("B", "1m"))
    world.trade([bar(11, "A")], delay=0.01)
    world.trade([bar(11, "B")], delay=0.4)
    seen = timed(world, 12)
    assert lengths(seen)[-2:] == [(11, 10), (11, 11)]
    assert seen.times[-2:] == pytest.approx([660.26, 660.4], abs=0.001)
    assert [feed.late for feed in world.feeds] == [0, 1]
    assert [(one.feed, one.at) for one in late(seen)] == [("B", bar(11).close_at)]
    assert str(late(seen)[0]) == "B: late sibling: 2024-03-04 09:11:00+00:00"


def test_one_that_stays_away_is_told_once_and_holds_each_bar_no_longer_than_the_barrier() -> None:
    world = world_of(("A", "1m"), ("B", "1m"), per_feed={"B": {"probe": None}})
    world.trade([bar(n, "A") for n in range(11, 16)])
    seen = timed(world, 16)
    assert seen.times[-5:] == pytest.approx([60 * n + 0.26 for n in range(11, 16)], abs=0.001)
    assert world.feeds[1].late == 5
    assert len(late(seen)) == 1


def test_one_that_is_not_due_delays_nothing() -> None:
    world = world_of(("A", "1m"), ("B", "5m"))
    world.trade([bar(n, "A") for n in range(11, 16)])
    world.trade([bar(3, "B", step=5 * MINUTE)], "5m", delay=0.1)
    seen = timed(world, 16)
    expected = [660.01, 720.01, 780.01, 840.01, 900.1]
    assert seen.times[-5:] == pytest.approx(expected, abs=0.001)
    assert lengths(seen)[-1] == (15, 3)


def test_one_without_a_connection_delays_nothing() -> None:
    world = world_of(("A", "1m"), ("B", "1m"))
    world.at(10.5, world.store.link, False, "B")
    world.trade([bar(11, "A")])
    seen = timed(world, 12)
    assert seen.times[-1] == pytest.approx(660.01, abs=0.001)
    assert world.feeds[1].late == 0


def test_one_that_reads_its_past_after_a_break_delays_a_live_bar_no_longer_than_the_barrier() -> (
    None
):
    world = world_of(("A", "1m"), ("B", "1m"))
    world.at(10.5, world.store.link, False, "B")
    world.at(10.6, world.store.troubles.extend, [Unreachable("gone")] * 20)
    world.at(10.7, world.store.link, True, "B")
    world.trade([bar(11, "A")])
    seen = timed(world, 12)
    assert seen.times[-1] == pytest.approx(660.26, abs=0.001)


def test_where_the_venue_says_that_nothing_was_traded_nobody_waits() -> None:
    world = world_of(("A", "1m"), ("B", "1m"))
    one = bar(11, "B")
    empty = Empty(instrument=one.instrument, open_at=one.open_at, close_at=one.close_at)
    world.at(11, world.store.tell, empty, "B")
    world.trade([bar(11, "A")])
    seen = timed(world, 12)
    assert seen.times[-1] == pytest.approx(660.01, abs=0.001)
    assert world.feeds[1].late == 0


def test_where_empty_bars_are_left_out_one_is_late_only_if_it_comes_after_all() -> None:
    world = world_of(("A", "1m"), ("B", "1m"), per_feed={"B": {"omits_empty": True}})
    world.trade([bar(11, "A"), bar(12, "A"), bar(13, "A")])
    world.trade([bar(12, "B")], delay=0.5)
    seen = timed(world, 14)
    assert world.feeds[1].late == 1
    assert [one.at for one in late(seen)] == [bar(12).close_at]


def test_an_own_barrier_and_none() -> None:
    for seconds in (1.5, 0.0):
        world = world_of(("A", "1m"), ("B", "1m"), align=timedelta(seconds=seconds))
        world.trade([bar(11, "A")], delay=0.01)
        world.trade([bar(11, "B")], delay=1.0)
        seen = timed(world, 12)
        assert lengths(seen)[-2:] == ([(10, 10), (11, 11)] if seconds else [(11, 10), (11, 11)])


def test_a_clock_that_is_set_back_holds_nothing() -> None:
    world = world_of(("A", "1m"), ("B", "1m"))
    now = world.host.now
    back: list[timedelta] = [timedelta(0)]
    world.host.now = lambda: now() - back[0]  # type: ignore[method-assign]
    world.trade([bar(11, "A")])
    world.at(660.05 / 60, back.__setitem__, 0, timedelta(hours=1))
    seen = timed(world, 12)
    assert lengths(seen)[-1] == (11, 10)
    assert seen.times[-1] < 661


# ---- the past -----------------------------------------------------------------------------------
def slow(world: World, symbol: str, seconds: float) -> None:
    """Let one instrument's history take its time."""
    read = world.store.history

    async def history(instrument: str, timeframe: str, start: datetime, end: datetime) -> Any:
        if instrument.endswith(symbol):
            await asyncio.sleep(seconds)
        async for one in read(instrument, timeframe, start, end):
            yield one

    world.store.history = history  # type: ignore[method-assign]


def test_bars_of_the_past_wait_for_a_feed_that_still_reads_its_own() -> None:
    world = world_of(("A", "1m"), ("B", "2m"))
    slow(world, "B", 5)
    seen = timed(world, 12)
    assert lengths(seen) == [(n, n // 2) for n in range(1, 11)]
    assert set(seen.times) == {seen.times[0]}


def test_but_not_for_ever() -> None:
    world = world_of(("A", "1m"), ("B", "1m"), gather=timedelta(seconds=3))
    slow(world, "B", 30)
    seen = timed(world, 12)
    assert lengths(seen)[:10] == [(n, 0) for n in range(1, 11)]
    assert lengths(seen)[-1] == (10, 10)
    assert seen.times[0] == pytest.approx(600 + world.store.lag + 3, abs=0.01)
    assert world.feeds[1].late == 10


def test_a_feed_that_has_no_past_is_not_waited_for() -> None:
    world = world_of(("A", "1m"))
    world.add("B", "1m")
    seen = timed(world, 10.5)
    assert lengths(seen) == [(n, 0) for n in range(1, 11)]
    assert seen.times[0] == pytest.approx(600 + world.store.lag, abs=0.01)
    assert world.feeds[1].late == 0


def test_what_two_feeds_missed_in_one_break_comes_together() -> None:
    world = world_of(("A", "1m"), ("B", "1m"))
    for symbol in "AB":
        world.at(10.5, world.store.link, False, symbol)
        world.at(13, world.store.keep, [bar(n, symbol) for n in (11, 12, 13)])
        world.at(13.5, world.store.link, True, symbol)
    slow(world, "B", 2)
    seen = timed(world, 15)
    assert lengths(seen)[-3:] == [(11, 11), (12, 12), (13, 13)]


# ---- resampled beside late ones -----------------------------------------------------------------
@pytest.mark.parametrize("clone", [True, False])
def test_a_resampled_bar_waits_for_its_own_late_bar_whatever_the_others_do(clone: bool) -> None:
    world = World(now=13)
    for symbol in "AB":
        world.store.keep(bars(13, symbol), "1m")
    first = world.feed("A")
    if clone:
        world.cerebro.adddata(first)
    five = world.cerebro.resampledata(first, **longer("5m"))
    world.add("B")
    world.trade([bar(14, "A"), bar(16, "A")])
    world.trade([bar(15, "A")], delay=0.7)
    world.trade([bar(n, "B") for n in (14, 15, 16)])
    world.run(17)
    assert first.late == 1
    assert list(five.volume.array) == [
        sum(float(one.volume or 0) for one in bars(15)[n : n + 5]) for n in (0, 5, 10)
    ]


def test_where_no_bar_will_come_another_feeds_bar_ends_the_resampled_one() -> None:
    world = World(now=14)
    for symbol in "AB":
        world.store.keep(bars(14, symbol), "1m")
    feed = world.add("A")
    five = world.cerebro.resampledata(feed, **longer("5m"))
    world.add("B")
    one = bar(15, "A")
    empty = Empty(instrument=one.instrument, open_at=one.open_at, close_at=one.close_at)
    world.at(15, world.store.tell, empty, "A")
    world.trade([bar(15, "B")])
    seen = world.run(16)
    assert len(five) == 3
    assert five.volume[0] == sum(float(one.volume or 0) for one in bars(14)[10:])
    assert len(seen.steps) == 15


# ---- a pass -------------------------------------------------------------------------------------
def test_a_hook_is_called_once_a_pass_before_any_data_moves() -> None:
    world = world_of(("A", "1m"), ("B", "1m"))
    calls: list[tuple[int, bool, int]] = []

    def hook() -> None:
        passes = world.passes
        calls.append((passes.number, passes.moved, len(world.feeds[0])))

    world.passes.before.append(hook)
    world.trade([bar(11, "A"), bar(11, "B")])
    seen = world.run(12)
    numbers = [number for number, _, _ in calls]
    assert numbers == list(range(1, world.passes.number + 1))
    assert not any(moved for _, moved, _ in calls)
    assert [length for _, _, length in calls if length] == sorted(
        length for _, _, length in calls if length
    )
    assert len(seen.steps) == 11


def test_it_knows_whether_a_bar_has_moved_in_this_pass() -> None:
    world = world_of(("A", "1m"))
    moved: list[tuple[str, bool]] = []

    class Broker(bt.brokers.BackBroker):  # type: ignore[misc]
        def next(self) -> None:
            super().next()
            moved.append((world.feeds[0].lane.status, world.passes.moved))

    world.cerebro.setbroker(Broker())
    world.trade([bar(11, "A")])
    world.at(11.5, world.passes.wake)
    world.run(12)
    assert sum(with_bar for _, with_bar in moved) == 11
    assert moved.count(("LIVE", False)) > 1


def test_news_from_the_loop_ends_the_wait_of_a_pass() -> None:
    world = world_of(("A", "1m"), idle=1000)
    called: list[datetime] = []
    world.passes.before.append(lambda: called.append(world.loop.now()))
    world.at(10.5, world.passes.wake)
    world.run(11)
    assert START + 10.5 * MINUTE in called


def test_without_news_a_pass_ends_after_a_while() -> None:
    world = world_of(("A", "1m"), idle=2)
    called: list[datetime] = []
    world.passes.before.append(lambda: called.append(world.loop.now()))
    world.run(12)
    gaps = [after - before for before, after in itertools.pairwise(called)]
    assert max(gaps) == timedelta(seconds=2)


def test_the_end_ends_every_feed_at_once() -> None:
    world = world_of(("A", "1m"), ("B", "1m"))
    world.cerebro.resampledata(world.feeds[0], **longer("5m"))
    world.cerebro.addstrategy(
        Seen, on_next=lambda seen: world.passes.end() if len(seen) == 4 else None
    )
    seen = world.run(1000)
    assert len(seen.steps) == 4
    assert not any(data.next() for data in seen.datas)
    assert world.loop.now() < START + 11 * MINUTE


def test_what_a_hook_raises_ends_the_run() -> None:
    world = world_of(("A", "1m"))

    def hook() -> None:
        raise ValueError("no")

    world.passes.before.append(hook)
    with pytest.raises(ValueError, match="no"):
        world.run(11)


def test_while_bars_wait_to_be_delivered_a_task_that_fails_is_heard_of() -> None:
    world = world_of(("A", "1m"))

    async def fail() -> None:
        raise ValueError("on the loop")

    steps: list[int] = []

    def spawn(seen: Seen) -> None:
        steps.append(len(seen))
        if len(seen) == 3:
            world.host.spawn(fail())

    world.cerebro.addstrategy(Seen, on_next=spawn)
    with pytest.raises(ValueError, match="on the loop"):
        world.run(11)
    assert steps == [1, 2, 3]


def test_two_feeds_of_two_stores_share_the_passes() -> None:
    world = world_of(("A", "1m"))
    other = TapeStore()
    other.keep(bars(10, "B"))
    world.add("B", store=other)
    world.at(11, world.store.trade, bar(11, "A"))
    world.at(11.001, other.trade, bar(11, "B"))
    seen = world.run(12)
    assert lengths(seen)[-1] == (11, 11)
    assert all(is_live(data) for data in seen.datas)
