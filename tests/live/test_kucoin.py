"""A live run on KuCoin, killed with -9; its stops stand only as long as the process does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from atms.sandbox.kucoin.config import KucoinConfig
from atms.sandbox.kucoin.server import KucoinThread
from tests.live.exchanges import SEED, killed
from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import Venue, serving_exchange

STORE = {
    "venue": "kucoin", "url": "${ATMS_SANDBOX_URL}", "key": "${ATMS_SANDBOX_KEY}",
    "secret": "${ATMS_SANDBOX_SECRET}", "passphrase": "${ATMS_SANDBOX_PASSPHRASE}",
    "market_clock": "stream",
}  # fmt: skip
WIDE = {"spot": 10**6, "public": 10**6, "management": 10**6}  # runs that are killed share limits
TROUBLE = {
    "drop_event": 0.2, "duplicate_event": 0.2, "fill_before_ack": 0.2, "read_lag": 0.05,
    "timeout_after_order": 0.02, "http_503_after_order": 0.03,
}  # fmt: skip


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Venue]]:
    """Serve KuCoin until the test is over, and point the environment at it."""
    with ExitStack() as stack:

        def call(**options: Any) -> Venue:
            venue = stack.enter_context(serving_exchange(KucoinThread, KucoinConfig, **options))
            for name, value in venue.env.items():
                monkeypatch.setenv(name, value)
            return venue

        yield call


def exec_of(line: dict[str, Any]) -> str:
    """Return the store's name of an execution."""
    return f"BTC-USDT:{line['trade']}:{line['side'].lower()}"


def test_killed_at_random_instants_of_a_bad_day_it_loses_and_doubles_nothing(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    venue = serve(faults=TROUBLE, seed=SEED, **WIDE)
    write_run("Busy", stores={"venue": STORE}, execution={"emulated_protection": True})
    killed(starter, venue, exec_of)


def test_a_key_without_its_passphrase_is_told_by_the_name_of_what_is_missing(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    serve()
    store = {name: value for name, value in STORE.items() if name != "passphrase"}
    write_run("Hold", stores={"venue": store})
    process = starter.run("live", "-c", "live.yaml", "--yes")
    assert process.code not in (0, None)
    assert "stores.venue.passphrase: a key of kucoin has one" in process.err
    assert Path("state").exists() is False
