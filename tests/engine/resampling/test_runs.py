"""Whole runs over resampled feeds, on Backtrader's loop and on ours."""

from __future__ import annotations

import datetime
import random
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

from atms.engine.resampling.running import ResampledRun
from tests.engine.resampling.feeds import add_case, frame
from tests.engine.resampling.habits import Habits
from tests.engine.resampling.runs import Ours, both

T = bt.TimeFrame


def add_feeds(cerebro: Any, bars: int = 400) -> None:
    """Add minutes, quarters and hours."""
    stamps = pd.date_range("2024-01-02 09:31", periods=bars, freq="1min")
    feed = bt.feeds.PandasData(dataname=frame(stamps), timeframe=T.Minutes)
    cerebro.adddata(feed, name="minutes")
    cerebro.resampledata(feed, name="quarters", timeframe=T.Minutes, compression=15)
    cerebro.resampledata(feed, name="hours", timeframe=T.Minutes, compression=60)


def of(seed: int, **habits: Any) -> ResampledRun | str:
    """Run one strategy over the three feeds both ways."""

    def build(cerebro: Any) -> None:
        add_feeds(cerebro)
        cerebro.addstrategy(Habits, seed=seed, **habits)
        cerebro.broker.setcommission(0.001)

    return both(build, stdstats=False)


def ran(outcome: ResampledRun | str) -> ResampledRun:
    assert isinstance(outcome, ResampledRun), outcome
    return outcome


@pytest.mark.parametrize("seed", range(6))
def test_a_run_is_backtraders(seed: int) -> None:
    run = ran(of(seed))
    assert run.steps == 400
    assert all(part.fast for part in run.parts)


@pytest.mark.parametrize("habit", [{}, {"write": True}, {"hand": 70}, {"stop": 90}])
def test_two_strategies(habit: dict[str, Any]) -> None:
    def build(cerebro: Any) -> None:
        add_feeds(cerebro)
        cerebro.addstrategy(Habits, seed=7, **habit)
        cerebro.addstrategy(Habits, seed=8, mixed=True)
        cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)

    ran(both(build, stdstats=True))


def test_a_run_that_is_stopped_is_left_where_it_was() -> None:
    assert ran(of(1, stop=100)).steps == 100


def test_a_run_that_raises_is_left_where_it_was() -> None:
    assert ran(of(2, fail=123)).steps == 123


@pytest.mark.parametrize("habit", [{"write": True}, {"hand": 70}, {"array": 70}])
def test_what_only_backtrader_can_do_goes_on_in_its_own_way(habit: dict[str, Any]) -> None:
    run = ran(of(3, **habit))
    assert 0 < run.steps < 400
    assert not run.parts[0].fast


@pytest.mark.parametrize("block", range(10))
def test_random_runs(block: int) -> None:
    done = 0
    for seed in range(1000 + 6 * block, 1006 + 6 * block):
        dice = random.Random(seed)
        habits = {"seed": seed}
        for name, share in (("stop", 0.15), ("fail", 0.1), ("hand", 0.08), ("array", 0.08)):
            if dice.random() < share:
                habits[name] = dice.randrange(1, 200)
        habits["write"] = dice.random() < 0.15
        watched, stats = dice.random() < 0.2, dice.random() < 0.3

        def build(cerebro: Any, seed: int = seed, habits: Any = habits, an: bool = watched) -> None:
            add_case(cerebro, seed, most=150)
            cerebro.addstrategy(Habits, **habits)
            cerebro.broker.setcommission(0.001)
            if an:
                cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)
                cerebro.addanalyzer(bt.analyzers.DrawDown)

        done += isinstance(both(build, stdstats=stats), ResampledRun)
    assert done >= 4


@pytest.mark.parametrize("preload", [True, False])
@pytest.mark.parametrize("block", range(3))
def test_event_mode_without_resampling(block: int, preload: bool) -> None:
    done = 0
    for seed in range(2000 + 6 * block, 2006 + 6 * block):

        def build(cerebro: Any, seed: int = seed) -> None:
            add_case(cerebro, seed, most=150, resampled=False)
            cerebro.addstrategy(Habits, seed=seed, mixed=seed % 3 == 0, write=seed % 5 == 0)
            cerebro.broker.setcommission(0.001)

        run = both(build, stdstats=seed % 2 == 0, runonce=False, preload=preload)
        done += isinstance(run, ResampledRun)
    assert done >= 4


def test_a_second_run_begins_where_the_first_left_the_resampler() -> None:
    def values(kind: type) -> list[str]:
        cerebro = kind(stdstats=False)
        add_feeds(cerebro, 100)
        cerebro.addstrategy(Habits, seed=5)
        found = []
        for _ in range(2):
            strategy = cerebro.run()[0]
            found.append(repr(strategy.said))
        return found

    assert values(Ours) == values(bt.Cerebro)


class Mixed(bt.Strategy):
    def __init__(self) -> None:
        self.average = bt.ind.SMA(self.data1, period=2)
        self.above = self.data0.close > self.average()
        self.below = self.average < self.data0.close


class Stateful(bt.Strategy):
    def __init__(self) -> None:
        self.sar = bt.ind.ParabolicSAR(self.data1)


class Counting(bt.Indicator):
    lines = ("count",)

    def __init__(self) -> None:
        self.calls = 0

    def next(self) -> None:
        self.calls += 1
        self.lines.count[0] = self.calls


class Counted(bt.Strategy):
    def __init__(self) -> None:
        self.counting = Counting(self.data1)


class Renamed(bt.ind.SMA):
    def next(self) -> None:
        self.lines.sma[0] = self.data[0]


class OwnNext(bt.Strategy):
    def __init__(self) -> None:
        self.own = Renamed(self.data1, period=2)


class Late(bt.Strategy):
    def next(self) -> None:
        if len(self) == 200:
            self.late = bt.ind.SMA(self.data1, period=2)


class Asks(bt.Indicator):
    lines = ("length",)

    def next(self) -> None:
        self.lines.length[0] = float(len(self.data.array))


class Asked(bt.Strategy):
    def __init__(self) -> None:
        self.before = bt.ind.SMA(self.data1, period=2)
        self.asks = Asks(self.data1)
        self.after = bt.ind.SMA(self.data1, period=3)


class Peeks(bt.Indicator):
    lines = ("other",)

    def next(self) -> None:
        own = self._owner
        self.lines.other[0] = own.after[0] if len(own.after) else -1.0


class Peeked(bt.Strategy):
    def __init__(self) -> None:
        self.before = bt.ind.SMA(self.data1, period=2)
        self.peeks = Peeks(self.data0)
        self.after = bt.ind.SMA(self.data1, period=3)
        self.other = self.data2.close - self.data0.close


def with_strategy(kind: type, **params: Any) -> ResampledRun:
    def build(cerebro: Any) -> None:
        add_feeds(cerebro)
        cerebro.addstrategy(kind)

    return ran(both(build, stdstats=False, **params))


@pytest.mark.parametrize("kind", [Mixed, Stateful, Counted, OwnNext, Peeked])
def test_an_indicator_that_is_not_the_same_at_once_is_called_bar_by_bar(kind: type) -> None:
    run = with_strategy(kind)
    assert run.steps == 400
    assert not all(part.fast for part in run.parts if part.kind == "indicator")


@pytest.mark.parametrize("kind", [Late, Asked])
def test_an_indicator_may_end_our_part_of_the_run(kind: type) -> None:
    assert with_strategy(kind).steps < 400


class Timed(bt.Strategy):
    def __init__(self) -> None:
        self.said: list[Any] = []
        self.add_timer(datetime.time(10, 0), repeat=datetime.timedelta(minutes=9))
        self.add_timer(datetime.time(0, 0))  # midnight would come once more after the last bar

    def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        self.said.append((str(when), len(self), len(self.data1)))


@pytest.mark.parametrize("params", [{}, {"cheat_on_open": True}, {"quicknotify": True}])
def test_timers_cheats_and_quick_notifications(params: dict[str, Any]) -> None:
    assert with_strategy(Timed, **params).steps == 400


class Busy(bt.Strategy):
    """Trades several times while one bar of the slower feed lasts."""

    def next(self) -> None:
        if len(self) % 40 in (1, 3, 4):
            self.buy(data=self.data1)
        if len(self) % 40 in (6, 9):
            self.sell(data=self.data1)


def test_the_marks_of_a_slower_feed_change_on_each_step() -> None:
    def build(cerebro: Any) -> None:
        add_feeds(cerebro)
        cerebro.addstrategy(Busy)

    run = ran(both(build, stdstats=True, oldbuysell=True))
    assert all(part.fast for part in run.parts)


def test_nothing_of_ours_is_left_on_any_object() -> None:
    cerebro = Ours(stdstats=False)
    add_feeds(cerebro)
    cerebro.addstrategy(Habits, seed=1)
    strategy = cerebro.run()[0]
    for thing in (*cerebro.datas, *strategy.made, strategy, strategy.broker):
        assert "atms" not in type(thing).__module__ or isinstance(thing, Habits)
        assert not {"_ticker", "_shown", "_values", "_run", "_course"} & set(vars(thing))
        for line in getattr(thing.lines, "lines", ()) if hasattr(thing, "lines") else ():
            assert not {"_ticker", "_shown", "_values", "_run"} & set(vars(line))
            assert type(line).__mro__[0].__getitem__ is bt.linebuffer.LineBuffer.__getitem__
