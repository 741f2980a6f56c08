"""The private stream to one listener, which knows when what it gave was dealt with."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable

from atms.stores.facts import Fact

PATIENCE = 5.0  # seconds that bars wait for a listener; a stuck one must not stop the market


class Outlet:
    """Facts for one listener, from the moment on at which it is made.

    A fact was dealt with when the listener asks for the next one: a loop ``async for fact in
    facts: handle(fact)`` asks after *handle* has returned.
    """

    def __init__(self, leave: Callable[[Outlet], None]) -> None:
        self._leave = leave
        self._facts: deque[Fact] = deque()
        self._put = self._given = self._handled = 0
        self._listens = self._closed = False
        self._more: asyncio.Future[None] | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def put(self, fact: Fact) -> None:
        """Give a fact."""
        self._facts.append(fact)
        self._put += 1
        _wake(self._more)

    def close(self) -> None:
        """End the stream at once."""
        self._closed = True
        _wake(self._more)
        self._release()

    async def facts(self) -> AsyncGenerator[Fact, None]:
        """Yield facts until closed; for one listener."""
        try:
            while True:
                self._listens = True
                self._handled = self._given
                if self._handled == self._put:
                    self._release()
                if self._closed:
                    return
                if self._facts:
                    self._given += 1
                    yield self._facts.popleft()
                else:
                    self._more = asyncio.get_running_loop().create_future()
                    await self._more
        finally:
            self._more = None  # it waits no more, and its loop may be closed by now
            self.close()
            self._leave(self)

    async def dealt_with(self) -> None:
        """Wait until every fact was dealt with; not for who does not listen yet, or is stuck."""
        if self._closed or not self._listens or self._handled == self._put:
            return
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        _, stuck = await asyncio.wait([waiting], timeout=PATIENCE)
        if stuck:
            self._listens = False  # until it asks again

    def _release(self) -> None:
        for waiting in self._waiting:
            _wake(waiting)
        self._waiting.clear()


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
