"""MACD and bands by hand: in where it turns up near the lower band, out where it turns down."""

from __future__ import annotations

from typing import Any

import pytest

from atms.errors import StrategyError
from atms.strategies.macd_bollinger import MacdBollinger
from tests.strategies.bench import Played, hand_bars, play

# fast 1 is the close itself; slow 3 and signal 3 are averages that move half of the way:
# bar        0..7  8       9    10     11    12      13
# close      100   92      92   96     100   94      94
# slow       100   96      94   95     97.5  95.75
# MACD       0     -4      -2   1      2.5   -1.75
# signal     0     -2      -2   -0.5   1     -0.375
# difference 0     -2      0    1.5    1.5   -1.375
# The MACD crosses above its signal at bar 10, and below it at bar 12.
#
# Bands of four closes, one deviation wide; place = (close - lower) / (upper - lower):
# bar 8:  100 100 100 92   mean 98  deviation 3.464   place (92 - 94.536) / 6.928 = -0.366
# bar 9:  100 100 92 92    mean 96  deviation 4       place (92 - 92) / 8         = 0
# bar 10: 100 92 92 96     mean 95  deviation 3.317   place (96 - 91.683) / 6.633 = 0.651
# bar 11: 92 92 96 100     mean 95  deviation 3.317   place (100 - 91.683) / 6.633 = 1.254
# bar 12: 92 96 100 94     mean 95.5 deviation 2.958  place (94 - 92.542) / 5.916 = 0.246
CLOSES = [100.0] * 8 + [92, 92, 96, 100, 94, 94]
PARAMS = {"fast": 1, "slow": 3, "signal_period": 3, "period": 4, "width": 1.0}


def played(closes: list[float] = CLOSES, **params: Any) -> Played:
    return play(MacdBollinger, hand_bars(closes), **{**PARAMS, "within": 2, "near": 0.1, **params})


def test_it_buys_a_turn_up_near_the_lower_band_and_sells_the_turn_down() -> None:
    assert played().fills == [(11, "buy", 1, 96), (13, "sell", 1, 94)]


def test_a_turn_that_comes_too_long_after_the_band_buys_nothing() -> None:
    # Of the last close alone the place is 0.651.
    assert played(within=1).fills == []


def test_a_close_that_was_not_near_enough_buys_nothing() -> None:
    # The nearest of the last two is 0, of the last three -0.366.
    assert played(near=-0.1).fills == []
    assert played(near=-0.3, within=3).fills[0] == (11, "buy", 1, 96)


def test_only_the_cross_itself_is_a_signal() -> None:
    # The account cannot pay, so nothing is held at bar 11, where the MACD is above its signal yet
    # and the lowest place of the last three closes is 0.
    run = played(within=3, options={"cash": 10})
    assert run.fills == []
    assert len(run.result.strategy.explained) == 1


def test_the_confidence_is_the_mean_of_nearness_and_of_the_turns_strength() -> None:
    # Place 0 is a nearness of 1; 1.5 over the largest difference of three bars, 2, is 0.75.
    strategy = played(CLOSES[:11]).result.strategy
    assert strategy.confidence_for(strategy.data) == pytest.approx((1 + 0.75) / 2)
    assert strategy.explained[-1][2:4] == ("long", pytest.approx(0.875))


MIRROR = [200 - close for close in CLOSES]


def test_with_both_sides_the_mirror_is_sold_short() -> None:
    assert played(MIRROR[:12], sides="both").fills == [(11, "sell", 1, 104)]


def test_long_only_it_never_sells_short() -> None:
    assert played(MIRROR[:12]).fills == []


def test_with_both_sides_a_long_position_turns_at_once_near_the_upper_band() -> None:
    # At bar 12 the highest place of the last two is 1.254, over 1 - 0.1: out of one, short of one.
    run = played(sides="both")
    assert run.fills == [(11, "buy", 1, 96), (13, "sell", 1, 94), (13, "sell", 1, 94)]
    assert run.result.strategy.position.size == -1


def test_closes_that_do_not_move_give_no_signal() -> None:
    assert played([100.0] * 20, sides="both").fills == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"fast": 26, "slow": 12}, r"fast \(26\) must be shorter than slow \(12\)"),
        ({"near": 0.5}, r"near \(0.5\) must be under 0.5"),
        ({"within": 0}, r"within \(0\) 1 bar or more"),
        ({"width": 0}, r"width \(0\) above 0"),
        ({"sides": "short"}, "sides is 'short'"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, object], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        play(MacdBollinger, hand_bars(CLOSES), **params)
