"""What the fee schedules charge, worked out by hand.

A fill's fee is closedcomm + openedcomm of its execution bit. Shares are of size x price.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import (
    Commission,
    MakerTaker,
    Participation,
    Percent,
    PerContract,
    PerShare,
    SimulatedBroker,
    Slippage,
    Tier,
    Tiered,
)

Play = Callable[..., Any]
Bars = Callable[..., Any]
LIMIT = bt.Order.Limit
near = partial(pytest.approx, rel=1e-12)


# ---- a share of the value -----------------------------------------------------------------------
def test_a_percentage_is_of_each_fills_value(play: Play, bars: Bars) -> None:
    # buy 10 at 100: 1000 x 0.1 % = 1.00; sell 10 at 120: 1200 x 0.1 % = 1.20
    steps = {0: lambda s: s.buy(size=10), 1: lambda s: s.sell(size=10)}
    run = play(bars([100, 100, 120]), steps, commission=Commission(schedule=Percent(0.001)))
    assert run.fees == near([1.0, 1.2])
    # 10000 - 1000 - 1 = 8999, + 1200 - 1.2 = 10197.8
    assert run.cash == near([10_000, 8_999, 10_197.8])


def test_a_percentage_is_of_the_price_with_its_slippage(play: Play, bars: Bars) -> None:
    # 10 x (100 + 2) = 1020; 0.1 % of it is 1.02
    broker = SimulatedBroker(slippage=Slippage(fixed=2.0))
    steps = {0: lambda s: s.buy(size=10)}
    run = play(bars([100, 100]), steps, broker, commission=Commission(schedule=Percent(0.001)))
    assert run.fees == near([1.02])


def test_the_fee_counts_when_the_cash_is_tried(play: Play, bars: Bars) -> None:
    # 10 x 100 = 1000 is there, the fee of 1.00 is not
    steps = {0: lambda s: s.buy(size=10)}
    schedule = Commission(schedule=Percent(0.001))
    assert play(bars([100, 100]), steps, commission=schedule, cash=1_000).statuses == ["Margin"]
    assert play(bars([100, 100]), steps, commission=schedule, cash=1_001).statuses == ["Completed"]


# ---- maker and taker ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("price", "kind", "bar", "fee"),
    [
        (None, bt.Order.Market, (100, 101, 99, 100), 0.5),  # 1000 x 0.05 %
        (99, LIMIT, (100, 101, 98, 100), 0.198),  # rested: 990 x 0.02 %
        (99, LIMIT, (98, 101, 97, 100), 0.49),  # bettered at the open: 980 x 0.05 %
        (102, bt.Order.Stop, (100, 103, 99, 100), 0.51),  # 1020 x 0.05 %
        (None, bt.Order.Close, (100, 103, 99, 101), 0.505),  # 1010 x 0.05 %
    ],
)
def test_a_maker_rests_and_every_other_fill_takes(
    play: Play, bars: Bars, price: Any, kind: int, bar: Any, fee: float
) -> None:
    schedule = Commission(schedule=MakerTaker(maker=0.0002, taker=0.0005))
    steps = {0: lambda s: s.buy(size=10, exectype=kind, price=price)}
    assert play(bars([100, bar]), steps, commission=schedule).fees == near([fee])


def test_a_stop_limit_pays_as_its_fill_was(play: Play, bars: Bars) -> None:
    schedule = Commission(schedule=MakerTaker(maker=0.0002, taker=0.0005))
    steps = {
        0: lambda s: s.buy(size=10, exectype=bt.Order.StopLimit, price=105, plimit=106),
        1: lambda s: s.buy(size=10, exectype=bt.Order.StopLimit, price=105, plimit=103),
    }
    # bar 1 rises through 105: at the stop, 1050 x 0.05 % = 0.525
    # bar 2 opens at 104, rises to 106 and falls to 102: at the limit, 1030 x 0.02 % = 0.206
    rows = [100, (100, 106, 99, 104), (104, 106, 101, 102)]
    run = play(bars(rows), steps, commission=schedule)
    assert run.fees == near([0.525, 0.206])


def test_a_rebate_is_a_negative_fee_and_adds_cash(play: Play, bars: Bars) -> None:
    schedule = Commission(schedule=MakerTaker(maker=-0.0001, taker=0.0005))
    steps = {0: lambda s: s.buy(size=10, exectype=LIMIT, price=99)}
    run = play(bars([100, (100, 101, 98, 100)]), steps, commission=schedule)
    # 990 x -0.01 % = -0.099; 10000 - 990 + 0.099
    assert run.fees == near([-0.099])
    assert run.cash[1] == near(9_010.099)


def test_a_rebate_beyond_the_takers_fee_is_refused() -> None:
    MakerTaker(maker=-0.0005, taker=0.0005)
    with pytest.raises(ValueError, match="rebate"):
        MakerTaker(maker=-0.0006, taker=0.0005)


# ---- per share ----------------------------------------------------------------------------------
IBKR = {"per_share": 0.005, "minimum": 1.0, "maximum": 0.01}


@pytest.mark.parametrize(
    ("size", "price", "fee"),
    [
        (400, 50, 2.0),  # 400 x 0.005
        (100, 50, 1.0),  # 0.50 is below the minimum; 1 % of 5000 is far
        (1000, 0.2, 2.0),  # 5.00 is above 1 % of 200
        (100, 0.2, 0.2),  # 0.50 -> 1.00, above 1 % of 20: the maximum wins
    ],
)
def test_a_fee_per_share_has_a_minimum_and_a_maximum_that_wins(
    play: Play, bars: Bars, size: int, price: float, fee: float
) -> None:
    steps = {0: lambda s: s.buy(size=size)}
    schedule = Commission(schedule=PerShare(**IBKR))
    run = play(bars([price, price]), steps, commission=schedule, cash=100_000)
    assert run.fees == near([fee])


def test_the_minimum_is_of_the_order_not_of_each_of_its_parts(play: Play, bars: Bars) -> None:
    # 10 % of 1000, 1000, 3000 shares: parts 100, 100, 300 at 10
    # after 100: 0.50 -> 1.00; after 200: 1.00, nothing more; after 500: 2.50, so 1.50 more
    # (the maximum, 1 % of 1000, 2000, 5000 = 10, 20, 50, is never near)
    broker = SimulatedBroker(participation=0.1)
    frame = bars([10, 10, 10, 10], volume=[1, 1_000, 1_000, 3_000])
    schedule = Commission(schedule=PerShare(**IBKR))
    run = play(frame, {0: lambda s: s.buy(size=500)}, broker, commission=schedule)
    assert run.trades == [(1, 100, 10), (2, 100, 10), (3, 300, 10)]
    assert run.fees == near([1.0, 0.0, 1.5])
    # 10000 - 5000 - 2.5
    assert run.cash[-1] == near(4_997.5)


def test_the_maximum_is_of_the_orders_value_so_far(play: Play, bars: Bars) -> None:
    # parts of 100 and 300 at 0.20: 1 % of 20 is 0.20 (against 1.00); 1 % of 80 is 0.80 (against
    # 2.00), so 0.60 more
    broker = SimulatedBroker(participation=0.1)
    frame = bars([0.2, 0.2, 0.2], volume=[1, 1_000, 3_000])
    schedule = Commission(schedule=PerShare(**IBKR))
    run = play(frame, {0: lambda s: s.buy(size=400)}, broker, commission=schedule)
    assert run.fees == near([0.2, 0.6])


def test_an_order_that_turns_a_position_over_is_one_order(play: Play, bars: Bars) -> None:
    # sell 60 when long 20: 20 closed, 40 opened; 60 x 0.005 = 0.30 -> the minimum once, 1.00
    steps = {0: lambda s: s.buy(size=20), 1: lambda s: s.sell(size=60)}
    run = play(bars([50, 50, 50]), steps, commission=Commission(schedule=PerShare(**IBKR)))
    assert run.fees == near([1.0, 1.0])
    # 10000 - 1000 - 1 + 3000 - 1
    assert run.cash[-1] == near(11_998)


# ---- per contract -------------------------------------------------------------------------------
def test_a_fee_per_contract_knows_no_price_and_no_multiplier(play: Play, bars: Bars) -> None:
    # 3 x 2.25 = 6.75, and 1 x 2.25
    schedule = Commission(schedule=PerContract(2.25), margin=1_200.0, mult=50.0)
    steps = {0: lambda s: s.buy(size=3), 1: lambda s: s.sell(size=1)}
    run = play(bars([4_000, 4_000, 4_010]), steps, commission=schedule)
    assert run.fees == near([6.75, 2.25])


# ---- tiers --------------------------------------------------------------------------------------
TIERS = (Tier(0, 0.001, 0.002), Tier(10_000, 0.0005, 0.0008))


def test_the_tier_is_of_the_value_traded_in_the_last_days(play: Play, bars: Bars) -> None:
    # 100 a day at 50 = 5000 each; 3 days; noon stamps 1 to 8 January
    #  2 Jan: nothing before                       5000 x 0.2 %  = 10
    #  3 Jan: 5000 before, below 10000             5000 x 0.2 %  = 10
    #  4 Jan: 10000 since 1 Jan noon               5000 x 0.08 % =  4
    #  8 Jan: nothing since 5 Jan noon             5000 x 0.2 %  = 10
    schedule = Commission(schedule=Tiered(TIERS, days=3))
    buy = {n: lambda s: s.buy(size=100) for n in (0, 1, 2, 6)}
    frame = bars([50] * 8, start="2024-01-01 12:00")
    run = play(frame, buy, commission=schedule, cash=100_000)
    assert [fill.bar for fill in run.fills] == [1, 2, 3, 7]
    assert run.fees == near([10, 10, 4, 10])


def test_a_tier_counts_sales_and_has_its_own_makers_fee(play: Play, bars: Bars) -> None:
    # buy 100 at 60: 6000; sell 100 at 50: 5000, together 11000; then a limit rests:
    # buy 10 at 49: 490 x 0.05 % = 0.245
    schedule = Commission(schedule=Tiered(TIERS, days=30))
    steps = {
        0: lambda s: s.buy(size=100),
        1: lambda s: s.sell(size=100),
        2: lambda s: s.buy(size=10, exectype=LIMIT, price=49),
    }
    rows = [60, 60, 50, (50, 50, 48, 50)]
    run = play(bars(rows), steps, commission=schedule)
    assert run.fees == near([12, 10, 0.245])


def test_a_tier_is_of_the_account_over_all_feeds(play: Play, bars: Bars) -> None:
    # A: 200 x 50 = 10000 at 0.2 % = 20; then B: 10 x 100 = 1000 at 0.08 % = 0.80
    schedule = Commission(schedule=Tiered(TIERS, days=30))
    steps = {
        0: lambda s: s.buy(data=s.getdatabyname("A"), size=200),
        1: lambda s: s.buy(data=s.getdatabyname("B"), size=10),
    }
    frames = {"A": bars([50] * 3), "B": bars([100] * 3)}
    run = play(frames, steps, commission=schedule, cash=100_000)
    assert run.fees == near([20, 0.8])


# ---- a fee in another currency ------------------------------------------------------------------
def test_a_conversion_makes_amounts_the_accounts_and_not_the_maximum(
    play: Play, bars: Bars
) -> None:
    # 400 x 0.01 = 4 in the other currency, at 0.5: 2.00
    schedule = Commission(schedule=PerShare(0.01, minimum=10.0, maximum=0.01), conversion=0.5)
    plain = Commission(schedule=PerShare(0.01), conversion=0.5)
    steps = {0: lambda s: s.buy(size=400)}
    assert play(bars([20, 20]), steps, commission=plain).fees == near([2.0])
    # the minimum 10 is 5.00 of ours; 1 % of the value, 400 x 20 = 8000, is 80: not reached
    assert play(bars([20, 20]), steps, commission=schedule).fees == near([5.0])
    # 1 % of 400 x 0.5 = 200 is 2.00 of ours, below 5.00
    assert play(bars([0.5, 0.5]), steps, commission=schedule).fees == near([2.0])


def test_a_conversion_by_a_feed_takes_its_last_close(play: Play, bars: Bars) -> None:
    # made and tried on Y's bar 0; when bar 1 opens Y's last close is 0.9: 3 x 2.00 x 0.9 = 5.4
    schedule = Commission(schedule=PerContract(2.0), conversion="Y", margin=100.0, mult=1.0)
    frames = {"X": bars([50, 50]), "Y": bars([(0.7, 0.9, 0.7, 0.9), (0.9, 0.9, 0.8, 0.8)])}
    run = play(frames, {0: lambda s: s.buy(size=3)}, commission=schedule)
    assert run.fees == near([5.4])


# ---- on Backtrader's own broker -----------------------------------------------------------------
def test_on_a_stock_broker_every_fill_takes(play: Play, bars: Bars) -> None:
    # a limit that rested: 990 x 0.05 %, not 0.02 %
    schedule = Commission(schedule=MakerTaker(maker=0.0002, taker=0.0005))
    steps = {0: lambda s: s.buy(size=10, exectype=LIMIT, price=99)}
    run = play(
        bars([100, (100, 101, 98, 100)]), steps, bt.brokers.BackBroker(), commission=schedule
    )
    assert run.fees == near([0.495])


def test_on_a_stock_broker_every_fill_is_an_order_of_its_own(play: Play, bars: Bars) -> None:
    # parts of 100 and 100: the minimum of 1.00 twice
    broker = bt.brokers.BackBroker(filler=Participation(share=0.1))
    schedule = Commission(schedule=PerShare(**IBKR))
    steps = {0: lambda s: s.buy(size=200)}
    run = play(bars([10] * 3, volume=1_000), steps, broker, commission=schedule)
    assert run.fees == near([1.0, 1.0])


def test_on_a_stock_broker_every_fill_is_on_the_first_tier(play: Play, bars: Bars) -> None:
    # 250 x 50 = 12500 at 0.2 % = 25, and 10 x 50 = 500 at 0.2 % = 1 though 12500 is above 10000
    schedule = Commission(schedule=Tiered(TIERS, days=30))
    steps = {0: lambda s: s.buy(size=250), 1: lambda s: s.buy(size=10)}
    broker = bt.brokers.BackBroker()
    run = play(bars([50] * 3), steps, broker, commission=schedule, cash=100_000)
    assert run.fees == near([25, 1])
