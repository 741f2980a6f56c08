"""A target and its stop in one bar, decided by finer bars; latency on them. Worked out by hand.

The feed's bars are hours, stamped at their end: bar 0 ends at 01:00, bar 1 at 02:00 and so on.
Finer bars are stamped at their end too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import SimulatedBroker

Play = Callable[..., Any]
Bars = Callable[..., Any]
Order = bt.Order
HOURS = {"start": "2024-01-01 01:00", "step": "1h"}
HALVES = {"start": "2024-01-01 00:30", "step": "30min"}
QUARTERS = {"start": "2024-01-01 00:15", "step": "15min"}


def bracket(s: bt.Strategy) -> Any:
    """Buy at the market; the stop, 95, is made before the target, 105."""
    return s.buy_bracket(size=1, exectype=Order.Market, stopprice=95, limitprice=105)


UP = (100, 106, 100, 101)  # reaches the target
DOWN = (101, 101, 94, 100)  # reaches the stop


@pytest.mark.parametrize(
    ("halves", "price", "statuses"),
    [
        ([UP, DOWN], 105, ["Completed", "Canceled", "Completed"]),
        ([DOWN, UP], 95, ["Completed", "Completed", "Canceled"]),
    ],
)
def test_finer_bars_decide_between_a_target_and_its_stop(
    play: Play, bars: Bars, halves: list[Any], price: float, statuses: list[str]
) -> None:
    # bar 1: the entry at its open, 100; bar 2 holds both 105 and 95
    frame = bars([100, 100, (halves[0][0], 106, 94, halves[1][3])], **HOURS)
    finer = bars([100, 100, 100, 100, *halves], **HALVES)
    run = play(frame, {0: bracket}, SimulatedBroker(intrabar={"X": finer}))
    assert run.trades == [(1, 1, 100), (2, -1, price)]
    assert run.statuses == statuses


def test_without_finer_bars_the_first_made_wins(play: Play, bars: Bars) -> None:
    run = play(bars([100, 100, (100, 106, 94, 100)], **HOURS), {0: bracket})
    assert run.trades == [(1, 1, 100), (2, -1, 95)]


def test_a_brackets_children_are_active_from_the_next_finer_bar(play: Play, bars: Bars) -> None:
    # bar 1's first half: the entry at 100, and a high of 106 that comes too early for the target;
    # its second half falls to 94: out at 95 in the bar of the entry
    frame = bars([100, (100, 106, 94, 96), 96], **HOURS)
    finer = bars([100, 100, (100, 106, 99, 101), (101, 102, 94, 96), 96, 96], **HALVES)
    run = play(frame, {0: bracket}, SimulatedBroker(intrabar={"X": finer}))
    assert run.trades == [(1, 1, 100), (1, -1, 95)]


def test_a_gap_between_finer_bars_betters_a_limit(play: Play, bars: Bars) -> None:
    # the bar itself opens at 100 and passes 99; its second half opens at 97
    frame = bars([100, (100, 101, 96, 98)], **HOURS)
    finer = bars([100, 100, (100, 101, 99.5, 100), (97, 99, 96, 98)], **HALVES)
    step = {0: lambda s: s.buy(size=1, exectype=Order.Limit, price=99)}
    run = play(frame, step, SimulatedBroker(intrabar={"X": finer}))
    assert run.trades == [(1, 1, 97)]
    assert not run.fills[0].costs.maker
    assert play(frame, step).trades == [(1, 1, 99)]


def test_a_stop_limit_that_is_triggered_fills_on_a_later_finer_bar(play: Play, bars: Bars) -> None:
    # the first half rises through 105 to 107; the second opens there and falls to 103: filled at
    # the limit 104. The whole bar, 100 to 103, could not have told.
    frame = bars([100, (100, 107, 99, 103)], **HOURS)
    finer = bars([100, 100, (100, 107, 99, 107), (107, 107, 103, 103)], **HALVES)
    step = {0: lambda s: s.buy(size=1, exectype=Order.StopLimit, price=105, plimit=104)}
    assert play(frame, step, SimulatedBroker(intrabar={"X": finer})).trades == [(1, 1, 104)]
    assert play(frame, step).trades == []


def test_a_trailing_stop_follows_the_finer_closes(play: Play, bars: Bars) -> None:
    # distance 5: 95 at first; after the first half's close, 110, it is 105; the second falls to 104
    frame = bars([100, (100, 110, 100, 104)], **HOURS)
    finer = bars([100, 100, (100, 110, 100, 110), (110, 110, 104, 104)], **HALVES)
    step = {0: lambda s: s.sell(size=1, exectype=Order.StopTrail, trailamount=5)}
    assert play(frame, step, SimulatedBroker(intrabar={"X": finer})).trades == [(1, -1, 105)]


def test_a_close_order_waits_for_the_feeds_own_bar(play: Play, bars: Bars) -> None:
    # the day's bar closes at 104; no finer bar does
    frame = bars([100, (100, 105, 99, 104)], start="2024-01-01", step="1D")
    finer = bars([100, (100, 105, 99, 103)], start="2024-01-01 12:00", step="12h")
    step = {0: lambda s: s.buy(size=1, exectype=Order.Close)}
    assert play(frame, step, SimulatedBroker(intrabar={"X": finer})).trades == [(1, 1, 104)]


def test_a_bar_without_finer_bars_is_matched_itself(play: Play, bars: Bars) -> None:
    # the finer bars end with bar 1; bar 2 rises through 105
    frame = bars([100, 100, (100, 106, 99, 104)], **HOURS)
    finer = bars([100] * 4, **HALVES)
    step = {0: lambda s: s.buy(size=1, exectype=Order.Stop, price=105)}
    assert play(frame, step, SimulatedBroker(intrabar={"X": finer})).trades == [(2, 1, 105)]


def test_a_finer_bar_belongs_to_the_first_bar_at_or_after_its_end(play: Play, bars: Bars) -> None:
    # the half that ends at 02:00 is bar 1's last, and its 106 is not bar 2's first
    frame = bars([100, (100, 106, 99, 106), (106, 106, 100, 100)], **HOURS)
    finer = bars([100, 100, 100, (100, 106, 99, 106), (106, 106, 103, 103), 103], **HALVES)
    step = {1: lambda s: s.buy(size=1, exectype=Order.Limit, price=105)}
    # made at 02:00; the half that ends at 02:30 opens at 106 and reaches 105
    run = play(frame, step, SimulatedBroker(intrabar={"X": finer}))
    assert run.trades == [(2, 1, 105)]
    step = {0: lambda s: s.buy(size=1, exectype=Order.Stop, price=105)}
    run = play(frame, step, SimulatedBroker(intrabar={"X": finer}))
    assert run.trades == [(1, 1, 105)]


def test_finer_bars_share_out_their_own_volume(play: Play, bars: Bars) -> None:
    # 10 % of 300 and of 700: 30 and 70 of the bar's 100
    frame = bars([100, (100, 102, 100, 102), 102], volume=[1, 1_000, 1_000], **HOURS)
    finer = bars([100, 100, 100, 102], volume=[1, 1, 300, 700], **HALVES)
    broker = SimulatedBroker(intrabar={"X": finer}, participation=0.1)
    run = play(frame, {0: lambda s: s.buy(size=150)}, broker, cash=100_000)
    assert run.trades == [(1, 30, 100), (1, 70, 102), (2, 50, 102)]


def test_a_close_order_shares_its_bar_with_the_finer_bars(play: Play, bars: Bars) -> None:
    # 10 % of the bar's 1000 is 100: the market order takes 30 + 60 on the finer bars, 10 are left
    frame = bars([100, (100, 102, 100, 102)], start="2024-01-01", step="1D", volume=1_000)
    finer = bars([100, 100, 102], start="2024-01-01", step="12h", volume=[1, 300, 700])
    broker = SimulatedBroker(intrabar={"X": finer}, participation=0.1)
    step = {0: lambda s: [s.buy(size=90), s.buy(size=90, exectype=Order.Close)]}
    run = play(frame, step, broker, cash=100_000)
    assert run.trades == [(1, 30, 100), (1, 60, 102), (1, 10, 102)]


# ---- latency ------------------------------------------------------------------------------------
QUARTER_OPENS = [100] * 4 + [101, 102, 103, 104] + [105, 106, 107, 108]


@pytest.mark.parametrize(
    ("minutes", "bar", "price"),
    [
        # made at 01:00; quarters begin at 01:00 (101), 01:15 (102), 01:30 (103), 01:45 (104)
        (0, 1, 101),
        (1, 1, 102),  # 01:00 began 0 minutes after, less than 1
        (15, 1, 102),  # 01:15 began 15 minutes after, not less than 15
        (15.01, 1, 103),
        (20, 1, 103),
        (45, 1, 104),
        (46, 2, 105),  # no quarter of bar 1 is left; bar 2's first began at 02:00
        (80, 2, 107),  # 02:30 is 90 minutes after; 02:15 only 75
    ],
)
def test_latency_keeps_an_order_from_bars_that_began_too_soon(
    play: Play, bars: Bars, minutes: float, bar: int, price: float
) -> None:
    frame = bars([100, (101, 104, 101, 104), (105, 108, 105, 108)], **HOURS)
    finer = bars(QUARTER_OPENS, **QUARTERS)
    broker = SimulatedBroker(intrabar={"X": finer}, latency=timedelta(minutes=minutes))
    assert play(frame, {0: lambda s: s.buy(size=1)}, broker).trades == [(bar, 1, price)]


def test_latency_lets_a_stop_be_jumped_over(play: Play, bars: Bars) -> None:
    # made at 01:00 with 20 minutes: the quarter of 01:15, which reaches 105 and falls back, is
    # missed; that of 01:30 stays below; that of 01:45 opens at 107
    quarters = [100] * 4 + [100, (100, 106, 99, 100), (100, 104, 99, 104), (107, 108, 106, 107)]
    frame = bars([100, (100, 108, 99, 107)], **HOURS)
    broker = SimulatedBroker(
        intrabar={"X": bars(quarters, **QUARTERS)}, latency=timedelta(minutes=20)
    )
    step = {0: lambda s: s.buy(size=1, exectype=Order.Stop, price=105)}
    assert play(frame, step, broker).trades == [(1, 1, 107)]


def test_latency_needs_finer_bars(play: Play, bars: Bars) -> None:
    with pytest.raises(ValueError, match="intrabar"):
        play(bars([100]), {}, SimulatedBroker(latency=timedelta(milliseconds=250)))
