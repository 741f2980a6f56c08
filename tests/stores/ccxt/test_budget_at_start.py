"""A start whose budget is used up between two of its questions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from atms.stores.base import RateLimited
from tests.stores.ccxt import kraken
from tests.stores.ccxt.bench import SandboxBench


def test_a_stream_that_has_to_wait_for_the_budget_is_told_with_how_long() -> None:
    """What the key may do may stay untold; the ban that its refusal says holds for the stream."""

    async def body(bench: SandboxBench) -> None:
        store = bench.connection()
        ask = store._may_withdraw

        async def refused() -> bool | None:
            with bench.front.trouble("rate_limited"):
                return await ask()

        store._may_withdraw = refused  # type: ignore[method-assign]
        with pytest.raises(RateLimited, match="the rate budget lets this through in") as raised:
            await store.connect()
        after = raised.value.after
        assert after is not None
        assert timedelta(0) < after <= timedelta(seconds=15)  # Kraken's words name no time
        assert raised.value.ours

    kraken.run(body)
