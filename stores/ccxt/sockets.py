"""One websocket, kept up: dialled, greeted, watched, and dialled again when it is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from atms.stores.ccxt.calls import Answer, Lost, Said

if TYPE_CHECKING:
    from atms.stores.ccxt.wire import Wire

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0  # seconds between two dials
FIRST_DIALS = 3  # after so many it is told that there is no connection


class Socket:
    """A connection.

    Args:
        greet: is awaited after each dial; what it subscribes to makes the connection useful.
        hear: takes events; what it raises is logged and harms nothing else.
        link: takes that the connection is up, or down and why.
        answered: tells the answer to a request from an event.
        address: what is dialled, asked for before each dial; None: *url*. It may hold a secret,
            and is never shown.
    """

    def __init__(
        self,
        wire: Wire,
        url: str,
        *,
        greet: Callable[[], Awaitable[None]],
        hear: Callable[[Mapping[str, Any]], None],
        link: Callable[[bool, str], None],
        answered: Callable[[Mapping[str, Any]], Answer | None],
        address: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        self.up = False
        self.unreadable = 0
        self._wire = wire
        self._url = url
        self._address = address
        self._greet, self._hear, self._link, self._answered = greet, hear, link, answered
        self._client: Any = None
        self._ended: asyncio.Future[str] | None = None
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._dials = 0
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def ready(self) -> None:
        """Wait until the connection is up for the first time.

        Raises:
            Said: the venue does not take the greeting.
            Lost: there is no connection.
        """
        await asyncio.shield(self._first)

    async def request(self, number: int, message: Mapping[str, Any]) -> None:
        """Send a message and wait for its answer.

        Raises:
            Said: the venue refused.
            Lost: no answer came.
        """
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[str(number)] = answer
        try:
            await self._client.send(message)
            async with asyncio.timeout(self._wire.timeout):
                await answer
        except (TimeoutError, ConnectionError) as error:
            raise Lost(f"no answer on the stream ({type(error).__name__})") from None
        finally:
            self._waiting.pop(str(number), None)

    def drop(self, why: str) -> None:
        """Give the connection up; a new one is made."""
        self.lost(why)

    async def close(self) -> None:
        """End the connection, for good."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if not self._first.done():
            self._first.cancel()

    # ---- called by the wire -----------------------------------------------------------------
    def heard(self, message: Any) -> None:
        """Take a message; one that cannot be read harms nobody."""
        try:
            answer = self._answered(message)
            if answer is None:
                self._hear(message)
                return
        except Exception as error:  # noqa: BLE001 - whatever a message does, the stream goes on
            self.unreadable += 1
            log.warning(
                "%s: a message cannot be read: %s", self._url, self._wire.clean(repr(error))
            )
            self._link(False, "a message could not be read")
            self._link(True, "")  # so that what it said is asked for
            return
        oldest = next(iter(self._waiting), "")
        waiting = self._waiting.get(answer.id or oldest)
        if waiting is not None and not waiting.done():
            if answer.said is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(answer.said.with_text(self._wire.clean(answer.said.text)))

    def lost(self, why: str) -> None:
        """Take the connection's end."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(why)

    # ---- the life of it ---------------------------------------------------------------------
    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            was_up = await self._connection()
            pause = FIRST_PAUSE if was_up else min(2 * pause, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _connection(self) -> bool:
        """Dial, and stay until the connection ends; return whether it was ever up."""
        self._dials += 1
        self._ended = asyncio.get_running_loop().create_future()
        address = await self._addressed()
        if address is None:
            return False
        self._client = client = self._wire.dial(address, self)
        greeted = False
        try:
            opened: asyncio.Future[str] = client.connected
            await asyncio.wait(
                {opened, self._ended},
                timeout=self._wire.timeout, return_when=asyncio.FIRST_COMPLETED,
            )  # fmt: skip
            if self._ended.done() or not opened.done():
                why = self._ended.result() if self._ended.done() else "no connection"
                self._tell_first(Lost(f"no stream from {self._url}: {why}"))
                return False
            greeted = await self._greeted()
            if greeted:
                why = await self._ended
                self.up = False
                self._link(False, why)
            return greeted
        finally:
            self.up = False
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError())
            await self._wire.hang_up(address, client)

    async def _addressed(self) -> str | None:
        """Return what to dial; None: it cannot be had now."""
        if self._address is None:
            return self._url
        try:
            return await self._address()
        except (Said, Lost) as error:
            log.warning("%s: no stream: %s", self._url, self._wire.clean(str(error)))
            self._tell_first(error)
            return None

    async def _greeting(self) -> None:
        await self._greet()

    async def _greeted(self) -> bool:
        assert self._ended is not None
        greeting = asyncio.get_running_loop().create_task(self._greeting(), name="greeting")
        both: set[asyncio.Future[Any]] = {greeting, self._ended}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the socket is closed: the greeting with it
            await _cancel(greeting)
            raise
        if not greeting.done():
            await _cancel(greeting)
            self._tell_first(Lost("the stream was closed at its beginning"))
            return False
        error = greeting.exception()
        if error is not None:
            log.warning("%s: no stream: %s", self._url, self._wire.clean(str(error)))
            self._tell_first(error if isinstance(error, Said) else Lost(str(error)))
            return False
        self.up = True
        self._link(True, "")
        if not self._first.done():
            self._first.set_result(None)
        return True

    def _tell_first(self, error: Exception) -> None:
        """Let who waits for the connection know; one that is cut as it begins is tried again."""
        if isinstance(error, Lost) and error.after is None and self._dials < FIRST_DIALS:
            return
        if not self._first.done():
            self._first.set_exception(error)
            self._first.exception()  # nobody need wait for it


async def _cancel(task: asyncio.Task[None]) -> None:
    """End a task, whatever it does in the end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
