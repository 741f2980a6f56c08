"""Brackets, OCO, stops and cancellations: as far as the venue has them, and as a backtest has."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import backtrader as bt
import pytest

from tests.execution.live_bench import SPOT, Bench, does, nothing, profile

LOTS = profile("oanda")
COUNTER = profile("ibkr", fee_lag=None)
LIMIT, STOP = bt.Order.Limit, bt.Order.Stop


def bracket(one: Any) -> Any:
    return one.buy_bracket(size=2, price=99.0, limitprice=110.0, stopprice=90.0)


def names(strategy: Any) -> list[list[str]]:
    return list(strategy.statuses.values())


def cancels(place: int) -> Any:
    return lambda one: one.cancel(one.made[0][place])


@pytest.mark.parametrize("venue", [LOTS, COUNTER])
def test_a_brackets_target_fills_and_its_stop_is_canceled(venue: Any) -> None:
    closes = [100, 99, 105, 111, 111]
    strategy = Bench(closes, venue).run(does(bracket)).strategy
    assert names(strategy) == [
        ["Submitted", "Accepted", "Completed"],
        ["Submitted", "Accepted", "Canceled"],
        ["Submitted", "Accepted", "Completed"],
    ]
    assert strategy.position.size == 0
    assert strategy.trades[-1].pnl == pytest.approx(22)


def test_a_selling_brackets_stop_fills_and_its_target_is_canceled() -> None:
    def short(one: Any) -> Any:
        return one.sell_bracket(size=2, price=101.0, limitprice=90.0, stopprice=110.0)

    strategy = Bench([100, 101, 105, 111, 111], LOTS).run(does(short)).strategy
    assert [told[-1] for told in names(strategy)] == ["Completed", "Completed", "Canceled"]
    assert strategy.trades[-1].pnl == pytest.approx(-20)


def test_a_bracket_that_the_venue_cannot_hold_is_held_here() -> None:
    bench = Bench([100, 99, 105, 105, 111, 111, 111], SPOT)
    strategy = bench.run(does(bracket)).strategy
    assert [told[-1] for told in names(strategy)] == ["Completed", "Canceled", "Completed"]
    assert [order.info.how for order in strategy.made[0]] == ["native"] + ["emulated:legs"] * 2
    assert strategy.position.size == 0


def test_children_may_be_added_by_hand_until_one_is_transmitted() -> None:
    def by_hand(one: Any) -> Any:
        entry = one.buy(size=2, price=99.0, exectype=LIMIT, transmit=False)
        return entry, one.sell(size=2, price=90.0, exectype=STOP, parent=entry)

    bench = Bench([100, 99, 95, 89, 89], LOTS)
    strategy = bench.run(does(by_hand)).strategy
    assert [told[-1] for told in names(strategy)] == ["Completed", "Completed"]
    assert len(bench.venue.orders) == 2


def test_a_child_whose_parent_was_sent_is_rejected() -> None:
    def late(one: Any) -> Any:
        return one.sell(size=2, price=90.0, exectype=STOP, parent=one.made[0])

    strategy = Bench([100, 100, 100], LOTS).run(does(lambda one: one.buy(size=2), late)).strategy
    assert strategy.made[1].status == bt.Order.Rejected
    assert strategy.made[1].info.code == "NO_PARENT"


def test_a_child_of_another_instrument_is_refused() -> None:
    def two(one: Any) -> Any:
        entry = one.buy(size=2, transmit=False)
        return entry, one.sell(data=one.data1, size=2, price=90.0, exectype=STOP, parent=entry)

    strategy = Bench([100, 100], LOTS, symbols=2).run(does(two)).strategy
    assert [order.info.code for order in strategy.made[0]] == ["UNSUPPORTED"] * 2


def test_a_group_that_is_not_transmitted_is_taken_back_with_its_parent() -> None:
    def held(one: Any) -> Any:
        entry = one.buy(size=2, transmit=False)
        return entry, one.sell(size=2, price=90.0, exectype=STOP, parent=entry, transmit=False)

    bench = Bench([100, 100, 100], LOTS)
    strategy = bench.run(does(held, cancels(0))).strategy
    assert names(strategy) == [["Canceled"], ["Canceled"]]
    assert not bench.venue.orders


@pytest.mark.parametrize("place", [0, 1, 2])
def test_taking_back_any_order_of_an_unfilled_bracket_takes_back_all(place: int) -> None:
    bench = Bench([100, 100, 100], LOTS)
    strategy = bench.run(does(bracket, cancels(place))).strategy
    assert names(strategy) == [["Submitted", "Accepted", "Canceled"]] * 3
    assert not bench.venue.open_orders()


def test_taking_back_a_leg_of_a_filled_bracket_takes_back_the_other() -> None:
    strategy = Bench([100, 99, 100, 100], LOTS).run(does(bracket, nothing, cancels(1))).strategy
    assert [told[-1] for told in names(strategy)] == ["Completed", "Canceled", "Canceled"]
    assert strategy.position.size == 2


def test_taking_back_an_entry_keeps_what_protects_the_part_that_has_filled() -> None:
    bench = Bench([100, 100, 100], LOTS)
    trade = partial(bench.venue.trade, bench.instrument, Decimal(99), Decimal(1))
    bench.happens(1, 5, trade)
    strategy = bench.run(does(bracket, cancels(0))).strategy
    entry, stop, target = strategy.made[0]
    assert entry.status == bt.Order.Canceled
    assert strategy.position.size == 1
    assert stop.alive()
    assert target.alive()
    assert len(bench.venue.open_orders()) == 2


OCO = (
    lambda one: one.buy(size=2),
    lambda one: (
        target := one.sell(size=2, price=110.0, exectype=LIMIT),
        one.sell(size=2, price=90.0, exectype=STOP, oco=target),
    ),
)


def test_of_an_oco_group_one_fills_and_the_other_is_canceled() -> None:
    strategy = Bench([100, 100, 105, 111, 111], COUNTER).run(does(*OCO)).strategy
    assert [told[-1] for told in names(strategy)] == ["Completed", "Completed", "Canceled"]


def test_an_oco_group_goes_down_as_one_and_is_taken_back_as_one() -> None:
    steps = (*OCO, lambda one: one.cancel(one.made[1][0]))
    bench = Bench([100] * 5, COUNTER)
    strategy = bench.run(does(*steps)).strategy
    assert [told[-1] for told in names(strategy)] == ["Completed", "Canceled", "Canceled"]
    groups = {order.group for order in list(bench.venue.orders.values())[1:]}
    assert len(groups) == 1


def test_an_oco_group_that_the_venue_cannot_hold_is_held_here() -> None:
    strategy = Bench([100, 100, 105, 111, 111, 111], LOTS).run(does(*OCO)).strategy
    assert [told[-1] for told in names(strategy)] == ["Completed", "Completed", "Canceled"]


def test_an_oco_order_whose_other_was_sent_before_joins_it() -> None:
    def first(one: Any) -> Any:
        return one.buy(size=1, price=90.0, exectype=LIMIT)

    def second(one: Any) -> Any:
        return one.buy(size=1, price=110.0, exectype=STOP, oco=one.made[0])

    strategy = Bench([100, 100, 100, 111, 111, 111], COUNTER).run(does(first, second)).strategy
    assert [told[-1] for told in names(strategy)] == ["Canceled", "Completed"]


def test_an_oco_order_whose_other_is_over_is_refused() -> None:
    def refused(one: Any) -> Any:
        other = one.sell(size=1e-9)
        return one.sell(size=1, price=90.0, exectype=STOP, oco=other)

    strategy = Bench([100] * 3, COUNTER).run(does(refused)).strategy
    assert strategy.made[0].info.code == "NO_SIBLING"


def test_a_stop_a_stop_limit_and_a_trailing_stop_are_the_venues_own() -> None:
    def stops(one: Any) -> Any:
        return (
            one.sell(size=1, price=95.0, exectype=STOP),
            one.sell(size=1, price=95.0, plimit=94.0, exectype=bt.Order.StopLimit),
            one.sell(size=1, trailamount=5.0, exectype=bt.Order.StopTrail),
            one.sell(size=1, trailpercent=0.05, exectype=bt.Order.StopTrail),
        )

    closes = [100, 100, 110, 104.6, 104.4, 94.5, 94.5]
    strategy = Bench(closes, COUNTER).run(does(lambda one: one.buy(size=4), stops)).strategy
    prices = [order.executed.price for order in strategy.made[1]]
    assert [told[-1] for told in names(strategy)] == ["Completed"] * 5
    assert prices == [94.5, 94.5, 104.6, 104.4]  # the trades that reached them
