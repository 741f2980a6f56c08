"""A live run on wall time: the same venue and broker, with the driver in a thread of its own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt

from atms.execution.driver.host import Host, ThreadHost
from atms.model import Timeframe
from atms.running.trading import Trading
from atms.sandbox.simulation.adversary import MemoryJournal
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.manners import Delays
from atms.sandbox.simulation.venue.profiles import Profile
from atms.stores.market import Bar
from tests.execution.live_bench import SPOT, MemoryFiles, Ran

# More orders in a second than a venue would take.
UNLIMITED = replace(SPOT, manners=replace(SPOT.manners, budgets=()))
QUICK = Delays(out=(0.0005, 0.002), back=(0.0005, 0.002), stream=(0.0005, 0.002))
SECOND = timedelta(seconds=1)


def wall_run(
    strategy: type[bt.Strategy],
    *,
    closes: Sequence[float],
    profile: Profile = UNLIMITED,
    host: Host | None = None,
    faults: Faults | None = None,
    length: float = 1.0,
    files: Callable[[str], Any] | None = None,
    closing: bool = True,
    **options: Any,
) -> Ran:
    """Run a strategy over closes that come every *length* seconds, as bars of a second."""
    host = host or ThreadHost()
    venue = profile.venue(
        clock=lambda: datetime.now(UTC), source=random.Random(7), faults=faults, delays=QUICK
    )
    journal = MemoryJournal()
    trading = Trading(
        Path("state"), host=host, files=files or (lambda account: MemoryFiles(journal)), **options
    )
    name = next(iter(venue.instruments))
    begins = datetime.now(UTC).replace(microsecond=0)
    store = profile.connect(venue)
    venue.trade(name, Decimal(str(closes[0])), Decimal(1000))
    _tell(venue, name, closes[0], begins - SECOND)
    cerebro = bt.Cerebro(stdstats=False)
    symbol = name.partition(":")[2]
    start = begins - 5 * SECOND
    cerebro.adddata(trading.feed(store, symbol, Timeframe(1, "s"), start), name=symbol)
    cerebro.setbroker(trading.broker("USD"))
    cerebro.addstrategy(strategy)

    async def market() -> None:
        for place, close in enumerate(closes):
            await asyncio.sleep(length)
            venue.trade(name, Decimal(str(close)), Decimal(1_000_000))
            _tell(venue, name, close, begins + place * SECOND)
        await asyncio.sleep(length)
        trading.end()

    trading.host.spawn(market())
    try:
        return Ran(cerebro.run(), trading, cerebro)
    finally:
        if closing:
            trading.close()


def _tell(venue: Any, name: str, close: float, begins: datetime) -> None:
    price = Decimal(str(close))
    bar = Bar(
        instrument=name, open_at=begins, close_at=begins + SECOND, open=price, high=price,
        low=price, close=price, volume=Decimal(0), final=True,
    )  # fmt: skip
    venue.bar("1s", bar)
