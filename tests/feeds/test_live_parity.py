"""What a strategy sees live is what it sees in a backtest of the same bars."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from atms.feeds.lanes import step_of
from atms.model import Timeframe
from atms.stores.market import Bar
from tests.feeds.live_world import (
    MINUTE,
    START,
    Seen,
    World,
    backtest_feed,
    bars,
    longer,
)

Extra = Callable[[Any, list[Any]], None]  # adds to Cerebro what is made of the feeds
Given = list[tuple[str, str, list[Bar]]]  # symbol, timeframe, bars


def given(*feeds: tuple[str, str], minutes: int = 150, start: datetime = START) -> Given:
    """Return feeds with all bars that end within so many minutes."""
    made: Given = []
    for symbol, timeframe in feeds:
        step = step_of(Timeframe.parse(timeframe))
        count = timedelta(minutes=minutes) // step
        made.append((symbol, timeframe, bars(count, symbol, step=step, start=start)))
    return made


def backtest(feeds: Given, extra: Extra, zone: str | None, **options: Any) -> Seen:
    cerebro = bt.Cerebro(stdstats=False)
    extra(cerebro, [backtest_feed(made, timeframe, zone) for _, timeframe, made in feeds])
    cerebro.addstrategy(Seen)
    (seen,) = cerebro.run(**options)
    return seen  # type: ignore[no-any-return]


def live(
    feeds: Given,
    extra: Extra,
    *,
    zone: str | None = None,
    history: float = 100,
    minutes: float = 150,
    delays: Sequence[float] = (0.01,),
    cerebro: Any = None,
    idle: float = 60.0,
    start: datetime = START,
    **options: Any,
) -> Seen:
    """Run on the same bars: those of the first minutes are history, the others come as they end."""
    world = World(now=history, cerebro=cerebro, idle=idle)
    for place, (_, timeframe, made) in enumerate(feeds):
        line = START + timedelta(minutes=history)
        world.store.keep([one for one in made if one.close_at <= line], timeframe)
        delay = delays[place % len(delays)]
        world.trade([one for one in made if one.close_at > line], timeframe, delay)
    datas = [world.feed(symbol, frame, zone=zone, start=start) for symbol, frame, _ in feeds]
    extra(world.cerebro, datas)
    seen = world.run(minutes + 1, **options)
    assert seen.notices == []
    assert {feed.late for feed in world.feeds} == {0}
    return seen


def plain(cerebro: Any, datas: list[Any]) -> None:
    for data in datas:
        cerebro.adddata(data)


def resampled(timeframe: str, *, replay: bool = False, place: int = 0, **options: Any) -> Extra:
    """Return what adds the feeds, and one of them once more in a longer timeframe."""

    def add(cerebro: Any, datas: list[Any]) -> None:
        plain(cerebro, datas)
        make = cerebro.replaydata if replay else cerebro.resampledata
        make(datas[place], **longer(timeframe), **options)

    return add


def in_place(timeframe: str, *, replay: bool = False, **options: Any) -> Extra:
    """Return what adds the first feed in a longer timeframe alone, and the others as they are."""

    def add(cerebro: Any, datas: list[Any]) -> None:
        make = cerebro.replaydata if replay else cerebro.resampledata
        make(datas[0], **longer(timeframe), **options)
        plain(cerebro, datas[1:])

    return add


CASES: dict[str, tuple[list[tuple[str, str]], Extra]] = {
    "one": ([("A", "1m")], plain),
    "two alike": ([("A", "1m"), ("B", "1m")], plain),
    "longer first": ([("A", "5m"), ("B", "1m"), ("C", "15m"), ("D", "1m")], plain),
    "half hours": ([("A", "30m"), ("B", "1m")], plain),
    "clone": ([("A", "1m")], resampled("5m")),
    "clone of the second": ([("A", "1m"), ("B", "1m")], resampled("5m", place=1)),
    "clone beside longer": ([("A", "1m"), ("B", "5m")], resampled("15m")),
    "in place": ([("A", "1m")], in_place("5m")),
    "in place beside": ([("A", "1m"), ("B", "1m")], in_place("5m")),
    "replay": ([("A", "1m")], resampled("5m", replay=True)),
    "replay in place": ([("A", "1m")], in_place("5m", replay=True)),
    "replay beside": ([("A", "1m"), ("B", "1m")], in_place("5m", replay=True)),
    "replay adjusted": ([("A", "1m")], in_place("5m", replay=True, adjbartime=True)),
    "no edges": ([("A", "1m")], resampled("7m", bar2edge=False)),
    "left edge": ([("A", "1m")], resampled("5m", rightedge=False)),
}


@pytest.mark.parametrize("case", CASES)
def test_it_sees_the_same_bars_in_the_same_steps(case: str) -> None:
    names, extra = CASES[case]
    feeds = given(*names)
    there = backtest(feeds, extra, None)
    here = live(feeds, extra)
    assert len(here.steps) > 20 or case.startswith("in place")
    assert here.steps == there.steps[: len(here.steps)]
    assert len(there.steps) - len(here.steps) <= 1  # a last bar that was not over


@pytest.mark.parametrize("case", CASES)
def test_idle_passes_and_bars_that_come_one_after_the_other_change_nothing(case: str) -> None:
    names, extra = CASES[case]
    feeds = given(*names)
    punctual = live(feeds, extra)
    late = live(feeds, extra, delays=(0.19, 0.07, 0.0, 0.13), idle=0.5)
    assert late.steps == punctual.steps


@pytest.mark.parametrize("case", ["longer first", "clone", "in place beside", "replay"])
def test_our_cerebro_and_saved_memory_change_nothing(case: str) -> None:
    names, extra = CASES[case]
    feeds = given(*names)
    stock = live(feeds, extra)
    ours = live(feeds, extra, cerebro=Cerebro(stdstats=False))
    assert ours.steps == stock.steps
    assert live(feeds, extra, exactbars=1).steps == stock.steps


def test_a_clone_of_a_longer_feed_loses_no_bar_beside_a_shorter_one() -> None:
    # In a backtest Backtrader loses some: its clone counts a bar twice that others come before.
    feeds = given(("A", "1m"), ("B", "5m"))
    alone = backtest(feeds[1:], resampled("15m"), None)
    here = live(feeds, resampled("15m", place=1))
    assert [step[1:] for step in here.steps if step[0][0] % 5 == 0] == alone.steps


def test_a_resampled_feed_may_come_alone() -> None:
    # In a backtest Backtrader fails where the others have no bar beside it.
    feeds = [*given(("A", "1m")), *given(("B", "1m"), minutes=120)]
    world = World(now=150)
    for _, timeframe, made in feeds:
        world.store.keep(made, timeframe)
    in_place("5m")(world.cerebro, [world.feed(symbol) for symbol, _, _ in feeds])
    seen = world.run(160)
    assert [step[0][0] for step in seen.steps[-6:]] == list(range(25, 31))
    assert [step[1][0] for step in seen.steps[-6:]] == [120] * 6


def sparse() -> Given:
    """Return two feeds, the first without most of the bars that end five minutes."""
    first, second = given(("A", "1m"), ("B", "1m"))
    some = [one for one in first[2] if one.close_at.minute % 5 or one.close_at.minute == 30]
    return [("A", "1m", some), second]


def past(feeds: Given, extra: Extra) -> Seen:
    """Run with all bars in the past."""
    world = World(now=150)
    for _, timeframe, made in feeds:
        world.store.keep(made, timeframe)
    extra(world.cerebro, [world.feed(symbol, omits_empty=True) for symbol, _, _ in feeds])
    return world.run(160)


@pytest.mark.parametrize("extra", [resampled("5m"), in_place("5m")])
def test_another_feed_ends_a_longer_bar_whose_last_one_is_missing(extra: Extra) -> None:
    there = backtest(sparse(), extra, None)
    here = past(sparse(), extra)
    assert here.steps == there.steps[: len(here.steps)]
    assert len(there.steps) - len(here.steps) <= 1


def column(seen: Seen, place: int) -> list[Any]:
    """Return what was seen of one data, without what was seen twice running."""
    values = [step[place] for step in seen.steps if step[place] is not None]
    return [one for one, _ in itertools.groupby(values)]


def test_a_replayed_bar_that_gets_its_time_late_loses_nothing_and_takes_nothing() -> None:
    extra = in_place("5m", replay=True, adjbartime=True)
    here = past(sparse(), extra)
    alone = backtest(sparse()[:1], extra, None)
    assert column(here, 0) == column(alone, 0)
    assert [one[0] for one in column(here, 1)] == list(range(1, 151))


# ---- days ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("zone", [None, "America/New_York", "Asia/Tokyo", "Asia/Kathmandu"])
@pytest.mark.parametrize("case", ["clone", "in place", "plain"])
def test_days_are_grouped_as_a_backtest_groups_them(zone: str | None, case: str) -> None:
    names = [("A", "1h")] if case == "in place" else [("A", "1h"), ("B", "1d")]
    extra = {"clone": resampled("1d"), "in place": in_place("1d"), "plain": plain}[case]
    days = 6 * 24 * 60
    start = datetime(2024, 3, 7, tzinfo=UTC)  # the clocks change in New York on the 10th
    feeds = given(*names, minutes=days, start=start)
    offset = (start - START) / MINUTE
    there = backtest(feeds, extra, zone)
    here = live(
        feeds, extra, zone=zone, history=offset + days / 3, minutes=offset + days, start=start,
        idle=3600,
    )  # fmt: skip
    assert len(here.steps) > 5
    assert here.steps == there.steps[: len(here.steps)]
    assert len(there.steps) - len(here.steps) <= 1


@pytest.mark.parametrize("timeframe", ["1w", "1M"])
def test_weeks_and_months_too(timeframe: str) -> None:
    days = 70 * 24 * 60
    feeds = given(("A", "1d"), minutes=days, start=datetime(2024, 3, 4, tzinfo=UTC))
    there = backtest(feeds, resampled(timeframe), None)
    here = live(
        feeds, resampled(timeframe), history=days / 3, minutes=days,
        start=datetime(2024, 3, 4, tzinfo=UTC), idle=3600,
    )  # fmt: skip
    assert here.steps == there.steps[: len(here.steps)]
    assert len(there.steps) - len(here.steps) <= 1


# ---- what ends a resampled bar ------------------------------------------------------------------
def test_a_resampled_bar_comes_with_the_last_bar_that_it_is_made_of() -> None:
    feeds = given(("A", "1m"), minutes=15)
    seen = live(feeds, resampled("5m"), history=3, minutes=15)
    with_longer = [step[0][0] for step in seen.steps if step[1] is not None]
    assert with_longer == list(range(5, 16))
    assert [step[1][0] for step in seen.steps if step[1]] == [1] * 5 + [2] * 5 + [3]


def test_a_bar_that_is_not_over_when_the_run_stops_is_not_delivered() -> None:
    feeds = given(("A", "1m"), minutes=13)
    there = backtest(feeds, in_place("5m"), None)
    here = live(feeds, in_place("5m"), history=3, minutes=13)
    assert [step[0][0] for step in there.steps] == [1, 2, 3]
    assert [step[0][0] for step in here.steps] == [1, 2]


def test_a_session_that_ends_in_the_day_ends_its_bar_there() -> None:
    def by_session(cerebro: Any, datas: list[Any]) -> None:
        datas[0].p.sessionend = time(12, 0)
        resampled("1d")(cerebro, datas)

    feeds = given(("A", "1m"), minutes=240)  # 09:00 .. 13:00
    seen = live(feeds, by_session, minutes=240)
    assert next(step[0][0] for step in seen.steps if step[1] is not None) == 180


# ---- whatever the timing ------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(25))
def test_with_any_delays_below_the_barrier_it_is_the_backtest(seed: int) -> None:
    rng = random.Random(seed)
    frames = rng.choices(["1m", "2m", "5m", "15m"], k=rng.randint(1, 4))
    frames.sort(key=lambda text: Timeframe.parse(text).seconds)
    names = [("ABCD"[place], frame) for place, frame in enumerate(frames)]
    feeds = given(*names, minutes=120)
    extra = rng.choice([plain, resampled("30m")])
    there = backtest(feeds, extra, None)
    here = live(
        feeds, extra, history=rng.choice([0, 1, 37, 60]), minutes=120,
        delays=[rng.uniform(0, 0.24) for _ in names], idle=rng.choice([1, 7, 100]),
    )  # fmt: skip
    assert here.steps == there.steps[: len(here.steps)]
    assert len(there.steps) - len(here.steps) <= 1
