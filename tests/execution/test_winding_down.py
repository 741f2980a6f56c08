"""How a run ends: what stands is left, taken back, or closed; bounded, and told in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.execution.broker.desk import Manner
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.manners import Delays
from tests.execution.live_bench import MINUTE, SPOT, START, Bench, does, nothing, profile

LOTS = profile("oanda")


def both(one: Any) -> None:
    one.buy(size=3)
    one.buy(size=2, price=90.0, exectype=bt.Order.Limit)


def one_buy(one: Any) -> Any:
    return one.buy(size=3)


def bracket(one: Any) -> Any:
    return one.buy_bracket(size=2, price=99.0, limitprice=110.0, stopprice=90.0)


def open_kinds(bench: Bench) -> list[str]:
    return [order.ticket.kind.value for order in bench.venue.open_orders()]


def test_leave_leaves_what_stands_and_what_is_held() -> None:
    bench = Bench([100, 100], SPOT)
    left = bench.run(does(both), on_stop="leave").trading.left
    assert open_kinds(bench) == ["limit"]
    assert bench.venue.holdings.balances["AAA"] == 3
    assert left == ()


def test_cancel_takes_back_what_stands_and_keeps_what_is_held() -> None:
    bench = Bench([100, 100], SPOT)
    left = bench.run(does(both), on_stop="cancel").trading.left
    assert open_kinds(bench) == []
    assert bench.venue.holdings.balances["AAA"] == 3
    assert left == ()


@pytest.mark.parametrize("venue", [SPOT, LOTS, profile("oanda", buckets="net")])
def test_flatten_takes_back_what_stands_and_closes_what_is_held(venue: Any) -> None:
    bench = Bench([100, 100], venue)
    left = bench.run(does(both), on_stop="flatten").trading.left
    assert open_kinds(bench) == []
    assert bench.venue.holdings.qty(bench.instrument) == 0
    assert left == ()


def test_flatten_closes_a_short_position() -> None:
    bench = Bench([100, 100], profile("oanda", buckets="net"))
    bench.run(does(lambda one: one.sell(size=3)), on_stop="flatten")
    assert bench.venue.holdings.qty(bench.instrument) == 0


def test_flatten_ends_a_bracket_and_its_position() -> None:
    bench = Bench([100, 99, 100], LOTS)
    left = bench.run(does(bracket), on_stop="flatten").trading.left
    assert open_kinds(bench) == []
    assert bench.venue.holdings.qty(bench.instrument) == 0
    assert left == ()


def test_an_entry_that_fills_as_it_is_taken_back_is_closed_too() -> None:
    bench = Bench([100, 100], SPOT)
    bench.happens(2, 29, lambda: setattr(bench.venue.chance, "faults", Faults(fill_at_cancel=1)))
    left = bench.run(does(both), on_stop="flatten").trading.left
    assert bench.venue.holdings.balances["AAA"] == 0
    assert left == ()


def test_an_order_of_the_last_moment_is_answered_before_the_account_closes() -> None:
    """Else the next start would not know whether it stands."""

    class Last(does(nothing)):  # type: ignore[misc]
        def stop(self) -> None:
            self.buy(size=1, price=90.0, exectype=bt.Order.Limit)

    slow = Delays(out=(0.5, 0.5), back=(0.5, 0.5), stream=(9.0, 9.0))
    bench = Bench([100, 100], SPOT, delays=slow)
    ran = bench.run(Last, on_stop="leave")
    core = ran.trading.desks[0].core
    assert core is not None
    (order,) = core.state.open_orders()
    assert order.known
    assert open_kinds(bench) == ["limit"]


@pytest.mark.parametrize(
    ("least", "bought", "dust"), [("0.001", 0.1, "0.0009"), ("0.1", 0.1, "0.0999")]
)
def test_dust_is_left_and_told(least: str, bought: float, dust: str) -> None:
    bench = Bench([100, 100], profile(fee_in="received"))
    listed = bench.venue.instruments[bench.instrument]
    bench.venue.list_instrument(replace(listed, min_qty=Decimal(least)))
    left = bench.run(does(lambda one: one.buy(size=bought)), on_stop="flatten").trading.left
    assert left == (f"{dust} of sim-binance:AAAUSD are still held, too few for an order",)
    assert len(bench.venue.orders) == (2 if least == "0.001" else 1)


def test_what_the_venue_does_not_sell_is_told_after_some_tries() -> None:
    bench = Bench([100, 100], SPOT)
    bench.happens(2, 29, lambda: bench.venue.closed.add(bench.instrument))
    ran = bench.run(does(one_buy), on_stop="flatten")
    assert ran.trading.left == ("3 of sim-binance:AAAUSD are still held",)
    refused = [one for one in bench.venue.history if getattr(one, "code", "") == "market closed"]
    assert len(refused) == 3


@pytest.mark.parametrize(
    ("orders", "faults"), [(both, Faults(venue_down=1)), (one_buy, Faults(lose_request=1))]
)
def test_a_venue_that_does_not_answer_is_waited_for_no_longer_than_was_said(
    orders: Any, faults: Faults
) -> None:
    bench = Bench([100, 100], SPOT)
    bench.happens(2, 29, lambda: setattr(bench.venue.chance, "faults", faults))
    ran = bench.run(does(orders), on_stop="flatten")
    the_market_ends = START + 2 * MINUTE + timedelta(seconds=30)
    assert bench.loop.now() - the_market_ends < timedelta(seconds=45)
    assert ran.trading.left == (
        "order test-1-2 is still open", "3 of sim-binance:AAAUSD are still held",
    )  # fmt: skip


def test_coins_that_are_nobodys_are_not_sold() -> None:
    listed = {"balances": {"USD": Decimal(100_000), "AAA": Decimal(5)}}
    bench = Bench([100, 100], profile(listed=listed))
    ignores = Manner(unknown_position="ignore")
    ran = bench.run(does(one_buy), on_stop="flatten", manner=ignores)
    assert bench.venue.holdings.balances["AAA"] == 5
    assert ran.trading.left == ()


def test_an_order_in_parts_is_closed_to_the_last_part() -> None:
    bench = Bench([100, 100], profile(parts=5))
    bench.run(does(one_buy), on_stop="flatten")
    assert bench.venue.holdings.balances["AAA"] == 0
