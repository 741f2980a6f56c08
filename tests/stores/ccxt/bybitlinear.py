"""A bench on the sandbox of Bybit's linear contracts: the real ccxt, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from atms.sandbox.bybitlinear.config import BybitLinearConfig
from atms.sandbox.bybitlinear.server import BybitLinearSandbox
from atms.sandbox.venue.config import MarketConfig
from atms.stores.ccxt.store import CCXTStore
from atms.stores.requests import Key, Kind, Ticket
from tests.stores.bench import Ear, placed
from tests.stores.ccxt.bench import SandboxBench, play
from tests.stores.ccxt.bybit import WORDS

CONFIG = BybitLinearConfig(
    balances={"USDT": Decimal(4_000)},
    markets=(MarketConfig(step=Decimal("0.001"), depth=Decimal(500)),),
)


class LinearBench(SandboxBench):
    """One account of the sandbox of contracts."""

    exchange, symbol, words = "bybitlinear", "BTC/USDT:USDT", WORDS
    sandbox: BybitLinearSandbox

    def too_large(self, key: Key) -> Ticket:
        # 90,000 need 4,500 at a leverage of 20
        return replace(self.standing(key), qty=Decimal(1000))

    def stop(self, key: Key, trigger: int, *, side: int = -1, qty: int = 8) -> Ticket:
        """Return a conditional order at the market that reduces."""
        return Ticket(
            key=key, instrument=self.instrument, side=side, qty=Decimal(qty), kind=Kind.STOP,
            trigger=Decimal(trigger), reduces=True,
        )  # fmt: skip


def run(body: Callable[[LinearBench], Awaitable[None]], config: BybitLinearConfig = CONFIG) -> None:
    """Run a coroutine with a bench, and leave nothing open."""
    play(body, lambda: BybitLinearSandbox(config), LinearBench)


def store_of(bench: LinearBench, **more: object) -> CCXTStore:
    """Return a connection with options of its own."""
    made = CCXTStore(
        "bybitlinear", url=bench.front.url, key=bench.sandbox.key, secret=bench.sandbox.secret,
        timeout=5, market_clock="stream", options=more,
    )  # fmt: skip
    bench.stores.append(made)
    return made


async def until(there: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not there():
            await asyncio.sleep(0.02)


async def long_of_eight(bench: LinearBench, store: Any) -> Ear:
    """Hold 8 units, bought at 100, and listen."""
    ear = Ear(store)
    await placed(store, bench.taking("long"))
    await until(lambda: ear.fills("long"))
    return ear
