"""A run after another: what it holds, what stands, and what happened while it was away."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.execution.broker.desk import Manner
from atms.sandbox.simulation.venue.booking import move
from atms.stores.requests import Kind, Ticket
from tests.execution.live_bench import SPOT, START, Bench, Told, does, nothing, profile

MARGIN = profile("oanda", buckets="net")


class FromStart(Told):
    """Looks at its position before and on its first bar."""

    def start(self) -> None:
        self.at_start = (self.position.size, self.position.price)
        self.first: Any = None

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        if self.first is None:
            self.first = (self.position.size, self.position.price)


def limit(one: Any) -> Any:
    return one.buy(size=2, price=90.0, exectype=bt.Order.Limit)


def words(strategy: Any, what: str) -> list[str]:
    return [word[1] for word in strategy.heard if word[0] == what]


@pytest.mark.parametrize("venue", [SPOT, MARGIN])
def test_a_position_from_yesterday_is_there_from_start_on_and_opens_a_trade(venue: Any) -> None:
    bench = Bench([100, 100, 120, 120, 120], venue, keeps=True)
    bench.run(does(lambda one: one.buy(size=3)), bars=2)
    ran = bench.run(does(nothing, lambda one: one.close(), base=FromStart))
    strategy = ran.strategy
    assert strategy.at_start == strategy.first == (3, 100)
    opened, closed = strategy.trades
    assert (opened.size, opened.price, opened.justopened) == (3, 100, True)
    assert opened.open_datetime()  # it has a time
    assert (closed.isclosed, closed.pnl) == (True, 60)
    assert len(strategy.statuses) == 1  # of the closing order alone


def test_a_trade_from_yesterday_is_closed_by_parts_that_leave_dust_as_floats() -> None:
    parts = (0.975, 0.143, 0.712, 0.697)
    bench = Bench([100] * 9, SPOT, keeps=True)
    bench.run(does(lambda one: one.buy(size=sum(parts))), bars=2)
    sells = [lambda one, size=size: one.sell(size=size) for size in parts]
    strategy = bench.run(does(*sells)).strategy
    assert [(one.size, one.isclosed) for one in strategy.trades] == [(2.527, False), (0, True)]


def test_analyzers_know_the_position_from_yesterday_and_observers_no_order_of_today() -> None:
    bench = Bench([100, 100, 120, 120, 120], SPOT, keeps=True)
    bench.run(does(lambda one: one.buy(size=3)), bars=2)

    def setup(cerebro: bt.Cerebro) -> None:
        cerebro.addanalyzer(bt.analyzers.Transactions)
        cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)

    ran = bench.run(does(nothing, lambda one: one.close()), setup=setup, stdstats=True)
    rows = list(ran.strategy.analyzers.transactions.get_analysis().values())
    assert [row[0][:2] for row in rows] == [[3, 100], [-3, 120]]
    assert ran.strategy.analyzers.tradeanalyzer.get_analysis().total.closed == 1
    bought = ran.strategy.observers.buysell[0].lines.buy.array
    assert not any(at == at for at in bought)


@pytest.mark.parametrize(("warm", "known"), [(3, 100), (0, 0)])
def test_coins_of_an_unknown_price_open_a_trade_at_the_last_close(warm: int, known: int) -> None:
    """That of before the run, or where there is none, of its first bar."""
    listed = {"balances": {"USD": Decimal(100_000), "AAA": Decimal(5)}}
    bench = Bench([100, 101, 102], profile(listed=listed), warm=warm)
    manner = Manner(unknown_position="adopt")
    strategy = bench.run(does(nothing, base=FromStart), manner=manner).strategy
    assert strategy.at_start == (5, known)
    assert strategy.first == (5, 100)
    assert [(one.size, one.price) for one in strategy.trades] == [(5, 100)]
    assert strategy.broker.getvalue() == 100_000 + 5 * 102


def test_an_order_from_yesterday_is_given_back_and_fills() -> None:
    bench = Bench([100, 100, 100, 89, 89], SPOT, keeps=True)
    bench.run(does(limit), bars=2)
    strategy = bench.run(does(nothing)).strategy
    assert list(strategy.statuses.values()) == [["Accepted", "Completed"]]
    (order,) = strategy.broker.orders
    assert (order.info.adopted, order.info.owner) == (True, "Does#0")
    assert order.owner is strategy
    assert (order.exectype, order.created.size, order.created.price) == (bt.Order.Limit, 2, 90)
    done = order.executed
    assert (done.size, done.remsize, done.price) == (2, 0, 90)
    assert strategy.position.size == 2
    assert strategy.trades[0].size == 2


def test_an_order_from_yesterday_can_be_taken_back() -> None:
    class TakesBack(Told):
        def notify_order(self, order: bt.Order) -> None:
            super().notify_order(order)
            if order.info.adopted and order.status == order.Accepted:
                self.cancel(order)

    bench = Bench([100] * 5, SPOT, keeps=True)
    bench.run(does(limit), bars=2)
    strategy = bench.run(TakesBack).strategy
    assert list(strategy.statuses.values()) == [["Accepted", "Canceled"]]
    assert not bench.venue.open_orders()


def test_an_order_that_filled_in_part_before_completes_with_right_sums() -> None:
    bench = Bench([100, 100, 100, 88, 88], SPOT, keeps=True)
    name = bench.instrument
    bench.happens(1, 5, lambda: bench.venue.trade(name, Decimal(90), Decimal("0.5")))
    bench.run(does(limit), bars=2)
    strategy = bench.run(does(nothing, base=FromStart)).strategy
    assert strategy.at_start == (0.5, 90)
    assert list(strategy.statuses.values()) == [["Partial", "Completed"]]
    assert [word[1] for word in strategy.heard if word[0] in ("Partial", "Completed")] == [0.5, 2]
    (order,) = strategy.broker.orders
    assert (order.executed.size, order.executed.remsize, order.executed.price) == (2, 0, 90)
    assert [one.size for one in strategy.trades] == [0.5]
    (trade,) = strategy._trades[strategy.data][0]
    assert trade.size == 2


def test_what_filled_while_away_is_in_the_position_and_told_by_the_store() -> None:
    bench = Bench([100] * 5, SPOT, keeps=True)
    bench.run(does(limit), bars=2)
    bench.venue.trade(bench.instrument, Decimal(89), Decimal(100))  # nobody is there
    bench.venue.trade(bench.instrument, Decimal(100), Decimal(100))
    strategy = bench.run(does(nothing, base=FromStart)).strategy
    assert strategy.at_start == (2, 90)
    assert not strategy.statuses
    assert [one.size for one in strategy.trades] == [2]
    (ended,) = words(strategy, "ended")
    assert ended.endswith("of Does#0: completed")


def test_two_strategies_get_back_each_its_own() -> None:
    class Other(Told):
        pass

    bench = Bench([100] * 6, SPOT, keeps=True)
    bench.run(does(limit), does(limit, base=Other), bars=3)
    first, second = bench.run(does(nothing), does(nothing, base=Other)).strategies
    for one in (first, second):
        (ref,) = one.statuses
        (order,) = [order for order in one.broker.orders if order.ref == ref]
        assert order.owner is one
    assert list(first.statuses) != list(second.statuses)


def test_an_order_of_a_strategy_that_is_no_longer_there_is_the_firsts_to_see() -> None:
    class New(Told):
        pass

    bench = Bench([100] * 5, SPOT, keeps=True)
    bench.run(does(limit), bars=2)
    strategy = bench.run(New).strategy
    assert list(strategy.statuses.values()) == [["Accepted"]]
    (order,) = strategy.broker.orders
    assert order.owner is None
    assert order.info.owner == "Does#0"


def test_an_order_of_an_instrument_without_a_feed_is_told_by_the_store() -> None:
    bench = Bench([100] * 6, SPOT, keeps=True, symbols=2)
    bench.run(does(lambda one: one.buy(data=one.data1, size=2, price=90, exectype=2)), bars=2)
    bench.places[0].names.pop()
    strategy = bench.run(does(nothing)).strategy
    assert not strategy.statuses
    (left,) = words(strategy, "order_left")
    assert "of Does#0 stands, and this run has no feed of it" in left


def test_a_bracket_from_yesterday_goes_on() -> None:
    def bracket(one: Any) -> Any:
        return one.buy_bracket(size=2, price=99.0, limitprice=110.0, stopprice=90.0)

    bench = Bench([100, 99, 100, 100, 111, 111], profile("oanda"), keeps=True)
    bench.run(does(bracket), bars=3)
    strategy = bench.run(does(nothing)).strategy
    assert sorted(told[-1] for told in strategy.statuses.values()) == ["Canceled", "Completed"]
    assert strategy.trades[-1].isclosed
    assert strategy.trades[-1].pnl == pytest.approx(22)


def test_cash_that_came_while_away_is_in_the_cash() -> None:
    bench = Bench([100] * 5, SPOT, keeps=True)
    bench.run(does(nothing), bars=2)
    move(bench.venue, "USD", Decimal(500), "deposit")
    strategy = bench.run(does(nothing)).strategy
    assert strategy.broker.startingcash == 100_500


def test_a_position_changed_by_hand_while_away_is_right_from_start_on() -> None:
    bench = Bench([100, 100, 110, 110, 110], SPOT, keeps=True)
    bench.run(does(lambda one: one.buy(size=3)), bars=2)
    ticket = Ticket(key="", instrument=bench.instrument, side=-1, qty=Decimal(1), kind=Kind.MARKET)
    bench.venue.outside(ticket, manual=True)
    strategy = bench.run(does(nothing, base=FromStart)).strategy
    assert strategy.at_start == (2, 100)
    assert [(one.size, one.price) for one in strategy.trades] == [(2, 100)]


def test_what_fills_before_the_first_bar_comes_after_the_trade_that_was_open() -> None:
    bench = Bench([100, 100, 100, 100], SPOT, keeps=True)
    bench.run(does(lambda one: one.buy(size=3), limit), bars=2)
    bench.warm = 0  # the first bar of the next run is one that comes
    second = (bench.loop.now() - START).total_seconds()
    name = bench.instrument
    bench.loop.call_later(5, bench.venue.trade, name, Decimal(89), Decimal(100))
    strategy = bench.run(does(nothing, base=FromStart)).strategy
    assert second == 150
    assert strategy.at_start == (3, 100)
    assert [(one.size, one.price) for one in strategy.trades] == [(3, 100)]
    (trade,) = strategy._trades[strategy.data][0]
    assert (trade.size, trade.price) == (5, 96)
    assert list(strategy.statuses.values()) == [["Accepted", "Completed"]]
