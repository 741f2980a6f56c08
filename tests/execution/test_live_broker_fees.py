"""Fees that come after their fills: orders and trades have them, and nothing is told twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.sandbox.simulation.venue.booking import bust, charge
from atms.stores.facts import Fee
from tests.execution.live_bench import Bench, Ran, Told, does, nothing, profile

COUNTER = profile("ibkr")  # whose fees come three seconds later: 5 of 10000
RATE = 0.0005


def buy(one: Any) -> Any:
    return one.buy(size=3)


def close(one: Any) -> Any:
    return one.close()


def trades(ran: Ran) -> list[Any]:
    """Return the trades that the strategy keeps."""
    return [one for kept in ran.strategy._trades.values() for one in kept[0]]


def settled(ran: Ran, bench: Bench) -> None:
    """Compare cash and position with what is true at the venue."""
    balances = bench.venue.holdings.balances
    assert ran.broker.getcash() == pytest.approx(float(balances["USD"]), abs=1e-9)
    held = bench.venue.holdings.qty(bench.instrument)
    assert ran.strategy.position.size == pytest.approx(float(held))


def gas(bench: Bench) -> None:
    """Take a dollar for the first order, whether it fills or not."""
    order, fee = next(iter(bench.venue.orders.values())), Fee(asset="USD", amount=Decimal(1))
    charge(bench.venue, fee, "gas", bench.instrument, order=order)


def test_a_fee_that_comes_later_is_its_orders_and_its_open_trades_commission() -> None:
    bench = Bench([100, 100, 110, 110], COUNTER)
    ran = bench.run(does(buy))
    order, (trade,) = ran.strategy.made[0], trades(ran)
    assert order.executed.comm == pytest.approx(300 * RATE)
    (bit,) = order.executed.exbits
    assert (bit.comm, bit.openedcomm, bit.closedcomm) == pytest.approx((300 * RATE, 300 * RATE, 0))
    assert trade.commission == pytest.approx(300 * RATE)
    assert trade.pnlcomm == pytest.approx(-300 * RATE)
    assert order.info.fees == {"USD": pytest.approx(300 * RATE)}
    settled(ran, bench)


def test_a_trade_that_is_told_later_has_the_fee_in_it() -> None:
    bench = Bench([100, 110, 110, 110], COUNTER)
    ran = bench.run(does(buy, close))
    told = ran.strategy.trades[-1]
    assert (told.isclosed, told.pnl) == (True, 30)
    assert told.pnlcomm == pytest.approx(30 - 300 * RATE)


def test_a_fee_of_a_trade_that_is_over_is_added_to_the_one_that_is_kept_and_not_told() -> None:
    bench = Bench([100, 110, 110, 110], COUNTER)
    ran = bench.run(does(buy, close))
    (kept,) = trades(ran)
    assert kept.commission == pytest.approx((300 + 330) * RATE)
    assert kept.pnlcomm == pytest.approx(30 - (300 + 330) * RATE)
    assert [one.isclosed for one in ran.strategy.trades] == [False, True]
    for statuses in ran.strategy.statuses.values():
        assert statuses == ["Submitted", "Accepted", "Completed"]
    settled(ran, bench)


def test_a_fee_of_what_closes_one_trade_and_opens_another_is_shared_by_units() -> None:
    def turn(one: Any) -> Any:
        return one.sell(size=5)

    bench = Bench([100, 100, 100, 100], profile("ibkr", listed={"cash": "margin"}))
    ran = bench.run(does(buy, turn))
    first, second = trades(ran)
    assert first.commission == pytest.approx((300 + 300) * RATE)
    assert second.commission == pytest.approx(200 * RATE)
    assert ran.strategy.made[1].executed.comm == pytest.approx(500 * RATE)
    settled(ran, bench)


def test_a_fee_that_comes_before_a_strategy_hears_of_its_fill_is_in_what_it_hears() -> None:
    class Hears(Told):
        def __init__(self) -> None:
            super().__init__()
            self.comms: list[float] = []

        def notify_order(self, order: bt.Order) -> None:
            super().notify_order(order)
            self.comms.append(order.executed.comm)

    slow = profile("ibkr", fee_lag=timedelta(0))
    bench = Bench([100, 100, 110, 110], slow)

    def takes_its_time(one: Any) -> Any:
        order = one.buy(size=3)
        one.broker.desks[0]._host.wait(1.0)  # the fill and its fee come while it computes
        return order

    ran = bench.run(does(takes_its_time, base=Hears))
    assert ran.strategy.comms[-1] == pytest.approx(300 * RATE)
    assert trades(ran)[0].commission == pytest.approx(300 * RATE)


def test_a_fee_of_an_order_alone_is_of_what_it_has_executed_last() -> None:
    bench = Bench([100, 100, 110, 110], profile("ibkr", fee_lag=None))

    bench.happens(2, 5, lambda: gas(bench))
    ran = bench.run(does(buy))
    assert ran.strategy.made[0].executed.comm == pytest.approx(300 * RATE + 1)
    assert trades(ran)[0].commission == pytest.approx(300 * RATE + 1)
    settled(ran, bench)


def test_a_fee_of_an_order_that_has_not_filled_is_of_what_it_executes_first() -> None:
    def limit(one: Any) -> Any:
        return one.buy(size=3, price=90.0, exectype=bt.Order.Limit)

    bench = Bench([100, 100, 89, 89], profile("ibkr", fee_lag=None))

    bench.happens(1, 5, lambda: gas(bench))
    ran = bench.run(does(limit))
    assert ran.strategy.made[0].executed.comm == pytest.approx(270 * RATE + 1)
    assert trades(ran)[0].commission == pytest.approx(270 * RATE + 1)
    settled(ran, bench)


def test_what_is_given_back_of_a_fill_that_was_busted_is_taken_off_again() -> None:
    bench = Bench([100, 100, 110, 110], COUNTER)
    bench.happens(2, 5, lambda: bust(bench.venue, next(iter(bench.venue.executions))))
    ran = bench.run(does(buy))
    assert ran.strategy.made[0].executed.comm == pytest.approx(0)
    assert sum(one.commission for one in trades(ran)) == pytest.approx(0)
    settled(ran, bench)


def test_a_fee_in_units_that_comes_later_takes_them_from_the_position() -> None:
    spot = profile("binance", fee_in="received", fee_lag=timedelta(seconds=3))
    bench = Bench([100, 100, 110, 110], spot)
    ran = bench.run(does(buy))
    rate = float(spot.manners.taker)
    assert ran.strategy.position.size == pytest.approx(3 - 3 * rate)
    assert ran.strategy.made[0].executed.comm == pytest.approx(300 * rate)
    assert trades(ran)[0].size == pytest.approx(3 - 3 * rate)
    assert ran.broker.getcash() == pytest.approx(float(bench.venue.holdings.balances["USD"]))


def test_a_fee_of_a_process_before_this_one_moves_cash_alone() -> None:
    bench = Bench([100, 100, 100, 100, 100], profile("ibkr", fee_lag=timedelta(seconds=70)),
                  keeps=True)  # fmt: skip
    bench.run(does(buy), bars=2)
    ran = bench.run(does(nothing))
    assert [one.commission for one in trades(ran)] == [0]
    settled(ran, bench)
