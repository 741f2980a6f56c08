"""What slippage and half the spread add to a price, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import Commission, PerContract, SimulatedBroker, Slippage

Order = bt.Order
Play = Callable[..., Any]
Bars = Callable[..., Any]
near = partial(pytest.approx, rel=1e-12)


def one(side: str, **how: Any) -> dict[int, Any]:
    return {0: lambda s: getattr(s, side)(size=10, **how)}


@pytest.mark.parametrize(
    ("slippage", "unit"),
    [
        (Slippage(percent=0.0005), 0.1),  # 200 x 0.05 %
        (Slippage(fixed=0.02), 0.02),
        (Slippage(ticks=1, tick=0.01), 0.01),
        (Slippage(ticks=3, tick=0.25), 0.75),
    ],
)
def test_slippage_is_added_to_a_buy_and_taken_off_a_sale(
    play: Play, bars: Bars, slippage: Slippage, unit: float
) -> None:
    # the bar stands still at 200, so the price lies outside of it
    for side, sign in (("buy", 1), ("sell", -1)):
        run = play(bars([200, 200]), one(side), SimulatedBroker(slippage=slippage))
        fill = run.fills[0]
        assert fill.price == near(200 + sign * unit)
        assert fill.costs.reference_price == 200
        assert (fill.costs.spread, fill.costs.impact) == (0, 0)
        assert fill.costs.slippage == near(10 * unit)
        # 10000 less 10 x price for the buy, and more by it for the sale
        assert run.cash[1] == near(10_000 - sign * 10 * (200 + sign * unit))


@pytest.mark.parametrize(
    ("how", "bar", "reference"),
    [
        ({"exectype": Order.Close}, (100, 104, 99, 103), 103),
        ({"exectype": Order.Stop, "price": 102}, (100, 104, 99, 103), 102),
        ({"exectype": Order.Stop, "price": 102}, (105, 106, 99, 103), 105),
        ({"exectype": Order.StopTrail, "trailamount": 2}, (100, 104, 99, 103), 102),
        ({"exectype": Order.Limit, "price": 102}, (101, 104, 99, 103), 101),
        ({"exectype": Order.StopLimit, "price": 102, "plimit": 104}, (100, 104, 99, 103), 102),
    ],
)
def test_every_taker_slips(
    play: Play, bars: Bars, how: dict[str, Any], bar: Any, reference: float
) -> None:
    run = play(bars([100, bar]), one("buy", **how), SimulatedBroker(slippage=Slippage(fixed=0.5)))
    assert run.prices == [reference + 0.5]
    assert run.fills[0].costs.reference_price == reference


@pytest.mark.parametrize(
    ("how", "bar", "price"),
    [
        ({"exectype": Order.Limit, "price": 98}, (100, 101, 97, 99), 98),
        # triggered at the open of 107, then down to its limit
        ({"exectype": Order.StopLimit, "price": 105, "plimit": 106}, (107, 108, 104, 105), 106),
    ],
)
def test_a_maker_pays_nothing(
    play: Play, bars: Bars, how: dict[str, Any], bar: Any, price: float
) -> None:
    slippage = Slippage(fixed=0.5, half_spread=True)
    frame = bars([100, bar], bid=99, ask=101)
    run = play(frame, one("buy", **how), SimulatedBroker(slippage=slippage))
    costs = run.fills[0].costs
    assert run.prices == [price]
    assert (costs.spread, costs.slippage, costs.impact) == (0, 0, 0)


# ---- the spread ---------------------------------------------------------------------------------
def test_half_the_spread_is_that_of_the_fills_bar(play: Play, bars: Bars) -> None:
    # (100.3 - 99.8) / 2 = 0.25 on bar 1; bar 0's own, 1, is over
    frame = bars([100, 100], bid=[99, 99.75], ask=[101, 100.25])
    for side, price in (("buy", 100.25), ("sell", 99.75)):
        run = play(frame, one(side), SimulatedBroker(slippage=Slippage(half_spread=True)))
        assert run.prices == [price]
        costs = run.fills[0].costs
        assert (costs.spread, costs.slippage) == (2.5, 0)  # 10 x 0.25


def test_half_the_spread_stands_beside_another_slippage(play: Play, bars: Bars) -> None:
    # 100 + 0.25 + 100 x 0.1 % = 100.35
    slippage = Slippage(percent=0.001, half_spread=True)
    run = play(
        bars([100, 100], bid=99.75, ask=100.25), one("buy"), SimulatedBroker(slippage=slippage)
    )
    assert run.prices == near([100.35])
    costs = run.fills[0].costs
    assert (costs.spread, costs.slippage) == near((2.5, 1.0))


def test_costs_are_in_the_accounts_currency(play: Play, bars: Bars) -> None:
    # 2 contracts of 50: 0.25 x 2 x 50 = 25, and half of the spread 0.5 the same
    broker = SimulatedBroker(slippage=Slippage(fixed=0.25, half_spread=True))
    future = Commission(schedule=PerContract(0.0), margin=1_000.0, mult=50.0)
    frame = bars([4_000, 4_000], bid=3_999.75, ask=4_000.25)
    run = play(frame, {0: lambda s: s.sell(size=2)}, broker, commission=future)
    assert run.prices == [3_999.5]
    assert (run.fills[0].costs.spread, run.fills[0].costs.slippage) == (25, 25)


# ---- a taker's limit ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("limit", "price", "spread", "slippage"),
    [
        # open 100, half of the spread 0.25, slippage 0.5: 100.75 where the limit leaves room
        (101.0, 100.75, 2.5, 5.0),
        (100.75, 100.75, 2.5, 5.0),
        (100.5, 100.5, 2.5, 2.5),  # room for 0.5: the spread's 0.25 whole, slippage 0.25
        (100.25, 100.25, 2.5, 0.0),
        (100.125, 100.125, 1.25, 0.0),  # room for 0.125: all of it spread
        (100.0, 100.0, 0.0, 0.0),
    ],
)
def test_a_takers_limit_is_never_passed(
    play: Play, bars: Bars, limit: float, price: float, spread: float, slippage: float
) -> None:
    broker = SimulatedBroker(slippage=Slippage(fixed=0.5, half_spread=True))
    frame = bars([100, 100], bid=99.75, ask=100.25)
    run = play(frame, one("buy", exectype=Order.Limit, price=limit), broker)
    assert run.prices == [price]
    costs = run.fills[0].costs
    assert (costs.reference_price, costs.maker) == (100, False)
    assert (costs.spread, costs.slippage) == (spread, slippage)


def test_a_selling_takers_limit_is_never_passed(play: Play, bars: Bars) -> None:
    # 100 - 0.25 - 0.5 would be 99.25; the limit 99.5 leaves 0.25 of the slippage
    broker = SimulatedBroker(slippage=Slippage(fixed=0.5, half_spread=True))
    frame = bars([100, 100], bid=99.75, ask=100.25)
    run = play(frame, one("sell", exectype=Order.Limit, price=99.5), broker)
    assert run.prices == [99.5]
    assert (run.fills[0].costs.spread, run.fills[0].costs.slippage) == (2.5, 2.5)


def test_a_stop_limit_at_its_stop_does_not_pass_its_limit(play: Play, bars: Bars) -> None:
    # stop 102, slippage 0.5, limit 102.25: room for 0.25
    how = {"exectype": Order.StopLimit, "price": 102, "plimit": 102.25}
    frame = bars([100, (100, 104, 99, 103)])
    run = play(frame, one("buy", **how), SimulatedBroker(slippage=Slippage(fixed=0.5)))
    assert run.prices == [102.25]
    assert run.fills[0].costs.slippage == 2.5


# ---- beside Backtrader's own --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "fixed", "price"),
    # inside the bar of 99 to 101; beyond it the price stays at the high or the low
    [("buy", 0.5, 100.5), ("buy", 2.0, 101), ("sell", 0.5, 99.5), ("sell", 2.0, 99)],
)
def test_backtraders_own_slippage_still_works(
    play: Play, bars: Bars, side: str, fixed: float, price: float
) -> None:
    broker = SimulatedBroker(slip_fixed=fixed, slip_open=True)
    assert play(bars([100, (100, 101, 99, 100)]), one(side), broker).prices == [price]


@pytest.mark.parametrize(
    ("opened", "price"),
    [
        (102, 102),  # at the open, where slip_open is off
        (101.5, 102.5),  # inside the bar
    ],
)
def test_backtraders_own_slippage_can_spare_the_open(
    play: Play, bars: Bars, opened: float, price: float
) -> None:
    frame = bars([100, (opened, 104, 99, 103)])
    run = play(frame, one("buy", exectype=Order.Stop, price=102), SimulatedBroker(slip_fixed=0.5))
    assert run.prices == [price]


@pytest.mark.parametrize(
    ("bar", "fixed", "price"),
    [
        ((100, 104, 99, 103), 0.5, 102.5),  # inside the bar: 102 + 0.5
        ((100, 104, 99, 103), 3.0, 104),  # 105 is beyond the high
        ((105, 107, 104, 106), 0.5, 105.5),  # through the gap: 105 + 0.5
    ],
)
def test_backtraders_own_slippage_takes_a_stop_past_its_price(
    play: Play, bars: Bars, bar: Any, fixed: float, price: float
) -> None:
    broker = SimulatedBroker(slip_fixed=fixed, slip_open=True)
    run = play(bars([100, bar]), one("buy", exectype=Order.Stop, price=102), broker)
    assert run.prices == [price]


def test_backtraders_own_slippage_cannot_be_mixed_with_ours(play: Play, bars: Bars) -> None:
    broker = SimulatedBroker(slippage=Slippage(fixed=0.5), slip_perc=0.01)
    with pytest.raises(ValueError, match="slip_perc"):
        play(bars([100, 100]), one("buy"), broker)
