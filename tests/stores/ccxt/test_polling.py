"""Bars that nothing streams: each is asked for when it is over, and told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.ccxt import polling
from atms.stores.ccxt.polling import Polled
from atms.stores.market import Bar, FeedLink

STEP = timedelta(minutes=5)
FIRST = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def bar(number: int) -> Bar:
    at = FIRST + number * STEP
    one = Decimal(100 + number)
    return Bar(instrument="i", open_at=at, close_at=at + STEP, open=one, high=one, low=one,
               close=one, volume=one, final=True)  # fmt: skip


class Venue:
    """Bars, and a clock that moves when somebody sleeps.

    Attributes:
        shown: number of a bar -> seconds after its end at which it is there.
        failing: errors that the next looks meet.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = FIRST + timedelta(minutes=2)
        self.shown: dict[int, float] = {}
        self.failing: list[Exception] = []
        self.looks: list[datetime] = []
        self._sleep = asyncio.sleep
        monkeypatch.setattr(polling.asyncio, "sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await self._sleep(0)

    async def read(self, start: datetime, end: datetime) -> AsyncIterator[Bar]:
        self.looks.append(self.time)
        if self.failing:
            raise self.failing.pop(0)
        for number, late in sorted(self.shown.items()):
            one = bar(number)
            there = one.close_at + timedelta(seconds=late) <= self.time
            if there and one.open_at >= start and one.close_at <= end:
                yield one

    def heard(self, until: int) -> list[Any]:
        """Return what is told until the bar of a number, links by their state."""

        async def body() -> list[Any]:
            async def present() -> datetime:
                return self.time

            polled = Polled(self.read, STEP, lag=timedelta(seconds=3), now=lambda: self.time,
                            present=present, clocked=True)  # fmt: skip
            found: list[Any] = []
            stream = polled.carried(lambda: found.append("left"))
            async for fact in stream:
                if isinstance(fact, FeedLink):
                    found.append(fact.up)
                elif isinstance(fact, Bar):
                    found.append((fact.open_at - FIRST) // STEP)
                if found[-1] == until and found[-1] is not True:
                    break
            await stream.aclose()
            return found

        return asyncio.run(body())


def test_each_bar_is_asked_for_once_after_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue(monkeypatch)
    venue.shown = {0: 1, 1: 1, 2: 1}
    assert venue.heard(2) == [True, 0, 1, 2, "left"]
    # the bar that grows at first is the one from 12:00; its end, and then each further one, and 3 s
    ends = [FIRST + number * STEP + timedelta(seconds=3) for number in (1, 2, 3)]
    assert venue.looks[:3] == ends


def test_a_bar_that_comes_late_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue(monkeypatch)
    venue.shown = {0: 1, 1: 8, 2: 1}
    assert venue.heard(2) == [True, 0, 1, 2, "left"]


def test_one_without_a_trade_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue(monkeypatch)
    venue.shown = {0: 1, 3: 1}
    assert venue.heard(3) == [True, 0, 3, "left"]
    assert len(venue.looks) < 20  # it does not ask all the time


def test_a_venue_that_cannot_be_asked_is_told_as_down_and_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    venue = Venue(monkeypatch)
    venue.shown = {0: 1, 1: 1}
    venue.failing = [Unreachable("no"), RateLimited("wait", timedelta(seconds=30))]
    assert venue.heard(1) == [True, False, True, 0, 1, "left"]


def test_a_key_that_is_not_taken_ends_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue(monkeypatch)
    venue.failing = [AuthFailed("no")]
    with pytest.raises(AuthFailed):
        venue.heard(1)
