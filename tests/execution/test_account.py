"""The driver: instructions in their order, and a store that misbehaves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import JournalError
from atms.execution.account import ANSWER, Account
from atms.execution.core import Core, Terms
from atms.execution.events import TellAccount, TellOrder, Wish, Wishes
from atms.sandbox.simulation.adversary import MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.profiles import PROFILES
from atms.stores.outcomes import Outcome
from atms.stores.requests import Kind, Prepared, Ticket

START = datetime(2026, 1, 1, tzinfo=UTC)


class Bench:
    """One account on a quiet venue, in virtual time."""

    def __init__(self, kind: type[ExchangeStore] = ExchangeStore) -> None:
        self.loop = VirtualLoop(START)
        self.venue = PROFILES["exchange"].venue(clock=self.loop.now, source=random.Random(1))
        self.instrument = next(iter(self.venue.instruments))
        self.journal = MemoryJournal()
        self.told: list[Any] = []
        self.core = Core(Terms(journal="t", instruments=(self.instrument,)))
        self.account = Account(
            self.core, kind(self.venue), self.journal,
            loop=self.loop, now=self.loop.now, tell=self.told.append,
        )  # fmt: skip
        self.venue.trade(self.instrument, Decimal(100), Decimal(10))
        self.account.spawn(self.account.run())
        self.wait(60)
        assert self.core.ready

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

    def call(kind: type[ExchangeStore] = ExchangeStore) -> Bench:
        made.append(Bench(kind))
        return made[-1]

    yield call
    for one in made:
        one.close()


@pytest.fixture
def bench(make: Callable[..., Bench]) -> Bench:
    return make()


def test_an_order_goes_through_all_of_its_states(bench: Bench) -> None:
    bench.buy()
    bench.wait(5)
    assert bench.statuses == ["submitted", "accepted", "partial", "completed"]
    assert bench.core.state.books.qty(bench.instrument) == 1


class Hangs(ExchangeStore):
    """Sends, and never comes back."""

    async def transmit(self, prepared: Prepared) -> Outcome:
        outcome = await super().transmit(prepared)
        await asyncio.get_running_loop().create_future()
        return outcome


def test_a_client_that_hangs_is_given_up_and_the_order_found(make: Callable[..., Bench]) -> None:
    bench = make(Hangs)
    bench.venue.faults = Faults(drop_fact=1.0)  # nothing by the stream
    bench.buy()
    bench.wait(ANSWER.total_seconds() + 60)
    assert bench.statuses[-1] == "completed"
    assert len(bench.venue.by_key) == 1
    assert bench.core.state.books.qty(bench.instrument) == 1


class Stuck(ExchangeStore):
    """Never sends, and never comes back."""

    async def transmit(self, prepared: Prepared) -> Outcome:
        await asyncio.get_running_loop().create_future()
        raise AssertionError


def test_what_a_client_never_sent_is_not_placed_in_the_end(make: Callable[..., Bench]) -> None:
    bench = make(Stuck)
    bench.buy()
    bound = bench.venue.manners.outcome_bound
    bench.wait((ANSWER + bound).total_seconds() + 30)
    assert bench.statuses == ["submitted", "rejected"]
    assert bench.core.frozen(bench.instrument) is None


class FullDisk(MemoryJournal):
    """A journal on a disk that is full after the start."""

    full = False

    def append(self, bodies: Sequence[str]) -> int:
        if self.full:
            raise JournalError("journal.db: the disk is full")
        return super().append(bodies)


def test_what_cannot_be_written_is_not_sent(bench: Bench) -> None:
    bench.account._journal = journal = FullDisk()
    journal.full = True
    bench.buy()
    bench.wait(30)
    assert bench.venue.by_key == {}
    (last,) = [word for word in bench.told if isinstance(word, TellAccount)][-1:]
    assert (last.what, last.text) == ("halted", "the journal: journal.db: the disk is full")


def test_an_abandoned_account_sends_nothing_more(bench: Bench) -> None:
    bench.buy()
    bench.account.abandon(RuntimeError("killed"))
    bench.wait(30)
    assert bench.venue.by_key == {}
    assert bench.statuses == []
