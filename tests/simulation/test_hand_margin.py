"""What a position on margin costs, is worth and gives back, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from atms.simulation import Commission, Margin, Percent, PerContract, SimulatedBroker

Play = Callable[..., Any]
Bars = Callable[..., Any]
near = partial(pytest.approx, rel=1e-12)


def account(maintenance: float = 0.0, **more: Any) -> SimulatedBroker:
    return SimulatedBroker(shortcash=False, margin=Margin(maintenance=maintenance), **more)


def lever(times: float, fee: float = 0.0) -> Commission:
    return Commission(schedule=Percent(fee), leverage=times)


# ---- what it costs and gives back ---------------------------------------------------------------
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_position_costs_its_entry_value_over_the_leverage(
    play: Play, bars: Bars, side: str
) -> None:
    # 50 x 100 / 5 = 1000, long or short; 50 x 102 does not change what it cost
    run = play(
        bars([100, 100, 102]),
        {0: lambda s: getattr(s, side)(size=50)},
        account(),
        commission=lever(5),
        cash=1_500,
    )
    sign = 1 if side == "buy" else -1
    assert run.cash == [1_500, 500, 500]
    # 500 + 1000 + 50 x 2 for the long, - 50 x 2 for the short
    assert run.value == [1_500, 1_500, 1_500 + sign * 100]


@pytest.mark.parametrize(("side", "other"), [("buy", "sell"), ("sell", "buy")])
def test_closing_gives_the_cost_back_with_the_profit(
    play: Play, bars: Bars, side: str, other: str
) -> None:
    # entry 100, exits of 20 at 102 and 30 at 97, fee 0.1 % of the value
    #   entry: cost 1000, fee 5.00                              1500 - 1005            =  495
    #   first exit: 20 x 100 / 5 = 400, profit 20 x 2 = 40, fee 20 x 102 x 0.1 % = 2.04
    #   second exit: 30 x 100 / 5 = 600, profit 30 x -3 = -90, fee 30 x 97 x 0.1 % = 2.91
    # long:  495 + 400 + 40 - 2.04 = 932.96;  932.96 + 600 - 90 - 2.91 = 1440.05
    # short: 495 + 400 - 40 - 2.04 = 852.96;  852.96 + 600 + 90 - 2.91 = 1540.05
    steps = {
        0: lambda s: getattr(s, side)(size=50),
        1: lambda s: getattr(s, other)(size=20),
        2: lambda s: getattr(s, other)(size=30),
    }
    frame = bars([100, 100, 102, 97])
    run = play(frame, steps, account(), commission=lever(5, 0.001), cash=1_500)
    expected = [932.96, 1_440.05] if side == "buy" else [852.96, 1_540.05]
    assert run.cash == near([1_500, 495, *expected])
    assert run.value[-1] == near(expected[-1])


def test_turning_over_closes_then_opens(play: Play, bars: Bars) -> None:
    # long 50 at 100 costs 1000 of 1500; sell 80 at 104: 1000 and 50 x 4 = 200 come back to 1700;
    # short 30 at 104 costs 30 x 104 / 5 = 624: 1076
    steps = {0: lambda s: s.buy(size=50), 1: lambda s: s.sell(size=80)}
    run = play(bars([100, 100, 104]), steps, account(), commission=lever(5), cash=1_500)
    assert run.cash == near([1_500, 500, 1_076])
    assert run.value[-1] == near(1_700)


def test_a_short_far_above_its_entry_is_worth_what_it_lost(play: Play, bars: Bars) -> None:
    # short 10 at 100 without leverage costs 1000 of 5000; at 250 it has lost 10 x 150 = 1500
    run = play(
        bars([100, 100, 250]),
        {0: lambda s: s.sell(size=10)},
        account(),
        commission=lever(1),
        cash=5_000,
    )
    assert run.cash == [5_000, 4_000, 4_000]
    assert run.value == [5_000, 5_000, 3_500]


@pytest.mark.parametrize("target", [1_000, -1_000])
@pytest.mark.parametrize(("times", "size"), [(1, 10), (5, 50)])
def test_a_target_that_is_held_already_needs_no_order(
    play: Play, bars: Bars, target: float, times: float, size: float
) -> None:
    # 1000 of cash at 100 is a position of 10, with leverage 5 of 50; asked for again it is there
    aim = {n: lambda s: s.order_target_value(target=target) for n in (0, 2)}
    run = play(bars([100] * 4), aim, account(), commission=lever(times), cash=5_000)
    assert run.trades == [(1, size if target > 0 else -size, 100)]


# ---- what can be opened -------------------------------------------------------------------------
@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(("size", "status"), [(50, "Completed"), (51, "Margin")])
def test_opening_needs_the_initial_margin(
    play: Play, bars: Bars, side: str, size: int, status: str
) -> None:
    # 50 x 100 / 5 = 1000 is there; 51 x 100 / 5 = 1020 is not
    run = play(
        bars([100, 100]),
        {0: lambda s: getattr(s, side)(size=size)},
        account(),
        commission=lever(5),
        cash=1_000,
    )
    assert run.statuses == [status]


@pytest.mark.parametrize(("side", "price"), [("buy", 102.5), ("sell", 102.5)])
def test_opening_needs_it_at_the_price_of_the_fill_too(
    play: Play, bars: Bars, side: str, price: float
) -> None:
    # 1000 was enough at 100; 50 x 102.5 / 5 = 1025 is not
    run = play(
        bars([100, price]),
        {0: lambda s: getattr(s, side)(size=50)},
        account(),
        commission=lever(5),
        cash=1_000,
    )
    assert run.statuses == ["Margin"]
    assert run.cash == [1_000, 1_000]


def two(play: Play, bars: Bars, later: float, size: float) -> str:
    """Return what became of buying B when A, 50 at 100 of 2000, has gone to *later*."""
    steps = {
        0: lambda s: s.buy(data=s.getdatabyname("A"), size=50),
        2: lambda s: s.buy(data=s.getdatabyname("B"), size=size),
    }
    frames = {"A": bars([100, 100, later, later]), "B": bars([100] * 4)}
    run = play(frames, steps, account(), commission=lever(5), cash=2_000)
    assert run.statuses[0] == "Completed"
    return str(run.statuses[1])


@pytest.mark.parametrize(
    ("later", "size", "status"),
    [
        # 2000 - 1000 = 1000 of cash; B costs size x 100 / 5 = 20 x size
        (100, 50, "Completed"),  # 1000
        (92, 50, "Margin"),  # 50 x -8 = -400 leaves 600, and 1000 is needed
        (92, 31, "Margin"),  # 620
        (92, 30, "Completed"),  # 600
        (108, 51, "Margin"),  # 1020: a gain of 400 is not there before it is taken
        (108, 50, "Completed"),
    ],
)
def test_another_positions_unrealized_loss_cannot_be_spent(
    play: Play, bars: Bars, later: float, size: float, status: str
) -> None:
    assert two(play, bars, later, size) == status


def test_another_positions_gain_does_not_help_at_the_fill(play: Play, bars: Bars) -> None:
    # A has gained 400; B was tried at 100 and fills at 102.5: 50 x 102.5 / 5 = 1025 of 1000
    steps = {
        0: lambda s: s.buy(data=s.getdatabyname("A"), size=50),
        2: lambda s: s.buy(data=s.getdatabyname("B"), size=50),
    }
    frames = {"A": bars([100, 100, 108, 108]), "B": bars([100, 100, 100, 102.5])}
    run = play(frames, steps, account(), commission=lever(5), cash=2_000)
    assert run.statuses == ["Completed", "Margin"]


def test_a_position_can_be_closed_with_no_cash_left(play: Play, bars: Bars) -> None:
    # 1000 of 1000 is tied up; at 90 the sale gives back 1000 - 500
    steps = {0: lambda s: s.buy(size=50), 1: lambda s: s.sell(size=50)}
    run = play(bars([100, 100, 90]), steps, account(), commission=lever(5), cash=1_000)
    assert run.cash == [1_000, 0, 500]


# ---- futures ------------------------------------------------------------------------------------
FUTURE = {"margin": 1_200.0, "mult": 50.0}


@pytest.mark.parametrize(("side", "sign"), [("buy", 1), ("sell", -1)])
def test_a_future_ties_up_its_margin_and_settles_every_close(
    play: Play, bars: Bars, side: str, sign: int
) -> None:
    # 2 contracts of 50 at 100, fee 2 x 2.00 = 4; margin 2 x 1200 = 2400
    #   bar 1: opened at 100, close 101: 5000 - 2400 - 4 = 2596, + 2 x 50 x 1 = 2696 (short 2496)
    #   bar 2: close 99:                                   - 2 x 50 x 2 = 2496 (short 2696)
    #   bar 3: closed at its open, 102: + 2 x 50 x 3 = 300, margin back 2400, fee 4:
    #          2496 + 300 + 2400 - 4 = 5192; short 2696 - 300 + 2400 - 4 = 4792
    # in all 5000 - 8 + 2 x 50 x (102 - 100) = 5192, and 4792 for the short
    other = "sell" if side == "buy" else "buy"
    steps = {0: lambda s: getattr(s, side)(size=2), 2: lambda s: getattr(s, other)(size=2)}
    rows = [100, (100, 101, 99, 101), (101, 101, 98, 99), (102, 103, 101, 103)]
    broker = SimulatedBroker(margin=Margin())
    run = play(
        bars(rows), steps, broker, commission=Commission(schedule=PerContract(2.0), **FUTURE),
        cash=5_000,
    )  # fmt: skip
    assert run.cash == near([5_000, 2_596 + sign * 100, 2_596 - sign * 100, 4_992 + sign * 200])
    # while it is held the margin counts as value: cash + 2400
    assert run.value == near([5_000, 4_996 + sign * 100, 4_996 - sign * 100, 4_992 + sign * 200])


@pytest.mark.parametrize(("size", "status"), [(4, "Completed"), (5, "Margin")])
def test_a_future_needs_its_margin_and_its_fee(
    play: Play, bars: Bars, size: int, status: str
) -> None:
    # 4 x (1200 + 2) = 4808; 5 x 1202 = 6010
    broker = SimulatedBroker(margin=Margin())
    future = Commission(schedule=PerContract(2.0), **FUTURE)
    run = play(
        bars([100, 100]), {0: lambda s: s.buy(size=size)}, broker, commission=future, cash=4_808
    )
    assert run.statuses == [status]
