"""The grid by hand: levels, their fills, the opposite orders, the limit and the moving centre."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from atms.errors import StrategyError
from atms.strategies.grid import Grid
from tests.strategies.bench import Played, hand_bars, play

# The first close, 100, is the centre; 10 apart: 90 and 80 below it, 110 and 120 above it.
FIXED: dict[str, Any] = {"kind": "fixed", "spacing": 10, "levels": 2, "recentre": None}


def standing(run: Played) -> list[tuple[str, float]]:
    """Return the orders that are open at the end, by price."""
    orders = run.result.orders
    alive = orders[orders["status"].isin(["submitted", "accepted"])]
    rows = zip(alive["side"], alive["price"].round(6), strict=True)
    return sorted(rows, key=lambda row: row[1])


def test_a_fill_places_the_opposite_order_one_step_away() -> None:
    # Bar 1 falls to 88: the buy at 90. Its opposite is a sale at 100, which bar 2 reaches with
    # 101; that one's is a buy at 90 again, which bar 3 reaches with 85.
    bars = hand_bars([100, 95, 99, 95], lows=[100, 88, 95, 85], highs=[100, 100, 101, 99])
    run = play(Grid, bars, **FIXED)
    assert run.fills == [(1, "buy", 1, 90), (2, "sell", 1, 100), (3, "buy", 1, 90)]


def test_percent_levels_are_that_share_above_the_one_below() -> None:
    # 100 / 1.25 = 80, 80 / 1.25 = 64.
    bars = hand_bars([100, 70, 70], lows=[100, 60, 70])
    run = play(Grid, bars, **{**FIXED, "kind": "percent", "spacing": 0.25})
    assert run.fills == [(1, "buy", 1, 80), (1, "buy", 1, 64)]


def test_a_bar_that_fills_two_levels_leaves_one_order_at_each_other_level() -> None:
    # Both buys filled: the empty level is 80. The two units are sold at 90 and 100.
    run = play(Grid, hand_bars([100, 82, 82], lows=[100, 79, 82]), **FIXED)
    assert run.fills == [(1, "buy", 1, 90), (1, "buy", 1, 80)]
    assert standing(run) == [("sell", 90), ("sell", 100)]


def test_a_gap_through_levels_that_were_placed_upwards_buys_each_once() -> None:
    # Bar 1 buys at 90 and 80; bar 2 reaches 95 and sells at 90: the buy at 80 comes back. Bar 3
    # reaches 105 and sells at 100: the buy at 90 comes back, after the one at 80. Bar 4 opens at
    # 70: both fill there, the one at 80 first, and no third.
    bars = hand_bars(
        [100, 82, 92, 104, 70, 70], opens=[100, 100, 82, 92, 70, 70],
        lows=[100, 79, 82, 92, 69, 69], highs=[100, 100, 95, 105, 71, 71],
    )  # fmt: skip
    run = play(Grid, bars, **FIXED)
    assert run.fills[2:] == [
        (2, "sell", 1, 90), (3, "sell", 1, 100), (4, "buy", 1, 70), (4, "buy", 1, 70)
    ]  # fmt: skip
    assert standing(run) == [("sell", 90), ("sell", 100)]


def test_a_bar_that_fills_both_sides_brings_the_grid_back() -> None:
    # With short: bar 1 spans 88 to 112 and fills the buy at 90 and the sale at 110. Nothing is
    # held, so 100 is empty again, and both levels are taken anew.
    bars = hand_bars([100, 100, 100], lows=[100, 88, 100], highs=[100, 112, 100])
    run = play(Grid, bars, **FIXED, short=True)
    assert run.fills == [(1, "buy", 1, 90), (1, "sell", 1, 110)]
    assert standing(run) == [("buy", 80), ("buy", 90), ("sell", 110), ("sell", 120)]


def test_without_short_nothing_is_sold_that_is_not_held() -> None:
    run = play(Grid, hand_bars([100, 130, 100], highs=[100, 140, 130]), **FIXED)
    assert run.fills == []
    assert standing(run) == [("buy", 80), ("buy", 90)]


@pytest.mark.parametrize("limit", [(1, "levels"), (2, "units")])
def test_no_buy_goes_beyond_the_inventory_limit(limit: tuple[int, str]) -> None:
    # Two units a level: one level, or two units, is the order at 90 alone.
    params = {"max_inventory": limit[0], "inventory_in": limit[1]}
    sizer = {"name": "fixed", "params": {"units": 2}}
    bars = hand_bars([100, 82, 82], lows=[100, 70, 82])
    run = play(Grid, bars, options={"sizer": sizer}, **FIXED, **params)
    assert run.fills == [(1, "buy", 2, 90)]
    # The level below, 80, is reached by no close: at 82 nothing is said.
    assert run.result.strategy.explained == []


def test_a_level_that_the_limit_keeps_empty_is_explained_once() -> None:
    bars = hand_bars([100, 79, 78, 77], lows=[100, 79, 78, 77])
    run = play(Grid, bars, **FIXED, max_inventory=1)
    # Held 1, and 1 more would be 2; the limit is 1. Three closes are under 80.
    gates = [note[5] for note in run.result.strategy.explained]
    assert gates == [[("inventory", False, 2, 1)]]


def test_a_grid_that_the_price_has_left_is_set_up_anew_around_it() -> None:
    # One level, and one step more: outside is above 100 + 2 * 10. The close of bar 1, 125, is;
    # its cancels are confirmed on bar 2, whose close, 126, is the new centre: a buy at 116.
    bars = hand_bars([100, 125, 126, 120, 120], lows=[100, 100, 125, 115, 120])
    run = play(Grid, bars, **{**FIXED, "levels": 1, "recentre": 1})
    assert run.fills == [(3, "buy", 1, 116)]
    assert list(run.result.orders["status"]) == ["canceled", "completed", "accepted"]


def test_at_just_so_many_steps_outside_the_grid_stays() -> None:
    run = play(Grid, hand_bars([100, 120, 120]), **{**FIXED, "levels": 1, "recentre": 1})
    assert standing(run) == [("buy", 90)]


def test_what_is_held_counts_in_the_grid_that_follows() -> None:
    # Bar 1 buys at 90 and closes at 75, further than 80 - 0: outside. Bar 2 sets up around 75:
    # one is held, and the limit is one: no buy at 65, and a sale at 85, which bar 3 reaches.
    bars = hand_bars([100, 75, 75, 80], lows=[100, 75, 75, 75], highs=[100, 100, 75, 86])
    run = play(Grid, bars, **{**FIXED, "levels": 1, "recentre": 0.5})
    assert run.fills == [(1, "buy", 1, 90), (3, "sell", 1, 85)]


def test_a_centre_that_is_given_is_that_of_the_first_grid() -> None:
    # Around 104: 94 and 84 below. The close of 100 is 0.4 steps under it, the level 104 is empty.
    run = play(Grid, hand_bars([100, 100]), **FIXED, centre=104)
    assert standing(run) == [("buy", 84), ("buy", 94)]


def test_levels_above_the_first_close_are_not_bought() -> None:
    # Around 121 the close of 100 is 2.1 steps low: the empty level is the lowest, 101.
    run = play(Grid, hand_bars([100, 100]), **FIXED, centre=121)
    assert standing(run) == []


def test_no_level_stands_at_a_price_of_0_or_less() -> None:
    # Around 15: 5, and -5.
    assert standing(play(Grid, hand_bars([15, 15]), **FIXED)) == [("buy", 5)]


def test_a_level_that_is_refused_is_asked_again_after_some_bars() -> None:
    # 50 in cash buy neither level. Both are asked for on bar 0 and refused, which is told on bar
    # 1, the second: three bars later is the fifth, bar 4, and so on.
    run = play(Grid, hand_bars([100.0] * 10), options={"cash": 50}, **FIXED, retry=3)
    refused = run.result.orders[run.result.orders["status"] == "margin"]
    assert [stamp.hour for stamp in refused["created_ts"]] == [0, 0, 4, 4, 8, 8]


def test_nothing_is_ordered_on_bars_of_the_past_and_the_centre_is_the_first_live_close() -> None:
    class Late(Grid):
        """Is told that its bars are history up to the third."""

        def start(self) -> None:
            self.notify_data(self.data, self.data.DELAYED)

        def next(self) -> None:
            if len(self) == 3:
                self.notify_data(self.data, self.data.LIVE)
            super().next()

    # Around 130, the close of bar 2: 120 and 110.
    run = play(Late, hand_bars([100, 110, 130, 130]), **FIXED)
    assert standing(run) == [("buy", 110), ("buy", 120)]
    assert len(run.result.orders) == 2


def test_a_fill_that_is_told_while_bars_are_late_is_answered_when_they_are_not() -> None:
    class Interrupted(Grid):
        """Is told at bar 1 that bars are late, and at bar 3 that they are not."""

        def next(self) -> None:
            if len(self) in (2, 4):
                late = len(self) == 2
                self.notify_data(self.data, self.data.DELAYED if late else self.data.LIVE)
            super().next()

    # Bar 2 fills the buy at 90; the sale at 100 waits for bar 3.
    run = play(Interrupted, hand_bars([100, 100, 95, 95], lows=[100, 100, 89, 95]), **FIXED)
    assert run.fills == [(2, "buy", 1, 90)]
    assert [stamp.hour for stamp in run.result.orders["created_ts"]] == [0, 0, 3]


def test_orders_of_a_process_before_this_one_are_cancelled() -> None:
    class Restarted(Grid):
        """Finds an order at 85, as a live broker gives one back."""

        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=1, price=85, exectype=bt.Order.Limit, adopted=True)
            super().next()

    # Bar 2 falls to 82: the grid's own 90 fills, and 85 is there no more.
    run = play(Restarted, hand_bars([100, 100, 95], lows=[100, 100, 82]), **FIXED)
    assert run.fills == [(2, "buy", 1, 90)]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"spacing": 0}, "spacing is 0; a step must be above 0"),
        ({"spacing": -5}, "spacing is -5"),
        ({"spacing": float("nan")}, "spacing is nan"),
        ({"kind": "percent", "spacing": 1}, "a share of the price: 0.01 is 1 %"),
        ({"kind": "points"}, "kind is 'points'"),
        ({"levels": 0}, "levels is 0"),
        ({"recentre": -1}, "recentre is -1"),
        ({"max_inventory": 0}, "max_inventory is 0"),
        ({"inventory_in": "lots"}, "inventory_in is 'lots'"),
        ({"inventory_in": "units"}, "inventory_in is 'units' and max_inventory None"),
        ({"centre": 20}, r"levels \(2\) times spacing \(10\) reach down to 0 from the centre \(20"),
    ],
)
def test_parameters_that_make_no_grid_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        play(Grid, hand_bars([100, 100]), **{**FIXED, **params})
