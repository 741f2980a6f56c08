"""What strategies hear of orders: every status, once, in order, with the right sums."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from atms.sandbox.simulation.venue.faults import Faults
from tests.execution.live_bench import SPOT, Bench, Told, does, nothing, profile


def statuses(strategy: Told) -> list[list[str]]:
    return list(strategy.statuses.values())


@pytest.mark.parametrize("engine", [bt.Cerebro, Cerebro])
def test_a_market_order_is_told_submitted_accepted_and_completed(engine: type[bt.Cerebro]) -> None:
    ran = Bench([100, 101, 102], SPOT).run(does(lambda one: one.buy(size=2)), engine=engine)
    assert statuses(ran.strategy) == [["Submitted", "Accepted", "Completed"]]


def test_sums_of_a_completed_order_are_those_of_its_fills() -> None:
    ran = Bench([100, 101, 102], SPOT).run(does(lambda one: one.buy(size=2)))
    order = ran.strategy.made[0]
    assert (order.executed.size, order.executed.price, order.executed.remsize) == (2, 100, 0)
    assert order.executed.value == 200
    assert order.executed.comm == pytest.approx(0.2)  # a thousandth of 200
    assert order.executed.pnl == 0


def test_a_closing_order_has_its_profit() -> None:
    steps = (lambda one: one.buy(size=2), lambda one: one.close())
    order = Bench([100, 101, 102], SPOT).run(does(*steps)).strategy.made[1]
    assert order.executed.pnl == 2
    assert order.executed.size == -2


def test_a_limit_order_that_fills_in_parts_is_told_each_part() -> None:
    bench = Bench([100, 100, 100], SPOT)
    name = bench.instrument
    for second, units in ((5, "0.5"), (6, "0.7"), (7, "5")):
        trade = partial(bench.venue.trade, name, Decimal(90), Decimal(units))
        bench.happens(1, second, trade)
    limit = {"size": 2, "price": 90.0, "exectype": bt.Order.Limit}

    class Parts(Told):
        rests: list[tuple[float, float]] = []

        def notify_order(self, order: bt.Order) -> None:
            super().notify_order(order)
            if order.executed.size:
                self.rests.append((order.executed.size, order.executed.remsize))

    strategy = bench.run(does(lambda one: one.buy(**limit), base=Parts)).strategy
    assert statuses(strategy) == [["Submitted", "Accepted", "Partial", "Partial", "Completed"]]
    assert strategy.rests == [(0.5, 1.5), (1.2, 0.8), (2.0, 0.0)]


def test_an_order_that_is_taken_back_is_canceled() -> None:
    limit = {"size": 2, "price": 90.0, "exectype": bt.Order.Limit}
    steps = (lambda one: one.buy(**limit), lambda one: one.cancel(one.made[0]))
    strategy = Bench([100, 100, 100], SPOT).run(does(*steps)).strategy
    assert statuses(strategy) == [["Submitted", "Accepted", "Canceled"]]


@pytest.mark.parametrize("valid", ["timedelta", "datetime"])
def test_an_order_that_is_valid_for_a_while_expires(valid: str) -> None:
    def buy(one: Any) -> Any:
        until: Any = timedelta(seconds=70)
        if valid == "datetime":
            until = one.data.datetime.datetime() + until
        return one.buy(size=2, price=90.0, exectype=bt.Order.Limit, valid=until)

    strategy = Bench([100] * 4, "oanda").run(does(buy)).strategy
    assert statuses(strategy) == [["Submitted", "Accepted", "Expired"]]
    assert [word for word in strategy.heard if word[0] == "Expired"] == [("Expired", 0, 5)]


def test_a_day_order_is_valid_until_the_session_ends() -> None:
    order = {"size": 2, "price": 90.0, "exectype": bt.Order.Limit, "valid": bt.Order.DAY}
    bench = Bench([100] * 3, "oanda")
    bench.run(does(lambda one: one.buy(**order)))
    (ticket,) = (one.ticket for one in bench.venue.orders.values())
    assert ticket.tif == "gtd"
    assert (ticket.expires.day, ticket.expires.hour, ticket.expires.minute) == (2, 23, 59)


def test_an_order_without_funds_is_told_margin() -> None:
    strategy = Bench([100, 100], SPOT).run(does(lambda one: one.buy(size=2000))).strategy
    assert statuses(strategy) == [["Submitted", "Margin"]]
    assert strategy.made[0].info.code == "FUNDS"


def test_an_order_that_the_venue_refuses_is_rejected_with_its_reason() -> None:
    bench = Bench([100, 100], SPOT, faults=Faults(refuse_order=1))
    strategy = bench.run(does(lambda one: one.buy(size=1))).strategy
    assert statuses(strategy) == [["Submitted", "Rejected"]]
    assert strategy.made[0].info.code == "OTHER"


def test_what_cannot_be_done_is_rejected_with_words() -> None:
    order = {"size": 1, "exectype": bt.Order.Close}
    strategy = Bench([100, 100], SPOT).run(does(lambda one: one.sell(**order))).strategy
    assert statuses(strategy) == [["Rejected"]]
    assert strategy.made[0].info.code == "UNSUPPORTED"


def test_what_this_process_would_have_to_hold_asks_for_consent() -> None:
    order = {"size": 1, "price": 110.0, "exectype": bt.Order.Stop}
    strategy = Bench([100, 100], profile("chain")).run(does(lambda one: one.buy(**order))).strategy
    assert statuses(strategy) == [["Rejected"]]
    assert strategy.made[0].info.code == "NEEDS_CONSENT"
    assert "emulated_protection" in strategy.made[0].info.reason


def test_every_status_comes_once_though_the_venue_does_everything_twice() -> None:
    faults = Faults(duplicate_fact=1, reorder_facts=0.5, late_fact=0.5, lose_reply=0.2)
    closes = [100.0 + at for at in range(30)]
    buys = [lambda one: one.buy(size=1) if not one.position else one.close()] * 25
    bench = Bench(closes, SPOT, faults=faults)
    strategy = bench.run(does(*buys), patience=600).strategy
    assert len(statuses(strategy)) > 15
    for told in statuses(strategy):
        assert len(told) == len(set(told)) or told.count("Partial") > 1
        final = [one for one in told if one not in ("Submitted", "Accepted", "Partial")]
        assert len(final) <= 1
        assert told[: len(told) - len(final)] == sorted(
            told[: len(told) - len(final)], key=["Submitted", "Accepted", "Partial"].index
        )


def test_news_come_within_one_pass_and_not_with_the_next_bar() -> None:
    class Times(Told):
        def notify_order(self, order: bt.Order) -> None:
            super().notify_order(order)
            self.heard.append(("at", bench.loop.now()))

    bench = Bench([100, 100, 100], SPOT)
    strategy = bench.run(does(lambda one: one.buy(size=1), base=Times)).strategy
    at = [word[1] for word in strategy.heard if word[0] == "at"]
    made = strategy.made[0].created.dt
    latest = max((one.replace(tzinfo=None) - bt.num2date(made)).total_seconds() for one in at)
    assert len(at) == 3
    assert latest < 1  # way there, way back, and the stream's: no more than 0.3 s of a minute


def test_what_is_heard_agrees_with_the_bar_and_its_indicators() -> None:
    class Compares(Told):
        def __init__(self) -> None:
            super().__init__()
            self.mean = bt.ind.SMA(self.data, period=1)
            self.seen: list[tuple[int, float, float]] = []

        def notify_order(self, order: bt.Order) -> None:
            self.seen.append((len(self.data) - len(self), self.data.close[0], self.mean[0]))

    bench = Bench([100.0 + at for at in range(12)], SPOT)
    steps = (lambda one: one.buy(size=1), lambda one: one.close()) * 5
    seen = bench.run(does(*steps, base=Compares)).strategy.seen
    assert len(seen) == 30
    assert all(behind == 0 and close == mean for behind, close, mean in seen)


def test_an_order_is_told_to_nobody_but_its_strategy() -> None:
    first, second = does(lambda one: one.buy(size=1)), does(nothing, lambda one: one.buy(size=3))
    ran = Bench([100, 101, 102, 103], SPOT).run(first, second)
    one, other = ran.strategies
    assert [order.ref for order in one.made] == list(one.statuses)
    assert [order.ref for order in other.made if order is not None] == list(other.statuses)
    assert [trade.size for trade in one.trades] == [1]
    assert [trade.size for trade in other.trades] == [3]
