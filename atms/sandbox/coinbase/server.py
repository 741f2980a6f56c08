"""A sandbox that serves: Coinbase on 127.0.0.1, for a command, a test or a benchmark."""

from __future__ import annotations

from typing import Any, Self

from atms.sandbox.coinbase.config import CoinbaseConfig, of_coinbase
from atms.sandbox.coinbase.rest import CoinbaseRest
from atms.sandbox.coinbase.streams import Hub, Session
from atms.sandbox.coinbase.venue import CoinbaseVenue
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.http import web
from atms.sandbox.venue.serving import Serving
from atms.sandbox.venue.threads import ServingThread


class CoinbaseSandbox(Serving):
    """``async with CoinbaseSandbox(config) as sandbox``: serves until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: CoinbaseVenue
    title = "Coinbase Advanced Trade"

    def __init__(self, config: VenueConfig | None = None) -> None:
        super().__init__(of_coinbase(config or CoinbaseConfig()))
        self._hub = Hub(self.venue)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.in_background(self._hub.tell_books())
        self.in_background(self._hub.beat())
        return self

    def _make(self, config: Any) -> CoinbaseVenue:
        return CoinbaseVenue(config)

    def _route(self, app: web.Application) -> None:
        app.router.add_route("GET", "/", self._serve_stream)
        app.router.add_route("*", "/{path:.*}", CoinbaseRest(self.venue).handle)

    async def _serve_stream(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(status=404, text="404 page not found")
        wire = self.wire()
        session = Session(self._hub, wire)
        self.wires[wire] = self._hub.sessions[wire] = session
        try:
            return await wire.run(request, session.hear)
        finally:
            session.end()
            del self.wires[wire], self._hub.sessions[wire]


class CoinbaseThread(ServingThread):
    """``with CoinbaseThread(config) as thread``: serves in a thread of its own."""

    sandbox: CoinbaseSandbox

    def _make(self, config: Any) -> Any:
        return CoinbaseSandbox(config)
