"""Liquidation of several positions and of futures, and what does not hold it up, by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import (
    Commission,
    Margin,
    Percent,
    PerContract,
    Rules,
    SimulatedBroker,
    Slippage,
)

Play = Callable[..., Any]
Bars = Callable[..., Any]
near = partial(pytest.approx, rel=1e-12)
LEVER = {"schedule": Percent(0.0), "leverage": 10}


# ---- what does not hold it up -------------------------------------------------------------------
def test_rules_do_not_hold_a_liquidation_up(play: Play, bars: Bars) -> None:
    # 50 x 100 = 5000 is just enough to open; 50 x 88 = 4400 would be too little for an order
    broker = SimulatedBroker(
        shortcash=False, margin=Margin(maintenance=0.05),
        rules={"X": Rules(min_notional=Decimal(5_000))},
    )  # fmt: skip
    run = play(
        bars([100, 100, 99, (88, 95, 85, 90)]), {0: lambda s: s.buy(size=50)}, broker,
        commission=Commission(**LEVER), cash=725,
    )  # fmt: skip
    assert run.liquidated == [(3, -50, 88)]


def test_a_liquidation_is_whole_and_at_its_price(play: Play, bars: Bars) -> None:
    # a limit, 100, rests and is met on bar 1: 10 % of 500. Equity 725 + 50 x (P - 100) meets
    # 0.05 x 50 x P at 90, where bar 2, with a volume of 1, is left without any slippage
    broker = SimulatedBroker(
        shortcash=False, margin=Margin(maintenance=0.05), participation=0.1,
        slippage=Slippage(fixed=1.0),
    )  # fmt: skip
    frame = bars([101, (101, 102, 99, 100), (95, 96, 85, 94)], volume=[1, 500, 1])
    step = {0: lambda s: s.buy(size=50, exectype=bt.Order.Limit, price=100)}
    run = play(frame, step, broker, commission=Commission(**LEVER), cash=725)
    assert run.trades == [(1, 50, 100), (2, -50, near(90))]
    assert run.cash[2] == run.value[2] == near(225)


# ---- several positions --------------------------------------------------------------------------
def both(play: Play, bars: Bars, a: Any, b: Any) -> Any:
    """Hold 50 of A long and 50 of B short, both from 100, with 2000: each costs 500."""
    broker = SimulatedBroker(shortcash=False, margin=Margin(maintenance=0.05))
    steps = {0: lambda s: [s.buy(data=s.datas[0], size=50), s.sell(data=s.datas[1], size=50)]}
    return play(
        {"A": bars([100, 100, a]), "B": bars([100, 100, b])}, steps, broker,
        commission=Commission(**LEVER), cash=2_000,
    )  # fmt: skip


def test_several_positions_close_each_at_its_worst(play: Play, bars: Bars) -> None:
    # A at its low, 80: -1000; B at its high, 115: -750; equity 250
    # maintenance 0.05 x 50 x 80 + 0.05 x 50 x 115 = 200 + 287.5 = 487.5
    run = both(play, bars, (98, 99, 80, 97), (102, 115, 101, 103))
    assert sorted(run.liquidated) == [(2, -50, 80), (2, 50, 115)]
    assert run.held == [0, 0]
    # 1000 + 500 - 1000 + 500 - 750
    assert run.cash[2] == near(250)


def test_a_position_without_a_bad_bar_goes_with_the_others(play: Play, bars: Bars) -> None:
    # A opens at 70: -1500; B at 100; equity 500 > 0.05 x 50 x (70 + 100) = 425; at A's low of 68:
    # 400 <= 420 with B's high, 100. A is closed at 68, B at 100, where it stood.
    run = both(play, bars, (70, 71, 68, 70), 100)
    assert sorted(run.liquidated) == [(2, -50, 68), (2, 50, 100)]
    # 1000 + 500 - 1600 + 500
    assert run.cash[2] == near(400)


def test_several_positions_share_one_equity(play: Play, bars: Bars) -> None:
    # A at 80: -1000; B at its high, 101: -50; equity 950 > 0.05 x 50 x (80 + 101) = 452.5
    assert both(play, bars, (98, 99, 80, 97), (100, 101, 99, 100)).liquidated == []


# ---- futures ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "bar", "price"),
    [
        # 2 contracts of 50 at 100; 3000 - 2 x 2.00 = 2996; maintenance 2 x 900 = 1800
        # 2996 + 100 x (P - 100) = 1800: P = 100 - 11.96 = 88.04; the short's 111.96
        ("buy", (96, 97, 85, 95), 88.04),
        ("sell", (104, 115, 103, 105), 111.96),
    ],
)
def test_a_future_is_liquidated_at_its_margin_per_contract(
    play: Play, bars: Bars, side: str, bar: Any, price: float
) -> None:
    # the close of bar 1 is 101 or 99, settled: it moves cash and not the price
    broker = SimulatedBroker(margin=Margin(maintenance_per_contract=900.0))
    future = Commission(schedule=PerContract(2.0), margin=1_200.0, mult=50.0)
    steps = {0: lambda s: getattr(s, side)(size=2)}
    frame = bars([100, (100, 101, 99, 101 if side == "buy" else 99), bar])
    run = play(frame, steps, broker, commission=future, cash=3_000)
    assert run.prices == near([100, price])
    assert len(run.liquidated) == 1
    assert run.held == [0]
    # 1800 less the fee of 4
    assert run.cash[2] == near(1_796)


def test_a_future_is_liquidated_at_the_open(play: Play, bars: Bars) -> None:
    # at 85: 2996 - 1500 = 1496 <= 1800; closed there, fee 4: 1492
    broker = SimulatedBroker(margin=Margin(maintenance_per_contract=900.0))
    future = Commission(schedule=PerContract(2.0), margin=1_200.0, mult=50.0)
    run = play(
        bars([100, 100, (85, 90, 84, 90)]), {0: lambda s: s.buy(size=2)}, broker,
        commission=future, cash=3_000,
    )  # fmt: skip
    assert run.liquidated == [(2, -2, 85)]
    assert run.cash[2] == near(1_492)
