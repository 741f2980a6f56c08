"""A sandbox that serves: OKX spot on 127.0.0.1."""

from __future__ import annotations

from typing import Any, Self

from atms.sandbox.okx.config import OkxConfig, of_okx
from atms.sandbox.okx.grounds import OkxGrounds
from atms.sandbox.okx.rest import OkxRest
from atms.sandbox.okx.sessions import Session
from atms.sandbox.okx.streams import Hub, MarketSession
from atms.sandbox.okx.users import Users, UserSession
from atms.sandbox.okx.venue import OkxVenue
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.http import web
from atms.sandbox.venue.serving import Serving
from atms.sandbox.venue.threads import ServingThread
from atms.sandbox.venue.wires import Wire

_ROOT = "/ws/v5/"


class OkxSandbox(Serving):
    """``async with OkxSandbox(config) as sandbox``: serves until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: OkxGrounds
    title = "OKX spot"

    def __init__(self, config: VenueConfig | None = None) -> None:
        super().__init__(self._made_with(config))
        self._hub = self._told()
        self._users = self._listening()

    # ---- what a kind of market changes ------------------------------------------------------
    def _made_with(self, config: VenueConfig | None) -> VenueConfig:
        return of_okx(config or OkxConfig())

    def _told(self) -> Hub:
        return Hub(self.venue)

    def _listening(self) -> Users:
        return Users(self.venue)

    def _rest(self) -> OkxRest:
        return OkxRest(self.venue)

    def _session(self, kind: str, wire: Wire) -> Session:
        if kind == "private":
            return UserSession(self._users, wire)
        return MarketSession(self._hub, wire, kind)

    def _make(self, config: Any) -> OkxGrounds:
        return OkxVenue(config)

    def _route(self, app: web.Application) -> None:
        for kind in ("public", "business", "private"):
            app.router.add_route("GET", f"{_ROOT}{kind}", self._serve_socket)
        app.router.add_route("*", "/{path:.*}", self._rest().handle)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.in_background(self._hub.tell_books())
        return self

    def announce_shutdown(self) -> None:
        """Tell every websocket connection that it is about to end."""
        for session in self.wires.values():
            session.notice()

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        if self.venue.is_down():
            return web.Response(status=503)
        wire, kind = self.wire(), request.path.removeprefix(_ROOT)
        session = self._session(kind, wire)
        self.wires[wire] = session
        try:
            return await wire.run(request, session.hear)
        finally:
            session.end()
            del self.wires[wire]


class OkxThread(ServingThread):
    """``with OkxThread(config) as thread``: serves from a thread of its own."""

    sandbox: OkxSandbox

    def _make(self, config: Any) -> OkxSandbox:
        return OkxSandbox(config)
