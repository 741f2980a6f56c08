"""When an account is liquidated and at which price, worked out by hand.

Most tests hold 50 opened at 100 with leverage 10 (cost 500) and 5 % maintenance.

- Long with 725 of cash: equity at mark P is 725 + 50 x (P - 100) = 50 P - 4275; maintenance is
  0.05 x 50 x P = 2.5 P; they meet where 47.5 P = 4275, P = 90: there both are 225.
- Short with 775: equity 775 + 50 x (100 - P) = 5775 - 50 P; 52.5 P = 5775, P = 110: both are 275.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import Commission, Margin, Percent, SimulatedBroker

Play = Callable[..., Any]
Bars = Callable[..., Any]
near = partial(pytest.approx, rel=1e-12)
CASH = {"buy": 725, "sell": 775}


@pytest.fixture
def hold(play: Play, bars: Bars) -> Play:
    """Hold 50 from bar 1, whose open is 100, over the rows given from bar 1 or 2 on."""

    def run(
        side: str, *rows: Any, more: Any = None, fee: float = 0.0, cash: float = 0.0, **columns: Any
    ) -> Any:
        broker = SimulatedBroker(
            shortcash=False, margin=Margin(maintenance=0.05, liquidation_fee=fee)
        )
        steps = {0: lambda s: getattr(s, side)(size=50), **(more or {})}
        commission = Commission(schedule=Percent(0.001 if fee else 0.0), leverage=10)
        return play(
            bars([100, *rows], **columns), steps, broker, commission=commission,
            cash=cash or CASH[side],
        )  # fmt: skip

    return run


# ---- at the open --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "opened", "size", "cash"),
    [
        ("buy", 88, -50, 125),  # equity 725 - 600 = 125 <= 220; closed at 88: 225 + 500 - 600
        ("buy", 90, -50, 225),  # 225 <= 225: at is enough
        ("sell", 112, 50, 175),  # 775 - 600 = 175 <= 280
        ("sell", 110, 50, 275),
    ],
)
def test_a_gap_beyond_the_maintenance_is_closed_at_the_open(
    hold: Play, side: str, opened: float, size: float, cash: float
) -> None:
    run = hold(side, 100, (opened, opened + 5, opened - 5, opened))
    assert run.liquidated == [(2, size, opened)]
    assert run.cash[2] == run.value[2] == near(cash)
    assert run.held == [0]


def test_at_the_open_comes_before_orders(hold: Play) -> None:
    # the stop, 89, rests over bar 2 and would have sold at bar 3's open too; it is cancelled
    stop = {1: lambda s: s.sell(size=50, exectype=bt.Order.Stop, price=89)}
    run = hold("buy", 100, 100, (88, 95, 85, 90), more=stop)
    assert run.liquidated == [(3, -50, 88)]
    assert run.statuses == ["Completed", "Canceled"]


def test_what_was_ordered_on_the_bar_before_is_cancelled_too(hold: Play) -> None:
    # 125 is left, enough for a short of 10 at 88 with leverage 10: it must not be opened
    run = hold("buy", 100, (88, 95, 85, 90), more={1: lambda s: s.sell(size=10)})
    assert run.trades == [(1, 50, 100), (2, -50, 88)]
    assert run.statuses == ["Completed", "Canceled"]


# ---- inside the bar -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "bar", "size", "price", "cash"),
    [
        ("buy", (95, 96, 85, 94), -50, 90, 225),
        ("buy", (95, 96, 90, 94), -50, 90, 225),  # touched
        ("sell", (105, 115, 104, 106), 50, 110, 275),
        ("sell", (105, 110, 104, 106), 50, 110, 275),
    ],
)
def test_inside_the_bar_it_closes_where_equity_meets_maintenance(
    hold: Play, side: str, bar: Any, size: float, price: float, cash: float
) -> None:
    run = hold(side, 100, bar)
    assert run.liquidated == [(2, size, near(price))]
    assert run.cash[2] == run.value[2] == near(cash)
    assert run.held == [0]


@pytest.mark.parametrize(
    ("side", "bar"), [("buy", (95, 130, 90.01, 94)), ("sell", (105, 109.99, 70, 106))]
)
def test_short_of_that_price_nothing_happens(hold: Play, side: str, bar: Any) -> None:
    assert hold(side, 100, bar).liquidated == []


def test_the_bar_of_the_entry_is_not_looked_at_inside(hold: Play) -> None:
    # low 80, but nothing was held before it; at its close, 95, equity is 475 > 237.5
    assert hold("buy", (100, 101, 80, 95), 95).liquidated == []


def test_a_stop_that_sold_first_saves_the_rest(hold: Play) -> None:
    # 30 sold at 95: -150; the 20 left at the low, 85: -300; equity 725 - 450 = 275, maintenance
    # 0.05 x 20 x 85 = 85. Without the stop it closes at 90.
    stop = {1: lambda s: s.sell(size=30, exectype=bt.Order.Stop, price=95)}
    run = hold("buy", 100, (98, 99, 85, 94), more=stop)
    assert run.trades == [(1, 50, 100), (2, -30, 95)]
    assert run.liquidated == []
    # cash: 225 + 300 - 150; value: the 20 left cost 200 and lost 20 x 6 = 120 at 94
    assert run.cash[2] == near(375)
    assert run.value[2] == near(455)


def test_what_a_stop_left_is_closed_at_a_price_of_its_own(hold: Play) -> None:
    # 10 sold at 95: equity 725 - 50 + 40 x (P - 100) = 40 P - 3325; maintenance 0.05 x 40 P = 2 P
    # 38 P = 3325: P = 87.5, above the low of 85
    stop = {1: lambda s: s.sell(size=10, exectype=bt.Order.Stop, price=95)}
    run = hold("buy", 100, (98, 99, 85, 94), more=stop)
    assert run.trades[1:] == [(2, -10, 95), (2, -40, near(87.5))]
    # 40 x 87.5 x 0.05 = 175 is left
    assert run.cash[2] == near(175)


# ---- at the close -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "bar", "size", "cash"),
    [
        # opened on this very bar, so looked at at its close only
        ("buy", (100, 101, 85, 89), -50, 175),  # 725 - 550 = 175 <= 222.5
        ("sell", (100, 112, 99, 111), 50, 225),  # 775 - 550 = 225 <= 277.5
    ],
)
def test_the_bar_of_the_entry_is_looked_at_at_its_close(
    hold: Play, side: str, bar: Any, size: float, cash: float
) -> None:
    run = hold(side, bar, 100)
    assert run.liquidated == [(1, size, bar[3])]
    assert run.held == [0]
    assert run.cash[1] == run.cash[2] == near(cash)


# ---- marks --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bar", "price", "cash"),
    [
        ((96, 97, 89, 96), 90, 225),  # the bar traded at 90
        ((96, 97, 95, 96), 95, 475),  # it did not: at its low, 225 + 500 - 250
        ((88, 89, 87, 88), 89, 175),  # neither, on its other side: at its high, 225 + 500 - 550
    ],
)
def test_the_marks_low_liquidates_within_the_bars_range(
    hold: Play, bar: Any, price: float, cash: float
) -> None:
    marks = {
        "mark_open": [100, 100, 95], "mark_high": [100, 100, 96],
        "mark_low": [100, 100, 85], "mark_close": [100, 100, 94],
    }  # fmt: skip
    run = hold("buy", 100, bar, **marks)
    assert run.liquidated == [(2, -50, near(price))]
    assert run.cash[2] == run.value[2] == near(cash)


def test_the_bars_low_does_not_liquidate_where_the_marks_do_not(hold: Play) -> None:
    marks = {
        "mark_open": [100, 100, 95], "mark_high": [100, 100, 96],
        "mark_low": [100, 100, 92], "mark_close": [100, 100, 94],
    }  # fmt: skip
    assert hold("buy", 100, (95, 96, 80, 94), **marks).liquidated == []


@pytest.mark.parametrize(
    ("bar", "price"), [((105, 111, 104, 105), 110), ((105, 106, 104, 105), 106)]
)
def test_a_short_is_looked_at_at_the_marks_high(hold: Play, bar: Any, price: float) -> None:
    marks = {
        "mark_open": [100, 100, 105], "mark_high": [100, 100, 115],
        "mark_low": [100, 100, 104], "mark_close": [100, 100, 106],
    }  # fmt: skip
    assert hold("sell", 100, bar, **marks).liquidated == [(2, 50, near(price))]


def test_marks_without_high_and_low_are_looked_at_at_open_and_close(hold: Play) -> None:
    # a low of 80 inside the bar is nothing
    marks = {"mark_open": [100, 100, 95], "mark_close": [100, 100, 94]}
    assert hold("buy", 100, (95, 96, 80, 94), **marks).liquidated == []


def test_the_marks_open_closes_at_the_bars_open(hold: Play) -> None:
    # mark 89: equity 175 <= 222.5; closed at 93: 225 + 500 - 350 = 375
    marks = {"mark_open": [100, 100, 89], "mark_close": [100, 100, 94]}
    run = hold("buy", 100, (93, 96, 92, 94), **marks)
    assert run.liquidated == [(2, -50, 93)]
    assert run.cash[2] == near(375)


def test_the_marks_close_closes_at_the_bars_close(hold: Play) -> None:
    marks = {"mark_open": [100, 100, 95], "mark_close": [100, 100, 89]}
    run = hold("buy", 100, (95, 96, 92, 94), **marks)
    assert run.liquidated == [(2, -50, 94)]
    assert run.cash[2] == near(225 + 500 - 300)


def test_the_bars_open_alone_does_not_liquidate(hold: Play) -> None:
    marks = {"mark_open": [100, 100, 95], "mark_close": [100, 100, 94]}
    assert hold("buy", 100, (85, 96, 84, 94), **marks).liquidated == []


# ---- fees, orders, what comes after -------------------------------------------------------------
def test_a_liquidation_pays_its_fee_beside_the_takers(hold: Play) -> None:
    # entry 5000 x 0.1 % = 5, so 730 of cash is 725 after it; closed at 90: 4500 x 0.1 % = 4.5 and
    # 4500 x 0.5 % = 22.5; 225 - 27 = 198
    run = hold("buy", 100, (95, 96, 85, 94), fee=0.005, cash=730)
    charged = -sum(charge.amount for charge in run.charges)
    assert run.fees[0] == near(5)
    assert run.fees[1] + charged == near(27)
    assert run.cash[2] == run.value[2] == near(198)


def test_every_order_is_cancelled(hold: Play) -> None:
    # neither is reached on bar 2; bar 3 would reach both
    orders = {
        1: lambda s: [
            s.buy(size=1, exectype=bt.Order.Limit, price=50),
            s.sell(size=50, exectype=bt.Order.Limit, price=120),
        ]
    }
    run = hold("buy", 100, (95, 96, 85, 94), (94, 130, 40, 94), more=orders)
    assert run.statuses == ["Completed", "Canceled", "Canceled"]
    assert len(run.fills) == 2


def test_what_is_left_can_be_traded_again(hold: Play) -> None:
    # 225 left; 20 x 100 / 10 = 200
    again = {2: lambda s: s.buy(size=20)}
    run = hold("buy", 100, (95, 96, 85, 94), 100, more=again)
    assert run.statuses == ["Completed", "Completed"]
    assert run.cash[3] == near(25)
