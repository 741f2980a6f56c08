"""The rate of change by hand: in above the threshold on much volume, out below nothing or held."""

from __future__ import annotations

import pytest

from atms.errors import StrategyError
from atms.strategies.momentum import Momentum
from tests.strategies.bench import hand_bars, play

# Over two bars, in percent: bar 4 has 104 / 100 = +4, bar 5 105 / 100 = +5, bar 6 104 / 104 = 0,
# bar 7 103 / 105 = -1.9.
CLOSES = [100, 100, 100, 100, 104, 105, 104, 103, 103]
VOLUMES = [10, 10, 10, 10, 30, 10, 10, 10, 10]  # the average of the three before bar 4 is 10
PARAMS = {"period": 2, "threshold": 3, "volume_period": 3, "volume_factor": 3}


def test_it_buys_a_rise_on_much_volume_and_sells_when_the_change_is_below_nothing() -> None:
    run = play(Momentum, hand_bars(CLOSES, volumes=VOLUMES), **PARAMS)
    assert run.fills == [(5, "buy", 1, 104), (8, "sell", 1, 103)]


def test_a_rise_without_volume_is_a_signal_that_the_gate_refuses() -> None:
    run = play(Momentum, hand_bars(CLOSES, volumes=10), **PARAMS)
    assert run.fills == []
    notes = run.result.strategy.explained
    # Bars 4 and 5 are above 3 %; their volume is 10 and should be 3 times 10.
    assert [note[5] for note in notes] == [[("volume", False, 10, 30)]] * 2


def test_with_a_factor_of_nothing_volume_does_not_matter() -> None:
    run = play(Momentum, hand_bars(CLOSES, volumes=10), **{**PARAMS, "volume_factor": 0})
    assert run.fills[0] == (5, "buy", 1, 104)


def test_the_bars_own_volume_is_not_in_the_average_it_is_held_against() -> None:
    # With it the average of three would be 50 / 3, and 30 under three times of that.
    assert play(Momentum, hand_bars(CLOSES, volumes=VOLUMES), **PARAMS).fills


def test_a_change_of_just_the_threshold_is_not_above_it() -> None:
    run = play(Momentum, hand_bars(CLOSES[:6], volumes=VOLUMES[:6]), **{**PARAMS, "threshold": 4})
    assert run.fills == []


def test_it_is_held_for_as_many_closes_as_were_asked() -> None:
    # In on bar 5; closes of bars 5 and 6 are its first two, and the change is not below 0 yet.
    run = play(Momentum, hand_bars(CLOSES, volumes=VOLUMES), **PARAMS, hold=2)
    assert run.fills == [(5, "buy", 1, 104), (7, "sell", 1, 104)]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"threshold": -1}, r"threshold \(-1\) must be 0 or more"),
        ({"period": 0}, r"period \(0\) and volume_period \(48\)"),
        ({"volume_factor": -1}, r"volume_factor \(-1\) and hold \(0\)"),
        ({"hold": -2}, r"hold \(-2\)"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, object], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        play(Momentum, hand_bars(CLOSES), **params)
