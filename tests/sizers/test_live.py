"""A sizer in a live run: the venue's step and minimum, and the account's currency."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import backtrader as bt
import pytest

from atms.execution.broker.portfolio import Portfolio
from atms.sizers.fixed_cash import FixedCashSizer
from atms.sizers.kelly import KellySizer, closed_profits
from atms.sizers.percent import PercentSizer
from atms.sizers.rounding import terms_of
from atms.stores.market import Instrument
from tests.execution.live_bench import SPOT, Bench

WARM = 3


class BuysAndSells(bt.Strategy):
    """Buys at its first live bar and sells some later."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def next(self) -> None:
        if len(self) == WARM + 1:
            self.given.append(self.buy())
        elif len(self) == WARM + 4:
            self.given.append(self.sell())


def play(sizer: type[bt.Sizer], **params: Any) -> Any:
    bench = Bench([100.0] * 8, profile=SPOT, warm=WARM)
    ran = bench.run(BuysAndSells, setup=lambda cerebro: cerebro.addsizer(sizer, **params))
    return ran.strategy


def instrument(strategy: Any) -> Any:
    (holding,) = strategy.broker.portfolio.holdings.values()
    return holding.instrument


def test_a_live_broker_tells_the_venues_step_and_minimum() -> None:
    ran = play(FixedCashSizer, cash=123.456)
    one, data = instrument(ran), ran.data
    terms = terms_of(ran.broker, ran.broker.getcommissioninfo(data), data)
    assert terms == (one.qty_step, one.min_qty, one.min_notional, 1.0)
    assert one.qty_step > 0


def test_a_live_order_is_on_the_step_and_its_exit_leaves_nothing() -> None:
    ran = play(FixedCashSizer, cash=123.456)
    bought, sold = ran.given
    step = instrument(ran).qty_step
    size = Decimal(repr(bought.created.size))
    assert size % step == 0
    assert 0 <= Decimal("1.23456") - size < step  # 123.456 / 100
    assert (bought.status, sold.status) == (bt.Order.Completed, bt.Order.Completed)
    assert ran.position.size == 0


def test_a_live_order_under_the_minimum_is_not_made(caplog: pytest.LogCaptureFixture) -> None:
    ran = play(FixedCashSizer, cash=0.0001)
    assert ran.given == [None, None]
    assert "units are under the least" in caplog.text


def test_a_share_of_a_live_account_is_of_its_value() -> None:
    ran = play(PercentSizer, percent=10)
    size, step = ran.given[0].created.size, float(instrument(ran).qty_step)
    assert size == pytest.approx(0.1 * ran.broker.startingcash / 100, abs=step)
    assert size > 0


class Shown:
    """A data with one close."""

    def __init__(self, close: float) -> None:
        self.close = [close]

    def __len__(self) -> int:
        return 1


def test_a_price_in_another_currency_is_told_in_the_accounts() -> None:
    portfolio = Portfolio("USD")
    common = {
        "qty_step": Decimal("0.01"), "min_qty": Decimal("0.01"),
        "price_steps": ((Decimal(0), Decimal("0.01")),),
    }  # fmt: skip
    for base, quote, close in (("BTC", "USD", 60_000.0), ("ETH", "BTC", 0.05)):
        one = Instrument(id=f"a:{base}", base=base, quote=quote, settle=quote, **common)
        holding = portfolio.add(one, Shown(close), "a")
    broker = SimpleNamespace(portfolio=portfolio)
    assert terms_of(broker, holding.commission, holding.data).rate == 60_000.0


def test_kelly_hears_of_live_trades() -> None:
    ran = play(KellySizer)
    assert len(closed_profits(ran, 5)) == 1
