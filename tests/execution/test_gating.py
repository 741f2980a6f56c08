"""The limits in front of the live broker: refused with code, limit and value, and nothing sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.execution.broker.gating import LiveWatch
from atms.risk import Gate, Limits, Loss
from atms.running.trading import Trading
from atms.sandbox.simulation.venue.faults import Faults
from tests.execution.live_bench import SPOT, Bench, does, nothing, profile

COUNTER = profile("ibkr", fee_lag=None)
MARGIN = profile("oanda", buckets="net")
FREE = profile("ibkr", fee_lag=None, listed={"cash": "margin"})  # holds nothing to reducing
LIMIT, STOP = bt.Order.Limit, bt.Order.Stop


def behind(gates: list[Gate] | None = None, **limits: Any) -> Callable[[Trading], LiveWatch]:
    def watch(trading: Trading) -> LiveWatch:
        gate = Gate(Limits(**limits))
        if gates is not None:
            gates.append(gate)
        return LiveWatch(gate, trading.host.now, {})

    return watch


def buy(size: float, **more: Any) -> Any:
    return lambda one: one.buy(size=size, **more)


def sell(size: float, **more: Any) -> Any:
    return lambda one: one.sell(size=size, **more)


def codes(strategy: Any) -> list[Any]:
    return [order.info.get("code") for order in strategy.made if order is not None]


def test_an_order_beyond_a_limit_is_rejected_with_limit_and_value() -> None:
    bench = Bench([100, 100], SPOT)
    strategy = bench.run(does(buy(3)), watch=behind(max_order_notional=Decimal(250))).strategy
    (order,) = strategy.made
    assert (order.status, order.info.code) == (bt.Order.Rejected, "MAX_ORDER_NOTIONAL")
    assert (order.info.limit, order.info.value) == (250, 300)
    assert list(strategy.statuses.values()) == [["Rejected"]]
    assert not bench.venue.orders


def test_open_orders_count_towards_the_position() -> None:
    resting = buy(2, price=90.0, exectype=LIMIT)
    strategy = Bench([100] * 5, SPOT).run(
        does(resting, buy(2), buy(1)), watch=behind(max_position=Decimal(4))
    ).strategy  # fmt: skip
    assert codes(strategy) == [None, None, "MAX_POSITION"]


def test_an_order_that_was_asked_back_counts_until_it_is_gone() -> None:
    def exchange(one: Any) -> Any:
        one.cancel(one.made[0])
        return one.buy(size=4)

    steps = (buy(4, price=90.0, exectype=LIMIT), exchange, buy(4))
    strategy = Bench([100] * 5, SPOT).run(
        does(*steps), watch=behind(max_position=Decimal(4))
    ).strategy  # fmt: skip
    assert codes(strategy) == [None, "MAX_POSITION", None]


@pytest.mark.parametrize("taken_back", [False, True])
def test_what_was_asked_back_does_not_count_against_closing(taken_back: bool) -> None:
    def resting(one: Any) -> None:
        one.sells = [one.sell(size=3, price=110.0, exectype=LIMIT) for _ in range(2)]

    def exits(one: Any) -> Any:
        for order in one.sells if taken_back else ():
            one.cancel(order)
        return one.close()

    limits = behind(max_position=Decimal(3))
    steps = (buy(3), resting, exits)
    strategy = Bench([100] * 5, FREE).run(does(*steps), watch=limits).strategy
    assert codes(strategy)[-1] == (None if taken_back else "MAX_POSITION")


def test_what_closes_a_position_counts_where_the_venue_holds_it_to_reducing() -> None:
    """Three sales in one next(): the first closes, the second opens, the third goes too far."""

    def sells(one: Any) -> Any:
        one.sold = [one.sell(size=4) for _ in range(3)]
        return one.sold[-1]

    strategy = Bench([100] * 5, MARGIN).run(
        does(buy(4), sells), watch=behind(max_position=Decimal(4))
    ).strategy  # fmt: skip
    assert [order.info.get("code") for order in strategy.sold] == [None, None, "MAX_POSITION"]
    assert strategy.position.size == -4


def test_and_so_does_one_that_waits_for_its_price() -> None:
    resting = sell(8, price=110.0, exectype=LIMIT)
    bench = Bench([100, 100, 100, 100, 110, 110, 110], MARGIN)
    strategy = bench.run(
        does(buy(4), resting, lambda one: one.close()), watch=behind(max_position=Decimal(4))
    ).strategy  # fmt: skip
    assert codes(strategy) == [None, None, "MAX_POSITION"]
    assert strategy.position.size == -4


def test_of_a_brackets_legs_one_fills() -> None:
    def bracket(one: Any) -> Any:
        return one.buy_bracket(size=4, price=100.0, limitprice=110.0, stopprice=90.0)[0]

    limits = behind(max_position=Decimal(4))
    strategy = Bench([100] * 5, COUNTER).run(does(bracket, sell(1)), watch=limits).strategy
    assert strategy.made[0].status == bt.Order.Completed
    assert codes(strategy)[-1] != "MAX_POSITION"


def test_orders_of_an_oco_group_count_once() -> None:
    def oco(one: Any) -> Any:
        first = one.buy(size=3, price=90.0, exectype=LIMIT)
        return one.buy(size=3, price=110.0, exectype=STOP, oco=first)

    limits = behind(max_position=Decimal(4))
    strategy = Bench([100] * 4, COUNTER).run(does(oco, buy(1), buy(1)), watch=limits).strategy
    assert codes(strategy) == [None, None, "MAX_POSITION"]


def test_a_brackets_legs_do_not_add_to_its_entry() -> None:
    def bracket(one: Any) -> Any:
        return one.buy_bracket(size=4, price=99.0, limitprice=110.0, stopprice=90.0)[0]

    limits = behind(max_position=Decimal(4))
    strategy = Bench([100, 100, 99, 100], MARGIN).run(does(bracket, buy(1)), watch=limits).strategy
    assert codes(strategy) == [None, "MAX_POSITION"]


def test_closing_is_let_through_whatever_the_limits() -> None:
    limits = behind(max_position=Decimal(3), max_order_notional=Decimal(300))
    closes = [100, 100, 200, 200, 200]
    strategy = Bench(closes, SPOT).run(
        does(buy(3), nothing, lambda one: one.close()), watch=limits
    ).strategy  # fmt: skip
    assert strategy.position.size == 0


@pytest.mark.parametrize("kind", ["single", "bracket"])
def test_a_group_that_the_venue_refuses_is_one_refusal(kind: str) -> None:
    def bracket(one: Any) -> Any:
        return one.buy_bracket(size=1, price=99.0, limitprice=110.0, stopprice=90.0)[0]

    gates: list[Gate] = []
    step = bracket if kind == "bracket" else buy(1)
    bench = Bench([100] * 6, MARGIN, faults=Faults(refuse_order=1))
    strategy = bench.run(does(*[step] * 4), watch=behind(gates, max_rejects=3)).strategy
    assert next(iter(strategy.statuses.values()))[-1] == "Rejected"
    assert codes(strategy)[:3] == ["OTHER"] * 3
    assert codes(strategy)[3] == "MAX_REJECTS"
    assert gates[0].halted


def test_orders_refused_for_other_reasons_do_not_halt_anything() -> None:
    gates: list[Gate] = []
    steps = (buy(1e-9),) * 4
    Bench([100] * 6, SPOT).run(does(*steps), watch=behind(gates, max_rejects=2))
    assert not gates[0].halted


def test_a_loss_of_the_day_lets_orders_only_reduce() -> None:
    limits = behind(max_daily_loss=Loss(Decimal(20)))
    closes = [100, 100, 90, 90, 90]
    steps = (buy(3), nothing, buy(1), lambda one: one.close())
    strategy = Bench(closes, MARGIN).run(does(*steps), watch=limits).strategy
    assert codes(strategy) == [None, "MAX_DAILY_LOSS", None]
    assert strategy.position.size == 0


def test_a_fill_that_is_not_told_yet_is_no_loss() -> None:
    """On a chain the cash is gone blocks before the strategy may know of what it bought."""
    gates: list[Gate] = []
    limits = behind(gates, max_daily_loss=Loss(Decimal(20)))
    strategy = Bench([100] * 8, "chain").run(does(buy(50)), watch=limits).strategy
    assert strategy.position.size == 50
    day = gates[0].day
    assert day is not None
    assert (day.opening, day.latest, day.stopped) == (100_000, 100_000, False)
