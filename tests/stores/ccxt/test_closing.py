"""Bars of a stream that does not say when one is over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atms.stores.ccxt.closing import Closing
from atms.stores.market import Bar

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, LAG = timedelta(minutes=1), timedelta(seconds=2)


def bar(number: int, close: int) -> Bar:
    opens = START + number * MINUTE
    return Bar(
        instrument="a:B/C", open_at=opens, close_at=opens + MINUTE, open=Decimal(9),
        high=Decimal(20), low=Decimal(1), close=Decimal(close), volume=Decimal(1), final=False,
    )  # fmt: skip


def told(bars: list[Bar]) -> list[tuple[datetime, int, bool]]:
    return [(one.open_at, int(one.close), one.final) for one in bars]


def test_a_bar_is_over_when_the_next_one_begins_as_it_was_told_last() -> None:
    closing = Closing(LAG, None, lambda bar: None)
    closing.heard(bar(0, 5))
    assert told(closing.heard(bar(0, 6))) == [(START, 6, False)]
    assert told(closing.heard(bar(1, 7))) == [(START, 6, True), (START + MINUTE, 7, False)]
    assert closing.heard(bar(0, 8)) == []  # it comes too late


def test_a_bar_that_a_break_may_have_cut_short_is_never_told_as_over() -> None:
    closing = Closing(LAG, None, lambda bar: None)
    closing.heard(bar(0, 5))
    closing.lost()
    assert told(closing.heard(bar(1, 7))) == [(START + MINUTE, 7, False)]


def test_the_clock_ends_a_bar_that_no_other_follows_and_the_next_does_not_end_it_again() -> None:
    async def body() -> None:
        ended: list[Bar] = []
        over = START + MINUTE + LAG
        closing = Closing(LAG, lambda: over, ended.append)
        closing.heard(bar(0, 5))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert told(ended) == [(START, 5, True)]
        assert closing.heard(bar(0, 5)) == []
        assert told(closing.heard(bar(0, 6))) == [(START, 6, True)]  # the venue has changed it
        closing.lost()

    asyncio.run(body())


def test_while_it_grows_the_clock_waits_for_the_lag() -> None:
    async def body() -> None:
        ended: list[Bar] = []
        soon = timedelta(milliseconds=30)
        closing = Closing(LAG, lambda: START + MINUTE + LAG - soon, ended.append)
        closing.heard(bar(0, 5))
        closing.heard(bar(0, 6))
        assert ended == []
        await asyncio.sleep(0.1)
        assert told(ended) == [(START, 6, True)]
        closing.lost()

    asyncio.run(body())
