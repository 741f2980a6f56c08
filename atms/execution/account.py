"""The driver of one account: carries out what its core decides, in its order. The only awaits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from atms.errors import JournalError
from atms.execution.core import Core
from atms.execution.events import (
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
    TellFill,
    TellOrder,
    Tick,
    Transmit,
    Wake,
)
from atms.execution.records import encode
from atms.stores.base import AuthFailed, RateLimited, Store, Unreachable
from atms.stores.outcomes import NotSent, Outcome, Refused, Unknown
from atms.stores.requests import Prepared, Request

Told = TellOrder | TellFill | TellAccount
Answer = TypeVar("Answer")
ANSWER = timedelta(seconds=30)  # a store's own patience is shorter


class WriteAhead(Protocol):
    """What the driver needs of a journal."""

    def begin(self, at: datetime) -> int:
        """Raise the epoch by one, durable, and return it."""

    def append(self, bodies: Sequence[str]) -> int:
        """Make lines durable, all or none."""


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
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._barred_until = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Connect, take the journal's next epoch, and listen until the store is closed.

        Raises:
            AuthFailed, Unreachable, RateLimited: the venue cannot be connected to.
        """
        capabilities = await self._store.connect()
        instruments = await self._store.instruments(
            [name.partition(":")[2] for name in self.core.terms.instruments]
        )
        self._do_all(self.core.start(self._journal.begin(self._now()), self._now()))
        self._spawn(self._listen())
        self.feed(Connected(capabilities=capabilities, instruments=instruments))

    def feed(self, event: Event) -> None:
        """Give the core an event, and carry out what it decides."""
        if self.failed is None:
            self._do_all(self.core.handle(event, self._now()))

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
        """End what is running; what was sent stays sent."""
        if self._timer is not None:
            self._timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _do_all(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            self._before(instruction)
            try:
                self._do(instruction)
            except JournalError as error:  # what is not durable may not be sent
                self.failed = error
                self._tell(TellAccount(what="halted", text=f"the journal: {error}"))
                return

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
            case _:
                self._tell(instruction)

    def _wake(self, at: datetime) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = max(0.0, (at - self._now()).total_seconds())
        self._timer = self._loop.call_later(delay, self.feed, Tick())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()  # type: ignore[misc]

    # ---- the only awaits --------------------------------------------------------------------
    async def _listen(self) -> None:
        async for fact in self._store.facts():
            self.feed(Heard(fact=fact))

    async def _prepare(self, requests: Sequence[Request]) -> None:
        results: list[tuple[Request, Prepared | None, str]] = []
        for request in requests:
            call = partial(self._store.prepare, request)
            prepared = await self._read(call)
            why = "" if prepared else "the venue cannot be asked now"
            results.append((request, prepared, why))
        self.feed(Ready(results=tuple(results)))

    async def _transmit(self, prepared: Prepared) -> None:
        if self._now() < self._barred_until:
            outcome: Outcome = NotSent(
                why=f"the venue lets nothing through until {self._barred_until}"
            )
        else:
            try:
                async with asyncio.timeout(ANSWER.total_seconds()):
                    outcome = await self._store.transmit(prepared)
            except TimeoutError:  # a client may hang for ever while the order is live
                outcome = Unknown(why=f"no answer within {ANSWER.total_seconds():g} s")
            except Exception as error:  # noqa: BLE001 - a store's mistake: bytes may have left
                outcome = Unknown(why=f"{type(error).__name__}: {error}")
        if isinstance(outcome, Refused):
            self._bar(outcome.retry_after)
        self.feed(Sent(prepared=prepared, outcome=outcome))

    async def _read(self, call: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer | None:
        """Return what the store tells; None where it cannot be asked now."""
        if self._now() < self._barred_until:
            return None
        try:
            return await call()
        except RateLimited as error:
            self._bar(error.after)
        except (Unreachable, AuthFailed):
            pass
        return None

    def _bar(self, wait: timedelta | None) -> None:
        """Send nothing for a while: a venue that is asked within a ban makes it longer."""
        if wait is not None:
            self._barred_until = max(self._barred_until, self._now() + wait)

    async def _look(self, look: Look) -> None:
        asked = self._now()
        looked = await self._read(lambda: self._store.lookup(look.key, look.refs, look.since))
        self.feed(LookedUp(key=look.key, asked=asked, looked=looked))

    async def _read_log(self, read: ReadLog) -> None:
        asked = self._now()
        page = await self._read(lambda: self._store.log(read.after, read.instruments))
        self.feed(LogRead(asked=asked, page=page))

    async def _read_snapshot(self, read: ReadSnapshot) -> None:
        asked = self._now()
        snapshot = await self._read(lambda: self._store.snapshot(read.instruments))
        self.feed(SnapshotRead(asked=asked, snapshot=snapshot))
