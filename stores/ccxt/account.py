"""The private stream of a connection: what the venue tells of the account, to all who listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from atms.errors import VenueError
from atms.stores.ccxt.calls import Lost, Said
from atms.stores.ccxt.completing import Completing
from atms.stores.ccxt.manners import Completes, TellsApart
from atms.stores.ccxt.outlets import Outlet
from atms.stores.ccxt.profile import Ask, Profile
from atms.stores.ccxt.sockets import Socket
from atms.stores.facts import Fact, LinkFact

if TYPE_CHECKING:
    from atms.stores.ccxt.wire import Wire

_AGAIN = timedelta(minutes=1)
Greetings = Callable[[Any, int], Sequence[Mapping[str, Any]]]


class AccountStream:
    """The account's events; what a break of the connection misses is never told here.

    Where the venue tells them on two addresses the stream is up while both are.

    Args:
        now: the venue's clock.
        refused: is awaited when the venue does not take the greeting.
        ask: asks for what is needed before the stream is dialled, and keeps it alive.
    """

    def __init__(
        self,
        wire: Wire,
        profile: Profile,
        now: Callable[[], datetime],
        refused: Callable[[Said], Awaitable[None]],
        ask: Ask,
    ) -> None:
        self._wire, self._profile, self._now, self._refused = wire, profile, now, refused
        self._ask = ask
        self._outlets: list[Outlet[Fact]] = []
        self._completing: Completing | None = None
        if isinstance(profile, Completes):
            self._completing = Completing(profile, ask, self._tell)
        self._number = 0
        urls = wire.exchange.urls["api"]
        self._sockets = [self._dialled(profile.private_url(urls), profile.greetings)]
        if isinstance(profile, TellsApart):
            second = self._dialled(profile.second_url(urls), profile.second_greetings)
            self._sockets.append(second)
        self._prolonging = asyncio.get_running_loop().create_task(self._prolong())

    async def ready(self) -> None:
        """Wait for the stream; raise `Said` or `Lost` where it does not begin."""
        for socket in self._sockets:
            await socket.ready()

    def listen(self) -> AsyncGenerator[Fact, None]:
        """Return what is told from now on, whenever it is read."""
        outlet: Outlet[Fact] = Outlet()
        self._outlets.append(outlet)
        if self._is_up():
            outlet.put(LinkFact(at=self._now(), up=True, lossless=False))
        return self._carried(outlet)

    async def close(self) -> None:
        """End the stream for all who listen."""
        for outlet in self._outlets:
            outlet.close()
        self._prolonging.cancel()
        await asyncio.gather(self._prolonging, return_exceptions=True)
        if self._completing is not None:
            await self._completing.close()
        for socket in self._sockets:
            await socket.close()

    def _dialled(self, url: str, greetings: Greetings) -> Socket:
        """Return a connection that is kept up."""

        async def greet() -> None:
            await self._greet(socket, greetings)

        socket = Socket(
            self._wire, url, greet=greet, hear=lambda message: self._hear(socket, message),
            link=self._link, answered=self._profile.answered,
            address=lambda: self._profile.private_address(url, self._ask),
        )  # fmt: skip
        return socket

    def _is_up(self) -> bool:
        return all(socket.up for socket in self._sockets)

    async def _prolong(self) -> None:
        """Keep alive what the stream was dialled with; where that fails, dial with another."""
        told = self._profile.prolong()
        if told is None:
            return
        call, every = told
        wait = every
        while True:
            await asyncio.sleep(wait.total_seconds())
            wait = every
            try:
                await self._ask(call)
            except Said as said:
                for socket in self._sockets:
                    socket.drop(f"its key is over: {said.code}")
            except (Lost, VenueError):
                wait = min(every, _AGAIN)  # the key lives on meanwhile

    async def _carried(self, outlet: Outlet[Fact]) -> AsyncGenerator[Fact, None]:
        try:
            async for fact in outlet.items():
                yield fact
        finally:
            self._outlets.remove(outlet)

    async def _greet(self, socket: Socket, greetings: Greetings) -> None:
        try:
            first = self._number + 1
            messages = greetings(self._wire.exchange, first)
            self._number += len(messages)  # at once: both addresses may be greeted together
            for number, message in enumerate(messages, first):
                await socket.request(number, message)
        except Said as said:
            await self._refused(said)
            raise

    def _link(self, up: bool, why: str) -> None:
        if not up or self._is_up():
            self._put((LinkFact(at=self._now(), up=up, lossless=False, why=why),))

    def _hear(self, socket: Socket, message: Mapping[str, Any]) -> None:
        if self._profile.ends(message):
            socket.drop("the venue ends the stream")
        self._put(self._profile.facts(message))

    def _put(self, facts: tuple[Fact, ...]) -> None:
        if self._completing is not None:
            self._completing.put(facts)
            return
        for fact in facts:
            self._tell(fact)

    def _tell(self, fact: Fact) -> None:
        for outlet in self._outlets:
            outlet.put(fact)
