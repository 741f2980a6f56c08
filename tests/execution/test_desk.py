"""The strategy's side of one account: what goes down together, what is taken back, how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.errors import JournalError
from atms.execution.broker.desk import GATHER, Desk, Manner
from atms.execution.core.events import TellAccount, TellOrder, Wish
from atms.execution.disk.files import AccountFiles
from atms.execution.driver.inline import InlineHost
from atms.sandbox.simulation.venue.faults import Faults
from atms.stores.base import AuthFailed, Unreachable
from atms.stores.requests import Kind, Ticket
from tests.execution.live_bench import SPOT, Bench, MemoryFiles, profile

LIMIT = Ticket(
    key="", instrument="sim-binance:AAAUSD", side=1, qty=Decimal(1), kind=Kind.LIMIT,
    limit=Decimal(90),
)  # fmt: skip
MARKET = replace(LIMIT, kind=Kind.MARKET, limit=None)


class Opened:
    """A desk on a simulated venue."""

    def __init__(self, kind: Any = SPOT, store: Any = None, **bench: Any) -> None:
        self.bench = Bench([100], kind, **bench)
        self.loop = self.bench.loop
        self.host = InlineHost(self.loop, shared=True)
        self.store = store or self.bench.places[0].profile.connect(self.bench.venue)
        self.told: list[Any] = []
        self.files: list[MemoryFiles] = []
        self.desk = Desk(self.store, self.host, self._files, Manner(), self.host.tell)
        self.desk.symbols.append("AAAUSD")
        self.desk.begin()

    def _files(self, account: str) -> MemoryFiles:
        self.files.append(MemoryFiles(self.bench.places[0].journal))
        return self.files[-1]

    def until(self, done: Callable[[], bool], within: float = 60.0) -> bool:
        end = self.loop.time() + within
        while not done() and self.loop.time() < end:
            self.host.wait(0.05)
            self.told += self.desk.take()
        return done()

    def ready(self) -> Opened:
        assert self.until(lambda: self.desk.ready)
        return self

    def wish(self, *tags: int, ticket: Ticket = LIMIT, **more: Any) -> None:
        self.desk.wish(Wish(tickets=(ticket,) * len(tags), tags=tags, **more))

    def last(self, tag: int) -> str:
        told = [
            word.status for word in self.told if isinstance(word, TellOrder) and word.tag == tag
        ]
        return told[-1] if told else ""

    def finish(self, within: float = 5.0) -> Desk:
        self.desk.end("leave", timedelta(seconds=within))
        assert self.until(lambda: self.desk.closed)
        self.host.close()
        self.loop.close()
        return self.desk


def test_it_is_ready_when_the_account_is_reconciled() -> None:
    opened = Opened().ready()
    assert opened.desk.capabilities.log == "per_instrument"
    assert list(opened.desk.instruments) == ["sim-binance:AAAUSD"]
    assert opened.told[-1] == TellAccount(what="ready")
    opened.finish()


def test_wishes_of_a_moment_are_durable_in_one_commit() -> None:
    opened = Opened().ready()
    before = len(opened.bench.places[0].journal.lines)
    appends: list[int] = []
    journal = opened.bench.places[0].journal
    append = journal.append
    journal.append = lambda bodies: (appends.append(len(bodies)), append(bodies))[1]
    for tag in range(1, 6):
        opened.wish(tag)
    assert opened.until(lambda: opened.last(5) == "accepted")
    assert appends[0] == 5
    assert len(journal.lines) > before
    opened.finish()


def test_wishes_go_down_by_themselves_after_a_moment() -> None:
    opened = Opened().ready()
    opened.wish(1)
    assert opened.until(lambda: opened.last(1) == "submitted", within=GATHER + 0.1)
    opened.finish()


def test_a_group_that_has_not_gone_down_is_taken_back_whole() -> None:
    opened = Opened().ready()
    opened.wish(1)
    opened.wish(2, 3, link="oco")
    assert opened.desk.withdraw(3) == (2, 3)
    assert opened.desk.withdraw(3) == ()
    assert opened.until(lambda: opened.last(1) == "accepted")
    assert len(opened.bench.venue.orders) == 1
    opened.finish()


def test_an_order_joins_the_oco_group_of_one_that_has_not_gone_down() -> None:
    opened = Opened(profile("binance", cancels_together=True)).ready()
    opened.wish(1)
    assert opened.desk.join(1, Wish(tickets=(LIMIT,), tags=(2,), link="oco"))
    assert opened.desk.join(2, Wish(tickets=(LIMIT,), tags=(3,), link="oco"))
    assert opened.until(lambda: opened.last(3) == "accepted")
    assert len({order.group for order in opened.bench.venue.orders.values()}) == 1
    assert not opened.desk.join(1, Wish(tickets=(LIMIT,), tags=(4,), link="oco"))
    opened.finish()


def test_market_orders_of_one_moment_are_not_bound_to_reducing() -> None:
    opened = Opened().ready()
    reducing = replace(MARKET, side=-1, reduces=True)
    opened.wish(1, ticket=MARKET)
    assert opened.until(lambda: opened.last(1) == "completed")
    opened.wish(2, ticket=replace(reducing, qty=Decimal("0.5")))
    assert opened.until(lambda: opened.last(2) == "completed")
    opened.wish(3, ticket=replace(reducing, qty=Decimal("0.2")))
    opened.wish(4, ticket=replace(reducing, qty=Decimal("0.3")))
    assert opened.until(lambda: opened.last(4) == "completed")
    flags = [order.ticket.reduces for order in opened.bench.venue.orders.values()]
    assert flags == [False, True, False, False]
    opened.finish()


def test_an_order_is_taken_back_by_its_tag_or_its_key() -> None:
    opened = Opened().ready()
    opened.wish(1)
    opened.wish(2)
    assert opened.until(lambda: opened.last(2) == "accepted")
    key = next(word.key for word in opened.told if getattr(word, "tag", None) == 2)
    opened.desk.cancel(1, None)
    opened.desk.cancel(None, key)
    assert opened.until(lambda: opened.last(1) == opened.last(2) == "canceled")
    opened.finish()


def test_a_venue_that_cannot_be_reached_is_asked_again_until_it_can() -> None:
    opened = Opened(faults=Faults(venue_down=1))
    assert not opened.until(lambda: opened.desk.ready, within=20)
    assert isinstance(opened.desk.trouble, Unreachable)
    opened.bench.venue.chance.faults = Faults()
    opened.ready()
    assert opened.desk.failed is None
    opened.finish()


def test_a_venue_lost_between_connecting_and_listing_is_asked_again_and_begun_once() -> None:
    opened = Opened()
    listed, calls = opened.store.instruments, []

    async def flaky(symbols: Any) -> Any:
        calls.append(symbols)
        if len(calls) < 3:
            raise Unreachable("gone")
        return await listed(symbols)

    opened.store.instruments = flaky
    opened.ready()
    started = [line for line in opened.bench.places[0].journal.lines if '"Started"' in line]
    assert (len(calls), len(started)) == (3, 1)
    opened.finish()


def test_a_key_that_is_not_taken_is_not_tried_again() -> None:
    opened = Opened(faults=Faults(auth_failed=1))
    assert opened.until(lambda: opened.desk.failed is not None, within=5)
    assert isinstance(opened.desk.failed, AuthFailed)
    assert opened.finish().left == ()


def test_an_account_that_is_closed_while_it_is_opened_stays_closed() -> None:
    opened = Opened(faults=Faults(venue_down=1))
    assert not opened.until(lambda: opened.desk.ready, within=1)
    opened.desk.end("leave", timedelta(seconds=1))
    opened.bench.venue.chance.faults = Faults()
    assert opened.until(lambda: opened.desk.closed)
    opened.until(lambda: False, within=30)
    assert not opened.files
    assert not opened.desk.ready
    opened.host.close()
    opened.loop.close()


def test_a_connection_that_hangs_is_given_up_and_made_anew() -> None:
    opened = Opened()
    connect, calls = opened.store.connect, []

    async def hangs() -> Any:
        calls.append(1)
        if len(calls) == 1:
            await asyncio.sleep(10_000)
        return await connect()

    opened.store.connect = hangs
    opened.ready()
    assert len(calls) == 2
    opened.finish()


def test_a_store_that_does_not_close_is_not_waited_for_for_ever() -> None:
    opened = Opened().ready()

    async def hangs() -> None:
        await asyncio.sleep(10_000)

    opened.store.close = hangs
    opened.desk.end("leave", timedelta(seconds=5))
    assert opened.until(lambda: opened.desk.closed, within=20)
    opened.host.close()
    opened.loop.close()


@pytest.mark.parametrize("policy", ["cancel", "flatten"])
def test_it_ends_by_policy_and_says_what_is_left(policy: Any) -> None:
    opened = Opened().ready()
    opened.wish(1)
    opened.wish(2, ticket=MARKET)
    assert opened.until(lambda: opened.last(1) == "accepted" and opened.last(2) == "completed")
    opened.bench.venue.closed.add("sim-binance:AAAUSD")
    opened.desk.end(policy, timedelta(seconds=5))
    assert opened.until(lambda: opened.desk.closed)
    held = ("1 of sim-binance:AAAUSD are still held",)
    assert opened.desk.left == (held if policy == "flatten" else ())
    assert not opened.bench.venue.open_orders()
    opened.host.close()
    opened.loop.close()


def test_an_entry_that_is_no_record_is_a_damaged_journal() -> None:
    class Unreadable:
        id, path = "test", Path("journal.db")

        def bodies(self) -> list[tuple[int, str]]:
            return [(1, "{}")]

    files = AccountFiles(None, Unreadable())  # type: ignore[arg-type]
    with pytest.raises(JournalError, match=r"journal.db: is damaged: entry 1: no record"):
        list(files.records)
