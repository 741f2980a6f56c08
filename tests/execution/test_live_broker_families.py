"""Brackets and OCO groups after a restart: tied together as their strategy had made them."""

from __future__ import annotations

from functools import partial
from typing import Any

import backtrader as bt
import pytest

from tests.execution.live_bench import SPOT, Bench, Ran, Told, does, profile

LOTS = profile("oanda")
VENUES = [pytest.param(LOTS, id="native"), pytest.param(SPOT, id="emulated")]
OCO = [pytest.param(SPOT, id="native"), pytest.param(LOTS, id="emulated")]


def bracket(one: Any) -> Any:
    return one.buy_bracket(size=2, price=99.0, limitprice=110.0, stopprice=90.0)


def oco(one: Any) -> Any:
    first = one.buy(size=2, price=95.0, exectype=bt.Order.Limit)
    second = one.buy(size=2, price=94.0, exectype=bt.Order.Limit, oco=first)
    return first, second


class Adopts(Told):
    """Takes back one of what it is given, on its first live bar."""

    takes: bt.Order | None = None

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[int, bt.Order] = {}

    def notify_order(self, order: bt.Order) -> None:
        super().notify_order(order)
        if order.info.adopted:
            self.given.setdefault(order.exectype, order)

    def next(self) -> None:
        if self.takes is not None and self.data.live:
            order = self.given[self.takes]
            self.takes = None
            self.cancel(order)


def takes(kind: int) -> type[Told]:
    return type("Takes", (Adopts,), {"takes": kind})


def restarted(closes: list[float], venue: Any, wish: Any, then: Any, bars: int) -> tuple[Ran, Any]:
    """Make a group, run for some bars, and then another strategy; return its run and the venue."""
    bench = Bench(closes, venue, keeps=True)
    bench.run(does(wish), bars=bars)
    return bench.run(then), bench.venue


def ends(strategy: Any) -> dict[str, str]:
    return {
        order.getordername(): strategy.statuses[order.ref][-1] for order in strategy.given.values()
    }


@pytest.mark.parametrize("venue", VENUES)
def test_legs_know_their_entry_that_is_open(venue: Any) -> None:
    ran, _ = restarted([100] * 6, venue, bracket, Adopts, 2)
    orders = list(ran.strategy.broker.orders)
    entry = next(one for one in orders if one.isbuy())
    assert entry.parent is None
    assert [one.parent is entry for one in orders if one.issell()] == [True, True]
    assert [one.oco for one in orders] == [None] * 3


@pytest.mark.parametrize("venue", VENUES)
def test_legs_know_their_entry_that_has_filled(venue: Any) -> None:
    ran, _ = restarted([100, 99, 100, 100, 100], venue, bracket, Adopts, 3)
    stop, limit = (ran.strategy.given[kind] for kind in (bt.Order.Stop, bt.Order.Limit))
    assert stop.parent is limit.parent
    entry = stop.parent
    assert entry.getstatusname() == "Completed"
    assert (entry.executed.size, entry.executed.price) == (2, 99)
    assert entry.ref not in ran.strategy.statuses  # it was told of in its own time
    assert entry not in ran.strategy.broker.get_orders_open()


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("kind", [bt.Order.Stop, bt.Order.Limit])
def test_taking_back_a_leg_takes_back_the_other(venue: Any, kind: int) -> None:
    ran, there = restarted([100, 99, 100, 100, 100], venue, bracket, takes(kind), 3)
    assert ends(ran.strategy) == {"Stop": "Canceled", "Limit": "Canceled"}
    assert not there.open_orders()
    assert ran.strategy.position.size == 2


@pytest.mark.parametrize("venue", VENUES)
def test_taking_back_a_leg_takes_back_the_entry_that_has_not_filled(venue: Any) -> None:
    ran, there = restarted([100] * 6, venue, bracket, takes(bt.Order.Stop), 2)
    assert [told[-1] for told in ran.strategy.statuses.values()] == ["Canceled"] * 3
    assert not there.open_orders()


@pytest.mark.parametrize("venue", VENUES)
def test_a_leg_that_fills_ends_the_other(venue: Any) -> None:
    ran, there = restarted([100, 99, 100, 100, 111, 111, 111], venue, bracket, Adopts, 3)
    assert ends(ran.strategy) == {"Stop": "Canceled", "Limit": "Completed"}
    assert ran.strategy.position.size == 0
    assert not there.open_orders()


@pytest.mark.parametrize("venue", OCO)
def test_the_second_of_an_oco_group_knows_the_first(venue: Any) -> None:
    ran, _ = restarted([100] * 6, venue, oco, Adopts, 2)
    orders = list(ran.strategy.broker.orders)
    first = next(one for one in orders if one.created.price == 95)
    second = next(one for one in orders if one.created.price == 94)
    assert (first.oco, second.oco) == (None, first)
    assert (first.parent, second.parent) == (None, None)


@pytest.mark.parametrize("venue", OCO)
def test_taking_back_one_of_an_oco_group_takes_back_the_other(venue: Any) -> None:
    ran, there = restarted([100] * 6, venue, oco, takes(bt.Order.Limit), 2)
    assert [told[-1] for told in ran.strategy.statuses.values()] == ["Canceled"] * 2
    assert not there.open_orders()


@pytest.mark.parametrize("venue", OCO)
def test_another_may_join_the_group_of_one_from_before(venue: Any) -> None:
    class Joins(Adopts):
        def next(self) -> None:
            if self.data.live and self.given and not hasattr(self, "joined"):
                first = self.broker.orders[0]
                make = partial(self.buy, size=2, price=93.0, exectype=bt.Order.Limit)
                self.joined = make(oco=first)

    def one(strategy: Any) -> Any:
        return strategy.buy(size=2, price=95.0, exectype=bt.Order.Limit)

    ran, there = restarted([100, 100, 100, 100, 94, 94, 94], venue, one, Joins, 2)
    assert ran.strategy.joined.getstatusname() == "Canceled"
    assert ran.strategy.position.size == 2
    assert not there.open_orders()


def test_an_order_that_stands_alone_has_neither_parent_nor_oco() -> None:
    def one(strategy: Any) -> Any:
        return strategy.buy(size=2, price=95.0, exectype=bt.Order.Limit)

    ran, _ = restarted([100] * 5, SPOT, one, Adopts, 2)
    (order,) = ran.strategy.broker.orders
    assert (order.parent, order.oco) == (None, None)
