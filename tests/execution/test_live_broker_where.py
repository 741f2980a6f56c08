"""From where orders may be made: every call of a strategy, and every data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import backtrader as bt
import pytest

from tests.execution.live_bench import SPOT, Bench, Told, does, nothing
from tests.execution.test_live_broker_as_backtest import Listed


def statuses(strategy: Any) -> list[list[str]]:
    return list(strategy.statuses.values())


def test_an_order_on_a_past_bar_is_rejected_at_once_and_told() -> None:
    class Early(Told):
        def next(self) -> None:
            if len(self) == 2:
                self.order = self.buy(size=1)
                self.at_once = self.order.status

    bench = Bench([100, 100], SPOT)
    strategy = bench.run(Early).strategy
    assert strategy.at_once == bt.Order.Rejected
    assert strategy.order.info.code == "NOT_LIVE"
    assert statuses(strategy) == [["Rejected"]]
    assert next(word for word in strategy.heard if word[0] == "Rejected")[2] <= 3
    assert not bench.venue.orders


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"price": 90.0, "exectype": bt.Order.Limit},
        {"trailamount": 1.0, "exectype": bt.Order.StopTrail},
        {"price": 90.0, "exectype": bt.Order.Limit, "valid": timedelta(days=1)},
    ],
)  # fmt: skip
def test_an_order_in_start_is_rejected_and_told_with_the_first_bar(asked: dict[str, Any]) -> None:
    class InStart(Told):
        def start(self) -> None:
            self.order = self.buy(size=1, **asked)

    strategy = Bench([100, 100], SPOT).run(InStart).strategy
    assert strategy.order.info.code == "NOT_LIVE"
    assert [word for word in strategy.heard if word[0] == "Rejected"] == [("Rejected", 0, 1)]


def test_an_order_in_prenext_is_sent_if_the_bar_is_live() -> None:
    class Waits(Told):
        def __init__(self) -> None:
            super().__init__()
            self.mean = bt.ind.SMA(self.data, period=50)

        def prenext(self) -> None:
            if self.data.live and not self.statuses and not hasattr(self, "order"):
                self.order = self.buy(size=1)

    strategy = Bench([100, 100, 100], SPOT).run(Waits).strategy
    assert statuses(strategy) == [["Submitted", "Accepted", "Completed"]]


def test_orders_are_made_when_orders_trades_and_datas_are_told_of() -> None:
    class Chain(Told):
        def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
            if status == data.LIVE:
                self.early = self.buy(size=7)  # on the last bar of the past

        def next(self) -> None:
            if self.data.live and not self.position and not hasattr(self, "first"):
                self.first = self.buy(size=1)

        def notify_order(self, order: bt.Order) -> None:
            super().notify_order(order)
            if order == getattr(self, "first", None) and order.status == order.Completed:
                self.second = self.buy(size=2)

        def notify_trade(self, trade: bt.Trade) -> None:
            if not hasattr(self, "third"):
                self.third = self.buy(size=4)

    strategy = Bench([100, 100, 100], SPOT).run(Chain).strategy
    assert strategy.early.info.code == "NOT_LIVE"
    assert strategy.position.size == 1 + 2 + 4


def test_one_that_orders_again_whenever_it_is_refused_does_not_hang_the_run() -> None:
    class Stubborn(Told):
        def notify_order(self, order: bt.Order) -> None:
            super().notify_order(order)
            if order.status == order.Rejected and len(self.statuses) < 200:
                self.buy(size=1e-9)

        def next(self) -> None:
            if self.data.live and not self.statuses:
                self.buy(size=1e-9)

    strategy = Bench([100, 100, 100], SPOT).run(Stubborn).strategy
    assert len(strategy.statuses) == 200


def test_an_order_in_stop_is_sent_before_the_run_is_over() -> None:
    class AtTheEnd(Told):
        def stop(self) -> None:
            self.last = self.close()

    bench = Bench([100, 100, 100], SPOT)
    bench.run(does(lambda one: one.buy(size=3), base=AtTheEnd))
    sold = list(bench.venue.orders.values())[-1]
    assert (sold.ticket.side, sold.filled) == (-1, 3)
    assert bench.venue.holdings.balances["AAA"] == 0


@pytest.mark.parametrize("how", ["resampledata", "replaydata"])
def test_orders_on_a_longer_bar_go_to_the_same_instrument(how: str) -> None:
    class OnLonger(Told):
        def next(self) -> None:
            if self.data.live and not hasattr(self, "order"):
                self.order = self.buy(data=self.data1, size=1)

        def notify_trade(self, trade: bt.Trade) -> None:
            super().notify_trade(trade)
            self.whose = trade.data is self.data0

    def setup(cerebro: bt.Cerebro) -> None:
        add = getattr(cerebro, how)
        add(cerebro.datas[0], timeframe=bt.TimeFrame.Minutes, compression=3)

    bench = Bench([100.0 + at for at in range(9)], SPOT)
    ran = bench.run(OnLonger, setup=setup)
    strategy = ran.strategy
    assert strategy.getposition(strategy.data0).size == 1
    assert strategy.getposition(strategy.data1) is strategy.getposition(strategy.data0)
    assert strategy.order.data is strategy.data1
    assert strategy.whose
    assert ran.broker.getvalue([strategy.data1]) == strategy.data0.close[0]


def test_a_position_opened_on_one_data_and_closed_on_another_is_one_trade() -> None:
    def setup(cerebro: bt.Cerebro) -> None:
        cerebro.resampledata(cerebro.datas[0], timeframe=bt.TimeFrame.Minutes, compression=3)

    steps = (lambda one: one.buy(size=1), nothing, lambda one: one.close(data=one.data1))
    ran = Bench([100.0 + at for at in range(9)], SPOT).run(does(*steps), setup=setup)
    closed = ran.strategy.trades[-1]
    assert (closed.isclosed, len(ran.strategy.trades)) == (True, 2)
    assert ran.strategy.data1._compensate is None  # it was for the run alone


def test_an_order_on_a_data_of_no_store_is_refused() -> None:
    class OnFile(Told):
        def next(self) -> None:
            if self.data.live and not hasattr(self, "order"):
                self.order = self.buy(data=self.data1, size=1)

    def setup(cerebro: bt.Cerebro) -> None:
        cerebro.adddata(Listed(bars=[(700_000.0, 1.0, 1.0, 1.0, 1.0)]))

    strategy = Bench([100, 100], SPOT).run(OnFile, setup=setup).strategy
    assert strategy.order.info.code == "NO_STORE"
    assert statuses(strategy) == [["Rejected"]]
    assert strategy.getposition(strategy.data1).size == 0


def test_positions_and_orders_are_what_brokers_have() -> None:
    class Asks(Told):
        def next(self) -> None:
            if self.data.live and not hasattr(self, "order"):
                self.order = self.buy(size=1, price=90.0, exectype=bt.Order.Limit, note="mine")
            elif hasattr(self, "order"):
                self.open = self.broker.get_orders_open()
                self.copies = self.broker.get_orders_open(safe=True)
                self.asked = self.order.brokerstatus()

    strategy = Bench([100, 100, 100], SPOT).run(Asks).strategy
    assert strategy.open == [strategy.order]
    assert strategy.copies == [strategy.order]
    assert strategy.copies[0] is not strategy.order
    assert strategy.asked == bt.Order.Accepted
    assert strategy.order.info.note == "mine"
    assert next(iter(strategy.positions.values())).size == 0
    assert strategy.positionsbyname["AAAUSD"].size == 0
    broker = strategy.broker
    assert broker.get_cash() == broker.getcash() == broker.startingcash == 100_000
    assert broker.get_value() == broker.fundvalue == 100_000
    assert (broker.fundshares, broker.fundmode) == (1.0, False)
