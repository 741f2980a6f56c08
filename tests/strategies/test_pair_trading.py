"""The pair by hand: the line, z, both legs, and what becomes of one leg alone."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from atms.errors import StrategyError
from atms.strategies.pair_trading import PairTrading
from tests.strategies.bench import Played, hand_bars, play

# The first three bars: y = 2 x + e, with e = 1, -2, 1. Their sum is 0, and so is the sum of e times
# x (10 - 40 + 30): the line is intercept 0, hedge ratio 2, and the residuals are e. Their
# deviation is sqrt((1 + 4 + 1) / 3) = 1.4142.
X = [10, 20, 30]
Y = [21, 38, 61]
PARAMS: dict[str, Any] = {"period": 3, "entry": 2, "exit": 0.5, "stop": 4, "log": False}


def pair(ys: list[float], xs: list[float] | None = None, **params: Any) -> Played:
    """Play the pair with those first bars and *ys* behind them, x at 20."""
    y, x = hand_bars([*Y, *ys]), hand_bars([*X, *(xs or [20] * len(ys))])
    return play(PairTrading, {"y": y, "x": x}, **{**PARAMS, **params})


def test_the_dear_leg_is_sold_the_cheap_one_bought_and_both_closed_when_they_meet() -> None:
    # Bar 3: 43 - 2 * 20 = 3, z = 3 / 1.4142 = 2.12: sell 1 y, buy 2 x at the opens of bar 4, 43
    # and 20. By the same line bar 4 has 42 - 40 = 2, z 1.41; bar 5 0.5, z 0.35, under 0.5: both
    # are closed at the opens of bar 6.
    run = pair([43, 42, 40.5, 40.5])
    assert run.of("y") == [(4, "sell", 1, 43), (6, "buy", 1, 40.5)]
    assert run.of("x") == [(4, "buy", 2, 20), (6, "sell", 2, 20)]


def test_the_other_way_round_the_first_leg_is_bought() -> None:
    # Bar 3: 37 - 40 = -3, z = -2.12.
    run = pair([37, 40, 40])
    assert run.of("y") == [(4, "buy", 1, 37), (5, "sell", 1, 40)]
    assert run.of("x") == [(4, "sell", 2, 20), (5, "buy", 2, 20)]


def test_the_bar_that_is_judged_is_not_in_the_line_it_is_judged_by() -> None:
    # Were it in, no z of four points could exceed sqrt(3) = 1.73: there would be no entry at 2.
    assert pair([43, 40, 40]).of("y")


def test_with_logarithms_the_second_leg_has_hedge_ratio_times_the_value() -> None:
    # In log 2: x = 0, 1, 2, y = the same + 0.01, -0.02, 0.01 (natural): hedge ratio 1, deviation
    # 0.01414. Bar 3: x = 2, y 0.03 above it, z 2.12. 100 y of 2 * exp(0.03) = 2.0609 are worth
    # 206.09: 103.04 x at 2, whole units 103.
    e = [0.01, -0.02, 0.01, 0.03, 0, 0]
    xs = [1.0, 2, 4, 2, 2, 2]
    ys = [x * math.exp(part) for x, part in zip(xs, e, strict=True)]
    frames = {"y": hand_bars(ys), "x": hand_bars(xs)}
    sizer = {"name": "fixed", "params": {"units": 100}}
    run = play(PairTrading, frames, options={"sizer": sizer}, **{**PARAMS, "log": True})
    assert [(one.side, one.size) for one in run.of("y")] == [("sell", 100), ("buy", 100)]
    assert [(one.side, one.size) for one in run.of("x")] == [("buy", 103), ("sell", 103)]


def test_a_leg_without_a_step_is_not_rounded() -> None:
    # Three units of y, hedge ratio 2: 6 of x; of half a unit's steps 0.7 * 2 = 1.4 become 1.
    sizer = {"name": "fixed", "params": {"units": 0.7}}
    frames = {"y": hand_bars([*Y, 43, 40, 40]), "x": hand_bars([*X, 20, 20, 20])}
    sizes = [
        play(PairTrading, frames, options={"sizer": sizer}, **PARAMS, step=step).of("x")[0].size
        for step in (0, 0.5, 1)
    ]
    assert sizes == pytest.approx([1.4, 1.0, 1.0])


def test_a_pair_that_runs_away_is_stopped_and_waits_until_z_has_come_back() -> None:
    # In short at bar 4 as above. Bar 4: 46 - 40 = 6, z = 4.24: closed at bar 5's open, 46.
    # Bar 5 by the line of bars 2 to 4, x = 30, 20, 20, y = 61, 43, 46: hedge ratio 110 / 66.67 =
    # 1.65, intercept 50 - 1.65 * 23.33 = 11.5, residuals 0, -1.5, 1.5, deviation 1.2247. 47.6 is
    # 3.1 above 44.5, z 2.53: an entry, but it was not under 2 since the stop.
    run = pair([43, 46, 47.6, 47.6])
    assert run.of("y") == [(4, "sell", 1, 43), (5, "buy", 1, 46)]
    refused = [note[5][-1] for note in run.result.strategy.explained if note[5]][-1]
    assert refused[:2] == ("back since the stop", False)
    assert refused[2] == pytest.approx(3.1 / math.sqrt(1.5))


def test_after_a_stop_there_is_another_pair_once_z_has_come_back() -> None:
    # Stopped at bar 5 as above. Its x is 30 here, where the line of bars 2 to 4 is at 61: z 0.
    # Bar 6 by bars 3 to 5, x = 20, 20, 30, y = 43, 46, 61: at 20 their mean is 44.5, residuals
    # -1.5, 1.5, 0: 47.6 is z 2.53 again, and sold at bar 7's open.
    run = pair([43, 46, 61, 47.6, 47.6], [20, 20, 30, 20, 20])
    assert run.of("y") == [(4, "sell", 1, 43), (5, "buy", 1, 46), (7, "sell", 1, 47.6)]


def test_a_spread_that_is_beyond_the_stop_already_is_not_entered() -> None:
    # Bar 3: 46 - 40 = 6, z 4.24.
    run = pair([46, 46])
    assert run.of("y") == []
    assert run.result.strategy.explained[0][5][-1][:2] == ("within the stop", False)


def test_a_pair_is_held_for_as_many_bars_as_were_asked() -> None:
    # In at bar 4; its close is the first, that of bar 5 the second. 42.5 is z 1.77.
    run = pair([43, 42.5, 42.5, 42.5, 42.5], hold=2)
    assert run.of("y")[:2] == [(4, "sell", 1, 43), (6, "buy", 1, 42.5)]


def test_legs_that_move_against_each_other_are_no_pair() -> None:
    # y = 80 - 2 x + e: hedge ratio -2. Bar 3: x = 20: 40, and 43 is z 2.12.
    y, x = hand_bars([61, 38, 21, 43, 43]), hand_bars([*X, 20, 20])
    run = play(PairTrading, {"y": y, "x": x}, **PARAMS)
    assert run.of("y") == []
    assert run.result.strategy.explained[0][5][-1] == ("hedge ratio above 0", False, -2, 0)


def test_only_bars_of_both_feeds_count() -> None:
    # y starts two bars earlier, and has a bar at 46.5 that x lacks, which would be z 4.6, beyond
    # the stop: what is common is what the first test had.
    y = hand_bars([5, 6, *Y, 43, 42, 46.5, 40.5, 40.5])
    x = hand_bars([*X, 20, 20, 20, 20, 20], start="2024-01-01 02:00")
    x = x.drop(x.index[5])
    run = play(PairTrading, {"y": y, "x": x}, **PARAMS)
    assert [(one.side, one.size, one.price) for one in run.of("y")] == [
        ("sell", 1, 43), ("buy", 1, 40.5)
    ]  # fmt: skip
    assert [one.side for one in run.of("x")] == ["buy", "sell"]


def test_bars_before_the_time_range_are_in_the_line() -> None:
    # The range begins with bar 3, whose z is judged by the three bars before it.
    y = hand_bars([*Y, 43, 42, 40.5, 40.5], start="2023-12-31 21:00")
    x = hand_bars([*X, 20, 20, 20, 20], start="2023-12-31 21:00")
    options = {"timerange": "2024-01-01.."}
    run = play(PairTrading, {"y": y, "x": x}, options=options, **PARAMS)
    assert run.of("y") == [(4, "sell", 1, 43), (6, "buy", 1, 40.5)]


def test_a_leg_whose_other_leg_is_refused_is_closed() -> None:
    # At most 1 x, and 2 are wanted: refused. The y sold at bar 4's open, 43, is bought back at
    # bar 5's, 40.
    frames = {"y": hand_bars([*Y, 43, 40, 40, 40]), "x": hand_bars([*X, 20, 20, 20, 20])}
    options = {"risk__max_position": {"x": 1}}
    run = play(PairTrading, frames, options=options, **PARAMS)
    assert run.of("y") == [(4, "sell", 1, 43), (5, "buy", 1, 40)]
    assert run.of("x") == []
    assert run.result.strategy.failures == 1


def test_nothing_is_ordered_on_bars_of_the_past() -> None:
    class Late(PairTrading):
        """Is told that its bars are history up to its second call."""

        def start(self) -> None:
            self.notify_data(self.data0, self.data0.DELAYED)

        def next(self) -> None:
            if len(self) == 5:
                self.notify_data(self.data0, self.data0.LIVE)
            super().next()

    # Bar 3, the first call, is an entry as above. On bar 4, by the line of bars 1 to 3 (x = 20,
    # 30, 20, y = 38, 61, 43: at 20 their mean, 40.5, deviation sqrt(12.5 / 3) = 2.04), 42 is none.
    frames = {"y": hand_bars([*Y, 43, 42, 42]), "x": hand_bars([*X, 20, 20, 20])}
    run = play(Late, frames, **PARAMS)
    assert len(run.result.orders) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_feeds_than_two_is_refused(count: int) -> None:
    frames: dict[str, pd.DataFrame] = {f"f{n}": hand_bars([1.0, 2, 3]) for n in range(count)}
    with pytest.raises(StrategyError, match=rf"needs two feeds, one a leg: it was given {count} "):
        play(PairTrading, frames)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"entry": 0.4}, r"exit \(0.5\) must be less than entry \(0.4\)"),
        ({"stop": 2}, r"entry less than stop \(2\)"),
        ({"period": 2}, "period is 2"),
        ({"step": -1}, r"hold \(0\) and step \(-1\)"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        pair([43, 43], **params)
