"""The driver of one account: carries out what its core decides, in its order. The only awaits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from atms.errors import JournalError
from atms.execution.core.core import Core
from atms.execution.core.events import (
    Connected,
    Event,
    Heard,
    Instruction,
    LogRead,
    Look,
    LookedUp,
    Persist,
    Prepare,
    ReadLog,
    ReadSnapshot,
    Ready,
    Sent,
    SnapshotRead,
    TellAccount,
    TellBooks,
    TellFee,
    TellFill,
    TellOpen,
    TellOrder,
    Tick,
    Transmit,
    Unwatch,
    Wake,
    Watch,
    Wishes,
)
from atms.execution.core.records import encode
from atms.execution.driver.batches import handle
from atms.execution.driver.calls import ANSWER, Calls, within
from atms.execution.driver.inbox import Inbox
from atms.execution.driver.listing import listed
from atms.execution.driver.quoting import Quotes
from atms.execution.driver.waiting import Line
from atms.execution.driver.write_ahead import WriteAhead
from atms.stores.base import Store
from atms.stores.capabilities import Capabilities
from atms.stores.facts import LinkFact
from atms.stores.market import Instrument
from atms.stores.outcomes import Looked, Never, NotSeen, NotSent, Outcome, Refused
from atms.stores.requests import Cancel, Prepared, Request

__all__ = ["ANSWER", "Account", "Told", "WriteAhead"]

Told = TellOrder | TellFill | TellFee | TellAccount | TellBooks | TellOpen

_LOOK_LATER = 5.0  # seconds until an order that waits here may be asked for again


class Account:
    """Runs one core on one asyncio loop.

    Args:
        core: decides.
        store: the connection.
        journal: keeps.
        loop: where everything runs; nothing here is called from another thread.
        now: the clock.
        tell: takes what the strategy and the operator should hear.
        before: called before each instruction is carried out; what it raises ends the account.

    Attributes:
        failed: why nothing is carried out any more: the journal could not be written.
    """

    def __init__(
        self,
        core: Core,
        store: Store,
        journal: WriteAhead,
        *,
        loop: asyncio.AbstractEventLoop,
        now: Callable[[], datetime],
        tell: Callable[[Told], None],
        before: Callable[[Instruction], None] = lambda instruction: None,
    ) -> None:
        self.core = core
        self.failed: BaseException | None = None
        self._store = store
        self._journal = journal
        self._loop = loop
        self._now = now
        self._tell = tell
        self._before = before
        self._inbox = Inbox(loop, self._take_in)
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._calls = Calls(store, now, tell, journal.check)
        self._line = Line(store, loop, tell, self.feed)
        self._preparing = asyncio.Lock()
        self._quotes = Quotes(
            store, self._calls, self.feed, self._spawn,
            pause=core.terms.retry, longest=core.terms.longest,
        )  # fmt: skip

    async def run(self, capabilities: Capabilities | None = None) -> None:
        """Connect, take the journal's next epoch, and listen until the store is closed.

        Args:
            capabilities: what :meth:`Store.connect` told, where the store is connected already.

        Raises:
            AuthFailed, Unreachable, RateLimited: the venue cannot be connected to.
            NoSymbol: it does not list what is to be traded.
        """
        if capabilities is None:
            capabilities = await within(self._store.connect(), "connect")
        self._store.used(tuple(self.core.state.by_name))
        instruments = await self._listed()
        self._do_all(self.core.start(self._journal.begin(self._now()), self._now()))
        self._spawn(self._listen())
        self.feed(Connected(capabilities=capabilities, instruments=instruments))

    async def _listed(self) -> tuple[Instrument, ...]:
        """Return what the venue lists of all that is to be traded, or ever was.

        Raises:
            NoSymbol: what is to be traded is not there. What was, and is delisted, is left out.
        """
        found, missing = await listed(self._store, self.core.traded())
        if missing is not None and {*self.core.terms.instruments} - {one.id for one in found}:
            raise missing
        return found

    async def _list_again(self) -> None:
        """Tell the core what the venue has struck off since, if that keeps the log from being read.

        Where the log is asked for symbol by symbol, one that is there no more has no answer.
        """
        asked = self.core.asked()
        found = await self._calls.read("instruments", partial(listed, self._store, asked))
        if found is not None and found[1] is not None:
            can = self.core.capabilities
            assert can is not None
            self.feed(Connected(capabilities=can, instruments=found[0]))

    def feed(self, event: Event) -> None:
        """Give the core an event, after those that came before, and carry out what it decides.

        What comes in one turn of the loop shares a commit. Only wishes are with the core when this
        returns: who made them may look at once whether they are settled.
        """
        self._inbox.put(event)
        if isinstance(event, Wishes):
            self._inbox.empty()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside, to be ended with the account."""
        self._spawn(work)

    def abandon(self, why: BaseException) -> None:
        """Carry nothing out any more, from this instant on; what was sent stays sent."""
        self.failed = why
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """End what is running; what was sent stays sent, and what waits is not."""
        await self._line.close()
        self._inbox.empty()
        if self._timer is not None:
            self._timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take_in(self, events: Iterator[Event]) -> None:
        """Let the core handle events, in their order; make durable what they bring, then do it.

        The records of all of them are there or none is, before anything leaves or is told: a
        process that dies in between has neither heard nor done anything.
        """
        handle(self.core, self._still(events), self._now, self._do_all)

    def _still(self, events: Iterator[Event]) -> Iterator[Event]:
        """Return events; none any more once the account has failed."""
        return (event for event in events if self.failed is None)

    def _do_all(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            self._before(instruction)
            try:
                self._do(instruction)
            except JournalError as error:  # what is not durable may not be sent
                self._halt(error)
                return

    def _halt(self, error: JournalError) -> None:
        self.failed = error
        self._calls.doubt()  # orders that are to leave in this turn are not sent, either
        self._tell(TellAccount(what="halted", text=f"the journal: {error}"))

    def _do(self, instruction: Instruction) -> None:
        match instruction:
            case Persist(records=records):
                self._journal.append([encode(record) for record in records])
            case Prepare(requests=requests):
                self._spawn(self._prepare(requests))
            case Transmit(prepared=prepared):
                self._spawn(self._transmit(prepared))
            case Look():
                self._spawn(self._look(instruction))
            case ReadLog():
                self._spawn(self._read_log(instruction))
            case ReadSnapshot():
                self._spawn(self._read_snapshot(instruction))
            case Wake(at=at):
                self._wake(at)
            case Watch(instrument=instrument):
                self._quotes.watch(instrument)
            case Unwatch(instrument=instrument):
                self._quotes.unwatch(instrument)
            case _:
                self._tell(instruction)

    def _wake(self, at: datetime) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = max(0.0, (at - self._now()).total_seconds())
        self._timer = self._loop.call_later(delay, self.feed, Tick())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()  # type: ignore[misc]

    # ---- the only awaits ------------------------------------------------------------------------
    async def _listen(self) -> None:
        """Hear the private stream; one that breaks is opened again, later each time."""
        pause = self.core.terms.retry
        while True:
            stream, heard = self._store.facts(), False
            while True:
                try:
                    fact = await anext(stream)
                except StopAsyncIteration:
                    return  # the store was closed
                except Exception as error:  # noqa: BLE001 - told, and opened again
                    self._calls.trouble("facts", error)
                    break
                heard = True
                self.feed(Heard(fact=fact))
            pause = self.core.terms.retry if heard else min(2 * pause, self.core.terms.longest)
            self._link(up=False)
            await asyncio.sleep(pause.total_seconds())
            self._link(up=True)

    def _link(self, *, up: bool) -> None:
        self.feed(Heard(fact=LinkFact(at=self._now(), up=up, lossless=False, why="the stream")))

    async def _prepare(self, requests: Sequence[Request]) -> None:
        if all(isinstance(request, Cancel) for request in requests):
            await self._prepare_all(requests)
            return
        async with self._preparing:  # what is numbered becomes durable in the order of its numbers
            await self._prepare_all(requests)

    async def _prepare_all(self, requests: Sequence[Request]) -> None:
        results: list[tuple[Request, Prepared | Refused | None, str]] = []
        for request in requests:
            prepared, why = await self._calls.prepare(request)
            results.append((request, prepared, why))
        self.feed(Ready(results=tuple(results)))

    async def _transmit(self, prepared: Prepared) -> None:
        request = prepared.request
        outcome: Outcome | None = None
        if isinstance(request, Cancel) and self._line.withdraw(request.key):
            outcome = NotSent(why="its order had not left")
        elif waiting := await self._line.through(prepared):
            outcome = NotSent(why=waiting.left)
            for key in waiting.canceled:  # they are over as canceled, not as rejected
                never = Never(proof=waiting.left)
                self.feed(LookedUp(key=key, asked=self._now(), looked=never))
        try:
            outcome = outcome or await self._calls.transmit(prepared)
        except JournalError as error:
            self._halt(error)
            return
        self.feed(Sent(prepared=prepared, outcome=outcome))

    async def _look(self, look: Look) -> None:
        asked = self._now()
        waiting = self._line.of(look.key)
        looked: Looked | None
        if waiting is not None:  # the venue cannot have it, and need not be asked
            await asyncio.wait({waiting.admission}, timeout=_LOOK_LATER)
            looked = NotSeen(at=asked)
        else:
            call = partial(self._store.lookup, look.key, look.refs, look.since)
            looked = await self._calls.read("lookup", call)
            if looked is None and self.core.is_delisted(look.key):
                looked = NotSeen(at=asked)  # by its symbol it can be asked for no more
        self.feed(LookedUp(key=look.key, asked=asked, looked=looked))

    async def _read_log(self, read: ReadLog) -> None:
        asked = self._now()
        call = partial(self._store.log, read.after, read.instruments)
        page = await self._calls.read("log", call)
        failed_before = self.core.asking.failed > 0
        self.feed(LogRead(asked=asked, page=page))
        if page is None and failed_before and not self._calls.has_told("log"):
            await self._list_again()

    async def _read_snapshot(self, read: ReadSnapshot) -> None:
        asked = self._now()
        call = partial(self._store.snapshot, read.instruments)
        snapshot = await self._calls.read("snapshot", call)
        self.feed(SnapshotRead(asked=asked, snapshot=snapshot))
