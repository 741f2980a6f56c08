"""Several costs at once, worked out by hand from the first cash to the last."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import (
    Commission,
    Funding,
    MakerTaker,
    Margin,
    Percent,
    SimulatedBroker,
    Slippage,
)

Play = Callable[..., Any]
Bars = Callable[..., Any]
near = partial(pytest.approx, rel=1e-12)


def test_the_costs_add_up_to_what_is_missing(play: Play, bars: Bars) -> None:
    # 2 January: sell 10 at the open, 100 - 0.25 - 0.5 = 99.25; fee 992.5 x 0.1 % = 0.9925
    #            10000 + 992.5 - 0.9925                          = 10991.5075
    # the night: 10 x 102 x 3.65 % / 365 = 0.102                 = 10991.4055
    # 3 January: buy 10 at the limit 98 that rested: no slippage; fee 980 x 0.02 % = 0.196
    #            10991.4055 - 980 - 0.196                        = 10011.2095
    # without costs 10000 + 1000 - 980 = 10020; spread 2.5, slippage 5, fees 1.1885, borrow 0.102
    # are 8.7905, and 10020 - 8.7905 = 10011.2095
    rows = [100, (100, 103, 99, 102), (101, 102, 97, 99)]
    steps = {
        0: lambda s: s.sell(size=10),
        1: lambda s: s.buy(size=10, exectype=bt.Order.Limit, price=98),
    }
    broker = SimulatedBroker(slippage=Slippage(fixed=0.5, half_spread=True), borrow=0.0365)
    schedule = Commission(schedule=MakerTaker(maker=0.0002, taker=0.001))
    frame = bars(rows, bid=99.75, ask=100.25)
    run = play(frame, steps, broker, commission=schedule)
    assert run.prices == near([99.25, 98])
    assert run.cash == near([10_000, 10_991.5075, 10_011.2095])
    costs = sum(sum(fill.costs[1:4]) + fill.fee for fill in run.fills)
    charged = -sum(charge.amount for charge in run.charges)
    assert costs == near(2.5 + 5 + 1.1885)
    assert charged == near(0.102)
    free = play(bars(rows), steps).cash[-1]
    assert free - run.cash[-1] == near(8.7905)


def test_funding_is_paid_before_the_margin_is_looked_at(play: Play, bars: Bars) -> None:
    # short 50 at 100 with leverage 10: fee 5000 x 0.1 % = 5; 785.2 - 5 = 780.2
    # bar 2 opens at 104 and the short pays 50 x 104 x 0.001 = 5.2: 775 is left, and with it
    # 775 + 50 x (100 - P) = 0.05 x 50 x P at P = 110; the fee there is 5500 x 0.1 % = 5.5
    # 275 - 5.5 = 269.5 (without the funding it would have closed at 115.604 / 1.05 = 110.099...)
    broker = SimulatedBroker(shortcash=False, margin=Margin(maintenance=0.05), funding=Funding())
    frame = bars(
        [100, 100, (104, 112, 103, 105)],
        funding_rate=[0, 0, -0.001],
        mark_open=[100, 100, 104],
        mark_high=[100, 100, 112],
        mark_low=[100, 100, 103],
        mark_close=[100, 100, 105],
    )
    commission = Commission(schedule=Percent(0.001), leverage=10)
    run = play(frame, {0: lambda s: s.sell(size=50)}, broker, commission=commission, cash=785.2)
    assert run.prices == near([100, 110])
    assert run.fees == near([5, 5.5])
    assert run.cash[2] == near(269.5)
