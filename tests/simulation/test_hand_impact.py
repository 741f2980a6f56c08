"""The square-root law of impact, price x coefficient x sigma x sqrt(size / volume), by hand.

Three closes 100, 110, 99 have the returns + 0.1 and - 0.1: their mean is 0 and their standard
deviation, dividing by n, sqrt((0.01 + 0.01) / 2) = 0.1. Volumes of 300, 500 and 400 have the mean
400, and a size of 4 is 1/100 of it, whose root is 0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import Impact, SimulatedBroker, Slippage

Play = Callable[..., Any]
Bars = Callable[..., Any]
near = partial(pytest.approx, rel=1e-12)
CLOSES = [100, 110, 99]
VOLUMES = [300, 500, 400]


@pytest.mark.parametrize(("side", "price"), [("buy", 101), ("sell", 99)])
def test_impact_is_worked_out_from_the_bars_before_the_fill(
    play: Play, bars: Bars, side: str, price: float
) -> None:
    # 100 x 1 x 0.1 x 0.1 = 1; the fill's own bar (close 200, volume 9) does not count
    frame = bars([*CLOSES, (100, 200, 90, 200)], volume=[*VOLUMES, 9])
    run = play(frame, {2: lambda s: getattr(s, side)(size=4)}, SimulatedBroker(impact=Impact()))
    assert run.prices == near([price])
    costs = run.fills[0].costs
    assert (costs.reference_price, costs.spread, costs.slippage) == (100, 0, 0)
    assert costs.impact == near(4)  # 4 x 1


@pytest.mark.parametrize(
    ("size", "coefficient", "impact"), [(16, 1, 2), (1, 1, 0.5), (4, 0.5, 0.5)]
)
def test_impact_goes_with_the_root_of_the_size_and_with_the_coefficient(
    play: Play, bars: Bars, size: int, coefficient: float, impact: float
) -> None:
    # sqrt(16 / 400) = 0.2; sqrt(1 / 400) = 0.05; half of it
    frame = bars([*CLOSES, 100], volume=[*VOLUMES, 400])
    broker = SimulatedBroker(impact=Impact(coefficient=coefficient))
    run = play(frame, {2: lambda s: s.buy(size=size)}, broker)
    assert run.prices == near([100 + impact])


def test_impact_looks_at_the_last_bars_of_its_window(play: Play, bars: Bars) -> None:
    # window 2: the returns of the last two bars, + 0.1 and - 0.1, and their volumes, 500 and 300;
    # what was wild before them is over
    frame = bars([7, 900, *CLOSES, 100], volume=[1e9, 3, 8, 500, 300, 400])
    broker = SimulatedBroker(impact=Impact(window=2))
    run = play(frame, {4: lambda s: s.buy(size=4)}, broker)
    assert run.prices == near([101])


def test_two_bars_have_one_return_and_no_impact(play: Play, bars: Bars) -> None:
    frame = bars([100, 110, 99], volume=400)
    run = play(frame, {1: lambda s: s.buy(size=4)}, SimulatedBroker(impact=Impact()))
    assert run.prices == [99]
    assert run.fills[0].costs.impact == 0


def test_nothing_fills_where_nothing_was_traded(play: Play, bars: Bars) -> None:
    frame = bars([*CLOSES, 100, 100], volume=0)
    run = play(frame, {2: lambda s: s.buy(size=4)}, SimulatedBroker(impact=Impact()))
    assert run.trades == []
    assert run.statuses == ["Accepted"]


def test_an_uneven_sigma(play: Play, bars: Bars) -> None:
    # closes 100, 120, 120, 108: returns 0.2, 0, -0.1; mean 1/30; squares (1/6)^2, (1/30)^2,
    # (4/30)^2 = (25 + 1 + 16) / 900 = 42/900; / 3 = 14/900; sigma = sqrt(14) / 30
    # size 9 of 900: 0.1; impact 60 x sqrt(14) / 30 x 0.1 = 0.2 x 3.7416573867739413
    frame = bars([100, 120, 120, 108, 60], volume=900)
    run = play(frame, {3: lambda s: s.buy(size=9)}, SimulatedBroker(impact=Impact()))
    assert run.prices == near([60.74833147735479])


def test_each_part_has_the_impact_of_its_own_size(play: Play, bars: Bars) -> None:
    # 1 % of 400: 4 of the 5 on bar 3: 100 x 0.1 x sqrt(4 / 400) = 1
    # the 1 left on bar 4, whose window of 2 has the returns - 0.1 (99 after 110) and + 0.1 (108.9
    # after 99), so sigma 0.1 again: 100 x 0.1 x sqrt(1 / 400) = 0.5
    frame = bars([*CLOSES, (100, 120, 90, 108.9), 100], volume=400)
    broker = SimulatedBroker(impact=Impact(window=2), participation=0.01)
    run = play(frame, {2: lambda s: s.buy(size=5)}, broker)
    assert run.trades == [(3, 4, near(101)), (4, 1, near(100.5))]


@pytest.mark.parametrize(
    ("limit", "price", "parts"),
    [
        # spread 0.25, slippage 0.5, impact 1: 101.75 where there is room
        (102, 101.75, (1, 2, 4)),
        (101.25, 101.25, (1, 2, 2)),  # room 1.25: the impact shrinks first, to 0.5
        (100.75, 100.75, (1, 2, 0)),
        (100.5, 100.5, (1, 1, 0)),  # then the slippage, to 0.25
        (100.125, 100.125, (0.5, 0, 0)),  # then the spread, to 0.125
    ],
)
def test_at_a_limit_impact_shrinks_first_then_slippage_then_the_spread(
    play: Play, bars: Bars, limit: float, price: float, parts: tuple[float, ...]
) -> None:
    slippage = Slippage(fixed=0.5, half_spread=True)
    broker = SimulatedBroker(slippage=slippage, impact=Impact())
    frame = bars([*CLOSES, 100], volume=[*VOLUMES, 400], bid=99.75, ask=100.25)
    step = {2: lambda s: s.buy(size=4, exectype=bt.Order.Limit, price=limit)}
    run = play(frame, step, broker)
    costs = run.fills[0].costs
    assert run.prices == near([price])
    assert (costs.spread, costs.slippage, costs.impact) == near(parts)


def test_a_maker_has_no_impact(play: Play, bars: Bars) -> None:
    frame = bars([*CLOSES, (100, 101, 95, 100)], volume=[*VOLUMES, 400])
    step = {2: lambda s: s.buy(size=4, exectype=bt.Order.Limit, price=98)}
    run = play(frame, step, SimulatedBroker(impact=Impact()))
    assert run.prices == [98]
    assert run.fills[0].costs.impact == 0
