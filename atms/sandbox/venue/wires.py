"""One websocket connection: its outbox, its pings, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from atms.sandbox.venue.faults import Faults
from atms.sandbox.venue.http import WSMsgType, web

_PONG = 60.0  # seconds that a client has for a pong
_DELAY = 3.0
_POLICY = 1008


class Wire:
    """A connection that messages go out on in their order.

    Args:
        ping, life: seconds between pings, and until the connection is cut.
    """

    def __init__(self, faults: Faults, ping: float, life: float) -> None:
        self._faults = faults
        self._ping = ping
        self._life = life
        self._socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=2**20)
        self._request: web.Request | None = None
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._muted = False
        self._heard = 0.0
        self.loop = asyncio.get_running_loop()

    async def run(self, request: web.Request, hear: Callable[[str], None]) -> web.StreamResponse:
        """Serve the connection until it ends; *hear* is called with each text."""
        self._request = request
        await self._socket.prepare(request)
        self._heard = self.loop.time()
        helpers = [
            self.loop.create_task(self._send()),
            self.loop.create_task(self._watch()),
        ]
        try:
            async for message in self._socket:
                if message.type == WSMsgType.TEXT:
                    hear(message.data)
                elif message.type == WSMsgType.PING:
                    await self._socket.pong(message.data)
                elif message.type == WSMsgType.PONG:
                    self._heard = self.loop.time()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        return self._socket

    def say(self, message: Any) -> None:
        """Send *message* as JSON, unless a fault prevents it."""
        if self._faults.happens("disconnect_stream"):
            self.cut()
            return
        if self._faults.happens("mute_stream"):
            self._muted = True
        if not self._muted:
            self._outbox.put_nowait(json.dumps(message, separators=(",", ":")))

    def text(self, text: str) -> None:
        """Send a text as it stands: what some venues answer a ping with."""
        if not self._muted:
            self._outbox.put_nowait(text)

    def event(self, message: Any) -> None:
        """Send an event of the account: it may be lost, repeated or late by a fault."""
        if self._faults.happens("drop_event"):
            return
        if self._faults.happens("delay_event"):
            self.loop.call_later(self._faults.seconds(_DELAY), self.say, message)
            return
        self.say(message)
        if self._faults.happens("duplicate_event"):
            self.say(message)

    def cut(self) -> None:
        """End the connection without a word."""
        if self._request is not None and self._request.transport is not None:
            self._request.transport.abort()

    def close(self) -> None:
        """End the connection after what is in the outbox."""
        self._outbox.put_nowait(None)

    async def _send(self) -> None:
        with contextlib.suppress(ConnectionError):
            while (text := await self._outbox.get()) is not None:
                await self._socket.send_str(text)
            await self._socket.close()

    async def _watch(self) -> None:
        """Send pings; cut the connection when no pong comes, or when its life is over."""
        began = self.loop.time()
        with contextlib.suppress(ConnectionError):
            while True:
                await asyncio.sleep(min(self._ping, max(0.0, self._life)))
                now = self.loop.time()
                if now - began >= self._life or now - self._heard > max(_PONG, 3 * self._ping):
                    await self._socket.close()
                    return
                await self._socket.ping(str(int(now * 1000)).encode())
