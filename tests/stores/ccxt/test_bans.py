"""A store minds its own bans: what one of its calls heard of, all of them keep to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from atms.stores.base import RateLimited
from atms.stores.ccxt.store import CCXTStore
from atms.stores.outcomes import NotSent, Reason, Refused
from tests.stores.bench import sent
from tests.stores.ccxt.bench import SandboxBench, run


def connected(body: Callable[[SandboxBench, CCXTStore], Coroutine[Any, Any, None]]) -> None:
    """Run a body with a store that is connected."""

    async def played(bench: SandboxBench) -> None:
        store = CCXTStore(
            "binance", key=bench.sandbox.key, secret=bench.sandbox.secret, url=bench.front.url
        )
        bench.stores.append(store)
        await store.connect()
        await body(bench, store)

    run(played)


async def read_bars(bench: SandboxBench, store: CCXTStore) -> None:
    """Read an hour of history, as a feed does."""
    now = datetime.now(UTC)
    async for _ in store.history(bench.instrument, "1m", now - timedelta(hours=1), now):
        pass


def test_a_ban_that_an_order_heard_of_keeps_a_feed_silent() -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        with bench.front.trouble("rate_limited"):
            outcome = await sent(store, bench.standing("a-1"))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.RATE
        arrived = len(bench.front.arrived)
        reading = asyncio.ensure_future(read_bars(bench, store))
        await asyncio.sleep(0.3)
        assert not reading.done()  # it waits for the ban's end
        assert len(bench.front.arrived) == arrived
        reading.cancel()

    connected(body)


def test_a_ban_that_a_feed_heard_of_keeps_the_account_silent() -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        with bench.front.trouble("rate_limited"), pytest.raises(RateLimited):
            await read_bars(bench, store)
        arrived = len(bench.front.arrived)
        assert isinstance(await sent(store, bench.standing("a-1")), NotSent)
        with pytest.raises(RateLimited):
            await store.snapshot([bench.instrument])
        assert len(bench.front.arrived) == arrived

    connected(body)
