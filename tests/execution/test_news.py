"""When strategies hear: between bars at once; with a bar, after indicators and before next()."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import backtrader as bt
from backtrader.order import BuyOrder, OrderExecutionBit

from atms.execution.broker.bits import add
from atms.execution.broker.news import News
from tests.execution.test_live_broker_as_backtest import Listed


class Plain(bt.BrokerBase):  # type: ignore[misc]
    """A broker that does what it is told at the head of each pass."""

    startingcash = cash = value = 0.0

    def __init__(self, at_head: Callable[[Any], object]) -> None:
        super().__init__()
        self.at_head = at_head

    def start(self) -> None:
        super().start()
        self.news = News(self.cerebro)

    def getcash(self) -> float:
        return self.cash

    def getvalue(self, datas: Any = None) -> float:
        return self.value

    def getposition(self, data: Any) -> bt.Position:
        return bt.Position()

    def get_notification(self) -> None:
        return None


class Feed(Listed):
    """Lets the broker act before it moves, as a live feed's pass does."""

    def do_qcheck(self, onoff: bool, qlapse: float) -> None:
        broker = self._env.broker
        broker.news.follow()
        broker.at_head(broker)


class Hears(bt.Strategy):
    def __init__(self) -> None:
        self.mean = bt.ind.SMA(self.data, period=1)
        self.heard: list[Any] = []

    def notify_order(self, order: bt.Order) -> None:
        self.heard.append((order.ref, order.getstatusname(), len(self), self.mean[0]))

    def notify_trade(self, trade: bt.Trade) -> None:
        self.heard.append(("trade", trade.size))

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.heard.append(("cash", len(self)))

    def next(self) -> None:
        self.heard.append(("next", len(self)))


def run(
    at_head: Callable[[Any], object], *strategies: type[bt.Strategy]
) -> tuple[list[Any], Plain]:
    cerebro = bt.Cerebro(stdstats=False)
    rows = [(bt.date2num(datetime(2026, 3, day)), *(100.0 + day,) * 4) for day in (1, 2)]
    cerebro.adddata(Feed(bars=rows))
    broker = Plain(at_head)
    cerebro.setbroker(broker)
    for strategy in strategies or (Hears,):
        cerebro.addstrategy(strategy)
    ran = cerebro.run(runonce=False, preload=False)
    broker.news.leave()
    assert not cerebro.p.quicknotify
    assert not any("_notify" in vars(one) for one in ran)
    return list(ran), broker


def filled(broker: Any, size: int, owner: Any = None, **asked: Any) -> bt.Order:
    order = BuyOrder(owner=owner, data=broker.cerebro.datas[0], size=size, **asked)
    order.addcomminfo(broker.getcommissioninfo(order.data))
    bit = OrderExecutionBit(order.created.dt, size, 100.0, opened=size, openedvalue=100.0 * size)
    add(order.executed, bit, Decimal(size), Decimal(size) * 100, Decimal(0))
    order.completed()
    return order


class Once:
    """Does something at the head of one pass, counted from 0."""

    def __init__(self, number: int, what: Callable[[Any], object]) -> None:
        self.number, self.what, self.passes = number, what, 0

    def __call__(self, broker: Any) -> None:
        if self.passes == self.number:
            self.what(broker)
        self.passes += 1


def completed(strategy: Any) -> list[Any]:
    return [word for word in strategy.heard if word[1] == "Completed"]


def test_with_a_bar_orders_are_told_after_indicators_then_trades_then_cash_then_next() -> None:
    made: list[int] = []

    def fill(broker: Any) -> None:
        for size in (1, 2):
            order = filled(broker, size)
            broker.news.put(order)
            made.append(order.ref)

    (strategy,), _ = run(Once(1, fill))
    assert strategy.heard == [
        ("cash", 1), ("next", 1),
        (made[0], "Completed", 2, 102.0), (made[1], "Completed", 2, 102.0), ("trade", 1),
        ("cash", 2), ("next", 2),
    ]  # fmt: skip


def test_between_bars_orders_are_told_at_once_and_not_again_with_the_bar() -> None:
    def fill(broker: Any) -> None:
        broker.news.put(filled(broker, 1))
        broker.news.tell_all()

    (strategy,), _ = run(Once(1, fill))
    assert [(length, mean) for _, _, length, mean in completed(strategy)] == [(1, 101.0)]
    assert strategy.heard[-2:] == [("cash", 2), ("next", 2)]


def test_what_a_strategy_does_when_it_hears_is_told_the_next_time() -> None:
    """One that orders again whenever an order is refused would never come back."""

    class Again(Hears):
        def notify_order(self, order: bt.Order) -> None:
            super().notify_order(order)
            self.broker.news.put(order)

    (strategy,), broker = run(Once(1, lambda broker: broker.news.put(filled(broker, 1))), Again)
    assert len(completed(strategy)) == 1
    assert broker.news.waits


def test_an_order_of_nobody_is_told_to_the_first_strategy() -> None:
    order = Once(1, lambda broker: broker.news.put(filled(broker, 1, owner=object())))
    (first, second), _ = run(order, Hears, Hears)
    assert (len(completed(first)), len(completed(second))) == (1, 0)


def test_nothing_is_told_before_the_orders_data_has_a_bar() -> None:
    """Strategies look at the data's time when they hear, and trades bear it."""

    def fill(broker: Any) -> None:
        order = filled(broker, 1, simulated=True, price=100.0)
        broker.news.put(order)
        broker.news.tell_all()

    (strategy,), _ = run(Once(0, fill))
    assert [length for _, _, length, _ in completed(strategy)] == [1]
    (trade,) = strategy._trades[strategy.data][0]
    assert trade.open_datetime() == datetime(2026, 3, 1)
