"""Between history and live bars nothing is lost, doubled, half, or out of order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.feeds.seam import Deliver, Fetch, Seam, Told, Turned
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


def test_where_a_venue_leaves_empty_bars_out_a_hole_is_none() -> None:
    seam = Seam(start=START, omits_empty=True)
    seam.begin()
    seam.history([bar(1)])
    assert seen(seam.heard(bar(5))) == [(5,)]


def test_an_empty_interval_is_left_out_as_history_leaves_it_out(live: Seam) -> None:
    assert live.heard(empty(4)) == []
    assert seen(live.heard(bar(5))) == [(5,)]


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
    "wrong", [{"high": Decimal(98)}, {"low": Decimal("NaN")}, {"close_at": START}]
)
def test_what_cannot_be_a_bar_is_not_delivered(live: Seam, wrong: dict[str, Any]) -> None:
    assert seen(live.heard(replace(bar(4), **wrong))) == ["malformed"]


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
