"""What the contract of stores is driven with: a venue under control, and connections to it."""

from __future__ import annotations

import asyncio
import functools
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from atms.stores.base import Store
from atms.stores.capabilities import Capabilities
from atms.stores.facts import Cursor, Fact, FillFact, OrderFact, Page
from atms.stores.outcomes import Acked, Outcome, Refused
from atms.stores.requests import Cancel, Key, Place, Prepared, Refs, Request, Ticket

Some = TypeVar("Some")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Bench(ABC):
    """One account at a venue that the test controls.

    Attributes:
        instrument: what is traded; its market is open and has a price.
        can: what the venue says that it can.
        start: a place in the log before everything that the test does.
    """

    instrument: str
    can: Capabilities
    start: Cursor

    @abstractmethod
    def connection(self) -> Store:
        """Return a new connection to the account, not connected yet."""

    @abstractmethod
    def standing(self, key: Key, *, larger: bool = False) -> Ticket:
        """Return a ticket that fills by `fill` alone; *larger*: one that it may be changed to."""

    @abstractmethod
    def taking(self, key: Key) -> Ticket:
        """Return a ticket that fills as soon as the venue carries orders out."""

    @abstractmethod
    def too_large(self, key: Key) -> Ticket:
        """Return a ticket that the account cannot pay."""

    @abstractmethod
    async def fill(self, key: Key, qty: Decimal | None = None) -> None:
        """Let the market fill this much of an order, or the rest of it."""

    @abstractmethod
    async def settle(self) -> None:
        """Let so much time pass that all is told, and that reads show everything."""

    @abstractmethod
    def received(self) -> int:
        """Return how many requests to write have reached the venue."""

    @abstractmethod
    def trouble(self, name: str) -> AbstractContextManager[None]:
        """Let something befall every request in a block.

        The names: ``lose_request``, ``lose_reply``, ``server_error``, ``late_reply``,
        ``rate_limited``, ``venue_down``, ``auth_failed``, ``partial_snapshot``.
        """

    async def opened(self) -> Store:
        """Return a connection that is connected."""
        store = self.connection()
        await store.connect()
        return store

    # ---- what some venues do, by their capabilities ---------------------------------------------
    def legs(self, target: Key, stop: Key) -> tuple[Ticket, Ticket]:
        """Return what protects a `standing` entry; `fill` fills the first."""
        raise NotImplementedError

    async def bar(self, number: int) -> None:
        """Let the market make the one-minute bar of this number; they rise by one."""
        raise NotImplementedError

    async def printed(self, price: Decimal, qty: Decimal) -> None:
        """Let others trade, a buyer taking."""
        raise NotImplementedError

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def leap(self, span: timedelta) -> None:
        """Let days or years pass in which nobody was connected."""
        await self.wait(span.total_seconds())

    async def correct(self, exec_: str) -> None:
        """Let the venue correct an execution's price."""
        raise NotImplementedError

    async def undo(self) -> None:
        """Take the newest block away, and let what was in it be carried out again."""
        raise NotImplementedError

    async def let_another_have_its_place(self) -> None:
        """Let a transaction that is not ours use the nonce that a pending one waits for."""
        raise NotImplementedError

    async def finish(self) -> None:
        """Let so much time pass that everything is final, and all is told."""
        await self.settle()


def played(test: Callable[[Any, Bench], Coroutine[Any, Any, None]]) -> Callable[[Any], None]:
    """Make a test of a coroutine that takes a bench."""

    @functools.wraps(test)
    def run(self: Any) -> None:
        self.play(functools.partial(test, self))

    del run.__wrapped__  # pytest would look for a fixture `bench`
    return run


class OnABench:
    """A class of tests of stores; the inheriting class gives the bench."""

    def play(self, body: Callable[[Bench], Awaitable[None]]) -> None:
        """Make a bench, and run a test on it; in virtual time where there is one."""
        raise NotImplementedError


class Ear:
    """Hears a store's private stream from now on."""

    def __init__(self, store: Store) -> None:
        self.facts: list[Fact] = []
        self._stream = store.facts()
        self._task = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        async for fact in self._stream:
            self.facts.append(fact)

    async def ended(self) -> bool:
        """Return whether the stream ends within a second."""
        done, _ = await asyncio.wait([self._task], timeout=1)
        return bool(done)

    def of(self, kind: type[Some]) -> list[Some]:
        """Return the facts of a kind, in the order of hearing."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def orders(self, key: Key, refs: Refs = frozenset()) -> list[OrderFact]:
        """Return what was heard of an order."""
        return [one for one in self.of(OrderFact) if one.key == key or one.refs & refs]

    def fills(self, key: Key, refs: Refs = frozenset()) -> list[FillFact]:
        """Return the executions of an order as they were heard."""
        return [one for one in self.of(FillFact) if one.key == key or one.refs & refs]


async def prepared(store: Store, request: Request) -> Prepared:
    """Prepare a request that is not refused."""
    made = await store.prepare(request)
    assert isinstance(made, Prepared), made
    return made


async def sent(store: Store, *tickets: Ticket, link: str = "single") -> Outcome:
    """Prepare and transmit one request; what is refused before it is sent is refused."""
    place = Place(tickets=tickets, link=link)  # type: ignore[arg-type]
    made = await store.prepare(place)
    return made if isinstance(made, Refused) else await store.transmit(made)


async def placed(store: Store, *tickets: Ticket, link: str = "single") -> dict[Key, Refs]:
    """Place tickets; return the names of each that are known then."""
    place = Place(tickets=tickets, link=link)  # type: ignore[arg-type]
    made = await prepared(store, place)
    outcome = await store.transmit(made)
    assert isinstance(outcome, Acked), outcome
    told = (*made.refs, *outcome.refs)
    return {
        ticket.key: frozenset(name for key, name in told if key == ticket.key) for ticket in tickets
    }


async def canceled(store: Store, key: Key, refs: Refs) -> Outcome:
    """Ask for a cancellation."""
    made = await store.prepare(Cancel(key=key, refs=refs))
    return made if isinstance(made, Refused) else await store.transmit(made)


async def read_log(store: Store, after: str, instruments: list[str]) -> list[Page]:
    """Read pages until there are no more."""
    pages = [await store.log(after, instruments)]
    while pages[-1].more:
        pages.append(await store.log(pages[-1].next, instruments))
        assert len(pages) < 1000
    return pages


async def traded(bench: Bench, store: Store, times: int, prefix: str = "a") -> None:
    """Place and fill one order after the other."""
    for number in range(times):
        outcome = await sent(store, bench.standing(f"{prefix}{number}"))
        assert isinstance(outcome, Acked)
        await bench.fill(f"{prefix}{number}")
    await bench.settle()


def executions(facts: list[Fact] | tuple[Fact, ...]) -> list[tuple[str, int]]:
    """Return (exec, version) of each fill."""
    return [(one.exec, one.version) for one in facts if isinstance(one, FillFact)]


def needs(there: object, why: str) -> None:
    """Skip what a venue does not do."""
    if not there:
        pytest.skip(why)
