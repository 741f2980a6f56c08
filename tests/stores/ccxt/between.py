"""A venue's front on loopback that can misbehave: it stands between a store and a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the front must know of a venue's wire.

    Attributes:
        writes: method and path -> whether such a request places or cancels.
        open_orders: path of the request for what is open, or its end.
        rate_limited, auth_failed, failed: status, body and headers of these answers; *failed* is
            of a server that cannot answer now.
    """

    writes: Callable[[str, str], bool]
    open_orders: str
    rate_limited: tuple[int, Any, dict[str, str]]
    auth_failed: tuple[int, Any, dict[str, str]]
    failed: tuple[int, Any, dict[str, str]]


BINANCE = Words(
    writes=lambda method, path: method in {"POST", "DELETE", "PUT"},
    open_orders="/openOrders",
    rate_limited=(
        429, {"code": -1003, "msg": "Too much request weight used."}, {"Retry-After": "3"}
    ),
    auth_failed=(
        401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, {}
    ),
    failed=(503, {"code": -1000, "msg": "An unknown error occurred."}, {}),
)  # fmt: skip
_HOP = {"content-length", "transfer-encoding", "connection", "content-encoding", "host"}


class Between:
    """Passes requests on to *target*, and what it answers back.

    Attributes:
        mode: what befalls requests now: ``lose_request``, ``lose_reply``, ``server_error``,
            ``late_reply``, ``rate_limited``, ``auth_failed``, ``partial_snapshot``, ``moved``,
            ``silent``, ``echo``, or nothing.
        arrived: method and path of each request that came in.
        writes: of these, the ones that write, and were not lost before the venue.
        deaf: whether websockets are open, and nothing passes.
    """

    def __init__(self, target: str, words: Words = BINANCE) -> None:
        self.words = words
        self.target = target
        self.mode = ""
        self.arrived: list[tuple[str, str]] = []
        self.writes: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.delay = 1.6
        self.deaf = False
        self.port = 0
        self._server = web.Server(self._serve, access_log=None)
        self._listening: asyncio.Server | None = None
        self._session: aiohttp.ClientSession | None = None
        self._sockets: set[web.WebSocketResponse] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Between:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._server, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in list(self._sockets):
            await socket.close()
        await self._server.shutdown(0.1)
        assert self._listening is not None
        self._listening.close()
        assert self._session is not None
        await self._session.close()

    def cut(self) -> None:
        """Cut every connection without a word."""
        for handler in list(self._server.connections):
            if handler.transport is not None:
                handler.transport.abort()

    def go_down(self) -> None:
        """Take no connections any more."""
        assert self._listening is not None
        self._listening.close()
        self.cut()

    @contextlib.contextmanager
    def trouble(self, name: str) -> Iterator[None]:
        """Let something befall every request in a block."""
        if name == "venue_down":
            self.go_down()
            yield
            return
        before, self.mode = self.mode, name
        yield
        self.mode = before

    # ---- serving ----------------------------------------------------------------------------
    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pass_socket(request)
        body = await request.read()
        self.arrived.append((request.method, request.path))
        self.headers.append(dict(request.headers))
        if self.mode == "lose_request":
            return self._drop(request)
        if self.mode == "rate_limited":
            return _said(self.words.rate_limited)
        if self.mode == "auth_failed":
            return _said(self.words.auth_failed)
        if self.mode == "echo":  # a venue that repeats what it was sent
            told = f"{request.headers} {request.rel_url} {body!r}"
            return _said((400, {"code": -1100, "msg": told}, {}))
        if self.mode == "partial_snapshot" and request.path.endswith(self.words.open_orders):
            return _said(self.words.failed)
        if self.words.writes(request.method, request.path):
            self.writes.append(request.path)
        return await self._answered(request, body)

    async def _answered(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if self.mode == "moved":
            raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{self.port}/elsewhere")
        if self.mode == "silent":
            await asyncio.sleep(30)
        response = await self._passed(request, body)
        write = self.words.writes(request.method, request.path)
        if write and self.mode == "lose_reply":
            return self._drop(request)
        if write and self.mode == "late_reply":
            await asyncio.sleep(self.delay)
        if write and self.mode == "server_error":
            return web.Response(status=503, text="<html>Service Unavailable</html>")
        return response

    async def _passed(self, request: web.BaseRequest, body: bytes) -> web.Response:
        assert self._session is not None
        headers = {name: text for name, text in request.headers.items() if name.lower() not in _HOP}
        async with self._session.request(
            request.method, URL(self.target + str(request.rel_url), encoded=True), data=body,
            headers=headers,
        ) as reply:  # fmt: skip
            kept = {name: text for name, text in reply.headers.items() if name.lower() not in _HOP}
            return web.Response(status=reply.status, body=await reply.read(), headers=kept)

    def _drop(self, request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _pass_socket(self, request: web.BaseRequest) -> web.StreamResponse:
        front = web.WebSocketResponse(autoping=False)
        await front.prepare(request)
        self._sockets.add(front)
        try:
            assert self._session is not None
            url = self.target + str(request.rel_url)
            async with self._session.ws_connect(url, autoping=False) as back:
                await asyncio.wait(
                    [asyncio.ensure_future(self._pump(front, back)),
                     asyncio.ensure_future(self._pump(back, front))],
                    return_when=asyncio.FIRST_COMPLETED,
                )  # fmt: skip
        finally:
            self._sockets.discard(front)
            with contextlib.suppress(Exception):
                await front.close()
        return front

    async def _pump(self, one: Any, other: Any) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            async for message in one:
                if self.deaf:
                    continue
                if message.type is aiohttp.WSMsgType.TEXT:
                    await other.send_str(message.data)
                elif message.type is aiohttp.WSMsgType.PING:
                    await other.ping(message.data)
                elif message.type is aiohttp.WSMsgType.PONG:
                    await other.pong(message.data)

    async def say(self, message: Any) -> None:
        """Send a message over every websocket."""
        for socket in list(self._sockets):
            with contextlib.suppress(ConnectionError):
                await socket.send_str(message if isinstance(message, str) else json.dumps(message))


def _said(answer: tuple[int, Any, dict[str, str]]) -> web.Response:
    status, body, headers = answer
    return web.json_response(body, status=status, headers=headers)
