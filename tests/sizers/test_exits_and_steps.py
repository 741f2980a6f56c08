"""Orders against a position, and what the instrument allows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import Rules, SimulatedBroker
from atms.sizers.fixed import FixedSizer
from atms.sizers.fixed_cash import FixedCashSizer
from atms.sizers.kelly import KellySizer
from atms.sizers.percent import PercentSizer
from atms.sizers.risk import RiskSizer
from tests.sizers.trading import Offers, bars, buy, close, run, sell

FLAT = [100.0] * 6


def buy_odd(strategy: Any) -> Any:
    return strategy.buy(size=3.14159)


def sell_odd(strategy: Any) -> Any:
    return strategy.sell(size=3.14159)


# ---- exits ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("enter", "leave"), [(buy_odd, sell), (sell_odd, buy)])
def test_an_order_against_a_position_closes_it_to_the_last_digit(enter: Any, leave: Any) -> None:
    sized = run(PercentSizer, FLAT, {1: enter, 3: leave}, step=1, minimum=10)
    assert sized.sizes == [3.14159, 3.14159]
    assert sized.position.size == 0


def test_close_closes_what_no_step_and_no_minimum_allows() -> None:
    sized = run(FixedSizer, FLAT, {1: buy_odd, 3: close}, step=1, minimum=10)
    assert sized.position.size == 0


def test_an_exit_needs_no_stop() -> None:
    sized = run(RiskSizer, FLAT, {1: buy_odd, 3: sell}, strategy=Offers)  # its stop is NaN
    assert sized.position.size == 0


def test_a_reversal_closes_and_enters() -> None:
    # 3.14159 held, and 20 % of 10,000 / 100 = 20
    sized = run(PercentSizer, FLAT, {1: buy_odd, 3: sell}, against="reverse", step=1)
    assert sized.sizes == [3.14159, 23.14159]
    assert sized.position.size == pytest.approx(-20)


def test_a_reversal_that_is_too_small_still_closes() -> None:
    sized = run(FixedCashSizer, FLAT, {1: buy_odd, 3: sell}, cash=50, step=1, against="reverse")
    assert sized.position.size == 0


def test_an_order_against_a_position_may_be_sized_as_an_entry() -> None:
    # A grid sells a part of what it holds: 200 / 100 = 2
    sized = run(FixedCashSizer, FLAT, {1: buy_odd, 3: sell}, cash=200, against="size")
    assert sized.sizes == [3.14159, 2.0]


def test_more_of_a_position_is_an_entry() -> None:
    assert run(FixedCashSizer, FLAT, {1: buy_odd, 3: buy}, cash=200).sizes == [3.14159, 2.0]


# ---- steps and minimums --------------------------------------------------------------------------
def test_steps_and_minimums_may_be_given() -> None:
    assert run(FixedSizer, FLAT, units=7.77, step=0.5).sizes == [7.5]
    assert run(FixedSizer, FLAT, units=7.77, minimum="7.77").sizes == [7.77]
    assert run(FixedSizer, FLAT, units=7.77, minimum=8).given == [None]


def simulated(**rules: str) -> SimulatedBroker:
    found = Rules(**{name: Decimal(value) for name, value in rules.items()})
    return SimulatedBroker(rules={"toy": found})


def test_the_simulated_broker_tells_the_step_and_takes_the_order() -> None:
    broker = simulated(step="0.05", min_size="0.1")
    sized = run(FixedCashSizer, FLAT, broker=broker, cash=777)  # 7.77
    assert sized.sizes == [7.75]
    assert sized.position.size == 7.75


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"step": "0.1"}, "0.05 units are under the least, 0.1"),
        ({"step": "0.01", "min_size": "0.06"}, "0.05 units are under the least, 0.06"),
        ({"min_notional": "10"}, "a value of 5 is under the least, 10"),
    ],
)
def test_under_the_minimum_there_is_no_order_and_it_is_said_once(
    rules: dict[str, str], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    plan = {1: buy, 2: buy, 3: buy}
    sized = run(FixedCashSizer, FLAT, plan, broker=simulated(**rules), cash=5)
    assert sized.given == [None, None, None]
    assert [record.getMessage() for record in caplog.records] == [
        f"sizer fixed_cash: toy at 2024-01-01 00:00:00: no order: {words}; said once"
    ]


def test_what_is_given_goes_before_what_the_broker_knows() -> None:
    sized = run(FixedSizer, FLAT, broker=simulated(step="0.05"), units=7.77, step=1)
    assert sized.sizes == [7.0]


def test_a_step_on_another_data_does_not_count() -> None:
    def other(cerebro: Any) -> None:
        cerebro.adddata(bt.feeds.PandasData(dataname=bars(FLAT)), name="other")

    broker = SimulatedBroker(rules={"other": Rules(step=Decimal(1))})
    assert run(FixedSizer, FLAT, broker=broker, equip=other, units=7.77).sizes == [7.77]


# ---- nothing to spend ----------------------------------------------------------------------------
def test_an_account_under_zero_sizes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def lose(strategy: Any) -> None:
        strategy.broker.add_cash(-20_000)

    sized = run(PercentSizer, FLAT, {1: lose, 4: buy}, strategy=Offers)
    assert sized.given[-1] is None
    assert "there is -2000 to spend" in caplog.text


def test_kelly_with_its_floor_keeps_the_step() -> None:
    # 1 % of 10,000 / 100 = 1
    assert run(KellySizer, FLAT, step="0.3").sizes == [0.9]
