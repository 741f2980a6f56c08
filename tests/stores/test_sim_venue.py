"""A simulated venue matches and pays: its own truth, on numbers worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from atms.sandbox.simulation.venue import liquidate, move
from atms.sandbox.simulation.venue.orders import Declined
from atms.sandbox.simulation.venue.records import Received
from atms.stores.facts import State
from atms.stores.market import Bar
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket
from tests.stores.desk import START, D, Desk


# ---- matching -----------------------------------------------------------------------------------
def test_a_market_order_fills_whole_at_the_last_price() -> None:
    desk = Desk("binance")
    order = desk.place(1, 10)
    assert order.state is State.FILLED
    assert sum(qty for qty, _ in desk.fills(order)) == 10
    assert {price for _, price in desk.fills(order)} == {100}


def test_a_limit_fills_at_its_own_price_by_what_is_traded_through_it() -> None:
    desk = Desk("binance")
    order = desk.place(1, 10, Kind.LIMIT, limit=95)
    desk.trade(95.01, 50)
    assert desk.fills(order) == []
    desk.trade(95, 3)  # touched
    desk.trade(90, 4)  # through
    assert desk.fills(order) == [(3, 95), (4, 95)]
    assert (order.state, order.left) == (State.WORKING, 3)
    desk.trade(94, 100)
    assert order.state is State.FILLED


def test_a_trade_is_shared_by_price_and_then_by_time() -> None:
    desk = Desk("binance")
    late = desk.place(1, 5, Kind.LIMIT, limit=95)
    early_but_worse = desk.place(1, 5, Kind.LIMIT, limit=94)
    better = desk.place(1, 5, Kind.LIMIT, limit=96)
    desk.trade(94, 12)  # 5 to the best price, 5 to the earlier of the others' better one, 2 left
    assert [desk.fills(one) for one in (better, late, early_but_worse)] == [
        [(5, 96)], [(5, 95)], [(2, 94)],
    ]  # fmt: skip


def test_a_limit_that_can_be_had_takes_the_market_price() -> None:
    desk = Desk("binance")
    order = desk.place(1, 10, Kind.LIMIT, limit=101)
    assert {price for _, price in desk.fills(order)} == {100}


@pytest.mark.parametrize("tif", ["ioc", "fok"])
def test_what_must_fill_at_once_and_cannot_expires(tif: str) -> None:
    desk = Desk("binance")
    assert desk.place(1, 10, Kind.LIMIT, limit=90, tif=tif).state is State.EXPIRED


def test_a_post_only_order_that_would_take_is_refused() -> None:
    desk = Desk("binance")
    ticket = desk.ticket(1, 10, Kind.LIMIT, limit=100, post_only=True)
    assert desk.declined(ticket) is Reason.WOULD_TAKE


def test_a_stop_fills_at_the_price_that_triggers_it_though_it_gaps() -> None:
    desk = Desk("ibkr")
    desk.place(1, 10)
    stop = desk.place(-1, 10, Kind.STOP, trigger=95)
    desk.trade(95.01)
    assert stop.state is State.WORKING
    desk.trade(91, 1)
    assert stop.state is State.FILLED
    assert {price for _, price in desk.fills(stop)} == {91}


def test_a_stop_limit_rests_at_its_limit_when_the_price_gaps_through() -> None:
    desk = Desk("binance")
    desk.place(1, 10)
    stop = desk.place(-1, 10, Kind.STOP_LIMIT, trigger=95, limit=94)
    desk.trade(90, 5)  # triggered, and below its limit
    assert (stop.state, desk.fills(stop)) == (State.WORKING, [])
    desk.trade(94, 4)
    assert desk.fills(stop) == [(4, 94)]


def test_a_trailing_stop_follows_the_best_price_and_never_goes_back() -> None:
    desk = Desk("ibkr")
    desk.place(1, 10)
    stop = desk.place(-1, 10, Kind.TRAIL, trail=3)
    for price in (104, 101.01):
        desk.trade(price)
    assert stop.state is State.WORKING  # 104 - 3 = 101
    desk.trade(101)
    assert {price for _, price in desk.fills(stop)} == {101}


def test_a_stop_that_is_passed_already_is_refused_or_triggers_by_the_venues_rule() -> None:
    exchange, counter = Desk("binance"), Desk("ibkr")
    exchange.place(1, 10)
    assert (
        exchange.declined(exchange.ticket(-1, 10, Kind.STOP, trigger=100)) is Reason.WOULD_TRIGGER
    )
    counter.place(1, 10)
    assert counter.place(-1, 10, Kind.STOP, trigger=100).state is State.FILLED


def test_a_bar_goes_to_the_nearer_end_first() -> None:
    desk = Desk("binance")
    low = desk.place(1, 1, Kind.LIMIT, limit=98)
    desk.place(1, 5)
    high = desk.place(-1, 1, Kind.LIMIT, limit=103)
    bar = Bar(
        instrument=desk.instrument, open_at=START, close_at=START + timedelta(minutes=1),
        open=D(100), high=D(103), low=D(98), close=D(102), volume=D(40), final=True,
    )  # fmt: skip
    desk.venue.bar("1m", bar)
    filled = [row.order for row in desk.venue.executions.values()][-2:]
    assert filled == [low.id, high.id]  # 98 is 2 away, 103 is 3
    assert desk.venue.prices[desk.instrument] == 102


def test_a_bar_that_still_grows_moves_nothing() -> None:
    desk = Desk("binance")
    bar = Bar(
        instrument=desk.instrument, open_at=START, close_at=START + timedelta(minutes=1),
        open=D(90), high=D(91), low=D(89), close=D(90), volume=D(40), final=False,
    )  # fmt: skip
    desk.venue.bar("1m", bar)
    assert desk.venue.prices[desk.instrument] == 100
    assert desk.venue.market.bars == {}


# ---- money --------------------------------------------------------------------------------------
def test_fees_are_paid_in_a_third_asset_while_it_lasts() -> None:
    desk = Desk("binance")  # 100 POINT at 500 USD each; a taker pays 0.1 %
    desk.place(1, 100)  # 100 * 100 * 0.001 = 10 USD = 0.02 POINT
    assert (desk.cash("USD"), desk.cash("AAA"), desk.cash("POINT")) == (90_000, 100, D("99.98"))
    move(desk.venue, "POINT", D("-99.98"), "withdrawal")
    desk.place(-1, 50)  # 50 * 100 * 0.001 = 5 USD
    assert (desk.cash("USD"), desk.cash("POINT")) == (94_995, 0)


def test_a_margin_accounts_cash_moves_by_profit_alone() -> None:
    desk = Desk("oanda")
    desk.place(1, 10)
    desk.trade(110)
    desk.place(1, 10)
    assert desk.cash() == 100_000
    desk.trade(120)
    desk.place(-1, 15)  # the first lot whole: 10 * 20 = 200; 5 of the second: 5 * 10 = 50
    assert desk.cash() == 100_250
    assert desk.held == 5


def test_lots_reduce_the_oldest_first_and_then_open_the_other_side() -> None:
    desk = Desk("oanda")
    one, two = desk.place(1, 10), desk.place(1, 5)
    last = desk.place(-1, 18)
    rows = [row for row in desk.venue.executions.values() if row.order == last.id]
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row.bucket] = sums.get(row.bucket, D(0)) + row.qty
    assert sums == {one.lot: 10, two.lot: 5, last.lot: 3}
    assert desk.held == -3


def test_one_lot_can_be_closed_by_its_name() -> None:
    desk = Desk("oanda")
    desk.place(1, 10)
    two = desk.place(1, 5)
    desk.place(-1, 5, bucket=two.lot)
    assert [place for _, place in desk.venue.holdings.positions] == ["lot:1"]


def test_what_may_only_reduce_never_opens() -> None:
    desk = Desk("oanda")
    assert desk.declined(desk.ticket(-1, 5, reduces=True)) is Reason.REDUCE_ONLY
    desk.place(1, 3)
    order = desk.place(-1, 5, reduces=True)
    assert (order.state, order.filled, desk.held) == (State.CANCELED, 3, 0)


def test_open_orders_bind_what_they_would_cost() -> None:
    desk = Desk("binance")
    desk.place(1, 1000, Kind.LIMIT, limit=90)  # binds 90,000 of 100,000
    assert desk.declined(desk.ticket(1, 112, Kind.LIMIT, limit=90)) is Reason.FUNDS  # 10,080
    desk.place(1, 111, Kind.LIMIT, limit=90)  # 9,990


def test_an_order_of_two_that_cancel_each_other_binds_once() -> None:
    desk = Desk("binance")
    desk.place(1, 10)
    out = desk.ticket(-1, 10, Kind.LIMIT, limit=110)
    stop = desk.ticket(-1, 10, Kind.STOP, trigger=90)
    desk.many(out, stop, link="oco")  # 10 AAA are enough for both
    assert desk.declined(desk.ticket(-1, 1)) is Reason.FUNDS


@pytest.mark.parametrize(
    ("qty", "limit"), [(0.0005, 100), (1.0005, 100), (1, 100.005), (0.04, 100)]
)
def test_filters_are_minimum_step_price_and_value(qty: float, limit: float) -> None:
    desk = Desk("binance")  # at least 0.001, steps of 0.001 and 0.01, at least 5 USD
    assert desk.declined(desk.ticket(1, qty, Kind.LIMIT, limit=limit)) is Reason.FILTER


def test_a_closed_market_refuses() -> None:
    desk = Desk("binance")
    desk.venue.closed.add(desk.instrument)
    assert desk.declined(desk.ticket(1, 1)) is Reason.CLOSED_MARKET


def test_a_liquidation_closes_everything_and_belongs_to_no_order() -> None:
    desk = Desk("oanda")
    desk.place(1, 10)
    desk.place(1, 5)
    desk.trade(90)
    liquidate(desk.venue, desk.instrument)
    assert (desk.held, desk.cash()) == (0, 99_850)  # 15 * -10
    last = list(desk.venue.executions.values())[-1]
    assert (last.cause, last.order, last.key) == ("liquidation", None, None)


def test_an_order_of_somebody_else_fills_without_a_key_and_is_no_request_of_ours() -> None:
    desk = Desk("binance")
    ticket = desk.ticket(1, 10)
    made = desk.venue.outside(Ticket(**{**vars(ticket), "key": ""}), manual=True)
    assert not isinstance(made, Declined)
    (row, *_) = desk.venue.executions.values()
    assert (row.key, row.cause, desk.held) == (None, "manual", 10)
    assert not any(isinstance(one, Received) for one in desk.venue.history)
