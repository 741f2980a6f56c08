"""Breakouts by hand: level, confirmations and their weights, gates, stop, target, own exit."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from atms.errors import StrategyError
from atms.strategies.breakout import Breakout
from tests.strategies.bench import Played, hand_bars, play

# fast 1 is the close itself, slow 3 an average that moves half of the way; RSI of two bars.
# bar 6 closes at 104, over 100, the highest high of the three bars before:
#   trend     104 is above the slow average, (100 + 104) / 2 = 102                       holds
#   rsi       two changes, 0 and +4: nothing down, 100: not within 50 to 80              fails
#   volume    30, and twice the average of the two bars before is 20                     holds
#   momentum  over one bar 104 / 100 is +4 %, above 1 %                                    holds
# The range of bar 6 is 104 - 100 = 4: a stop of 1 lies at 100, a target of 2 at 112.
FLAT = [100.0] * 6
PARAMS: dict[str, Any] = {
    "period": 3, "fast": 1, "slow": 3, "rsi_period": 2, "volume_period": 2, "volume_factor": 2,
    "momentum_period": 1, "momentum": 1, "min_confidence": 0.75, "cooldown": 0, "trades_a_day": 0,
    "atr_period": 1, "stop_atr": 1, "target_atr": 2,
}  # fmt: skip


def played(after: list[float], *, volumes: list[float] | None = None, **params: Any) -> Played:
    """Run on six flat bars, the bar that breaks out on much volume, and the bars *after*."""
    closes = [*FLAT, 104, *after]
    given = [10.0] * 6 + [30.0] + [10.0] * len(after) if volumes is None else volumes
    return play(Breakout, hand_bars(closes, volumes=given), **{**PARAMS, **params})


# ---- entries -------------------------------------------------------------------------------------
def test_a_close_above_the_level_is_bought_at_the_next_open() -> None:
    assert played([105]).fills == [(7, "buy", 1, 104)]


def test_the_confidence_is_the_share_of_the_weights_that_hold() -> None:
    strategy = played([105]).result.strategy
    _, _, signal, confidence, numbers, gates = strategy.explained[0]
    assert (signal, confidence) == ("long", 0.75)
    assert numbers == {"level": 100, "trend": 1, "rsi": 0, "volume": 1, "momentum": 1}
    assert gates == [("confidence", True, 0.75, 0.75)]
    assert strategy.confidence_for(strategy.data) == 0.75
    # The RSI's 2 of 5 are missing: 3 / 5.
    heavy = played([105], weight_rsi=2, min_confidence=0.6).result.strategy
    assert heavy.confidence == pytest.approx(0.6)


def test_too_little_confidence_is_refused_and_said() -> None:
    run = played([104], weight_rsi=2)  # the level is 104 from bar 7 on
    assert run.fills == []
    assert run.result.strategy.explained[0][5] == [("confidence", False, 0.6, 0.75)]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("volume", {"volume_factor": 4}),
        ("momentum", {"momentum": 4}),  # just as much is not above it
        ("rsi", {"rsi_high": 100}),
    ],
)
def test_each_confirmation_holds_or_fails_by_its_parameters(
    name: str, params: dict[str, Any]
) -> None:
    numbers = played([104], **params).result.strategy.explained[0][4]
    expected = {"level": 100, "trend": 1, "rsi": 0, "volume": 1, "momentum": 1}
    assert numbers == {**expected, name: 1 - expected[name]}


def test_a_trend_that_points_down_fails_its_confirmation() -> None:
    # Slow average of 200 200 200 100 100 100 104: 200, 150, 125, 112.5, 108.25; 104 is below it.
    closes = [200, 200, 200, 100, 100, 100, 104]
    volumes = [10.0] * 6 + [30]
    # The level of three bars is 100: bar 3 opens at 200 and is in the level of bar 6 unless its
    # period is 2.
    run = play(Breakout, hand_bars(closes, volumes=volumes), **{**PARAMS, "period": 2})
    assert run.result.strategy.explained[-1][4]["trend"] == 0


def test_the_current_bars_high_is_not_in_the_level() -> None:
    # The high of bar 6 is its close; were it in the level, no close would ever be above.
    assert played([105]).fills


def test_a_close_at_the_level_is_none_above_it() -> None:
    run = play(Breakout, hand_bars([*FLAT, 100]), **PARAMS)
    assert run.result.strategy.explained == []


# ---- ways out ------------------------------------------------------------------------------------
def test_the_target_is_a_limit_two_ranges_above_the_signals_close() -> None:
    # In at 104 on bar 7. Bar 8 runs from 106 to 113: over 112.
    assert played([106, 113, 113]).fills == [(7, "buy", 1, 104), (8, "sell", 1, 112)]


def test_the_stop_is_one_range_under_the_signals_close() -> None:
    # Bar 8 runs from 103 to 98: under 100.
    assert played([103, 98, 98]).fills == [(7, "buy", 1, 104), (8, "sell", 1, 100)]


def test_a_position_of_its_own_exit_ends_below_the_lowest_low_before() -> None:
    # No legs. Lows of bars 7 and 8 are 104 and 105; bar 9 closes at 103, below 104.
    run = played([105, 106, 103, 103], stop_atr=0, target_atr=0, exit_period=2)
    assert run.fills == [(7, "buy", 1, 104), (10, "sell", 1, 103)]


def test_the_own_exit_takes_the_legs_away() -> None:
    # Afterwards bar 11 falls through the stop at 100, and nothing is sold any more.
    run = played([105, 106, 103, 103, 90], exit_period=2)
    assert run.fills == [(7, "buy", 1, 104), (10, "sell", 1, 103)]
    assert run.result.strategy.position.size == 0


def test_the_mirror_is_sold_short_with_both_sides() -> None:
    closes = [*FLAT, 96, 94, 87, 87]  # 96 - 2 * 4 = 88, between 94 and 87
    volumes = [10.0] * 6 + [30, 10, 10, 10]
    bars = hand_bars(closes, volumes=volumes)
    run = play(Breakout, bars, **PARAMS, sides="both")
    assert run.fills == [(7, "sell", 1, 96), (8, "buy", 1, 88)]
    assert play(Breakout, bars, **PARAMS).fills == []


# ---- gates ---------------------------------------------------------------------------------------
# The stop ends the first position on bar 8. Bar 11 closes at 108, over 104, the high of bars 8 to
# 10; 30 is twice its volume, and the RSI is not asked.
AGAIN = [103.0, 98, 99, 104, 108, 109]
VOLUMES = [10.0] * 6 + [30, 10, 10, 10, 10, 30, 10]


def again(**params: Any) -> Played:
    return played(AGAIN, volumes=VOLUMES, weight_rsi=0, **{"target_atr": 0, **params})


def test_after_a_position_the_cooldown_is_waited_for() -> None:
    # Bars 8 to 11 are four since it ended on bar 8.
    assert [fill.bar for fill in again(cooldown=4).fills] == [7, 8, 12]
    run = again(cooldown=5)
    assert [fill.bar for fill in run.fills] == [7, 8]
    assert run.result.strategy.explained[1][5] == [
        ("confidence", True, 1, 0.75), ("cooldown", False, 4, 5),
    ]  # fmt: skip


def test_no_more_entries_are_made_on_a_day_than_asked() -> None:
    run = again(trades_a_day=1)
    assert [fill.bar for fill in run.fills] == [7, 8]
    assert ("trades_a_day", False, 1, 1) in run.result.strategy.explained[1][5]
    assert [fill.bar for fill in again(trades_a_day=2).fills] == [7, 8, 12]


def test_the_next_day_has_entries_of_its_own() -> None:
    bars = hand_bars([*FLAT, 104, *AGAIN], volumes=VOLUMES, start="2024-01-01 14:00")
    assert str(bars.index[10].date()) == "2024-01-02"
    params = {**PARAMS, "weight_rsi": 0, "target_atr": 0, "trades_a_day": 1}
    assert [fill.bar for fill in play(Breakout, bars, **params).fills] == [7, 8, 12]


# ---- what a sizer asks and gives -----------------------------------------------------------------
def test_the_stop_for_a_sizer_is_where_the_stop_goes() -> None:
    strategy = played([]).result.strategy  # ends at the close of bar 6
    assert strategy.stop_for(strategy.data) == 100


def test_a_sizer_that_gives_nothing_leaves_the_strategy_alone() -> None:
    class Nothing(bt.Sizer):
        def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
            return 0

    cerebro = bt.Cerebro(stdstats=False)
    bars = hand_bars([*FLAT, 104, 105], volumes=[10.0] * 6 + [30, 10])
    cerebro.adddata(bt.feeds.PandasData(dataname=bars))
    cerebro.addsizer(Nothing)
    cerebro.addstrategy(Breakout, **PARAMS)
    assert cerebro.run()[0].orders == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"fast": 96, "slow": 24}, r"fast \(96\) must be shorter than slow \(24\)"),
        ({"rsi_low": 80, "rsi_high": 50}, r"rsi_low \(80\) must be below rsi_high \(50\)"),
        ({f"weight_{name}": 0 for name in ("trend", "rsi", "volume", "momentum")}, "weights"),
        ({"weight_rsi": -1}, "weights"),
        ({"min_confidence": 1.5}, "min_confidence is 1.5"),
        ({"cooldown": -1}, r"cooldown \(-1\)"),
        ({"stop_atr": 0, "exit_period": 0}, r"stop_atr \(0\) and exit_period \(0\)"),
        ({"sides": "short"}, "sides is 'short'"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        play(Breakout, hand_bars(FLAT), **params)
