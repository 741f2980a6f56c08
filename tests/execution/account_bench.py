"""One account on a quiet simulated venue, in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.core import Core, Terms
from atms.execution.core.events import TellOrder, Wish, Wishes
from atms.execution.driver.account import Account
from atms.sandbox.simulation.lives import MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.sandbox.simulation.venue.profiles import PROFILES
from atms.stores.requests import Kind, Ticket

START = datetime(2026, 1, 1, tzinfo=UTC)


class Bench:
    """One account on a quiet venue, in virtual time."""

    def __init__(
        self, kind: type[ExchangeStore] = ExchangeStore, after: Bench | None = None, *,
        connected: bool = False,
    ) -> None:  # fmt: skip
        self.loop = VirtualLoop(START)
        self.venue = PROFILES["binance"].venue(clock=self.loop.now, source=random.Random(1))
        self.instrument = next(iter(self.venue.instruments))
        self.journal = after.journal if after else MemoryJournal()
        self.told: list[Any] = []
        terms = Terms(journal="t", instruments=(self.instrument,))
        self.core = Core(terms, self.journal.records())
        self.store: Any = kind(self.venue)
        self.account = Account(
            self.core, self.store, self.journal,
            loop=self.loop, now=self.loop.now, tell=self.told.append,
        )  # fmt: skip
        self.venue.trade(self.instrument, Decimal(100), Decimal(10))
        self.account.spawn(self._run(connected))
        self.wait(60)
        assert self.core.ready

    async def _run(self, connected: bool) -> None:
        await self.account.run(await self.store.connect() if connected else None)

    def wait(self, seconds: float) -> None:
        self.loop.turn(lambda: False, seconds)

    def buy(self) -> None:
        ticket = Ticket(
            key="", instrument=self.instrument, side=1, qty=Decimal(1), kind=Kind.MARKET
        )
        self.account.feed(Wishes(wishes=(Wish(tickets=(ticket,), tags=(7,)),)))

    def close(self) -> None:
        self.account.abandon(RuntimeError("the test is over"))
        self.venue.sever()
        self.loop.turn(lambda: False, 0)
        self.loop.close()

    @property
    def statuses(self) -> list[str]:
        return [word.status for word in self.told if isinstance(word, TellOrder)]


@pytest.fixture
def make() -> Iterator[Callable[..., Bench]]:
    """Make benches, and close them."""
    made: list[Bench] = []

    def call(*args: Any, **others: Any) -> Bench:
        made.append(Bench(*args, **others))
        return made[-1]

    yield call
    for one in made:
        one.close()


@pytest.fixture
def bench(make: Callable[..., Bench]) -> Bench:
    return make()
