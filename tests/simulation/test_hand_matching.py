"""What fills on which bar at which price, worked out by hand. No cost is on.

Bars are (open, high, low, close); an order made on bar n can fill from bar n + 1 on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import backtrader as bt
import pytest

Order = bt.Order
Play = Callable[..., Any]
Bars = Callable[..., Any]
BUY, SELL = "buy", "sell"


def order(side: str, kind: int, price: float | None = None, **more: Any) -> Callable[..., Any]:
    """Return a script's step: make this order for one unit."""
    return lambda s: getattr(s, side)(size=1, exectype=kind, price=price, **more)


# ---- market and close ---------------------------------------------------------------------------
@pytest.mark.parametrize(("side", "size"), [(BUY, 1), (SELL, -1)])
def test_a_market_order_fills_at_the_next_open(
    play: Play, bars: Bars, side: str, size: int
) -> None:
    run = play(bars([100, (103, 105, 101, 104)]), {0: order(side, Order.Market)})
    assert run.trades == [(1, size, 103)]
    # 10000 - 103 for the buy, 10000 + 103 for the sale; the position is worth its close, 104
    assert run.cash[1] == 10_000 - size * 103
    assert run.value[1] == 10_000 - size * 103 + size * 104


def test_a_close_order_fills_at_the_close_of_the_next_daily_bar(play: Play, bars: Bars) -> None:
    # made on 1 January 00:00, whose session ends at 23:59:59: the first close after it is bar 1's
    run = play(bars([100, (103, 105, 101, 104), 107]), {0: order(BUY, Order.Close)})
    assert run.trades == [(1, 1, 104)]


def test_a_close_order_waits_for_the_bar_at_the_sessions_end(play: Play, bars: Bars) -> None:
    # hourly bars from 14:00, the session ends at 17:00: that is bar 3, its close is 133
    rows = [100, (110, 111, 110, 111), (120, 122, 120, 122), (130, 133, 130, 133), 140]
    frame = bars(rows, start="2024-01-01 14:00", step="1h")
    run = play(
        frame,
        {0: order(BUY, Order.Close)},
        sessionend=time(17),
        timeframe=bt.TimeFrame.Minutes,
        compression=60,
    )
    assert run.trades == [(3, 1, 133)]


def test_a_close_order_takes_the_last_close_before_a_sessions_end_without_a_bar(
    play: Play, bars: Bars
) -> None:
    # no bar ends at 17:00; that of 18:00 shows that the session is over: it was the close of 16:00
    stamps = [f"2024-01-01 {hour}:00" for hour in (14, 15, 16, 18)]
    run = play(
        bars([100, 110, (120, 122, 120, 122), 130], stamps=stamps),
        {0: order(BUY, Order.Close)},
        sessionend=time(17),
    )
    assert run.trades == [(3, 1, 122)]


# ---- limit --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "limit", "bar", "price", "maker"),
    [
        (BUY, 99, (100, 101, 98, 100), 99, True),  # reached inside the bar
        (BUY, 98, (100, 101, 98, 100), 98, True),  # touched by the low
        (BUY, 97.5, (100, 101, 98, 100), None, None),  # not reached
        (BUY, 99, (97, 99, 96, 98), 97, False),  # bettered: the open is below
        (BUY, 99, (99, 99, 98, 98), 99, False),  # the open is the limit: at the open
        (SELL, 101, (100, 102, 99, 100), 101, True),
        (SELL, 102, (100, 102, 99, 100), 102, True),
        (SELL, 102.5, (100, 102, 99, 100), None, None),
        (SELL, 101, (103, 104, 101, 102), 103, False),
        (SELL, 101, (101, 102, 100, 100), 101, False),
    ],
)
def test_a_limit_fills_at_its_price_or_at_a_better_open(
    play: Play, bars: Bars, side: str, limit: float, bar: Any, price: float, maker: bool
) -> None:
    run = play(bars([100, bar]), {0: order(side, Order.Limit, limit)})
    assert run.prices == ([] if price is None else [price])
    assert [fill.costs.maker for fill in run.fills] == ([] if price is None else [maker])


def test_a_limit_rests_until_a_bar_reaches_it(play: Play, bars: Bars) -> None:
    # lows 99, 96, 95: the third bar is the first at or below 95
    rows = [100, (100, 101, 99, 100), (98, 99, 96, 97), (97, 98, 95, 96)]
    run = play(bars(rows), {0: order(BUY, Order.Limit, 95)})
    assert run.trades == [(3, 1, 95)]


# ---- stop ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "stop", "bar", "price"),
    [
        (BUY, 102, (100, 103, 99, 101), 102),  # inside the bar: at the stop
        (BUY, 103, (100, 103, 99, 101), 103),  # touched by the high
        (BUY, 103.5, (100, 103, 99, 101), None),
        (BUY, 108, (112, 113, 107, 110), 112),  # through the gap: at the open
        (BUY, 108, (108, 110, 107, 109), 108),
        (SELL, 98, (100, 101, 97, 99), 98),
        (SELL, 97, (100, 101, 97, 99), 97),
        (SELL, 96.5, (100, 101, 97, 99), None),
        (SELL, 92, (88, 93, 87, 90), 88),
        (SELL, 92, (92, 93, 90, 91), 92),
    ],
)
def test_a_stop_fills_at_its_price_or_at_the_open_beyond_its_gap(
    play: Play, bars: Bars, side: str, stop: float, bar: Any, price: float
) -> None:
    run = play(bars([100, bar]), {0: order(side, Order.Stop, stop)})
    assert run.prices == ([] if price is None else [price])
    assert not any(fill.costs.maker for fill in run.fills)


# ---- stop-limit ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "stop", "limit", "bar", "price", "maker"),
    [
        # triggered at the open, then a limit order on this very bar
        (BUY, 105, 107, (106, 110, 104, 108), 106, False),  # 106 is at or below 107: at the open
        (BUY, 105, 106, (107, 110, 105.5, 108), 106, True),  # the low 105.5 reaches 106
        (BUY, 105, 106, (107, 110, 106.5, 108), None, None),  # the low 106.5 does not
        # triggered inside the bar, the limit at or above the stop: at the stop
        (BUY, 105, 106, (100, 110, 99, 108), 105, False),
        (BUY, 105, 105, (104, 106, 99, 100), 105, False),
        # the limit below the stop: after 105 the bar fell to its close, past a limit above it
        (BUY, 105, 103, (104, 106, 101, 102), 103, True),  # 104 > 102, and 103 >= 102
        (BUY, 105, 102, (104, 106, 101, 102), 102, True),
        (BUY, 105, 101.5, (104, 106, 101, 102), None, None),  # the close 102 is not down at 101.5
        (BUY, 105, 103, (101, 106, 100, 102), None, None),  # it opened below its close: unknown
        # a sale mirrors it
        (SELL, 95, 93, (94, 96, 90, 92), 94, False),
        (SELL, 95, 94, (93, 94.5, 90, 92), 94, True),
        (SELL, 95, 94, (93, 93.5, 90, 92), None, None),
        (SELL, 95, 94, (100, 101, 90, 92), 95, False),
        (SELL, 95, 97, (96, 99, 94, 98), 97, True),
        (SELL, 95, 98, (96, 99, 94, 98), 98, True),
        (SELL, 95, 98.5, (96, 99, 94, 98), None, None),
        (SELL, 95, 97, (99, 100, 94, 98), None, None),
    ],
)
def test_a_stop_limit_takes_the_path_that_the_bar_allows(
    play: Play, bars: Bars, side: str, stop: float, limit: float, bar: Any, price: Any, maker: Any
) -> None:
    run = play(bars([100, bar]), {0: order(side, Order.StopLimit, stop, plimit=limit)})
    assert run.prices == ([] if price is None else [price])
    assert [fill.costs.maker for fill in run.fills] == ([] if price is None else [maker])


def test_a_triggered_stop_limit_rests_as_a_limit_from_the_next_bar(play: Play, bars: Bars) -> None:
    # bar 1 reaches the stop 105 but not the limit 103 for sure; bar 2 opens at 102, below 103,
    # and never comes near 105 again: a limit order's fill at the open
    rows = [100, (101, 106, 100, 104), (102, 103, 101, 102)]
    run = play(bars(rows), {0: order(BUY, Order.StopLimit, 105, plimit=103)})
    assert run.trades == [(2, 1, 102)]


# ---- trailing -----------------------------------------------------------------------------------
def test_a_trailing_stop_follows_the_close_and_never_goes_back(play: Play, bars: Bars) -> None:
    # sale, distance 5: made at close 100 the stop is 95; after close 104 it is 99; after close
    # 102 it would be 97 and stays 99; bar 3 falls from 101 to 98 and sells at 99
    rows = [100, (100, 104, 99, 104), (104, 104, 100, 102), (101, 101, 98, 98)]
    run = play(bars(rows), {0: order(SELL, Order.StopTrail, trailamount=5)})
    assert run.trades == [(3, -1, 99)]


def test_a_trailing_stop_moves_only_after_its_bar_was_matched(play: Play, bars: Bars) -> None:
    # the stop is 95 while bar 1 runs (low 96), though its close 110 would put it at 105
    run = play(bars([100, (100, 110, 96, 110)]), {0: order(SELL, Order.StopTrail, trailamount=5)})
    assert run.trades == []


def test_a_trailing_stops_share_is_of_each_close(play: Play, bars: Bars) -> None:
    # buy, 25 %: 100 + 25 = 125; after close 80: 80 + 20 = 100; bar 2 rises from 90 through 100
    rows = [100, (100, 100, 80, 80), (90, 101, 90, 95)]
    run = play(bars(rows), {0: order(BUY, Order.StopTrail, trailpercent=0.25)})
    assert run.trades == [(2, 1, 100)]


def test_a_trailing_stop_fills_through_its_gap(play: Play, bars: Bars) -> None:
    # the stop is 99 after close 104; bar 2 opens at 97
    rows = [100, (100, 104, 99, 104), (97, 98, 96, 98)]
    run = play(bars(rows), {0: order(SELL, Order.StopTrail, trailamount=5)})
    assert run.trades == [(2, -1, 97)]


def test_a_trailing_stop_limit_keeps_its_limits_distance(play: Play, bars: Bars) -> None:
    # made at 100 with limit 98, two below; distance 5: stop 95, limit 93. After close 104: stop
    # 99, limit 97. Bar 2 opens at 96, below the stop and below the limit; it rises to 97.5: sold
    # at 97. With the first limit, 93, it would have been sold at the open, 96.
    rows = [100, (100, 104, 100, 104), (96, 97.5, 95, 96)]
    step = order(SELL, Order.StopTrailLimit, 100, plimit=98, trailamount=5)
    run = play(bars(rows), {0: step})
    assert run.trades == [(2, -1, 97)]


# ---- orders that know each other ----------------------------------------------------------------
def bracket(s: bt.Strategy) -> Any:
    return s.buy_bracket(size=1, exectype=Order.Market, stopprice=95, limitprice=105)


def test_a_brackets_children_wait_for_the_bar_after_their_parents_fill(
    play: Play, bars: Bars
) -> None:
    # bar 1 reaches 105 and 95 after the entry at its open, and neither child is active on it
    run = play(bars([100, (100, 106, 94, 100), (100, 105.5, 99, 104)]), {0: bracket})
    assert run.trades == [(1, 1, 100), (2, -1, 105)]
    assert run.statuses == ["Completed", "Canceled", "Completed"]  # entry, stop, target


def test_a_brackets_stop_cancels_its_target(play: Play, bars: Bars) -> None:
    run = play(bars([100, 100, (100, 101, 94, 96), (100, 110, 90, 100)]), {0: bracket})
    assert run.trades == [(1, 1, 100), (2, -1, 95)]
    assert run.statuses == ["Completed", "Completed", "Canceled"]
    # 10000 - 100 + 95
    assert run.cash[-1] == 9_995


def test_a_target_and_its_stop_in_one_bar_fill_as_the_first_made(play: Play, bars: Bars) -> None:
    # buy_bracket makes the stop before the target
    run = play(bars([100, 100, (100, 106, 94, 100)]), {0: bracket})
    assert run.trades == [(1, 1, 100), (2, -1, 95)]


def test_a_brackets_children_go_with_a_cancelled_parent(play: Play, bars: Bars) -> None:
    steps = {
        0: lambda s: s.buy_bracket(size=1, price=90, stopprice=85, limitprice=95),
        1: lambda s: s.cancel(s.made[0]),
    }
    run = play(bars([100, 100, (88, 99, 80, 90)]), steps)
    assert run.trades == []
    assert run.statuses == ["Canceled"] * 3


def pair(s: bt.Strategy) -> list[Any]:
    low = s.buy(size=1, exectype=Order.Limit, price=95)
    return [low, s.buy(size=1, exectype=Order.Stop, price=105, oco=low)]


@pytest.mark.parametrize(
    ("bar", "price", "statuses"),
    [
        ((100, 106, 99, 105), 105, ["Canceled", "Completed"]),
        ((100, 101, 94, 96), 95, ["Completed", "Canceled"]),
        ((100, 106, 94, 100), 95, ["Completed", "Canceled"]),  # both: the first made
    ],
)
def test_one_cancels_the_other(
    play: Play, bars: Bars, bar: Any, price: float, statuses: list[str]
) -> None:
    run = play(bars([100, bar, (100, 120, 80, 100)]), {0: pair})
    assert run.trades == [(1, 1, price)]
    assert run.statuses == statuses


def test_two_free_orders_inside_one_bar_both_fill_in_their_order(play: Play, bars: Bars) -> None:
    both = [order(SELL, Order.Limit, 105), order(BUY, Order.Limit, 95)]
    run = play(bars([100, (100, 106, 94, 100)]), {0: lambda s: [make(s) for make in both]})
    assert run.trades == [(1, -1, 105), (1, 1, 95)]
    # 10000 + 105 - 95
    assert run.cash[1] == 10_010


# ---- what does not fill -------------------------------------------------------------------------
def test_an_order_that_the_cash_does_not_cover_is_not_accepted(play: Play, bars: Bars) -> None:
    # 11 x 100 = 1100 > 1000, tried at the price that it was made with though the open is 50
    run = play(bars([100, 50]), {0: lambda s: s.buy(size=11)}, cash=1_000)
    assert run.statuses == ["Margin"]
    assert run.trades == []


def test_an_order_that_became_too_dear_does_not_open(play: Play, bars: Bars) -> None:
    # 10 x 100 = 1000 was enough; 10 x 101 = 1010 is not
    run = play(bars([100, 101]), {0: lambda s: s.buy(size=10)}, cash=1_000)
    assert run.statuses == ["Margin"]
    assert run.cash[1] == 1_000


def test_an_order_expires_after_its_last_day(play: Play, bars: Bars) -> None:
    # valid for a day: bar 1 is its last; bar 2 reaches 95 too late
    step = order(BUY, Order.Limit, 95, valid=timedelta(days=1))
    run = play(bars([100, 100, (100, 100, 90, 95)]), {0: step})
    assert run.statuses == ["Expired"]
    assert run.trades == []


def test_a_cancelled_order_does_not_fill(play: Play, bars: Bars) -> None:
    steps = {0: order(BUY, Order.Limit, 95), 1: lambda s: s.cancel(s.made[0])}
    run = play(bars([100, 100, (100, 100, 90, 95)]), steps)
    assert run.statuses == ["Canceled"]
    assert run.trades == []
