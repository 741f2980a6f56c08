"""Between history and live bars nothing is lost, doubled, half, or out of order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.feeds.seam import Deliver, Fetch, Passed, Seam, Told, Turned
from atms.stores.market import Bar, BarFact, Empty, FeedLink

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def bar(number: int, close: int = 100, *, final: bool = True) -> Bar:
    """Return the bar of a minute; number 1 ends at 00:01."""
    price = Decimal(close)
    return Bar(
        instrument="a:X", open_at=START + (number - 1) * MINUTE, close_at=START + number * MINUTE,
        open=price, high=price + 1, low=price - 1, close=price, volume=Decimal(5), final=final,
    )  # fmt: skip


def empty(number: int) -> Empty:
    one = bar(number)
    return Empty(instrument="a:X", open_at=one.open_at, close_at=one.close_at)


def link(up: bool) -> FeedLink:
    return FeedLink(at=START, up=up)


def seen(actions: list[Any]) -> list[Any]:
    """Return actions in short: numbers of delivered bars (live ones in a tuple), and the rest."""
    short: list[Any] = []
    for action in actions:
        if isinstance(action, Deliver):
            number = round((action.bar.close_at - START) / MINUTE)
            short.append((number,) if action.live else number)
        elif isinstance(action, Turned):
            short.append(action.status)
        elif isinstance(action, Fetch):
            short.append("fetch")
        elif isinstance(action, Passed):
            short.append("passed")
        else:
            short.append(action.what)
    return short


@pytest.fixture
def seam() -> Seam:
    """A feed that has begun and waits for history."""
    made = Seam(start=START)
    assert seen(made.begin()) == ["DELAYED", "fetch"]
    return made


@pytest.fixture
def live(seam: Seam) -> Seam:
    """A feed that is live and has delivered bar 3."""
    assert seen(seam.history([bar(n) for n in (1, 2, 3)])) == [1, 2, 3, "LIVE"]
    return seam


def test_what_comes_while_history_is_read_follows_it_once(seam: Seam) -> None:
    assert seam.heard(bar(3)) == seam.heard(bar(4)) == []
    assert seen(seam.history([bar(1), bar(2), bar(3)])) == [1, 2, 3, "duplicate", 4, "LIVE"]


def test_a_live_bar_is_delivered_as_live(live: Seam) -> None:
    assert seen(live.heard(bar(4))) == [(4,)]


def test_a_bar_that_still_grows_is_not_delivered(live: Seam) -> None:
    assert live.heard(bar(4, final=False)) == []
    assert seen(live.heard(bar(4))) == [(4,)]


def test_the_same_bar_again_is_a_duplicate_and_another_of_its_time_a_revision(live: Seam) -> None:
    assert seen(live.heard(bar(3))) == ["duplicate"]
    assert seen(live.heard(bar(3, close=101))) == ["revised"]
    assert seen(live.heard(bar(2))) == ["late"]
    assert seen(live.heard(bar(4))) == [(4,)]


def test_a_hole_is_filled_from_history_before_anything_goes_on(live: Seam) -> None:
    assert seen(live.heard(bar(6))) == ["DELAYED", "fetch"]
    assert live.heard(bar(7)) == []
    fetched = [bar(n) for n in (3, 4, 5, 6)]
    assert seen(live.history(fetched)) == [4, 5, 6, "duplicate", 7, "LIVE"]


def test_what_history_tells_while_it_is_heard_is_never_late(seam: Seam) -> None:
    for number in (1, 2, 3):
        seam.heard(bar(number))  # history waits for a budget, and tells these too
    fetched = [bar(n) for n in (1, 2, 3)]
    assert seen(seam.history(fetched)) == [1, 2, 3, *["duplicate"] * 3, "LIVE"]


def test_a_hole_that_history_does_not_know_is_told_and_left(live: Seam) -> None:
    actions = live.heard(bar(6))
    for _ in range(2):
        assert seen(actions)[-1] == "fetch"
        actions = live.history([bar(3)])
    assert seen(live.history([bar(3)])) == ["gap", 6, "LIVE"]


def test_a_told_hole_has_its_ends(live: Seam) -> None:
    live.patience = 0
    told = live.heard(bar(6))[0]
    assert told == Told(what="gap", at=bar(3).close_at, until=bar(6).open_at)


# ---- before there was any bar -------------------------------------------------------------------
@pytest.fixture
def new() -> Seam:
    """A feed that began within bar 1 and found no history."""
    made = Seam(start=START + MINUTE / 2, step=MINUTE)
    made.begin()
    assert seen(made.history([])) == ["LIVE"]
    return made


def test_the_bar_that_is_made_while_a_feed_begins_is_its_first(new: Seam) -> None:
    assert seen(new.heard(bar(1))) == [(1,)]
    assert seen(new.heard(bar(2))) == [(2,)]


def test_when_the_first_that_is_told_is_not_the_first_history_is_asked(new: Seam) -> None:
    assert seen(new.heard(bar(2))) == ["DELAYED", "fetch"]
    assert seen(new.history([bar(1), bar(2)])) == [1, 2, "duplicate", "LIVE"]


def test_also_if_it_came_while_the_empty_history_was_read() -> None:
    seam = Seam(start=START + MINUTE / 2, step=MINUTE)
    seam.begin()
    seam.heard(bar(2))
    assert seen(seam.history([])) == ["fetch"]
    assert seen(seam.history([bar(1)])) == [1, 2, "LIVE"]


def test_history_is_asked_from_the_bar_on_that_was_made_at_the_start(new: Seam) -> None:
    assert bar(0).open_at < new.since <= bar(1).open_at
    assert seen(new.history([bar(0)])) == []


def test_a_first_bar_that_nobody_has_is_told_as_a_hole(new: Seam) -> None:
    new.patience = 1
    new.heard(bar(3))
    actions = new.history([])
    assert seen(actions) == ["gap", 3, "LIVE"]
    assert actions[0] == Told(what="gap", at=new.start, until=bar(3).open_at)


def test_where_empty_bars_are_left_out_the_first_that_is_told_stays_live() -> None:
    seam = Seam(start=START, omits_empty=True, step=MINUTE)
    seam.begin()
    seam.history([])
    assert seen(seam.heard(bar(5))) == ["fetch"]
    assert seen(seam.history([bar(5)])) == [(5,)]


def test_an_empty_interval_at_the_beginning_is_no_hole(new: Seam) -> None:
    assert seen(new.heard(empty(1))) == ["passed"]
    assert seen(new.heard(bar(2))) == [(2,)]


@pytest.fixture
def thin() -> Seam:
    """A feed of a venue that leaves empty bars out; it is live and has delivered bar 1."""
    made = Seam(start=START, omits_empty=True)
    made.begin()
    assert seen(made.history([bar(1)])) == [1, "LIVE"]
    return made


def test_where_a_venue_leaves_empty_bars_out_history_is_asked_once_and_it_stays_live(
    thin: Seam,
) -> None:
    assert seen(thin.heard(bar(5))) == ["fetch"]
    assert thin.heard(bar(6)) == []
    assert seen(thin.history([bar(1), bar(5), bar(6)])) == [(5,), (6,)]
    assert seen(thin.heard(bar(8))) == ["fetch"]


def test_what_the_stream_lost_there_comes_before_the_live_bar(thin: Seam) -> None:
    thin.heard(bar(5))
    assert seen(thin.history([bar(1), bar(3)])) == [3, (5,)]


def test_and_out_of_order_too(thin: Seam) -> None:
    thin.heard(bar(5))
    assert seen(thin.history([bar(1), bar(3), bar(5), bar(6)])) == [3, (5,), (6,)]


def test_it_is_live_no_more_when_history_cannot_be_had(thin: Seam) -> None:
    thin.heard(bar(5))
    assert seen(thin.stalled()) == ["DELAYED"]
    assert thin.stalled() == []
    assert seen(thin.history([bar(1)])) == [5, "LIVE"]


def test_a_hole_there_may_be_taken_for_none(thin: Seam) -> None:
    thin.checks_holes = False
    assert seen(thin.heard(bar(5))) == [(5,)]


def test_or_for_flat_bars_in_history_and_live_alike() -> None:
    seam = Seam(start=START, omits_empty=True, fills=True, checks_holes=False)
    seam.begin()
    assert seen(seam.history([bar(1), bar(4)])) == [1, 2, 3, 4, "LIVE"]
    actions = seam.heard(bar(7))
    assert seen(actions) == [5, 6, (7,)]
    assert isinstance(actions[0], Deliver)
    assert actions[0].bar.high == actions[0].bar.low == bar(4).close


def test_an_empty_interval_is_left_out_as_history_leaves_it_out(live: Seam) -> None:
    assert live.heard(empty(4)) == [Passed(until=bar(4).close_at)]
    assert live.heard(empty(4)) == live.heard(empty(3)) == []
    assert seen(live.heard(bar(5))) == [(5,)]


def test_one_that_is_told_while_history_is_read_is_no_hole_afterwards(seam: Seam) -> None:
    seam.heard(empty(3))
    seam.heard(bar(4))
    assert seen(seam.history([bar(1), bar(2)])) == [1, 2, "passed", 4, "LIVE"]


def test_or_filled_with_the_last_close_as_history_fills_it(live: Seam) -> None:
    live.fills = True
    (filled,) = live.heard(empty(4))
    assert isinstance(filled, Deliver)
    assert filled.bar.open == filled.bar.low == bar(3).close
    assert filled.bar.volume == 0
    assert seen(live.heard(bar(5))) == [(5,)]


def test_after_a_break_it_is_live_only_when_history_has_filled_it(live: Seam) -> None:
    assert seen(live.heard(link(False))) == ["DISCONNECTED"]
    assert live.heard(link(False)) == []
    assert seen(live.heard(link(True))) == ["DELAYED", "fetch"]
    assert live.heard(bar(6)) == []
    assert seen(live.history([bar(n) for n in (3, 4, 5)])) == [4, 5, 6, "LIVE"]


def test_history_that_comes_while_the_stream_is_down_is_not_taken(live: Seam) -> None:
    live.heard(link(False))
    assert live.history([bar(4)]) == []
    live.heard(link(True))
    assert seen(live.history([bar(4)])) == [4, "LIVE"]


@pytest.mark.parametrize(
    "wrong",
    [{"high": Decimal(98)}, {"low": Decimal("NaN")}, {"close_at": START}, {"low": Decimal(0)},
     {"low": Decimal(-5)}, {"close": Decimal("Infinity")}, {"volume": Decimal("NaN")},
     {"volume": Decimal(-1)}],
)  # fmt: skip
def test_what_cannot_be_a_bar_is_not_delivered(live: Seam, wrong: dict[str, Any]) -> None:
    assert seen(live.heard(replace(bar(4), **wrong))) == ["malformed"]


def test_nor_from_history_and_it_is_told_once(live: Seam) -> None:
    bad = replace(bar(4), high=Decimal(1))
    assert seen(live.heard(bad)) == ["malformed"]
    assert seen(live.heard(bar(5))) == ["DELAYED", "fetch"]
    assert seen(live.history([bar(3), bad, bar(5)])) == ["gap", 5, "duplicate", "LIVE"]


def test_history_may_come_in_parts(seam: Seam) -> None:
    seam.heard(bar(4))
    assert seen(seam.history([bar(1), bar(2)], more=True)) == [1, 2]
    assert seam.since == bar(2).open_at
    assert seen(seam.history([bar(3)])) == [3, 4, "LIVE"]


def test_of_versions_that_wait_the_newest_is_delivered(seam: Seam) -> None:
    seam.heard(replace(bar(2, close=101), revision=1))
    seam.heard(bar(2))
    actions = seam.history([bar(1)])
    assert seen(actions) == [1, 2, "LIVE"]
    assert seam.last is not None
    assert seam.last.close == 101


def test_an_older_version_is_no_revision(seam: Seam) -> None:
    seam.history([replace(bar(1, close=101), revision=1)])
    assert seen(seam.heard(bar(1))) == ["duplicate"]


def test_what_waits_is_bounded_and_history_is_read_once_more(seam: Seam) -> None:
    seam.keep = 5
    for number in range(2, 20):
        assert seam.heard(bar(number)) == []
    assert len(seam._buffer) == 5
    assert seen(seam.history([bar(1), bar(2)])) == [1, 2, "fetch"]
    rest = [bar(n) for n in range(2, 16)]
    assert seen(seam.history(rest))[-5:] == [16, 17, 18, 19, "LIVE"]


def test_also_where_a_hole_could_not_be_seen(thin: Seam) -> None:
    thin.checks_holes, thin.keep = False, 2
    thin.heard(link(False))
    thin.heard(link(True))
    for number in (2, 3, 4, 5):
        thin.heard(bar(number))
    assert seen(thin.history([bar(1)])) == ["fetch"]
    assert seen(thin.history([bar(1), bar(2), bar(3)])) == [2, 3, 4, 5, "LIVE"]


def test_a_silent_stream_is_checked_without_a_word(live: Seam) -> None:
    assert seen(live.probe()) == ["fetch"]
    assert live.probe() == []
    assert seen(live.history([bar(3)])) == []
    assert seen(live.heard(bar(4))) == [(4,)]


@pytest.mark.parametrize("seed", range(200))
def test_whatever_the_stream_loses_repeats_and_mixes_every_bar_comes_once(seed: int) -> None:
    rng = random.Random(seed)
    seam, delivered, asked, up = Seam(start=START), [], False, True

    def take(actions: list[Any]) -> None:
        nonlocal asked
        for action in actions:
            if isinstance(action, Deliver):
                delivered.append(action.bar)
            asked = asked or isinstance(action, Fetch)

    take(seam.begin())
    now = 0
    while now < 60:
        now += 1
        coming: list[BarFact] = [bar(now)]
        if rng.random() < 0.3:
            coming.append(bar(max(1, now - rng.randrange(4))))
        if rng.random() < 0.2:
            coming.insert(0, bar(now, final=False))
        if rng.random() < 0.1:
            coming = []  # lost
        if rng.random() < 0.1:
            up = not up
            coming.append(link(up))
        rng.shuffle(coming)
        for fact in coming:
            take(seam.heard(fact))
        if asked and up and rng.random() < 0.7:
            asked = False
            take(seam.history([bar(n) for n in range(1, now + 1)]))
    if not up:
        take(seam.heard(link(True)))
    take(seam.heard(bar(61)))
    take(seam.history([bar(n) for n in range(1, 62)]))
    assert delivered == [bar(n) for n in range(1, 62)]
