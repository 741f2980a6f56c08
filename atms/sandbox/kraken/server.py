"""A sandbox that serves: Kraken spot on 127.0.0.1."""

from __future__ import annotations

import asyncio
from typing import Any

from atms.sandbox.kraken.config import KrakenConfig, of_kraken
from atms.sandbox.kraken.markets import Markets
from atms.sandbox.kraken.rest import KrakenRest
from atms.sandbox.kraken.sessions import Session
from atms.sandbox.kraken.users import Users
from atms.sandbox.kraken.venue import KrakenVenue
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.http import web
from atms.sandbox.venue.serving import Serving
from atms.sandbox.venue.threads import ServingThread


class KrakenSandbox(Serving):
    """``async with KrakenSandbox(config) as sandbox``: serves until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: KrakenVenue
    title = "Kraken spot"

    def __init__(self, config: VenueConfig | None = None) -> None:
        super().__init__(of_kraken(config or KrakenConfig()))
        self._markets = Markets(self.venue)
        self._users = Users(self.venue)

    def _make(self, config: Any) -> KrakenVenue:
        return KrakenVenue(config)

    def _route(self, app: web.Application) -> None:
        app.router.add_route("GET", "/v2", self._serve_socket)
        app.router.add_route("*", "/{path:.*}", KrakenRest(self.venue).handle)

    async def __aenter__(self) -> KrakenSandbox:
        await super().__aenter__()
        self.in_background(self._markets.tell_books())
        return self

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        if self.venue.is_down():
            return web.Response(status=503)
        wire = self.wire()
        session = Session(self.venue, self._markets, self._users, wire)
        self.wires[wire] = None
        beating = asyncio.get_running_loop().create_task(session.beat())
        try:
            return await wire.run(request, session.hear)
        finally:
            beating.cancel()
            session.end()
            del self.wires[wire]


class KrakenThread(ServingThread):
    """``with KrakenThread(config) as thread``: serves from a thread of its own."""

    sandbox: KrakenSandbox

    def _make(self, config: Any) -> KrakenSandbox:
        return KrakenSandbox(config)
