"""Sparse mode: on which bars a strategy with act_on is called."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from atms.errors import StrategyError
from tests.engine.both import bars, pandas_feed


class Cross(bt.Strategy):
    act_on: Any = ("cross",)

    def __init__(self) -> None:
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=3), bt.ind.SMA(period=8))
        self.called: list[int] = []
        self.told: list[Any] = []

    def next(self) -> None:
        self.called.append(len(self))
        if self.cross[0] > 0:
            self.buy()
        elif self.cross[0] < 0:
            self.close()

    def notify_order(self, order: bt.Order) -> None:
        self.told.append((len(self), order.status, order.executed.price))


def ran(kind: type, *frames: Any, **params: Any) -> Any:
    cerebro = Cerebro(stdstats=False, **params)
    for frame in frames or (bars(300),):
        cerebro.adddata(pandas_feed(frame))
    cerebro.addstrategy(kind)
    return cerebro.run()[0]


def test_a_sparse_strategy_gets_the_same_fills_in_fewer_calls() -> None:
    sparse, dense = ran(Cross), ran(Cross, sparse=False)
    assert sparse.told == dense.told
    assert sparse.broker.getvalue() == dense.broker.getvalue()
    assert len(sparse.called) < len(dense.called) / 2
    assert len(sparse) == len(dense) == 300


def test_a_strategy_is_called_where_a_line_is_not_zero_and_where_it_was_told() -> None:
    strategy = ran(Cross)
    values = strategy.cross.array
    signals = {step + 1 for step, value in enumerate(values) if value != 0 and value == value}
    told = {length for length, *_ in strategy.told}
    first = strategy._minperiod
    assert set(strategy.called) == {n for n in signals | told | {first} if n >= first}


def test_a_line_of_a_slower_feed_calls_as_long_as_it_shows() -> None:
    class Slow(Cross):
        act_on = "high"

        def __init__(self) -> None:
            super().__init__()
            self.high = self.data1.close > bt.ind.SMA(self.data1, period=3)

        def nextstart(self) -> None: ...

        def next(self) -> None:
            self.called.append((len(self), self.high[0]))

    strategy = ran(Slow, bars(200), bars(40, seed=2, minutes=5))
    assert {value for _, value in strategy.called} == {1.0}
    dense = ran(Slow, bars(200), bars(40, seed=2, minutes=5), sparse=False)
    assert strategy.called == [one for one in dense.called if one[1]]


def test_a_name_that_is_no_line_is_refused_with_the_way_out() -> None:
    with pytest.raises(StrategyError, match="act_on: 'crossing' is no line or indicator"):
        ran(type("Wrong", (Cross,), {"act_on": ("crossing",)}))


def test_after_a_refused_name_everything_has_its_own_class() -> None:
    cerebro = Cerebro(stdstats=False)
    cerebro.adddata(pandas_feed(bars(300)))
    cerebro.addstrategy(type("Wrong", (Cross,), {"act_on": ("crossing",)}))
    with pytest.raises(StrategyError):
        cerebro.run()
    strategy = cerebro.runningstrats[0]
    kinds = [type(one) for one in (cerebro.datas[0], strategy.cross, cerebro.broker)]
    assert kinds == [bt.feeds.PandasData, bt.ind.CrossOver, bt.brokers.BackBroker]


def test_verify_passes_a_strategy_that_keeps_its_word() -> None:
    assert ran(Cross, sparse="verify").told == ran(Cross).told


def test_verify_names_the_first_order_of_a_strategy_that_acts_on_more() -> None:
    def next_(self: Any) -> None:
        if len(self) == 20:
            self.buy()

    with pytest.raises(StrategyError, match=r"order 1, of .* the strategy acts on more"):
        ran(type("More", (Cross,), {"next": next_}), sparse="verify")


def test_stock_backtrader_ignores_act_on() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(pandas_feed(bars(300)))
    cerebro.addstrategy(Cross)
    stock = cerebro.run()[0]
    assert stock.told == ran(Cross).told
