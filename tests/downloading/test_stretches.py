"""What was asked for already, and what is left; how long is waited."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from atms.downloading import patience as patiences
from atms.downloading.patience import Patience, seconds
from atms.downloading.session import Session
from atms.downloading.stretches import Stretch, beginning, holes
from atms.downloading.venue import HistoryStore
from atms.model import TimeRange
from atms.stores.base import RateLimited, Unreachable
from atms.stores.ccxt.profiles.binance.profile import BinanceSpot


def at(hour: int) -> datetime:
    return datetime(2024, 1, 1, hour, tzinfo=UTC)


def spans(*pairs: tuple[int, int]) -> list[Stretch]:
    return [Stretch(at(start), at(end)) for start, end in pairs]


@pytest.mark.parametrize(
    ("known", "left"),
    [
        ([], [(4, 12)]),
        ([(4, 12)], []),
        ([(0, 20)], []),
        ([(0, 4), (12, 20)], [(4, 12)]),
        ([(0, 6)], [(6, 12)]),
        ([(10, 20)], [(4, 10)]),
        ([(8, 9), (5, 7)], [(4, 5), (7, 8), (9, 12)]),
        ([(5, 9), (6, 7)], [(4, 5), (9, 12)]),
        ([(6, 6)], [(4, 6), (6, 12)]),
    ],
)
def test_the_holes_are_what_no_stretch_holds(
    known: list[tuple[int, int]], left: list[tuple[int, int]]
) -> None:
    assert list(holes(spans(*known), Stretch(at(4), at(12)))) == spans(*left)


def test_a_hole_goes_on_from_the_longest_stretch_that_ends_there() -> None:
    known = spans((1, 4), (2, 4), (4, 8))
    assert beginning(known, at(4)) == at(1)
    assert beginning(known, at(5)) == at(5)


class Market:
    """A store that tells the time."""

    def __init__(self, clock: str) -> None:
        self.market_clock = clock

    async def present(self, symbol: str) -> datetime:
        return at(12)


@pytest.mark.parametrize(
    ("clock", "until", "end"),
    [
        ("wall", None, at(12) - timedelta(seconds=2)),  # the venue's lag of bars
        ("wall", at(11), at(11)),
        ("wall", at(13), at(12) - timedelta(seconds=2)),
        ("stream", None, at(12)),
    ],
)
def test_what_is_asked_for_ends_before_what_may_not_be_published_yet(
    clock: str, until: datetime | None, end: datetime
) -> None:
    session = Session(cast(HistoryStore, Market(clock)), BinanceSpot.capabilities, {})
    wanted = asyncio.run(session.stretch("A/B", TimeRange(at(3), until)))
    newest = at(12) if clock == "stream" else at(12) - timedelta(seconds=2)
    assert wanted == (Stretch(at(3), end), newest)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were slept; none of them is."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(patiences.asyncio, "sleep", sleep)
    return found


def test_a_venue_that_does_not_answer_is_tried_ever_more_rarely_until_patience_ends(
    slept: list[float],
) -> None:
    waiting = Patience(timedelta(seconds=100))

    async def endure() -> None:
        for _ in range(20):
            await waiting.endure(Unreachable("gone"))

    with pytest.raises(Unreachable, match="gone"):
        asyncio.run(endure())
    assert slept == [1, 2, 4, 8, 16, 30, 30]  # 91 in all; 30 more were too many


def test_patience_is_whole_again_when_something_came(slept: list[float]) -> None:
    waiting = Patience(timedelta(seconds=3))

    async def endure() -> None:
        for _ in range(2):
            await waiting.endure(RateLimited("banned", timedelta(seconds=3)))
            waiting.restore()

    asyncio.run(endure())
    assert slept == [3, 3]


@pytest.mark.parametrize(
    ("wait", "text"), [(0.2, "1 s"), (59, "59 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_a_wait_is_written_in_the_unit_that_fits(wait: float, text: str) -> None:
    assert seconds(timedelta(seconds=wait)) == text
