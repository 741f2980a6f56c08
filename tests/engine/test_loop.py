"""The loop: who sees which bar at which moment, and who has moved when."""

from __future__ import annotations

import datetime
from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from tests.engine.both import bars, pandas_feed, run, same
from tests.engine.in_place import in_place


class Seen(bt.Strategy):
    """Writes down what a strategy can see, wherever it is called."""

    log: list[Any]

    def __init__(self) -> None:
        self.sma = bt.ind.SMA(self.data, period=3)
        self.cross = bt.ind.CrossOver(self.data, self.sma)
        self.up = self.data.close > self.sma

    def see(self, where: str) -> None:
        def read(line: Any, ago: int) -> Any:
            try:
                return line[ago]
            except IndexError as error:
                return str(error)

        own = [self.sma, self.cross, self.up, self.data, self.datetime, self.datas[-1]]
        places = [(len(line), [read(line, ago) for ago in (-4, -1, 0, 1, 2)]) for line in own]
        self.log.append((where, len(self), len(self.data), places, self.data.datetime.datetime()))

    def prenext(self) -> None:
        self.see("prenext")

    def nextstart(self) -> None:
        self.see("nextstart")
        self.buy(size=2)

    def next(self) -> None:
        self.see("next")
        if self.cross[0] and not self.position:
            self.buy()
        elif len(self) % 7 == 0:
            self.close()

    def notify_order(self, order: bt.Order) -> None:
        self.see(f"order {order.getstatusname()} {order.executed.price}")


def seeing(*frames: Any, kind: type = Seen, **also: Any) -> Any:
    def build(cerebro: Any) -> list[Any]:
        log: list[Any] = []
        for frame in frames:
            cerebro.adddata(pandas_feed(frame))
        cerebro.addstrategy(type(kind.__name__, (kind,), {"log": log, **also}))
        return log

    return build


def test_what_is_seen_on_one_feed_is_what_backtrader_shows() -> None:
    cerebro = same(seeing(bars()))
    assert cerebro.explain().share == 1.0


def test_feeds_with_gaps_and_of_different_lengths_are_seen_alike() -> None:
    cerebro = same(seeing(bars(80, drop=0.2), bars(50, seed=2, drop=0.3), bars(20, seed=3)))
    assert cerebro.explain().fast("loop")


class Later(Seen):
    """Is not called before its indicators are there, but for what its first order does."""

    prenext = bt.Strategy.prenext

    def __init__(self) -> None:
        super().__init__()
        self.long = bt.ind.SMA(self.data.close, period=30)

    def start(self) -> None:
        self.broker.add_cash(500)
        self.buy(size=1, exectype=bt.Order.Stop, price=100.5)


def test_a_strategy_that_has_to_wait_sees_the_same_when_its_time_comes() -> None:
    cerebro = same(seeing(bars(), bars(40, seed=2, drop=0.3), kind=Later))
    assert cerebro.explain().fast("loop")


def test_a_strategy_whose_time_never_comes_stands_on_the_last_bar() -> None:
    class Never(bt.Strategy):
        log: list[Any]

        def stop(self) -> None:
            self.log.append((len(self), len(self.data), self.data.close[0], self.data.datetime[0]))

    same(seeing(bars(), bars()[:0], kind=Never))  # it waits for the second feed's first bar


def test_feeds_of_two_timeframes_are_seen_alike() -> None:
    def build(cerebro: Any) -> list[Any]:
        log: list[Any] = []
        cerebro.adddata(pandas_feed(bars(90)))
        cerebro.adddata(pandas_feed(bars(20, seed=2, minutes=5)))

        class Slow(Seen):
            def __init__(self) -> None:
                super().__init__()
                self.slow = bt.ind.EMA(self.data1, period=4)

            def next(self) -> None:
                self.see("next")
                self.log.append((len(self.slow), self.slow[0], self.slow[-1]))

        cerebro.addstrategy(type("Slow", (Slow,), {"log": log}))
        return log

    assert same(build).explain().fast("strategy")


def test_a_timer_comes_before_the_strategy_has_moved() -> None:
    def start(self: Any) -> None:
        repeat = datetime.timedelta(minutes=4)
        for cheat in (True, False):
            self.add_timer(when=datetime.time(0, 5), repeat=repeat, cheat=cheat)

    def notify_timer(self: Any, timer: Any, when: Any, *args: Any) -> None:
        self.see(f"timer {when} {timer.params.cheat}")

    cerebro = same(seeing(bars(), start=start, notify_timer=notify_timer))
    assert cerebro.explain().fast("loop")


def test_next_open_comes_before_the_strategy_has_moved() -> None:
    def next_open(self: Any) -> None:
        self.see("open")
        if len(self) % 5 == 0:
            self.buy()

    same(seeing(bars(), next_open=next_open), cheat_on_open=True)


def test_a_quick_notification_comes_before_the_strategy_has_moved() -> None:
    same(seeing(bars()), quicknotify=True)


def test_two_strategies_take_their_turns_in_order() -> None:
    def build(cerebro: Any) -> list[Any]:
        log: list[Any] = seeing(bars())(cerebro)
        cerebro.addstrategy(type("Other", (Seen,), {"log": log}))
        return log

    same(build)


@pytest.mark.parametrize("ago", [-3, -1, 0, 1, 4])
def test_a_price_that_the_strategy_writes_is_there_for_orders_too(ago: int) -> None:
    def next_(self: Any) -> None:
        self.see("next")
        if len(self) % 6 == 1:
            self.sell(exectype=bt.Order.Limit, price=self.data.high[0] + 1)
        if len(self) % 6 == 3 and len(self) < 50:
            self.data.high[ago] = 200.0
            self.data.close.set(99.0, ago)

    same(seeing(bars(), bars(30, seed=5, drop=0.3), next=next_))


def test_a_line_that_is_moved_by_hand_leaves_the_rest_to_backtrader() -> None:
    def next_(self: Any) -> None:
        self.see("next")
        if len(self) == 20:
            self.data.close.rewind(2)
        if len(self) == 22:
            self.buy()

    cerebro = same(seeing(bars(), next=next_))
    assert not cerebro.explain().fast("loop")
    assert "moved by hand" in str(cerebro.explain())


def test_a_feed_that_is_advanced_by_hand_leaves_the_rest_to_backtrader() -> None:
    def next_(self: Any) -> None:
        self.see("next")
        if len(self) == 20:
            self.data.advance()

    cerebro = same(seeing(bars(), next=next_))
    assert not cerebro.explain().fast("loop")


def test_stamps_that_do_not_increase_are_backtraders() -> None:
    frame = bars()
    frame.index = frame.index[:30].append(frame.index[29:59])
    cerebro = same(seeing(frame))
    assert "stamps do not increase" in str(cerebro.explain())


@pytest.mark.parametrize("params", [{}, {"runonce": False}, {"preload": False}], ids=str)
def test_in_the_place_of_stock_it_still_finds_backtraders_own_loops(params: Any) -> None:
    class Own(Cerebro):
        def _next_writers(self, runstrats: Any) -> None:  # so that no loop of ours is right
            super()._next_writers(runstrats)

    stock, _ = run(bt.Cerebro, seeing(bars()), **params)
    with in_place():
        ours, cerebro = run(Own, seeing(bars()), **params)
    assert repr(ours) == repr(stock)
    assert not cerebro.explain().fast("loop")


@pytest.mark.parametrize("of_class", [False, True])
def test_next_may_be_exchanged_on_the_way_and_back(of_class: bool) -> None:
    def next_(self: Any) -> None:
        self.see("next")
        if len(self) == 20 and of_class:
            type(self).next = other
        elif len(self) == 20:
            self.next = other.__get__(self)

    def other(self: Any) -> None:
        self.see("another next")
        if len(self) == 30 and of_class:
            type(self).next = next_
        elif len(self) == 30:
            del self.next

    assert same(seeing(bars(), next=next_)).explain().fast("strategy")


def test_a_run_that_the_strategy_stops_ends_there() -> None:
    def next_(self: Any) -> None:
        self.see("next")
        if len(self) == 30:
            self.cerebro.runstop()

    same(seeing(bars(), next=next_))


def test_classes_are_back_after_a_strategy_has_raised() -> None:
    def next_(self: Any) -> None:
        if len(self) == 30:
            raise ValueError("on purpose")

    build = seeing(bars(), next=next_)
    same(build)
    _, cerebro = run(Cerebro, build)
    strategy = cerebro.runningstrats[0]
    assert type(cerebro.datas[0]) is bt.feeds.PandasData
    assert type(strategy.sma) is bt.ind.SMA
    assert type(strategy.data.close) is bt.linebuffer.LineBuffer
    assert type(strategy.datetime) is bt.linebuffer.LineBuffer
    assert "_ticker" not in strategy.data.close.__dict__
    assert "close" not in strategy.data.__dict__


def test_during_a_run_classes_carry_their_names_and_pass_isinstance() -> None:
    def next_(self: Any) -> None:
        self.log.append([type(one).__name__ for one in (self.data, self.sma, self.data.close)])
        self.log.append([type(one).__module__ for one in (self.data, self.sma, self.up)])
        self.log.append(
            isinstance(self.sma, bt.ind.SMA) and isinstance(self.data, bt.AbstractDataBase)
        )

    same(seeing(bars(), next=next_))


def test_what_is_written_to_a_class_during_a_run_stays() -> None:
    class Counting(bt.feeds.PandasData):
        asked = 0

    def next_(self: Any) -> None:
        type(self.data).asked += 1
        self.log.append(Counting.asked)

    def build(cerebro: Any) -> list[Any]:
        log: list[Any] = []
        Counting.asked = 0
        cerebro.adddata(Counting(dataname=bars()))
        cerebro.addstrategy(type("Asking", (Seen,), {"log": log, "next": next_}))
        return log

    same(build)
    assert Counting.asked > 50


def test_an_indicator_with_its_own_advance_takes_its_strategy_along() -> None:
    class Own(bt.Indicator):
        lines = ("twice",)

        def __init__(self) -> None:
            self.lines.twice = self.data * 2

        def advance(self, size: int = 1) -> None:
            super().advance(size)

    def init(self: Any) -> None:
        Seen.__init__(self)
        self.own = Own(self.data)

    def next_(self: Any) -> None:
        self.see("next")
        self.log.append((len(self.own), self.own[0], self.own[-1]))

    cerebro = same(seeing(bars(), __init__=init, next=next_))
    assert not cerebro.explain().fast("strategy")


def test_operators_on_lines_give_what_backtraders_give() -> None:
    def next_(self: Any) -> None:
        one, other = self.sma, self.data
        found = [one > other, one < 100, one == other, one != one, one >= 5, one <= other.close]
        found += [one + 1, 1 - one, one * other, 100 / one, one // 7, one**2, 2**self.up, -one]
        found += [abs(one - other), bool(self.cross), bool(self.up), one > self.up]
        self.log.append([(type(value).__name__, value) for value in found])

    same(seeing(bars(), next=next_))


def test_a_division_by_a_line_that_is_zero_raises_as_in_backtrader() -> None:
    same(seeing(bars(), next=lambda self: 1 / self.cross))
