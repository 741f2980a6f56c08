"""The public streams of a connection: one websocket for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from atms.stores.ccxt.calls import Lost, Said
from atms.stores.ccxt.closing import Closing
from atms.stores.ccxt.outlets import Outlet
from atms.stores.ccxt.profile import Ask, Profile, Stream
from atms.stores.ccxt.sockets import Socket
from atms.stores.market import Bar, FeedLink

if TYPE_CHECKING:
    from atms.stores.ccxt.wire import Wire

_PAUSE = 0.25  # seconds between two messages to the venue, which takes five a second


@dataclass
class _Topic:
    stream: Stream
    outlets: list[tuple[Outlet[Any], bool]] = field(default_factory=list)  # and: wants links
    newest: Any = None  # what was told last on this connection
    closing: Closing | None = None  # of bars that do not say when they are over


class Market:
    """The public streams of one channel, each asked for once however many listen.

    Args:
        now: the venue's clock, for messages that have no time of their own.
        ask: asks for what is needed before the streams are dialled.
        clocked: whether bars are of now, so that the clock may end one.

    Attributes:
        closed: (instrument, stream's name) -> end of the newest bar that was told to be over.
    """

    def __init__(
        self, wire: Wire, profile: Profile, now: Callable[[], datetime], channel: str, ask: Ask,
        *, clocked: bool = True,
    ) -> None:  # fmt: skip
        self.closed: dict[str, datetime] = {}
        self._profile = profile
        self._now = now
        self._clocked = clocked
        self._topics: dict[str, _Topic] = {}
        self._asked: set[str] = set()
        self._number = 0
        self._changed = asyncio.Event()
        url = profile.market_url(wire.exchange.urls["api"], channel)
        self._socket = Socket(
            wire, url, greet=self._greet, hear=self._hear, link=self._link,
            answered=profile.answered, address=lambda: profile.market_address(url, ask),
        )  # fmt: skip
        self._task = asyncio.get_running_loop().create_task(self._follow())

    def join(self, stream: Stream, *, newest: bool = False, links: bool = False) -> Outlet[Any]:
        """Begin to listen; *links*: to the connection's ups and downs too."""
        outlet: Outlet[Any] = Outlet(newest=newest)
        topic = self._topics.setdefault(stream.name, self._topic(stream))
        topic.outlets.append((outlet, links))
        if newest and topic.newest is not None:  # it may stand still for long
            outlet.put(topic.newest)
        if links and stream.name in self._asked and self._socket.up:
            outlet.put(FeedLink(at=self._now(), up=True))
        self._changed.set()
        return outlet

    def _topic(self, stream: Stream) -> _Topic:
        topic = _Topic(stream)
        if stream.bar_lag is not None:
            now = self._now if self._clocked else None
            topic.closing = Closing(stream.bar_lag, now, lambda bar: self._put(topic, [bar]))
        return topic

    async def carried(self, stream: Stream, outlet: Outlet[Any]) -> AsyncGenerator[Any, None]:
        """Yield what an outlet gets; leave the stream in the end."""
        try:
            async for item in outlet.items():
                yield item
        finally:
            self._leave(stream.name, outlet)

    async def close(self) -> None:
        """End all streams."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for topic in self._topics.values():
            self._forget(topic)
            for outlet, _ in topic.outlets:
                outlet.close()
        self._topics.clear()
        await self._socket.close()

    def _leave(self, name: str, outlet: Outlet[Any]) -> None:
        topic = self._topics.get(name)
        if topic is None:
            return
        topic.outlets = [one for one in topic.outlets if one[0] is not outlet]
        if not topic.outlets:
            self._changed.set()

    def _wanted(self) -> set[str]:
        return {name for name, topic in self._topics.items() if topic.outlets}

    def _sweep(self) -> None:
        """Forget what nobody wants and nobody tells.

        Not sooner: who comes back meanwhile needs what the stream has built up, as a book of which
        only changes are told.
        """
        for name in set(self._topics) - self._asked - self._wanted():
            self._forget(self._topics.pop(name))

    # ---- the socket's -----------------------------------------------------------------------
    async def _greet(self) -> None:
        self._asked.clear()
        self._sweep()
        for topic in self._topics.values():
            topic.newest = None
        if self._topics:
            await self._ask(self._wanted(), on=True)

    async def _ask(self, names: set[str], *, on: bool) -> None:
        for message in self._profile.subscribe(names, self._number + 1, on=on):
            self._number += 1
            await self._socket.request(self._number, message)
        self._asked = self._asked | names if on else self._asked - names

    async def _follow(self) -> None:
        """Ask for streams that somebody wants, and leave the others, some at a time."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if not self._socket.up:
                continue  # the greeting asks for all
            try:
                await self._settle()
            except (Said, Lost) as error:
                self._socket.drop(str(error))
            await asyncio.sleep(_PAUSE)

    async def _settle(self) -> None:
        wanted = self._wanted()
        new, old = wanted - self._asked, self._asked - wanted
        if new:
            await self._ask(new, on=True)
            self._tell(True, new)
        if old:
            await self._ask(old, on=False)
        self._sweep()

    def _forget(self, topic: _Topic) -> None:
        if topic.closing is not None:
            topic.closing.lost()

    def _link(self, up: bool, why: str) -> None:
        if not up:
            for topic in self._topics.values():
                topic.newest = None
                self._forget(topic)
        self._tell(up, set(self._asked))
        self._changed.set()  # what was asked for during the greeting

    def _tell(self, up: bool, names: set[str]) -> None:
        for name in names & set(self._topics):
            for outlet, links in self._topics[name].outlets:
                if links:
                    outlet.put(FeedLink(at=self._now(), up=up))

    def _hear(self, message: Mapping[str, Any]) -> None:
        if self._profile.ends(message):
            self._socket.drop("the venue ends the connection")
            return
        for name, told in self._profile.streamed(message):
            topic = self._topics.get(name)
            if topic is not None:
                read = topic.stream.read(told, self._now())
                items = read if isinstance(read, list) else [read]
                if topic.closing is not None:
                    items = [one for bar in items if bar for one in topic.closing.heard(bar)]
                self._put(topic, items)

    def _put(self, topic: _Topic, items: list[Any]) -> None:
        for item in items:
            if isinstance(item, Bar) and item.final:
                self.closed[topic.stream.name] = item.close_at
            topic.newest = item or topic.newest
            for outlet, _ in topic.outlets:
                if item is not None:
                    outlet.put(item)
