"""A sandbox that serves: the spot venue on 127.0.0.1, for a command, a test or a benchmark."""

from __future__ import annotations

from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance.rest import BinanceRest
from atms.sandbox.binance.routes import REST
from atms.sandbox.binance.serving import BinanceServing
from atms.sandbox.binance.userdata import UserData
from atms.sandbox.binance.venue import Venue
from atms.sandbox.binance.wsapi import Session
from atms.sandbox.venue.http import web
from atms.sandbox.venue.serving import HOST

__all__ = ["HOST", "Sandbox"]


class Sandbox(BinanceServing):
    """``async with Sandbox(config) as sandbox``: serves Binance spot until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: Venue
    title = "Binance spot"

    def __init__(self, config: SandboxConfig | None = None) -> None:
        super().__init__(config or SandboxConfig())
        self._users = UserData(self.venue.clock)
        self.venue.desk.listeners.append(self._users)

    def _make(self, config: SandboxConfig) -> Venue:
        return Venue(config)

    def _route(self, app: web.Application) -> None:
        app.router.add_route("GET", "/ws-api/v3", self._serve_api)
        for path in ("/ws", "/ws/{name:.*}", "/stream", "/stream/{name:.*}"):
            app.router.add_route("GET", path, self._serve_stream)
        app.router.add_route("*", "/{path:.*}", BinanceRest(self.venue, REST).handle)

    async def _serve_api(self, request: web.Request) -> web.StreamResponse:
        wire = self.wire()
        session = Session(self.venue, self._users, wire, request)
        try:
            session.connect()
        except Refused as refusal:
            return web.Response(status=refusal.status)
        self.wires[wire] = None
        try:
            return await wire.run(request, session.hear)
        finally:
            self._users.forget(wire)
            del self.wires[wire]
