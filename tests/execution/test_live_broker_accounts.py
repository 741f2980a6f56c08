"""One strategy on several accounts: cash and value in one currency, rates by feeds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.errors import RunError
from atms.execution.broker.desk import Manner
from atms.sandbox.simulation.venue.booking import move
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.stores.base import Unreachable
from atms.stores.market import Bar
from tests.execution.live_bench import SPOT, START, Bench, Told, does, nothing, profile

ADOPTS = Manner(unknown_position="adopt")
MARGIN = profile("oanda", buckets="net")


def euros(kind: str = "binance", **listed: Any) -> Any:
    given = {
        "symbols": {"AAAEUR": ("AAA", "EUR"), "EURUSD": ("EUR", "USD")},
        "balances": {"EUR": Decimal(1000), "USD": Decimal(50)},
        **listed,
    }
    return profile(kind, listed=given)


def test_one_strategy_trades_on_two_venues_at_once() -> None:
    def both(one: Any) -> Any:
        return one.buy(size=2), one.sell(data=one.data1, size=3)

    bench = Bench([100, 100, 110, 110], SPOT, [MARGIN])
    ran = bench.run(does(both, nothing, lambda one: one.close(data=one.data1)))
    strategy = ran.strategy
    assert strategy.getposition(strategy.data0).size == 2
    assert strategy.getposition(strategy.data1).size == 0
    cash = sum(float(place.venue.holdings.balances["USD"]) for place in bench.places)
    assert ran.broker.getcash() == pytest.approx(cash)
    assert ran.broker.getcash() == pytest.approx(200_000 - 200 - 0.2 - 30)
    assert ran.broker.getvalue() == pytest.approx(cash + 2 * 110)
    assert [one.data is strategy.data0 for one in strategy.trades] == [True, False, False]


def test_several_currencies_are_told_in_the_base_by_a_feed_of_their_rate() -> None:
    # Both instruments have the market's price: a euro is 100 dollars, then 110.
    bench = Bench([100, 100, 110, 110], euros(), symbols=2)
    ran = bench.run(does(nothing), base="USD", manner=ADOPTS)
    # The euros are cash: the other instrument is paid in them, so they are no position of EURUSD.
    assert ran.strategy.getposition(ran.strategy.data1).size == 0
    assert ran.broker.getcash() == ran.broker.getvalue() == 50 + 1000 * 110


def test_what_is_bought_with_a_currency_that_is_a_position_too_keeps_the_value_right() -> None:
    bench = Bench([100, 100, 110, 110], euros(), symbols=2)
    ran = bench.run(does(lambda one: one.buy(size=2)), base="USD", manner=ADOPTS)
    left = 1000 - 200 - Decimal("0.2")
    assert bench.venue.holdings.balances["EUR"] == left
    assert ran.broker.getvalue() == pytest.approx(50 + float(left) * 110 + 2 * 110 * 110)


def test_a_rate_is_had_from_the_other_side_of_a_pair_too() -> None:
    bench = Bench([100, 100, 110, 110], euros(), symbols=2)
    ran = bench.run(does(nothing), base="EUR", manner=ADOPTS)
    assert ran.broker.getvalue() == pytest.approx(50 / 110 + 1000)


def test_a_currency_without_a_rate_is_an_error_at_the_start() -> None:
    with pytest.raises(RunError, match=r"no rate from EUR to USD.*add a feed of EUR/USD"):
        Bench([100, 100], euros()).run(does(nothing))


def test_cash_that_comes_in_the_middle_of_a_run_is_seen_at_once() -> None:
    bench = Bench([100, 100, 100], SPOT)
    bench.happens(1, 5, lambda: move(bench.venue, "USD", Decimal(500), "deposit"))
    assert bench.run(does(nothing)).broker.getcash() == 100_500


def test_profits_of_a_margin_account_are_told_in_the_base() -> None:
    listed = {
        "symbols": {"AAA_EUR": ("AAA", "EUR"), "EUR_USD": ("EUR", "USD")},
        "balances": {"EUR": Decimal(1000)},
    }
    bench = Bench([100, 100, 110, 110, 110], profile("oanda", listed=listed), symbols=2)
    ran = bench.run(does(lambda one: one.buy(size=3), nothing, lambda one: one.close()))
    assert bench.venue.holdings.balances["EUR"] == 1030
    assert ran.broker.getcash() == 1030 * 110
    assert ran.strategy.trades[-1].pnl == 30  # in the instrument's own currency


class ByShare(Told):
    def next(self) -> None:
        if self.data.live and not hasattr(self, "order"):
            self.order = self.order_target_percent(target=0.5)


def test_targets_are_of_the_value_in_the_base_currency() -> None:
    strategy = Bench([100, 100, 100], SPOT).run(ByShare).strategy
    assert strategy.position.size == 500


def test_the_value_is_right_before_the_first_bar_and_analyzers_can_divide_by_it() -> None:
    class AtStart(Told):
        def start(self) -> None:
            self.begins = (self.broker.getcash(), self.broker.getvalue())

    def setup(cerebro: bt.Cerebro) -> None:
        cerebro.addanalyzer(bt.analyzers.TimeReturn, timeframe=bt.TimeFrame.NoTimeFrame)

    listed = {"balances": {"EUR": Decimal(1000)}}
    bench = Bench([100, 100, 110, 110], euros(**listed), symbols=2)
    ran = bench.run(does(nothing, base=AtStart), manner=ADOPTS, setup=setup)
    assert ran.strategy.begins == (100_000, 100_000)
    assert ran.broker.startingcash == 100_000
    (returned,) = ran.strategy.analyzers.timereturn.get_analysis().values()
    assert returned == pytest.approx(0.1)


def test_a_venue_that_tells_no_price_before_the_first_bar_does_not_stop_the_run() -> None:
    bench = Bench([100, 100, 110, 110], euros(), symbols=2, warm=0)
    ran = bench.run(does(nothing), manner=ADOPTS)
    assert ran.broker.getvalue() == 50 + 1000 * 110


class Mute(ExchangeStore):
    """Tells no history, in one way or another."""

    hangs = True

    async def history(self, *asked: Any) -> AsyncIterator[Bar]:
        if self.hangs:
            await asyncio.sleep(10_000)
        raise Unreachable("no history today")
        yield


class Curt(Mute):
    hangs = False


@pytest.mark.parametrize("kind", [Mute, Curt])
def test_a_venue_that_tells_no_history_is_not_waited_for_long(kind: type[Mute]) -> None:
    class AtStart(Told):
        def start(self) -> None:
            self.began = bench.loop.now()

    bench = Bench([100, 100], replace(euros(), connect=kind), symbols=2)
    ran = bench.run(does(nothing, base=AtStart), manner=ADOPTS)
    assert ran.strategy.began - START < timedelta(seconds=15)
