"""Trend and entry by hand: an hour counts once it is over, and never before.

With periods of one the indicators are read off the bars: the RSI is 100 after a bar that rose and 0
after one that fell, the average true range is the last bar's, and the fast average is the close.
The slow one, EMA(2), begins with the mean of two closes and goes 2/3 of the way to each next one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

from atms.errors import StrategyError
from atms.strategies.trend_timeframes import TrendTimeframes
from tests.strategies.bench import Played, hand_bars, play

ONES: dict[str, Any] = {"fast": 1, "slow": 2, "rsi": 1, "pullback": 40, "atr": 1, "atr_stop": 1}
# Two hours in quarters. The hours close at 100 and 104: slow 102, fast 104, the trend is up.
UP = [100, 100, 100, 100, 101, 102, 103, 104]


def feeds(bars: pd.DataFrame, *lengths: str) -> list[dict[str, Any]]:
    """Return the config's sections: the bars, and longer ones made of them."""
    first = {"name": "short", "source": bars, "stamp": "end"}
    return [first, *({"name": name, "of": "short", "resample": name} for name in lengths)]


def quarters(closes: list[float], **params: Any) -> Played:
    """Play quarters of an hour, traded and deciding, with the trend of hours."""
    bars = hand_bars(closes, start="2024-01-01 00:15", step="15min")
    return play(TrendTimeframes, feeds(bars, "1h"), **{**ONES, **params})


def test_it_buys_where_a_pullback_in_a_rising_trend_ends_and_stops_at_its_range() -> None:
    # Bar 8 falls, to 102; bar 9 rises, to 105: buy at bar 10's open, 105. The true range of bar 9
    # is 105 - 102 = 3, so the stop is 102. The hour closes at 103 with bar 11: slow 102 + 2/3 =
    # 102.67, still up. Bar 12 falls from 103 to 101: stopped at 102.
    run = quarters([*UP, 102, 105, 106, 103, 101, 101])
    assert run.of("short") == [(10, "buy", 1, 105), (12, "sell", 1, 102)]


def test_with_the_trend_down_it_sells_the_end_of_a_rise() -> None:
    # The mirror around 100: hours at 100 and 96, slow 98. Bar 8 rises to 98, bar 9 falls to 95:
    # sell at 95, stop at 95 + 3. The hour closes at 97: slow 97.33, down. Bar 12 rises to 99.
    down = [200 - close for close in [*UP, 102, 105, 106, 103, 101, 101]]
    run = quarters(down)
    assert run.of("short") == [(10, "sell", 1, 95), (12, "buy", 1, 98)]


def test_an_hour_that_still_runs_does_not_count() -> None:
    # Hours at 100 and 98: slow 99, the trend is down. Bars 8 and 9, 97 and 110, are the end of a
    # pullback, and the hour that runs stands at 110, above any average; but it is not over.
    run = quarters([100] * 4 + [100, 99, 99, 98, 97, 110, 110, 110], sides="long")
    assert run.of("short") == []


def test_an_hour_counts_at_its_last_quarter() -> None:
    # As above, but the rise comes with bar 11, which ends the hour at 110: slow 99 + 2/3 * 11 =
    # 106.33, fast 110: up, and the RSI turned on the same bar. Buy at bar 12's open, 110.
    run = quarters([100] * 4 + [100, 99, 99, 98, 97, 97, 96, 110, 111, 112], sides="long")
    assert run.of("short") == [(12, "buy", 1, 110)]


def test_when_the_trend_turns_the_stop_is_cancelled_and_the_position_closed() -> None:
    # In at bar 10 as in the first test, with a stop ten ranges away, at 75. The hour closes at
    # 100 with bar 11: slow 102 - 4/3 = 100.67, down: the stop is cancelled, which is told with
    # bar 12. Closed at bar 13's open, 99; the fall to 70 would have stopped it.
    run = quarters([*UP, 102, 105, 106, 100, 99, 70], atr_stop=10)
    assert run.of("short") == [(10, "buy", 1, 105), (13, "sell", 1, 99)]
    assert list(run.result.orders["status"]) == ["completed", "canceled", "completed"]


def test_a_stop_of_a_process_before_this_one_protects_what_is_held() -> None:
    class Restarted(TrendTimeframes):
        """Buys on its first bar, bar 7, with a stop at 90, as a live broker gives one back."""

        def next(self) -> None:
            if len(self) == 8:
                self.buy(size=1)
                self.sell(size=1, price=90, exectype=bt.Order.Stop, adopted=True)
            else:
                super().next()

    # Without that stop it would be closed on bar 8, because none stands. Bar 9 falls to 85.
    bars = hand_bars([*UP, 103, 85], start="2024-01-01 00:15", step="15min")
    run = play(Restarted, feeds(bars, "1h"), **ONES)
    assert run.of("short") == [(8, "buy", 1, 104), (9, "sell", 1, 90)]


def test_a_position_without_a_stop_is_closed() -> None:
    class Restarted(TrendTimeframes):
        """Buys on its first bar, bar 7, and no stop."""

        def next(self) -> None:
            if len(self) == 8:
                self.buy(size=1)
            else:
                super().next()

    bars = hand_bars([*UP, 103, 102], start="2024-01-01 00:15", step="15min")
    run = play(Restarted, feeds(bars, "1h"), **ONES)
    assert run.of("short") == [(8, "buy", 1, 104), (9, "sell", 1, 103)]


def test_entries_are_decided_on_the_bars_in_the_middle_of_three_feeds() -> None:
    # The first test's quarters in fives: each quarter goes to its close in three equal parts.
    closes = [*UP, 102, 105, 106, 103, 101, 101]
    fives = [100.0, 100, 100]
    for before, close in pairwise(closes):
        fives += [before + (close - before) / 3, before + (close - before) * 2 / 3, close]
    bars = hand_bars(fives, start="2024-01-01 00:05", step="5min")
    run = play(TrendTimeframes, feeds(bars, "15m", "1h"), **ONES)
    # Quarter 9 ends with five 29: buy at the open of five 30. The stop, 102, is reached within
    # quarter 12, which falls from 103 (five 35) by 2/3 a bar: five 36 ends at 102.33, 37 at 101.67.
    assert run.of("short") == [(30, "buy", 1, 105), (37, "sell", 1, 102)]


def test_the_stop_that_is_offered_lies_against_the_trend() -> None:
    # At the last bar, 103 with a range of 106 - 103 = 3, the trend is up: 103 - 2 * 3.
    run = quarters([*UP, 102, 105, 106, 103], atr_stop=2)
    strategy = run.result.strategy
    assert strategy.stop_for(strategy.data) == pytest.approx(97)


def test_a_side_that_is_not_traded_is_a_signal_that_its_gate_refuses() -> None:
    run = quarters([*UP, 102, 105, 106], sides="short")
    assert run.of("short") == []
    assert [note[5] for note in run.result.strategy.explained] == [[("sides", False, 1, "short")]]


def test_an_entry_bar_is_judged_once_and_not_again_on_each_shorter_bar() -> None:
    fives = [close for close in [*UP, 102, 105, 106] for _ in range(3)]  # closes of the quarters
    bars = hand_bars(fives, start="2024-01-01 00:05", step="5min")
    run = play(TrendTimeframes, feeds(bars, "15m", "1h"), **{**ONES, "sides": "short"})
    assert len(run.result.strategy.explained) == 1


def test_feeds_that_do_not_stand_from_short_to_long_are_refused() -> None:
    bars = hand_bars([100.0] * 40, start="2024-01-01 00:15", step="15min")
    with pytest.raises(StrategyError, match=r"feeds must stand from the shortest bars .* 1h has"):
        play(TrendTimeframes, feeds(bars, "1h", "30m"), **ONES)


def test_one_feed_alone_is_refused() -> None:
    with pytest.raises(StrategyError, match=r"needs two or three feeds, .* given: short"):
        play(TrendTimeframes, feeds(hand_bars([100.0] * 9, step="15min")), **ONES)


def test_bars_that_grow_are_refused() -> None:
    bars = hand_bars([100.0] * 40, start="2024-01-01 00:15", step="15min")
    growing = {"name": "1h", "of": "short", "replay": "1h"}
    with pytest.raises(StrategyError, match="1h is replayed: its bar is seen while it grows"):
        play(TrendTimeframes, [*feeds(bars), growing], **ONES)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"fast": 2}, r"fast \(2\) must be shorter than slow \(2\)"),
        ({"pullback": 100}, "pullback is 100"),
        ({"atr_stop": 0}, "atr_stop is 0"),
        ({"sides": "up"}, "sides is 'up'"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        quarters(UP, **params)
