"""The rotation by hand: who is strongest at the turn of a month, and what that takes in orders."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from atms.errors import StrategyError
from atms.strategies.rotation import Rotation
from tests.strategies.bench import Played, hand_bars, play

# Days from 29 January 2024: bar 3 is 1 February, bar 32 is 1 March.
FEBRUARY, MARCH = 3, 32
PARAMS: dict[str, Any] = {"lookback": 2, "hold": 2, "buffer": 0}


def days(before: float, february: float, march: float, *, last: int = 35) -> pd.DataFrame:
    """Return days at one price up to each first of a month, and from there on at another."""
    closes = [before] * FEBRUARY + [february] * (MARCH - FEBRUARY) + [march] * (last - MARCH)
    return hand_bars(closes, start="2024-01-29", step="1D")


def rotate(frames: dict[str, pd.DataFrame], cash: float = 10_000, **params: Any) -> Played:
    return play(Rotation, frames, options={"cash": cash}, **{**PARAMS, **params})


def test_the_strongest_are_held_in_equal_weights_and_sold_before_others_are_bought() -> None:
    # Over two bars: on 1 February a rose by 10 %, b by 0, c by 20 %: a and c, 5000 each:
    # 5000 / 110 = 45.45 and 5000 / 120 = 41.67, bought at the next opens. On 1 March a fell by
    # 10 %, b rose by 20 %, c by 0: b and c. Left in cash are 10000 - 45 * 110 - 41 * 120 = 130.
    # Equity is 130 + 45 * 99 + 41 * 120 = 9505; half, 4752.5, is 39.6 c: 2 too many. a and 2 c
    # are sold at the open of bar 33, and bought with what is there then, 4752.5 / 60 = 79.2 b.
    run = rotate({"a": days(100, 110, 99), "b": days(50, 50, 60), "c": days(100, 120, 120)})
    assert run.of("a") == [(4, "buy", 45, 110), (33, "sell", 45, 99)]
    assert run.of("b") == [(34, "buy", 79, 60)]
    assert run.of("c") == [(4, "buy", 41, 120), (33, "sell", 2, 120)]


def test_the_strongest_come_first_in_what_is_explained() -> None:
    run = rotate({"a": days(100, 110, 110), "b": days(50, 50, 50), "c": days(100, 120, 120)})
    first = run.result.strategy.explained[:2]
    assert [note[1:3] for note in first] == [("c", "long"), ("a", "long")]
    assert [note[4]["change"] for note in first] == pytest.approx([0.2, 0.1])


def test_nothing_is_done_within_a_month() -> None:
    # b overtakes on 10 February, two bars of nothing before the month ends: it stays out.
    b = [50.0] * 12 + [90.0] * 12
    a = [100.0] * FEBRUARY + [110.0] * 21
    frames = {
        name: hand_bars(closes, start="2024-01-29", step="1D")
        for name, closes in {"a": a, "b": b}.items()
    }
    assert rotate(frames, hold=1).of("b") == []


def test_a_feed_must_have_risen_by_more_than_the_minimum() -> None:
    # a rose by 10 %, and the minimum is 10 %; c by 20 %, and gets its half, no more. On 1 March
    # c has not risen for two bars.
    frames = {"a": days(100, 110, 110), "c": days(100, 120, 120)}
    run = rotate(frames, minimum=0.1)
    assert run.of("a") == []
    assert run.of("c") == [(4, "buy", 41, 120), (33, "sell", 41, 120)]


def test_the_buffer_stays_in_cash() -> None:
    # 10000 * 0.9 / 120 = 75.
    run = rotate({"c": days(100, 120, 120)}, hold=1, buffer=0.1)
    assert run.of("c") == [(4, "buy", 75, 120)]


def test_parts_of_a_unit_are_held_where_the_step_allows_it() -> None:
    # 10000 / 120 = 83.333.
    sizes = [
        rotate({"c": days(100, 120, 120)}, hold=1, buffer=0, step=step).of("c")[0].size
        for step in (0.5, 0)
    ]
    assert sizes == pytest.approx([83, 83.3333333333])


def test_differences_under_the_tolerance_are_left_as_they_are() -> None:
    # On 1 March c has risen to 126: equity is 130 + 45 * 110 + 41 * 126 = 10246; half, 5123, is
    # 40.7 c, one too many (1.2 % of equity), and 46.6 a, one more (1.1 %).
    frames = {"a": days(100, 110, 110), "b": days(50, 50, 50), "c": days(100, 120, 126)}
    assert rotate(frames, tolerance=0.013).result.fills["size"].tolist() == [41, 45]
    run = rotate(frames, tolerance=0.01)
    assert run.of("c") == [(4, "buy", 41, 120), (33, "sell", 1, 126)]
    assert run.of("a") == [(4, "buy", 45, 110), (34, "buy", 1, 110)]


def test_a_feed_that_starts_late_keeps_nobody_waiting() -> None:
    # late begins on 20 February, and rises most by 1 March; a is held from 1 February on.
    late = days(10, 10, 20).iloc[22:]
    run = rotate({"a": days(100, 110, 110), "late": late}, hold=1)
    assert run.of("a") == [(4, "buy", 90, 110), (33, "sell", 90, 110)]
    assert run.of("late") == [(12, "buy", 500, 20)]  # bar 34 of the others


def test_a_missing_bar_moves_the_order_to_the_feeds_next_one() -> None:
    # c has no bar on 1 and 2 February. On the 1st its last two bars say nothing; a has risen.
    c = days(100, 120, 120)
    run = rotate({"a": days(100, 110, 110), "c": c.drop(c.index[[3, 4]])}, hold=1)
    assert run.of("a") == [(4, "buy", 90, 110)]


def test_what_is_held_of_a_feed_that_has_ended_keeps_its_place() -> None:
    # c is held and its bars end on 10 February, 20 days before 1 March: it is left, and of two
    # places one is free. b, that rose most by then, takes it; a is sold. Half of equity would be
    # 9505 / 2 / 60 = 79 b, but there are 130 + 45 * 99 = 4585 in cash: 76.
    frames = {"a": days(100, 110, 99), "b": days(50, 50, 60), "c": days(100, 120, 120)}
    frames["c"] = frames["c"].iloc[:13]
    run = rotate(frames)
    assert run.of("c") == [(4, "buy", 41, 120)]
    assert run.of("a") == [(4, "buy", 45, 110), (33, "sell", 45, 99)]
    assert run.of("b") == [(34, "buy", 76, 60)]


def test_a_turn_of_the_month_in_bars_of_the_past_is_made_up_for() -> None:
    class Late(Rotation):
        """Is told that its bars are history up to 5 February."""

        def start(self) -> None:
            self.notify_data(self.data, self.data.DELAYED)

        def next(self) -> None:
            if len(self) == 8:
                self.notify_data(self.data, self.data.LIVE)
            super().next()

    # Bar 7 is the first that can be traded on; it has risen since by nothing: any will do.
    frames = {"c": days(100, 120, 120)}
    run = play(Late, frames, options={"cash": 10_000}, **PARAMS | {"hold": 1})
    assert run.of("c") == [(8, "buy", 83, 120)]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"hold": 2}, r"hold \(2\) must be at least 1, and at most the feeds given \(1\)"),
        ({"hold": 0}, r"hold \(0\)"),
        ({"lookback": 0}, "lookback is 0"),
        ({"buffer": 1}, r"buffer \(1\) and tolerance \(0.01\)"),
        ({"stale": -1}, r"stale \(-1\)"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        rotate({"c": days(100, 120, 120)}, **{"hold": 1, **params})
