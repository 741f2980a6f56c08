"""Taking orders back, at every moment of their way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.execution.broker.desk import GATHER
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.manners import Delays
from tests.execution.live_bench import SPOT, Bench, Told, does, nothing, profile


def limit(one: Any) -> Any:
    return one.buy(size=2, price=90.0, exectype=bt.Order.Limit)


def then_cancel(one: Any) -> Any:
    order = limit(one)
    one.answers = [one.broker.cancel(order) for _ in range(2)]
    return order


def test_an_order_that_has_not_gone_down_is_taken_back_and_never_sent() -> None:
    bench = Bench([100, 100], SPOT)
    strategy = bench.run(does(then_cancel)).strategy
    assert list(strategy.statuses.values()) == [["Canceled"]]
    assert strategy.answers == [True, False]
    assert not bench.venue.orders


class CancelsLater(Told):
    """Takes its order back some seconds after it made it, from another order's notice."""

    def next(self) -> None:
        if self.data.live and not hasattr(self, "order"):
            self.order = limit(self)

    def take_back(self) -> None:
        self.answer = self.broker.cancel(self.order)


@pytest.mark.parametrize("profile_", ["binance", "ibkr", "oanda"])
@pytest.mark.parametrize("milliseconds", [1, 3, 10, 30, 60, 100, 300])
def test_an_order_is_taken_back_at_any_moment_of_its_way(profile_: str, milliseconds: int) -> None:
    """In the gather, while it is prepared, on the wire, just answered, standing."""
    bench = Bench([100] * 4, profile_, delays=Delays(stream=(0.0, 0.0)))
    made: list[CancelsLater] = []

    class Cancels(CancelsLater):
        def start(self) -> None:
            made.append(self)

    def cancel() -> None:
        made[0].take_back()

    bench.happens(1, milliseconds / 1000, cancel)
    strategy = bench.run(Cancels).strategy
    (told,) = strategy.statuses.values()
    assert told[-1] == "Canceled"
    assert told.count("Canceled") == 1
    assert strategy.answer
    assert not bench.venue.open_orders()


def test_a_cancellation_while_the_order_is_prepared_is_not_lost() -> None:
    """A counter's number is asked for first: the account has no key of the order then."""
    slow = Delays(out=(1.0, 1.0), back=(1.0, 1.0), stream=(0.0, 0.0))
    bench = Bench([100] * 4, profile("ibkr", fee_lag=None), delays=slow)
    made: list[CancelsLater] = []

    class Cancels(CancelsLater):
        def start(self) -> None:
            made.append(self)

    bench.happens(1, 1.0 + GATHER, lambda: made[0].take_back())
    strategy = bench.run(Cancels).strategy
    (told,) = strategy.statuses.values()
    assert told[-1] == "Canceled"
    assert not bench.venue.open_orders()


def test_an_order_that_is_over_cannot_be_taken_back() -> None:
    steps = (lambda one: one.buy(size=1), lambda one: one.cancel(one.made[0]))
    strategy = Bench([100, 100, 100], SPOT).run(does(*steps)).strategy
    assert strategy.made[1] is None  # what bt.Strategy.cancel returns
    assert list(strategy.statuses.values()) == [["Submitted", "Accepted", "Completed"]]
    assert not strategy.broker.cancel(strategy.made[0])


def test_an_order_that_fills_as_it_is_taken_back_is_completed() -> None:
    bench = Bench([100] * 5, SPOT, faults=Faults(fill_at_cancel=1))
    steps = (limit, lambda one: one.cancel(one.made[0]))
    strategy = bench.run(does(*steps)).strategy
    assert list(strategy.statuses.values()) == [["Submitted", "Accepted", "Completed"]]
    assert strategy.position.size == 2


def test_taking_back_twice_asks_once_and_tells_once() -> None:
    def twice(one: Any) -> Any:
        return [one.broker.cancel(one.made[0]) for _ in range(2)]

    bench = Bench([100] * 4, SPOT)
    strategy = bench.run(does(limit, twice)).strategy
    assert strategy.made[1] == [True, True]
    assert list(strategy.statuses.values()) == [["Submitted", "Accepted", "Canceled"]]
    asked = [one for one in bench.venue.history if getattr(one, "what", "") == "cancel"]
    assert len(asked) == 1


def test_an_order_whose_part_has_filled_keeps_that_part() -> None:
    bench = Bench([100] * 4, SPOT)
    name = bench.instrument
    bench.happens(1, 5, lambda: bench.venue.trade(name, Decimal(90), Decimal("0.5")))
    strategy = bench.run(does(limit, lambda one: one.cancel(one.made[0]))).strategy
    assert list(strategy.statuses.values()) == [["Submitted", "Accepted", "Partial", "Canceled"]]
    order = strategy.made[0]
    assert (order.executed.size, order.executed.remsize) == (0.5, 1.5)
    assert strategy.position.size == 0.5


def test_an_order_is_taken_back_though_the_first_request_is_lost() -> None:
    bench = Bench([100] * 6, SPOT)
    lost = Faults(lose_request=1)
    bench.happens(1, 5, lambda: setattr(bench.venue.chance, "faults", lost))
    bench.happens(3, 5, lambda: setattr(bench.venue.chance, "faults", Faults()))
    strategy = bench.run(does(limit, lambda one: one.cancel(one.made[0]), nothing)).strategy
    (told,) = strategy.statuses.values()
    assert told == ["Submitted", "Accepted", "Canceled"]
