"""The strategy's side of one account: wishes go down, what became of them comes up."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from atms.errors import JournalError, VenueError
from atms.execution.broker.gathering import free_of_each_other
from atms.execution.broker.last_closes import last_close
from atms.execution.broker.winding_down import NOT_READY, Policy, wind_down
from atms.execution.core.core import Core, Terms
from atms.execution.core.events import TellAccount, Wish, WishCancel, Wishes
from atms.execution.core.records import Record
from atms.execution.driver.account import Account, Told, WriteAhead
from atms.execution.driver.calls import within
from atms.execution.driver.host import Host
from atms.stores.base import RateLimited, Store, Unreachable, never_tried
from atms.stores.capabilities import Capabilities
from atms.stores.market import Instrument
from atms.stores.requests import Key

Answer = TypeVar("Answer")

# Orders of one next() share a commit: they go down together when it is over. A strategy that goes
# on computing does not hold them back for longer than this.
GATHER = 0.001
_AGAIN = 2.0  # seconds before a venue that did not answer is connected to again
_CLOSING = 10.0  # seconds that a store may take to close


class Files(Protocol):
    """An account's durable part: its journal, held by this process alone."""

    id: str

    @property
    def journal(self) -> WriteAhead:
        """What is appended to."""

    @property
    def records(self) -> Iterable[Record]:
        """What it holds."""

    def close(self) -> None:
        """Give it free."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How an account is run.

    Attributes:
        unknown_position: halt, adopt or ignore what no journal explains.
        emulated_protection: whether orders may be taken that stand only as long as this process.
        make_core: another core, for trials.
    """

    unknown_position: str = "halt"
    emulated_protection: bool = False
    make_core: Callable[[Terms, Iterable[Record]], Core] = Core


class Desk:
    """One account, as the strategy's side sees it.

    Args:
        store: the connection.
        host: where the account's driver runs.
        files: opens the journal of an account, by the account's name.
        manner: how it is run.
        wake: called on the loop's side when there is something to take.

    Attributes:
        store: the same.
        symbols: the venue's names of what is traded; added to before it begins.
        ready: whether start-up is over.
        failed: why the account cannot be had, or goes on no more.
        trouble: why it is not connected yet, while it is tried again.
        link: what was last told of the account's stream: ``up``, or ``down`` and why.
        closed: whether it was closed; *left*: what could not be done by policy, in words.
    """

    def __init__(
        self,
        store: Store,
        host: Host,
        files: Callable[[str], Files],
        manner: Manner,
        wake: Callable[[], None],
    ) -> None:
        self.store = store
        self.symbols: list[str] = []
        self.ready = False
        self.failed: BaseException | None = None
        self.trouble: BaseException | None = None
        self.link = ""
        self._host = host
        self._open_files = files
        self._manner = manner
        self._wake = wake
        self._files: Files | None = None
        self._account: Account | None = None
        self._told: deque[Told] = deque()
        self._lock = threading.Lock()  # guards the wishes that have not gone down yet
        self._wishes: list[Wish] = []
        self._opening: asyncio.Task[Any] | None = None
        self.closed = False
        self.left: tuple[str, ...] = ()

    # ---- the strategy's side ----------------------------------------------------------------
    @property
    def capabilities(self) -> Capabilities:
        """What the venue can do; known when the account is ready."""
        assert self._account is not None
        assert self._account.core.capabilities is not None
        return self._account.core.capabilities

    @property
    def instruments(self) -> dict[str, Instrument]:
        """What may be traded, by id; known when the account is ready."""
        assert self._account is not None
        return self._account.core.instruments

    @property
    def core(self) -> Core | None:
        """What decides for the account; None before it is opened."""
        return None if self._account is None else self._account.core

    @property
    def journal(self) -> WriteAhead | None:
        """What is written before anything is sent; None before the account is opened."""
        return None if self._files is None else self._files.journal

    @property
    def waiting(self) -> int:
        """How many orders are wished for that are not in the journal yet."""
        core = self.core
        return sum(len(one.tags) for one in self._wishes) + (len(core.wanted) if core else 0)

    def begin(self) -> None:
        """Open the account; what becomes of it is told."""
        self._host.spawn(self._open())

    def take(self) -> list[Told]:
        """Return what was told since, the oldest first."""
        taken = []
        while self._told:
            word = self._told.popleft()
            if isinstance(word, TellAccount) and word.what == "ready":
                self.ready = True
            taken.append(word)
        return taken

    def wish(self, wish: Wish) -> None:
        """Want a group of orders; those of a moment go down together."""
        with self._lock:
            self._wishes.append(wish)
            first = len(self._wishes) == 1
        if first:
            self._host.call(self._gather, self._host.now())

    def join(self, tag: int, wish: Wish) -> bool:
        """Make one OCO group of *wish* and the order *tag*, if that has not gone down yet."""
        with self._lock:
            for place, other in enumerate(self._wishes):
                if tag in other.tags and other.link in ("single", "oco"):
                    self._wishes[place] = replace(
                        other,
                        tickets=other.tickets + wish.tickets,
                        tags=other.tags + wish.tags,
                        link="oco",
                    )
                    return True
        return False

    def withdraw(self, tag: int) -> tuple[int, ...]:
        """Take back the group of an order that has not gone down; return its orders' tags."""
        with self._lock:
            for wish in self._wishes:
                if tag in wish.tags:
                    self._wishes.remove(wish)
                    return wish.tags
        return ()

    def cancel(self, tag: int | None, key: Key | None) -> None:
        """Want an order back, by the tag that it was wished with, or by its key."""
        self._host.call(self._cancel, tag, key)

    def flush(self) -> None:
        """Let all wishes go down now."""
        with self._lock:
            waiting = bool(self._wishes)
        if waiting:
            self._host.call(self._send_down)

    def ask_last_close(self, instrument: str, take: Callable[[float], None]) -> None:
        """Ask what an instrument's last close was; *take* is called on the loop's side.

        It is given 0 where the venue does not tell.
        """

        async def ask() -> None:
            take(await last_close(self.store, instrument, self._host.now()))
            self._wake()

        self._host.spawn(ask())

    def end(self, policy: Policy, within: timedelta) -> None:
        """Close the account by policy; :attr:`closed` says when, :attr:`left` what was not done."""
        self._host.spawn(self._close(policy, within))

    # ---- the loop's side --------------------------------------------------------------------
    async def _open(self) -> None:
        self._opening = asyncio.current_task()
        try:
            capabilities = await self._patiently(self._connected)
            self._files = self._open_files(self.store.account)
            terms = Terms(
                journal=self._files.id,
                instruments=tuple(f"{self.store.account}:{name}" for name in self.symbols),
                unknown_position=self._manner.unknown_position,
                emulated_protection=self._manner.emulated_protection,
            )
            account = Account(
                self._manner.make_core(terms, self._files.records), self.store, self._files.journal,
                loop=asyncio.get_running_loop(), now=self._host.now, tell=self._heard,
            )  # fmt: skip
            self._account = account
            await self._patiently(lambda: account.run(capabilities))
        except (VenueError, JournalError) as error:
            self.failed = error
            self._wake()

    async def _connected(self) -> Capabilities:
        told = await within(self.store.connect(), "connect")
        if not told.exercised:
            raise never_tried(self.store.account)
        return told

    async def _patiently(self, ask: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """Return what a venue answers; one that cannot be reached is asked again.

        Raises:
            AuthFailed: it does not take the key.
        """
        while True:
            wait = _AGAIN
            try:
                return await ask()
            except RateLimited as error:
                self.trouble = error
                wait = max(wait, error.after.total_seconds() if error.after else 0.0)
            except Unreachable as error:
                self.trouble = error
            await asyncio.sleep(wait)

    def _heard(self, word: Told) -> None:
        if isinstance(word, TellAccount) and word.what == "link":
            self.link = word.text
        self._told.append(word)
        if self._account is not None and self._account.failed is not None:
            self.failed = self._account.failed
        self._wake()

    def _gather(self, since: datetime) -> None:
        left = GATHER - (self._host.now() - since).total_seconds()
        if left > 0:
            asyncio.get_running_loop().call_later(left, self._send_down)
        else:  # the strategy computes: each wait here would be one for the interpreter, too
            self._send_down()

    def _send_down(self) -> None:
        with self._lock:
            wishes, self._wishes = self._wishes, []
        if wishes and self._account is not None:
            self._account.feed(Wishes(wishes=free_of_each_other(wishes)))

    def _cancel(self, tag: int | None, key: Key | None) -> None:
        if self._account is None:
            return
        tags = self._account.core.tags
        keys = [key] if key else [own for own, its in tags.items() if its == tag]
        for one in keys:
            self._account.feed(WishCancel(key=one))

    async def _close(self, policy: Policy, time: timedelta) -> None:
        try:
            if self._opening is not None:
                self._opening.cancel()
            if self._account is not None:
                self._send_down()
                if self.ready and self._account.failed is None:
                    self.left = await wind_down(self._account, policy, time)
                elif self._account.failed is not None:
                    self.left = ("the journal failed: nothing was cancelled or closed",)
                elif policy != "leave":
                    self.left = (NOT_READY.format(account=self.store.account),)
                await self._account.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSING):
                    await self.store.close()
        finally:
            if self._files is not None:
                self._files.close()
            self.closed = True
            self._wake()
