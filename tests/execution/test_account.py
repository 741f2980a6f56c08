"""The driver: instructions in their order, and a store that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from atms.errors import JournalError
from atms.execution.core.events import Sent, TellAccount, Wish, Wishes
from atms.execution.driver.account import ANSWER
from atms.sandbox.simulation.lives import MemoryJournal
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.sandbox.simulation.venue.faults import Faults
from atms.stores.base import Unreachable
from atms.stores.capabilities import Capabilities
from atms.stores.market import Instrument
from atms.stores.outcomes import Acked, Outcome
from atms.stores.requests import Kind, Prepared, Request, Ticket
from tests.execution.account_bench import Bench, bench, make

__all__ = ["bench", "make"]


def test_an_order_goes_through_all_of_its_states(bench: Bench) -> None:
    bench.buy()
    bench.wait(5)
    assert list(dict.fromkeys(bench.statuses)) == ["submitted", "accepted", "partial", "completed"]
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


def test_what_another_process_may_have_taken_is_not_sent(bench: Bench) -> None:
    """Between the record and its bytes, as of a process that was stopped and goes on."""

    def taken() -> None:
        raise JournalError("journal.db: epoch 2 has begun, this is 1")

    bench.account._calls._ours = taken
    bench.buy()
    bench.wait(30)
    assert bench.venue.by_key == {}
    assert bench.account.failed is not None
    (last,) = [word for word in bench.told if isinstance(word, TellAccount)][-1:]
    assert (last.what, "epoch 2 has begun" in last.text) == ("halted", True)


def test_what_leaves_in_the_turn_in_which_the_account_is_lost_is_not_sent(bench: Bench) -> None:
    bench.account._journal = journal = FullDisk()
    left: list[str] = []

    def ours() -> None:
        if journal.full:
            raise JournalError("journal.db: the disk is full")

    async def transmit(prepared: Any) -> Acked:
        left.append(prepared.request.tickets[0].key)
        journal.full = True
        outcome = Acked(refs=(), facts=())
        bench.account.feed(Sent(prepared=prepared, outcome=outcome))
        bench.account._inbox.empty()  # it cannot be written any more
        return outcome

    bench.account._calls._ours = ours
    bench.store.transmit = transmit
    ticket = Ticket(key="", instrument=bench.instrument, side=1, qty=Decimal(1), kind=Kind.MARKET)
    wishes = tuple(Wish(tickets=(ticket,), tags=(tag,)) for tag in (1, 2, 3))
    bench.account.feed(Wishes(wishes=wishes))
    bench.wait(30)
    assert len(left) == 1


def test_an_abandoned_account_sends_nothing_more(bench: Bench) -> None:
    bench.buy()
    bench.account.abandon(RuntimeError("killed"))
    bench.wait(30)
    assert bench.venue.by_key == {}
    assert bench.statuses == []


# ---- starting ----------------------------------------------------------------------------------
class Watched(ExchangeStore):
    """Keeps what was called, and can hang."""

    def __init__(self, venue: Any) -> None:
        super().__init__(venue)
        self.calls: list[Any] = []
        self.hangs = ""

    async def connect(self) -> Capabilities:
        self.calls.append("connect")
        if self.hangs == "connect":
            await asyncio.get_running_loop().create_future()
        return await super().connect()

    def used(self, names: Iterable[str]) -> None:
        self.calls.append(sorted(names))

    async def instruments(self, symbols: Sequence[str]) -> tuple[Instrument, ...]:
        self.calls.append("instruments")
        if self.hangs == "instruments":
            await asyncio.get_running_loop().create_future()
        return await super().instruments(symbols)


def test_names_that_the_journal_holds_are_used_before_anything_else(
    make: Callable[..., Bench],
) -> None:
    first = make(Watched)
    assert first.store.calls == ["connect", [], "instruments"]
    first.buy()
    first.wait(5)
    second = make(Watched, first)
    assert second.store.calls == ["connect", ["order:1"], "instruments"]


def test_a_store_that_is_connected_already_is_not_connected_again(
    make: Callable[..., Bench],
) -> None:
    bench = make(Watched, connected=True)
    assert bench.store.calls == ["connect", [], "instruments"]  # the first was the test's own


@pytest.mark.parametrize("call", ["connect", "instruments"])
def test_a_start_that_hangs_is_given_up(make: Callable[..., Bench], call: str) -> None:
    bench = make(Watched)
    bench.store.hangs = call
    raised: list[Exception] = []

    async def start() -> None:
        try:
            await bench.account.run()
        except Unreachable as error:
            raised.append(error)

    bench.account.spawn(start())
    bench.wait(ANSWER.total_seconds() + 1)
    assert [str(one) for one in raised] == [f"{call}: no answer within 30 s"]


def test_places_are_prepared_one_after_the_other(make: Callable[..., Bench]) -> None:
    bench = make(Slow)
    for _ in range(3):
        bench.buy()
    bench.wait(10)
    assert bench.store.most == 1
    assert bench.statuses.count("completed") == 3


class Slow(ExchangeStore):
    """Takes its time to prepare, the less the more often it was asked."""

    def __init__(self, venue: Any) -> None:
        super().__init__(venue)
        self.running = self.most = 0
        self.times = 3

    async def prepare(self, request: Request) -> Prepared:
        self.running += 1
        self.most = max(self.most, self.running)
        self.times -= 1
        await asyncio.sleep(0.1 * self.times)
        self.running -= 1
        return await super().prepare(request)
