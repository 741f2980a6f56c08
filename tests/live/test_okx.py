"""A live run on OKX, killed with -9."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from atms.sandbox.okx.config import OkxConfig
from atms.sandbox.okx.server import OkxThread
from tests.live.exchanges import SEED, killed
from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import Venue, serving_exchange

STORE = {
    "venue": "okx", "url": "${ATMS_SANDBOX_URL}", "key": "${ATMS_SANDBOX_KEY}",
    "secret": "${ATMS_SANDBOX_SECRET}", "passphrase": "${ATMS_SANDBOX_PASSPHRASE}",
    "market_clock": "stream",
}  # fmt: skip


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Venue]]:
    """Serve OKX until the test is over, and point the environment at it."""
    with ExitStack() as stack:

        def call(**options: Any) -> Venue:
            made = serving_exchange(OkxThread, OkxConfig, limits_times=100, **options)
            venue = stack.enter_context(made)
            env = {**venue.env, "ATMS_SANDBOX_PASSPHRASE": venue.sandbox.passphrase}
            for name, value in env.items():
                monkeypatch.setenv(name, value)
            return venue

        yield call


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"drop_event": 0.2, "duplicate_event": 0.2, "fill_before_ack": 0.2, "read_lag": 0.05,
         "timeout_after_order": 0.02, "error_1007_after_order": 0.02},
    ],
    ids=["no faults", "faults"],
)  # fmt: skip
def test_killed_at_random_instants_it_loses_and_doubles_nothing(
    starter: Starter, serve: Callable[..., Venue], faults: dict[str, float]
) -> None:
    """Stops are watched here: they are none of the venue's, and the run says so."""
    venue = serve(faults=faults, seed=SEED)
    write_run("Busy", stores={"venue": STORE}, execution={"emulated_protection": True})
    killed(starter, venue, lambda line: f"BTC-USDT:{line['trade']}")
