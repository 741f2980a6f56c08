"""The sandbox of a test, in a thread: what it noted, and something done at the moment it notes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from atms.sandbox.binance.config import Limits, SandboxConfig
from atms.sandbox.binance.threads import SandboxThread
from atms.sandbox.binance_usdm.config import UsdmConfig
from atms.sandbox.binance_usdm.server import UsdmThread
from atms.sandbox.venue.config import MarketConfig, VenueConfig
from atms.sandbox.venue.threads import ServingThread

LOG = Path("venue.jsonl")
KEY, SECRET = "k" * 64, "s" * 64
WIDE = Limits(weight=10**6, raw=10**7, orders_10s=10**6, orders_day=10**6, algo_orders=1000)


class Venue:
    """A sandbox that serves.

    Attributes:
        thread: the sandbox's; *sandbox* is what serves.
        env: the variables that a run needs.
        on_note: called with each line of its log, in its thread, before anything is answered.
    """

    def __init__(self, thread: Any, log: Path = LOG) -> None:
        self.thread, self.sandbox, self.log = thread, thread.sandbox, log
        self.env = {
            "ATMS_SANDBOX_URL": self.sandbox.url, "ATMS_SANDBOX_KEY": self.sandbox.key,
            "ATMS_SANDBOX_SECRET": self.sandbox.secret,
        }  # fmt: skip
        if self.sandbox.passphrase:
            self.env["ATMS_SANDBOX_PASSPHRASE"] = self.sandbox.passphrase
        self.on_note: Callable[[dict[str, Any]], None] | None = None
        truth = self.sandbox.truth
        usual = truth.note

        def note(what: str, **facts: Any) -> None:
            usual(what, **facts)
            if self.on_note is not None:
                self.on_note({"what": what, **facts})

        truth.note = note  # type: ignore[method-assign]

    def of(self, what: str) -> list[dict[str, Any]]:
        """Return its log's lines of one kind, by the file."""
        return [line for line in read_log(self.log) if line["what"] == what]

    def count(self, what: str) -> int:
        """Return how many lines of one kind its log has."""
        return len(self.of(what))

    def freeze(self) -> None:
        """Let the market stand still from now on."""

        def cancel() -> None:
            for task in self.sandbox._tapes:
                task.cancel()

        self.call(cancel)

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function of the sandbox's in its thread."""
        return self.thread.call(function, *args)


def read_log(log: Path = LOG) -> list[dict[str, Any]]:
    """Return the venue's log; a line that is being written is left out."""
    text = log.read_text()
    return [json.loads(line) for line in text.split("\n")[:-1]]


@contextmanager
def serving(
    *, seconds_a_bar: float = 0.25, limits: Limits | None = None, **options: Any
) -> Iterator[Venue]:
    """Serve a sandbox whose market moves by itself, a bar of an hour every few moments.

    Args:
        seconds_a_bar: how fast; 0: the market is moved by hand.
    """
    market = MarketConfig(symbol="BTCUSDT", source="sample:BTCUSD_1h" if seconds_a_bar else None)
    given: dict[str, Any] = {
        "markets": (market,), "speed": 3600 / seconds_a_bar if seconds_a_bar else 1.0,
        "key": KEY, "secret": SECRET, "balances": {"USDT": Decimal(100_000)}, "log": LOG,
        "limits": limits or WIDE,
        **options,
    }  # fmt: skip
    with SandboxThread(SandboxConfig(**given)) as thread:
        try:
            yield Venue(thread, given["log"])
        finally:
            thread.sandbox.truth.close()  # whatever its end comes to, its file is closed


@contextmanager
def serving_futures(*, seconds_a_bar: float = 0.25, **options: Any) -> Iterator[Venue]:
    """Serve a sandbox of futures alike."""
    given: dict[str, Any] = {
        "markets": (MarketConfig(symbol="BTCUSDT", source="sample:BTCUSD_1h"),),
        "speed": 3600 / seconds_a_bar, "key": KEY, "secret": SECRET,
        "balances": {"USDT": Decimal(100_000)}, "log": LOG, "limits": WIDE, **options,
    }  # fmt: skip
    with UsdmThread(UsdmConfig(**given)) as thread:
        try:
            yield Venue(thread, given["log"])
        finally:
            thread.sandbox.truth.close()


@contextmanager
def serving_exchange(
    thread: type[ServingThread], config: type[VenueConfig], *, seconds_a_bar: float = 0.25,
    **options: Any,
) -> Iterator[Venue]:  # fmt: skip
    """Serve the sandbox of any exchange alike."""
    given: dict[str, Any] = {
        "markets": (MarketConfig(symbol="BTCUSDT", source="sample:BTCUSD_1h"),),
        "speed": 3600 / seconds_a_bar, "balances": {"USDT": Decimal(100_000)}, "log": LOG,
        **options,
    }  # fmt: skip
    with thread(config(**given)) as made:
        try:
            yield Venue(made, given["log"])
        finally:
            made.sandbox.truth.close()
