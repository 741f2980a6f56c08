"""Fills undone, corrected, late, or of no order of ours: position, trades and cash stay right."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.sandbox.simulation.venue.booking import bust, correct, liquidate, move
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.manners import Delays
from atms.stores.requests import Kind, Side, Ticket
from tests.execution.live_bench import SPOT, Bench, Told, does, nothing, profile

COUNTER = profile("ibkr", fee_lag=None)


def buy(one: Any) -> Any:
    return one.buy(size=3)


def close(one: Any) -> Any:
    return one.close()


def outside(bench: Bench, side: Side, qty: int) -> None:
    ticket = Ticket(
        key="", instrument=bench.instrument, side=side, qty=Decimal(qty), kind=Kind.MARKET
    )
    bench.venue.outside(ticket, manual=True)


def first_fill(bench: Bench) -> str:
    return next(iter(bench.venue.executions))


def settled(ran: Any, bench: Bench) -> None:
    """Compare what the strategy has with what is true at the venue."""
    holdings = bench.venue.holdings
    broker = ran.broker
    assert broker.getcash() == pytest.approx(float(holdings.balances["USD"]), abs=1e-9)
    held = float(holdings.qty(bench.instrument))
    assert ran.strategy.position.size == pytest.approx(held)
    trades = [one for kept in ran.strategy._trades.values() for one in kept[0]]
    assert sum(one.size for one in trades) == pytest.approx(held)


def adjusting(strategy: Any) -> list[tuple[float, float, bool]]:
    order = strategy.made[0]
    return [
        (one.executed.size, one.executed.price, one.info.adjusts == order.ref)
        for one in strategy.broker.orders_told
        if "adjusts" in one.info
    ]


class Keeps(Told):
    """Keeps the last notice of each order."""

    def start(self) -> None:
        self.broker.orders_told = []

    def notify_order(self, order: bt.Order) -> None:
        super().notify_order(order)
        if order.status == order.Completed:
            self.broker.orders_told.append(order)


def test_a_fill_that_is_busted_is_taken_back_by_an_adjusting_order() -> None:
    bench = Bench([100, 100, 110, 110], COUNTER)
    bench.happens(2, 5, lambda: bust(bench.venue, first_fill(bench)))
    ran = bench.run(does(buy, base=Keeps))
    strategy = ran.strategy
    assert adjusting(strategy) == [(-3, 100, True)]
    closed = strategy.trades[-1]
    assert (closed.isclosed, closed.pnl) == (True, 0)
    assert closed.pnlcomm == pytest.approx(0)  # the fee is given back
    settled(ran, bench)


def test_a_fill_whose_price_is_corrected_is_undone_and_made_anew() -> None:
    bench = Bench([100, 100, 110, 110], COUNTER)
    bench.happens(
        2, 5, lambda: correct(bench.venue, first_fill(bench), Decimal(3), Decimal("99.5"))
    )
    ran = bench.run(does(buy, base=Keeps))
    assert adjusting(ran.strategy) == [(-3, 100, True), (3, 99.5, True)]
    assert ran.strategy.position.price == 99.5
    settled(ran, bench)


def test_a_fill_whose_size_is_corrected_leaves_the_right_position() -> None:
    bench = Bench([100, 100, 110, 110, 110], COUNTER)
    bench.happens(2, 5, lambda: correct(bench.venue, first_fill(bench), Decimal(2), Decimal(100)))
    ran = bench.run(does(buy, nothing, nothing, close, base=Keeps))
    closed = ran.strategy.trades[-1]
    assert (closed.isclosed, closed.pnl) == (True, 20)
    settled(ran, bench)


def test_a_part_that_is_busted_under_a_standing_order_is_not_counted_twice() -> None:
    def limit(one: Any) -> Any:
        return one.buy(size=3, price=90.0, exectype=bt.Order.Limit)

    bench = Bench([100, 100, 89, 89], COUNTER)
    name = bench.instrument
    bench.happens(1, 5, lambda: bench.venue.trade(name, Decimal(90), Decimal(1)))
    bench.happens(1, 15, lambda: bust(bench.venue, first_fill(bench)))
    ran = bench.run(does(limit, base=Keeps))
    order = ran.strategy.made[0]
    assert order.status == bt.Order.Completed
    assert (order.executed.size, order.executed.remsize) == (3, 0)
    settled(ran, bench)


def test_what_fills_after_the_order_was_told_as_rejected_is_told_by_an_adjusting_order() -> None:
    """The request arrives after the venue was given up on: it was never seen in its bound."""
    way = (0.01, 0.01)
    delays = Delays(late_request=(150.0, 150.0), stream=way, out=way, back=way)
    bench = Bench([100] * 8, SPOT, delays=delays)
    bench.happens(1, 0, lambda: setattr(bench.venue.chance, "faults", Faults(late_request=1)))
    bench.happens(1, 1, lambda: setattr(bench.venue.chance, "faults", Faults()))
    ran = bench.run(does(buy, base=Keeps))
    (told,) = [told for told in ran.strategy.statuses.values() if "Rejected" in told]
    assert told == ["Submitted", "Rejected"]
    assert adjusting(ran.strategy) == [(3, 100, True)]
    assert ran.strategy.trades[-1].size == 3
    settled(ran, bench)


def test_a_trade_by_hand_is_a_position_and_a_trade_and_no_order() -> None:
    bench = Bench([100, 100, 110, 110], COUNTER)
    bench.happens(1, 5, lambda: outside(bench, 1, 4))
    bench.happens(2, 5, lambda: outside(bench, -1, 3))
    ran = bench.run(does(nothing, base=Keeps))
    assert not ran.strategy.statuses
    assert ran.strategy.position.size == 1
    assert [one.size for one in ran.strategy.trades] == [4]
    settled(ran, bench)


def test_a_liquidation_is_a_position_and_a_trade() -> None:
    bench = Bench([100, 100, 110, 110], profile("oanda"))
    bench.happens(2, 5, lambda: liquidate(bench.venue, bench.instrument))
    ran = bench.run(does(buy, base=Keeps))
    assert ran.strategy.position.size == 0
    assert ran.strategy.trades[-1].isclosed
    assert ran.strategy.trades[-1].pnl == 30
    settled(ran, bench)


def test_a_split_keeps_what_the_trade_has_cost() -> None:
    bench = Bench([100, 100, 50, 55, 55], SPOT)
    bench.happens(2, 5, lambda: move(bench.venue, "AAA", Decimal(3), "split", bench.instrument))

    def sell(one: Any) -> Any:
        return one.sell(size=6, price=50.0, exectype=bt.Order.Limit)

    ran = bench.run(does(buy, nothing, nothing, sell))
    closed = ran.strategy.trades[-1]
    assert (closed.isclosed, closed.pnl) == (True, 6 * 55 - 300)


CHAIN = profile("chain")


def test_a_fill_that_is_not_final_is_not_told_and_the_value_does_not_jump() -> None:
    class Values(Told):
        seen: list[tuple[float, float]] = []

        def notify_cashvalue(self, cash: float, value: float) -> None:
            self.seen.append((self.position.size, value))

    bench = Bench([100] * 8, CHAIN)
    ran = bench.run(does(lambda one: one.buy(size=2), base=Values))
    assert {value for _, value in Values.seen} == {100_000}
    assert {size for size, _ in Values.seen} == {0, 2}
    told = [word for word in ran.strategy.heard if word[0] == "Completed"]
    first = next(place for place, (size, _) in enumerate(Values.seen) if size)
    assert told[0][2] == first > 4  # bars later than it was mined, and told in between


@pytest.mark.parametrize("seed", range(3))
def test_a_chain_that_is_undone_and_made_anew_leaves_everything_right(seed: int) -> None:
    bench = Bench([100.0 + at % 5 for at in range(30)], CHAIN, faults=Faults(reorg=0.3))
    for _ in range(seed):
        bench.venue.chance.seconds((0.0, 1.0))
    steps = [lambda one: one.buy(size=1) if not one.position else one.close(), nothing, nothing] * 8
    calm = 22
    bench.happens(calm, 1, lambda: setattr(bench.venue.chance, "faults", Faults()))
    ran = bench.run(does(*steps[:20]))
    settled(ran, bench)
    for told in ran.strategy.statuses.values():
        assert told.count("Completed") <= 1
