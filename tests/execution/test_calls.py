"""A store's calls as the driver makes them: what bars the next ones, and what does not."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from atms.errors import JournalError
from atms.execution.driver.calls import ANSWER, Calls
from atms.sandbox.simulation.loop import VirtualLoop
from atms.stores.base import RateLimited
from atms.stores.outcomes import Acked, NotSent

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SENT = Acked(refs=(), facts=())


def sending_after(error: RateLimited) -> Any:
    """Return what comes of an order that is sent after a read has met an error."""

    async def transmit(prepared: Any) -> Acked:
        return SENT

    async def read() -> None:
        raise error

    loop = VirtualLoop(NOW)

    async def both() -> Any:
        store: Any = SimpleNamespace(transmit=transmit)
        calls = Calls(store, lambda: NOW, print, lambda: None)
        assert await calls.read("log", read) is None
        prepared: Any = None
        return await calls.transmit(prepared)

    try:
        return loop.run_until_complete(both())
    finally:
        loop.close()


@pytest.mark.parametrize("after", [timedelta(seconds=3), None])
def test_a_read_that_our_own_budget_keeps_back_bars_no_order(after: timedelta | None) -> None:
    assert sending_after(RateLimited("slowly", after, ours=True)) is SENT


def test_a_read_that_the_venue_refuses_for_its_rate_bars_orders_until_then() -> None:
    outcome = sending_after(RateLimited("slowly", timedelta(seconds=3)))
    assert isinstance(outcome, NotSent)
    assert str(NOW + timedelta(seconds=3)) in outcome.why


def reading(errors: list[RateLimited]) -> tuple[object, float, int]:
    """Return what a read gives that meets errors first, after how many seconds, and how often."""
    loop, times = VirtualLoop(NOW), 0

    async def read() -> str:
        nonlocal times
        times += 1
        if times <= len(errors):
            raise errors[times - 1]
        return "answer"

    async def ask() -> object:
        store: Any = SimpleNamespace()
        return await Calls(store, loop.now, print, lambda: None).read("log", read)

    try:
        return loop.run_until_complete(ask()), loop.time(), times
    finally:
        loop.close()


def ours(seconds: float) -> RateLimited:
    return RateLimited("slowly", timedelta(seconds=seconds), ours=True)


def test_a_read_that_our_own_budget_keeps_back_waits_for_it() -> None:
    assert reading([ours(3), ours(4)]) == ("answer", 7, 3)


def test_a_read_waits_for_its_budget_no_longer_than_for_an_answer() -> None:
    assert reading([ours(20), ours(9), ours(2)] * 20) == (None, 29, 3)
    assert reading([ours(ANSWER.total_seconds() + 1)]) == (None, 0, 1)


def test_a_read_that_the_venue_refuses_is_not_repeated() -> None:
    assert reading([RateLimited("slowly", timedelta(seconds=3))]) == (None, 0, 1)


def test_whose_the_account_is_is_asked_once_for_all_that_leaves_in_a_turn_of_the_loop() -> None:
    loop, asked = VirtualLoop(NOW), []

    async def transmit(prepared: Any) -> Acked:
        return SENT

    def ask() -> None:
        asked.append(len(asked))
        if len(asked) >= 3:
            raise JournalError("another process has taken the account")

    async def twice() -> None:
        store: Any = SimpleNamespace(transmit=transmit)
        calls = Calls(store, loop.now, print, ask)
        prepared: Any = None
        for turn in (1, 2):
            await asyncio.gather(*(calls.transmit(prepared) for _ in range(3)))
            assert len(asked) == turn
        for _ in range(2):  # it is asked again, and each is refused
            with pytest.raises(JournalError):
                await calls.transmit(prepared)

    try:
        loop.run_until_complete(twice())
    finally:
        loop.close()


def test_whose_the_account_is_is_asked_again_in_a_turn_that_takes_long() -> None:
    asked: list[str] = []

    async def transmit(prepared: Any) -> Acked:
        time.sleep(0.02)
        return SENT

    def ask() -> None:
        asked.append("ours?")
        if len(asked) > 1:
            raise JournalError("another process has taken the account")

    async def both() -> list[Any]:
        store: Any = SimpleNamespace(transmit=transmit)
        calls = Calls(store, lambda: NOW, print, ask)
        prepared: Any = None
        sending = (calls.transmit(prepared) for _ in range(2))
        return await asyncio.gather(*sending, return_exceptions=True)

    first, second = asyncio.run(both())
    assert first is SENT
    assert isinstance(second, JournalError)
