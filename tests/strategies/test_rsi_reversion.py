"""Wilder's RSI by hand: in where it falls below the band, out where it is back, stopped or held."""

from __future__ import annotations

import math

import pytest

from atms.errors import StrategyError
from atms.strategies.rsi_reversion import RsiReversion
from tests.strategies.bench import hand_bars, play

# With period 2 the first averages are the means of the first two changes, and each later one is
# (the one before + the new change) / 2. RSI = 100 * up / (up + down).
#
# bar    0    1    2    3     4      5      6       7
# close  100  102  104  103   100    101    103     105
# up               2    1     0.5    0.75   1.375
# down             0    0.5   1.75   0.875  0.4375
# RSI              100  66.7  22.2   46.2   75.9
FALLS_AND_RISES = [100, 102, 104, 103, 100, 101, 103, 105]


def test_it_buys_at_the_open_after_the_fall_and_sells_at_the_open_after_the_recovery() -> None:
    # Below 30 at bar 4, at or above 55 at bar 6; each bar opens at the close before it.
    run = play(RsiReversion, hand_bars(FALLS_AND_RISES), period=2, lower=30, exit=55)
    assert run.fills == [(5, "buy", 1, 100), (7, "sell", 1, 103)]


def test_an_rsi_that_stays_above_the_band_buys_nothing() -> None:
    run = play(RsiReversion, hand_bars(FALLS_AND_RISES), period=2, lower=22.2, exit=55)
    assert run.fills == []


def test_a_stop_ends_it_and_the_rsi_has_to_come_back_before_the_next_entry() -> None:
    # bar    4     5      6      7      8       9       10
    # close  100   98     96     98     99      95      94
    # up     0.5   0.25   0.125  1.063  1.031   0.516
    # down   1.75  1.875  1.938  0.969  0.484   2.242
    # RSI    22.2  11.8   6.1    52.3   68.0    18.7
    # In at 100 on bar 5; the close of bar 5 is 2 % under it, that of bar 6 is 4 %: out at bar 7's
    # open. The RSI was below 30 all the while, and falls below it anew at bar 9.
    bars = hand_bars([100, 102, 104, 103, 100, 98, 96, 98, 99, 95, 94])
    run = play(RsiReversion, bars, period=2, lower=30, exit=90, stop=3)
    assert run.fills == [(5, "buy", 1, 100), (7, "sell", 1, 96), (10, "buy", 1, 95)]


def test_it_is_held_for_as_many_closes_as_were_asked() -> None:
    # In on bar 5; closes of bars 5 and 6 are its first two.
    run = play(RsiReversion, hand_bars(FALLS_AND_RISES), period=2, lower=30, exit=99, hold=2)
    assert run.fills == [(5, "buy", 1, 100), (7, "sell", 1, 103)]


# The mirror: every change with the other sign, so that the RSI is 100 minus the one above.
RISES_AND_FALLS = [100, 98, 96, 97, 100, 99, 97, 95]


def test_with_both_sides_it_sells_short_above_the_upper_band() -> None:
    # RSI 77.8 at bar 4, above 70; 24.1 at bar 6, at or below 45.
    bars = hand_bars(RISES_AND_FALLS)
    run = play(RsiReversion, bars, period=2, lower=30, exit=55, sides="both")
    assert run.fills == [(5, "sell", 1, 100), (7, "buy", 1, 97)]


def test_long_only_it_never_sells_short() -> None:
    run = play(RsiReversion, hand_bars(RISES_AND_FALLS[:6]), period=2, lower=30, exit=55)
    assert run.fills == []


def test_the_stop_for_a_sizer_is_the_close_less_so_many_percent() -> None:
    run = play(RsiReversion, hand_bars(FALLS_AND_RISES[:5]), period=2, lower=30, stop=3)
    assert run.result.strategy.stop_for(run.result.strategy.data) == pytest.approx(97)
    short = play(RsiReversion, hand_bars(RISES_AND_FALLS[:5]), period=2, stop=3, sides="both")
    assert short.result.strategy.stop_for(short.result.strategy.data) == pytest.approx(103)
    none = play(RsiReversion, hand_bars(FALLS_AND_RISES[:5]), period=2)
    assert math.isnan(none.result.strategy.stop_for(none.result.strategy.data))


def test_closes_that_do_not_move_have_an_rsi_in_the_middle() -> None:
    run = play(RsiReversion, hand_bars([100] * 12), period=2, sides="both")
    assert run.fills == []
    assert run.result.strategy.rsi[0] == 50


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"lower": 40, "exit": 40}, r"exit \(40\) must lie between lower \(40\) and 100"),
        ({"lower": 60}, "lower is 60; it must lie between 0 and 50"),
        ({"sides": "short"}, "sides is 'short'"),
        ({"stop": 100}, r"stop \(100\)"),
        ({"hold": -1}, r"hold \(-1\)"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, object], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        play(RsiReversion, hand_bars(FALLS_AND_RISES), **params)
