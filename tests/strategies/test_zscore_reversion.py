"""The z-score by hand: in where it comes to -entry, out at the mean or at the stop."""

from __future__ import annotations

import math

import pytest

from atms.errors import StrategyError
from atms.strategies.zscore_reversion import ZScoreReversion
from tests.strategies.bench import hand_bars, play

# The last four closes, their mean, their deviation (root of the mean square), z of the last:
# bar 3: 101 99 101 99    mean 100     deviation 1      z -1
# bar 4: 99 101 99 97     mean 99      deviation 1.414  z -2 / 1.414 = -1.414
# bar 5: 101 99 97 99     mean 99      deviation 1.414  z 0
DIPS = [101, 99, 101, 99, 97, 99, 100]


def test_it_buys_at_minus_entry_and_sells_at_the_mean() -> None:
    run = play(ZScoreReversion, hand_bars(DIPS), period=4, entry=1.2, exit=0, stop=0)
    assert run.fills == [(5, "buy", 1, 97), (6, "sell", 1, 99)]


def test_an_exit_before_the_mean_is_at_its_own_z() -> None:
    # bar 5 is 98: 101 99 97 98, mean 98.75, deviation 1.479, z -0.507: out at exit 0.6, not at 0.
    bars = hand_bars([*DIPS[:5], 98, 98])
    assert play(ZScoreReversion, bars, period=4, entry=1.2, exit=0.6, stop=0).fills[1:] == [
        (6, "sell", 1, 98)
    ]
    assert play(ZScoreReversion, bars, period=4, entry=1.2, exit=0.0, stop=0).fills[1:] == []


# bar 4: 101 99 100 98    mean 99.5    deviation 1.118  z -1.342
# bar 5: 99 100 98 90     mean 96.75   deviation 3.961  z -1.704
# bar 6: 100 98 90 84     mean 93      deviation 6.403  z -1.406
SLIDES = [100, 101, 99, 100, 98, 90, 84, 84]


def test_a_stop_ends_it_and_z_has_to_come_back_before_the_next_entry() -> None:
    # At bar 6 z is still beyond the entry, and nothing is bought.
    run = play(ZScoreReversion, hand_bars(SLIDES), period=4, entry=1.2, exit=0, stop=1.65)
    assert run.fills == [(5, "buy", 1, 98), (6, "sell", 1, 90)]


def test_with_both_sides_the_mirror_is_sold_short() -> None:
    mirror = [200 - close for close in DIPS]
    run = play(ZScoreReversion, hand_bars(mirror), period=4, entry=1.2, stop=0, sides="both")
    assert run.fills == [(5, "sell", 1, 103), (6, "buy", 1, 101)]
    stopped = [200 - close for close in SLIDES]
    run = play(ZScoreReversion, hand_bars(stopped), period=4, entry=1.2, stop=1.65, sides="both")
    assert run.fills == [(5, "sell", 1, 102), (6, "buy", 1, 110)]


def test_long_only_it_never_sells_short() -> None:
    mirror = [200 - close for close in DIPS[:5]]
    assert play(ZScoreReversion, hand_bars(mirror), period=4, entry=1.2, stop=0).fills == []


def test_closes_that_do_not_differ_have_no_distance() -> None:
    bars = hand_bars([0.1 + 0.2] * 12)  # whose mean is a last bit off
    run = play(ZScoreReversion, bars, period=4, entry=1.2, stop=0, sides="both")
    assert run.fills == []
    assert run.result.strategy.z() == 0


def test_the_stop_for_a_sizer_lies_so_many_deviations_from_the_mean() -> None:
    # At bar 4 the mean is 99 and the deviation the root of 2: 99 - 1.65 * 1.414 = 96.667.
    run = play(ZScoreReversion, hand_bars(DIPS[:5]), period=4, entry=1.2, stop=1.65)
    strategy = run.result.strategy
    assert strategy.stop_for(strategy.data) == pytest.approx(99 - 1.65 * math.sqrt(2))
    none = play(ZScoreReversion, hand_bars(DIPS[:5]), period=4, entry=1.2, stop=0).result.strategy
    assert math.isnan(none.stop_for(none.data))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"entry": 1.0, "exit": 1.0}, r"exit \(1.0\) must be less than entry \(1.0\)"),
        ({"entry": 2.0, "stop": 1.5}, r"stop \(1.5\) must be further than entry \(2.0\)"),
        ({"period": 5, "entry": 2.0, "stop": 0}, "must be less than 2.00: with period 5"),
        ({"period": 2}, "period is 2"),
        ({"sides": "short"}, "sides is 'short'"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, object], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        play(ZScoreReversion, hand_bars(DIPS), **params)
