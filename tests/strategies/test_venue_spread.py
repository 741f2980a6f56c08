"""The spread between two sources by hand: its edge after costs, both legs, and one leg alone.

100.1 against 100 is 0.1 / 100.05 = 9.995 basis points.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from atms.errors import StrategyError
from atms.strategies.venue_spread import VenueSpread
from tests.strategies.bench import Played, hand_bars, play

# A round trip costs 2 * (1 + 1) + 4 * 0.5 = 6: of 9.995 an edge of 3.995 is left.
PARAMS: dict[str, Any] = {"fees": (1, 1), "slippage": 0.5, "threshold": 3}


def spread(
    ones: list[float], twos: list[float], options: dict[str, Any] | None = None, **params: Any
) -> Played:
    frames = {"one": hand_bars(ones), "two": hand_bars(twos)}
    return play(VenueSpread, frames, options=options, **{**PARAMS, **params})


def test_the_cheap_one_is_bought_and_the_dear_one_sold_until_they_agree() -> None:
    # Bar 1: 9.995: both at the opens of bar 2. Bar 2: 5 bp, still apart; bar 3: the same price,
    # 0: both closed at the opens of bar 4.
    run = spread([100, 100, 100, 100, 100], [100, 100.1, 100.05, 100, 100])
    assert run.of("one") == [(2, "buy", 1, 100), (4, "sell", 1, 100)]
    assert run.of("two") == [(2, "sell", 1, 100.1), (4, "buy", 1, 100)]


def test_the_other_way_round_the_first_is_sold() -> None:
    run = spread([100, 100.1, 100, 100], [100, 100, 100, 100])
    assert run.of("one") == [(2, "sell", 1, 100.1), (3, "buy", 1, 100)]
    assert run.of("two") == [(2, "buy", 1, 100), (3, "sell", 1, 100)]


def test_an_edge_under_the_threshold_is_refused_by_its_gate() -> None:
    run = spread([100, 100, 100], [100, 100.1, 100.1], threshold=4)
    assert run.of("one") == []
    name, passed, value, limit = run.result.strategy.explained[0][5][0]
    assert (name, passed, limit) == ("edge", False, 4)
    assert value == pytest.approx(0.1 / 100.05 * 1e4 - 6)


def test_a_spread_that_does_not_pay_its_costs_is_no_signal() -> None:
    # 5 bp, and a round trip costs 6.
    assert spread([100, 100, 100], [100, 100.05, 100.05]).result.strategy.explained == []


def test_what_is_usual_between_the_sources_is_no_spread() -> None:
    # 9.995 less 5 is 4.995: under the costs of 6. The other way round 14.985 is left.
    assert spread([100] * 3, [100, 100.1, 100.1], usual=5).of("one") == []
    assert spread([100] * 3, [100, 99.9, 99.9], usual=5).of("one") == [(2, "sell", 1, 100)]


def test_both_are_closed_when_the_spread_is_back_within_exit() -> None:
    # Bar 2: 0.02 / 100.01 = 2 bp, above 1.5; bar 3: 1 bp: closed at bar 4.
    run = spread([100] * 5, [100, 100.1, 100.02, 100.01, 100.01], exit=1.5)
    assert [fill.bar for fill in run.of("one")] == [2, 4]


def test_both_are_closed_after_as_many_bars_as_were_asked() -> None:
    # In at bar 2; the closes of bars 2 and 3 are the first two.
    run = spread([100] * 6, [100, 100.1, 100.1, 100.1, 100, 100], hold=2)
    assert [fill.bar for fill in run.of("two")] == [2, 4]


def test_entries_are_made_in_the_hours_given_and_nothing_is_held_outside() -> None:
    # Bar 1 is seen at its stamp, 01:00, before the hours; bar 2 at 02:00. Bar 4, at 04:00, is
    # outside again: closed at the opens of bar 5.
    run = spread([100] * 7, [100] + [100.1] * 6, hours=(2, 4))
    assert [fill.bar for fill in run.of("one")] == [3, 5]
    assert run.result.strategy.explained[0][5][-1] == ("hours", False, 1, 4)


def test_prices_are_the_mean_of_the_lines_that_are_named() -> None:
    # The first has bid 100 and ask 100.2: its middle, 100.1, is what the second has. By the bid
    # alone the spread would be 9.995.
    one, two = hand_bars([100, 100, 100]), hand_bars([100.1, 100.1, 100.1])
    one["ask"] = 100.2
    frames = {"one": one, "two": two}
    both = (("close", "ask"), ("close",))
    assert play(VenueSpread, frames, **PARAMS, prices=both).of("one") == []
    assert play(VenueSpread, frames, **PARAMS).of("one") != []


def test_a_bar_that_only_one_feed_has_decides_nothing() -> None:
    # The second's bars 1 and 2 are missing, and its price of bar 0 is far from the first's.
    two = hand_bars([100, 100, 100, 100.1, 100.1])
    frames = {"one": hand_bars([100, 101, 101, 100.1, 100.1]), "two": two.drop(two.index[[1, 2]])}
    assert play(VenueSpread, frames, **PARAMS).of("one") == []


def test_a_leg_whose_other_leg_is_refused_is_closed_and_counted() -> None:
    # At most half a unit of the second: refused. The first, bought at bar 2, is sold at bar 3.
    options = {"risk__max_position": {"two": 0.5}}
    run = spread([100] * 5, [100, 100.1, 100, 100, 100], options=options)
    assert run.of("one") == [(2, "buy", 1, 100), (3, "sell", 1, 100)]
    assert run.of("two") == []
    assert run.result.strategy.failures == 1


def test_a_leg_whose_other_leg_does_not_fill_is_closed_and_counted() -> None:
    # The second has no bars 2 to 5. The first is bought at bar 2's open; bars 2 and 3 are the two
    # that the second may take. Its cancel is told on bar 4: the first is sold at bar 5's open.
    two = hand_bars([100, 100.1, 100, 100, 100, 100, 100, 100])
    frames = {"one": hand_bars([100] * 8), "two": two.drop(two.index[[2, 3, 4, 5]])}
    run = play(VenueSpread, frames, **PARAMS, patience=2)
    assert run.of("one") == [(2, "buy", 1, 100), (5, "sell", 1, 100)]
    assert run.of("two") == []
    assert run.result.strategy.failures == 1


def test_legs_that_both_fill_are_no_failure() -> None:
    run = spread([100, 100, 100, 100], [100, 100.1, 100, 100])
    assert run.result.strategy.failures == 0


def test_prices_that_cannot_be_of_one_symbol_are_refused() -> None:
    with pytest.raises(StrategyError, match="one and two are 100 and 110: not the same symbol"):
        spread([100, 100], [110, 110])


def test_prices_that_part_beyond_belief_later_on_are_refused_by_their_gate() -> None:
    run = spread([100, 100, 100], [100, 110, 110])
    assert run.of("one") == []
    assert run.result.strategy.explained[0][5][-1][:2] == ("one symbol", False)


def test_one_feed_alone_is_refused() -> None:
    frames: dict[str, pd.DataFrame] = {"one": hand_bars([100, 100])}
    with pytest.raises(StrategyError, match=r"needs two feeds, one a venue: .* given 1 \(one\)"):
        play(VenueSpread, frames)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"threshold": 0}, r"threshold \(0\) above 0"),
        ({"exit": 9}, r"exit \(9\) must be less than the spread of an entry"),
        ({"hold": 0}, r"hold \(0\) and patience \(2\)"),
        ({"hours": (9, 9)}, r"hours \(\(9, 9\)\)"),
        ({"fees": (1,)}, "are one for each feed"),
        ({"prices": (("close",), ("bid",))}, "prices: two has no bid; it has: close"),
    ],
)
def test_parameters_that_contradict_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        spread([100, 100], [100, 100], **params)
