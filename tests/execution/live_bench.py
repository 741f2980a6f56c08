"""A live run on virtual time: real Cerebro, broker, feed, driver and core on a simulated venue."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt

from atms.execution.host import InlineHost
from atms.execution.records import Record, decode
from atms.model import Timeframe
from atms.running.trading import Trading
from atms.sandbox.simulation.adversary import MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.venue import PROFILES
from atms.sandbox.simulation.venue.faults import Faults
from atms.stores.market import Bar

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class MemoryFiles:
    """A journal that lives as long as the bench."""

    id = "test"

    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal

    @property
    def records(self) -> Sequence[Record]:
        return [decode(line) for line in self.journal.lines]

    def close(self) -> None:
        """Keep everything: another process may begin."""


@dataclass
class Bench:
    """A venue with a market that moves by a list of closes, one bar a minute."""

    closes: Sequence[float]
    profile: str = "exchange"
    warm: int = 3
    symbols: int = 1
    faults: Faults | None = None
    keeps: bool = False  # for another run
    loop: VirtualLoop = field(default_factory=lambda: VirtualLoop(START))
    journal: MemoryJournal = field(default_factory=MemoryJournal)

    def __post_init__(self) -> None:
        self.venue = PROFILES[self.profile].venue(
            clock=self.loop.now, source=random.Random(7), faults=self.faults
        )
        self.instruments = list(self.venue.instruments)[: self.symbols]
        self.bars = 0
        for _ in range(self.warm):
            self._bar(self.closes[0])

    def run(self, strategy: type[bt.Strategy], **options: Any) -> tuple[bt.Strategy, Trading]:
        """Run a strategy over the closes and return it."""
        trading = Trading(
            Path("state"), host=InlineHost(self.loop, shared=True),
            files=lambda account: MemoryFiles(self.journal), **options,
        )  # fmt: skip
        store = PROFILES[self.profile].connect(self.venue)
        cerebro = bt.Cerebro(stdstats=False)
        start = self.loop.now() - self.warm * MINUTE
        for instrument in self.instruments:
            symbol = instrument.partition(":")[2]
            cerebro.adddata(trading.feed(store, symbol, Timeframe(1, "m"), start))
        cerebro.setbroker(trading.broker("USD"))
        cerebro.addstrategy(strategy)
        trading.host.spawn(self._market(trading))
        try:
            (ran,) = cerebro.run()
        finally:
            trading.close()
            if not self.keeps:
                self.loop.close()
        return ran, trading

    async def _market(self, trading: Trading) -> None:
        await asyncio.sleep(5)
        for close in self.closes:
            await asyncio.sleep(60)
            self._bar(close)
        await asyncio.sleep(30)
        trading.end()

    def _bar(self, close: float) -> None:
        """Let a bar's path happen, then the bar itself."""
        price = Decimal(str(close))
        for instrument in self.instruments:
            self.venue.trade(instrument, price, Decimal(1000))
            begins = START + self.bars * MINUTE
            self.venue.bar(
                "1m",
                Bar(
                    instrument=instrument, open_at=begins, close_at=begins + MINUTE, open=price,
                    high=price, low=price, close=price, volume=Decimal(1000), final=True,
                ),
            )  # fmt: skip
        self.bars += 1

