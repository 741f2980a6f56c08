"""Which brokers can have a lane, and what is left of it after the run."""

from __future__ import annotations

import copy
import pickle
from collections import defaultdict
from typing import Any

import backtrader as bt
import pytest

from atms.engine.broker import lane_class
from atms.simulation import SimulatedBroker
from tests.engine.broker.mixing import Mixer
from tests.engine.broker.running import Sleeping, differences, frame, run


class Named(bt.brokers.BackBroker):
    """A user's broker that changes nothing that the lane stands for."""

    params = (("label", "mine"),)

    def start(self) -> None:
        self.label = self.p.label
        super().start()


class Slow(bt.brokers.BackBroker):
    """A user's broker with a matcher of its own."""

    def _try_exec_limit(self, *args: Any) -> None:
        super()._try_exec_limit(*args)


class Capped(bt.brokers.BackBroker):
    """A user's broker that says something else of its cash."""

    cash = property(lambda self: 1.0, lambda self, value: None)


@pytest.mark.parametrize("kind", [bt.brokers.BackBroker, SimulatedBroker, Named])
def test_a_broker_with_backtraders_orders_has_a_lane_that_looks_like_it(kind: Any) -> None:
    mirrored, [part] = lane_class(kind())
    assert mirrored is not None
    assert issubclass(mirrored, kind)
    assert (mirrored.__name__, mirrored.__module__) == (kind.__name__, kind.__module__)
    assert part.fast


@pytest.mark.parametrize(
    ("kind", "why"), [(Slow, "has its own _try_exec_limit"), (Capped, "has its own cash")]
)
def test_a_broker_with_matching_of_its_own_has_none_and_says_why(kind: Any, why: str) -> None:
    mirrored, [part] = lane_class(kind())
    assert mirrored is None
    assert (part.kind, part.fast, part.why) == ("broker", False, why)


def test_a_method_that_was_put_on_the_broker_itself_is_called_as_ever() -> None:
    broker = bt.brokers.BackBroker()
    broker.notify = lambda order: None
    mirrored, [part] = lane_class(broker)
    assert mirrored is None
    assert part.why == "has its own notify"


def test_a_users_broker_runs_in_the_lane() -> None:
    ours, wrong, _ = differences(Mixer, [frame(4, 150)], None, Named, seed=4)
    assert wrong == []
    assert ours.slept > 0
    assert type(ours.broker) is Named


def test_nothing_of_the_lane_is_left_on_the_broker_after_a_run() -> None:
    def equip(cerebro: Any) -> None:
        cerebro.broker.setcash(100000)
        cerebro.broker.setcommission(commission=0.001)

    stock, _ = run(bt.Cerebro, Mixer, [frame(1, 100)], equip, seed=1)
    ours, _ = run(Sleeping, Mixer, [frame(1, 100)], equip, seed=1)
    one, other = stock.broker, ours.broker
    assert vars(one).keys() == vars(other).keys()
    assert type(other.p) is type(one.p)
    assert vars(other.p).keys() == vars(one.p).keys()
    assert [*map(type, other.comminfo.values())] == [*map(type, one.comminfo.values())]
    for position, like in zip(other.positions.values(), one.positions.values(), strict=True):
        assert type(position) is bt.Position
        assert vars(position) == vars(like)
    assert {type(order) for order in other.pending} <= {bt.BuyOrder, bt.SellOrder}
    assert copy.copy(other.positions) == other.positions
    assert type(copy.copy(other.positions)) is defaultdict
    assert type(copy.copy(other._pchildren)) is defaultdict
    first = min(one._pchildren) - min(order.ref for order in one.orders)
    mine = copy.copy(other._pchildren)
    assert min(mine) - min(order.ref for order in other.orders) == first
    assert [*map(len, mine.values())].count(0) == [*map(len, one._pchildren.values())].count(0)


def test_an_order_can_be_pickled_and_comes_back_as_backtraders_own() -> None:
    ours, _ = run(Sleeping, Mixer, [frame(1, 100)], None, seed=1)
    done = next(o for o in ours.runningstrats[0]._orders if o.status == bt.Order.Completed)
    make, given, held = done.__reduce_ex__(4)
    kind = given[0]
    assert kind in (bt.BuyOrder, bt.SellOrder)
    held["p"] = held["params"] = held["comminfo"] = None  # hold the strategy and its feeds
    back = make(*given)
    vars(back).update(pickle.loads(pickle.dumps(held)))
    assert type(back) is kind
    assert back == done
    assert back.executed.price == done.executed.price
    assert len(back.executed.exbits) == 1


def test_a_run_after_a_run_starts_anew() -> None:
    cerebro = Sleeping(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(1, 60)))
    values = []

    class Once(bt.Strategy):
        def next(self) -> None:
            if len(self) == 5:
                self.buy()

        def stop(self) -> None:
            values.append(self.broker.getvalue())

    cerebro.addstrategy(Once)
    cerebro.run()
    cerebro.run()
    assert values[0] == values[1]
    assert len(cerebro.broker.orders) == 1
