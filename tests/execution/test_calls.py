"""A store's calls as the driver makes them: what bars the next ones, and what does not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from atms.execution.driver.calls import Calls
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

    async def both() -> Any:
        store: Any = SimpleNamespace(transmit=transmit)
        calls = Calls(store, lambda: NOW, print, lambda: None)
        assert await calls.read("log", read) is None
        prepared: Any = None
        return await calls.transmit(prepared)

    return asyncio.run(both())


@pytest.mark.parametrize("after", [timedelta(seconds=3), None])
def test_a_read_that_our_own_budget_keeps_back_bars_no_order(after: timedelta | None) -> None:
    assert sending_after(RateLimited("slowly", after, ours=True)) is SENT


def test_a_read_that_the_venue_refuses_for_its_rate_bars_orders_until_then() -> None:
    outcome = sending_after(RateLimited("slowly", timedelta(seconds=3)))
    assert isinstance(outcome, NotSent)
    assert str(NOW + timedelta(seconds=3)) in outcome.why
