"""A live run on Coinbase, killed with -9."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from atms.sandbox.coinbase.config import CoinbaseConfig
from atms.sandbox.coinbase.server import CoinbaseThread
from tests.live.exchanges import SEED, killed
from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import Venue, serving_exchange

STORE = {
    "venue": "coinbase", "url": "${ATMS_SANDBOX_URL}", "key": "${ATMS_SANDBOX_KEY}",
    "secret": "${ATMS_SANDBOX_SECRET}", "market_clock": "stream",
}  # fmt: skip


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Venue]]:
    """Serve Coinbase until the test is over, and point the environment at it."""
    with ExitStack() as stack:

        def call(**options: Any) -> Venue:
            made = serving_exchange(
                CoinbaseThread, CoinbaseConfig, private_limit=1000, public_limit=1000, **options
            )
            venue = stack.enter_context(made)
            for name, value in venue.env.items():
                monkeypatch.setenv(name, value)
            return venue

        yield call


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"drop_event": 0.2, "duplicate_event": 0.2, "fill_before_ack": 0.2,
         "disconnect_stream": 0.005, "timeout_after_order": 0.02},
    ],
    ids=["no faults", "faults"],
)  # fmt: skip
def test_killed_at_random_instants_it_loses_and_doubles_nothing(
    starter: Starter, serve: Callable[..., Venue], faults: dict[str, float]
) -> None:
    venue = serve(faults=faults, seed=SEED)
    write_run("Busy", stores={"venue": STORE})
    killed(starter, venue, lambda line: f"{line['trade']:064x}")
