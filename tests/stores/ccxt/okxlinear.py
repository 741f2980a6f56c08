"""A bench on the sandbox of OKX's swaps: the real ccxt, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from atms.sandbox.okxlinear.config import OkxLinearConfig
from atms.sandbox.okxlinear.server import OkxLinearSandbox
from atms.sandbox.venue.config import MarketConfig
from atms.stores.requests import Key, Kind, Side, Ticket
from tests.stores.bench import Ear, placed
from tests.stores.ccxt.bench import play
from tests.stores.ccxt.okx import OkxBench

# Several connections of a test ask with one key, as fast as they can. A contract is a hundredth of
# a coin, so what is 8 here is 800 there.
CONFIG = OkxLinearConfig(
    balances={"USDT": Decimal(4_000)}, limits_times=100,
    markets=(MarketConfig(step=Decimal("0.001"), depth=Decimal(500)),),
)  # fmt: skip


class OkxLinearBench(OkxBench):
    """One account of the sandbox of swaps."""

    exchange, symbol = "okxlinear", "BTC/USDT:USDT"
    sandbox: OkxLinearSandbox

    def too_large(self, key: Key) -> Ticket:
        # 90,000 need 4,500 at a leverage of 20
        return replace(self.standing(key), qty=Decimal(1000))

    def stop(self, key: Key, trigger: int, *, side: Side = -1, qty: int = 8) -> Ticket:
        """Return a stop at the market that reduces."""
        return Ticket(
            key=key, instrument=self.instrument, side=side, qty=Decimal(qty), kind=Kind.STOP,
            trigger=Decimal(trigger), reduces=True,
        )  # fmt: skip


def run(
    body: Callable[[OkxLinearBench], Awaitable[None]], config: OkxLinearConfig = CONFIG
) -> None:
    """Run a coroutine with a bench, and leave nothing open."""
    play(body, lambda: OkxLinearSandbox(config), OkxLinearBench)


async def until(there: Callable[[], object]) -> None:
    """Wait until something is there."""
    async with asyncio.timeout(5):
        while not there():
            await asyncio.sleep(0.02)


async def long_of_eight(bench: OkxLinearBench, store: Any) -> Ear:
    """Hold 8 units, bought at 100, and listen."""
    ear = Ear(store)
    await placed(store, bench.taking("long"))
    await until(lambda: ear.fills("long"))
    return ear
