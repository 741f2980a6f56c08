"""Trades as strategies and analyzers see them: sizes, profits, and fees in whatever asset."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from atms.sandbox.simulation.venue.manners import Delays
from tests.execution.live_bench import SPOT, Bench, Told, does, nothing, profile

BASE_FEE = profile(fee_in="received")
MARGIN = profile("oanda", buckets="net")
POINTS = {
    "symbols": {"AAAUSD": ("AAA", "USD"), "POINTUSD": ("POINT", "USD")},
    "balances": {"USD": Decimal(100_000), "POINT": Decimal(100)},
}


def buy(size: float, **more: Any) -> Any:
    return lambda one: one.buy(size=size, **more)


def sell(size: float, **more: Any) -> Any:
    return lambda one: one.sell(size=size, **more)


def close(one: Any) -> Any:
    return one.close()


def test_a_trade_opens_and_closes_with_its_profit_and_fees_in_the_quote() -> None:
    strategy = Bench([100, 100, 110, 110], SPOT).run(does(buy(2), nothing, close)).strategy
    opened, closed = strategy.trades
    assert (opened.justopened, opened.size, opened.price) == (True, 2, 100)
    assert (closed.isclosed, closed.size, closed.pnl) == (True, 0, 20)
    assert closed.commission == pytest.approx(0.42)
    assert closed.pnlcomm == pytest.approx(19.58)


def test_a_fee_in_what_was_bought_makes_the_position_smaller() -> None:
    strategy = Bench([100, 100, 110, 110], BASE_FEE).run(does(buy(2), nothing, close)).strategy
    opened, closed = strategy.trades
    assert opened.size == 1.998
    assert strategy.made[0].executed.size == 2
    assert strategy.made[2].executed.size == -1.998
    assert strategy.position.size == 0
    assert closed.isclosed


def test_the_net_profit_of_a_closed_trade_is_the_difference_in_cash() -> None:
    for one in (SPOT, BASE_FEE, MARGIN):
        ran = Bench([100, 104, 110, 110], one).run(does(buy(3), buy(4), close))
        closed = ran.strategy.trades[-1]
        assert closed.isclosed
        assert closed.pnlcomm == pytest.approx(ran.broker.getcash() - 100_000, abs=1e-9)
        assert ran.broker.getvalue() == ran.broker.getcash()


def test_a_fee_in_a_third_asset_is_told_at_the_rate_of_its_feed() -> None:
    with_points = profile(listed=POINTS, fee_asset="POINT", fee_price=Decimal(100))
    bench = Bench([100, 100, 110, 110], with_points, symbols=2)
    strategy = bench.run(does(buy(2), nothing, close)).strategy
    closed = strategy.trades[-1]
    fees = 200 / 1000 / 100 * 100 + 220 / 1000 / 100 * 110  # points at the close of their time
    assert closed.commission == pytest.approx(fees)
    assert strategy.made[0].info.fees == {"POINT": 0.002}


def test_a_fee_whose_rate_nobody_tells_is_in_the_orders_info_alone() -> None:
    with_points = profile(fee_asset="POINT", fee_price=Decimal(100))
    strategy = Bench([100, 100, 110, 110], with_points).run(does(buy(2), nothing, close)).strategy
    assert strategy.trades[-1].commission == 0
    assert strategy.made[2].info.fees == {"POINT": 0.0022}


def test_trades_of_several_ids_are_kept_apart() -> None:
    steps = (buy(2, tradeid=1), buy(3, tradeid=2), sell(2, tradeid=1), sell(3, tradeid=2))
    strategy = Bench([100, 110, 120, 130, 130], SPOT).run(does(*steps)).strategy
    told = [(one.tradeid, one.size, one.isclosed) for one in strategy.trades]
    assert told == [(1, 2, False), (2, 3, False), (1, 0, True), (2, 0, True)]
    # As in a backtest a trade's profit is by its own price, whatever the position's average.
    assert [one.pnl for one in strategy.trades] == [0, 0, 40, 60]


def test_a_position_turns_and_one_trade_closes_and_another_opens() -> None:
    strategy = Bench([100, 110, 120, 120], MARGIN).run(does(buy(2), sell(5), close)).strategy
    told = [(one.size, one.isclosed, one.pnl) for one in strategy.trades]
    assert told == [(2, False, 0), (0, True, 20), (-3, False, 0), (0, True, -30)]
    assert strategy.made[1].executed.pnl == 20


def test_close_and_sell_in_one_next_turn_a_position() -> None:
    def turn(one: Any) -> None:
        one.close()
        one.sell(size=1)

    strategy = Bench([100, 110, 120], MARGIN).run(does(buy(1), turn)).strategy
    assert strategy.position.size == -1


def test_a_sale_while_another_closes_the_position_opens_a_short_one() -> None:
    """The position is still there when the second one is made, and already spoken for."""

    class SellsOnceMore(Told):
        def notify_order(self, order: bt.Order) -> None:
            super().notify_order(order)
            if order.issell() and order.status == order.Submitted and len(self.statuses) == 2:
                self.sell(size=1)

    way = (0.02, 0.02)
    bench = Bench([100, 100, 100], MARGIN, delays=Delays(out=way, back=way, stream=way))
    strategy = bench.run(does(buy(1), close, base=SellsOnceMore)).strategy
    assert strategy.position.size == -1
    flags = [order.ticket.reduces for order in bench.venue.orders.values()]
    assert flags == [False, True, False]


def test_a_multiplier_is_in_profits_and_values() -> None:
    bench = Bench([100, 100, 110, 110, 110], MARGIN)
    listed = bench.venue.instruments[bench.instrument]
    bench.venue.list_instrument(replace(listed, multiplier=Decimal(50)))
    ran = bench.run(does(buy(2), nothing, nothing, close))
    closed = ran.strategy.trades[-1]
    assert closed.pnl == 2 * 10 * 50
    assert ran.broker.getcash() == 101_000
    assert ran.strategy.made[0].executed.value == 2 * 100 * 50


def test_an_open_profit_is_in_the_value() -> None:
    class Values(Told):
        values: list[float] = []

        def notify_cashvalue(self, cash: float, value: float) -> None:
            self.values.append(value)

    Bench([100, 100, 110, 130], MARGIN).run(does(buy(2), base=Values))
    assert Values.values[-3:] == [100_000, 100_020, 100_060]


def test_parts_of_lots_that_close_first_in_first_out_leave_the_value_right() -> None:
    steps = (buy(1), buy(1), sell(1))
    ran = Bench([100, 110, 120, 120], profile("oanda")).run(does(*steps))
    # The venue closes the lot of 100 and keeps that of 110; Backtrader's average is 105.
    assert ran.broker.getcash() == 100_020
    assert ran.broker.getvalue() == 100_030
    assert ran.strategy.position.price == 105


@pytest.mark.parametrize("engine", [bt.Cerebro, Cerebro])
def test_observers_and_analyzers_run_unharmed(engine: type[bt.Cerebro]) -> None:
    kinds = (
        "TradeAnalyzer", "Transactions", "DrawDown", "TimeReturn", "PyFolio", "SQN",
        "PositionsValue", "GrossLeverage",
    )  # fmt: skip

    def setup(cerebro: bt.Cerebro) -> None:
        for name in kinds:
            cerebro.addanalyzer(getattr(bt.analyzers, name), _name=name)
        cerebro.addobserver(bt.observers.Value)
        cerebro.addobserver(bt.observers.DrawDown)
        cerebro.addwriter(bt.WriterFile, csv=True, out="out.csv")

    steps = (buy(2), close, buy(1), close, buy(0.5))
    bench = Bench([100, 110, 100, 90, 100, 100, 100], SPOT)
    ran = bench.run(does(*steps), engine=engine, setup=setup, stdstats=True)
    found = {name: getattr(ran.strategy.analyzers, name).get_analysis() for name in kinds}
    assert found["TradeAnalyzer"].total.total == 3
    assert found["TradeAnalyzer"].won.total == found["TradeAnalyzer"].lost.total == 1
    assert sum(len(rows) for rows in found["Transactions"].values()) == 5
    value = list(ran.strategy.observers.broker.lines.value.get(size=3))
    assert value[-1] == ran.broker.getvalue()
    bought = ran.strategy.observers.buysell[0].lines.buy.array
    assert sum(at == at for at in bought) == 3  # a number where there was one
