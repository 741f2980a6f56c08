"""A sandbox that serves Bybit on 127.0.0.1, for a command, a test or a benchmark."""

from __future__ import annotations

import itertools
from typing import Any, Self

from atms.sandbox.bybit.account import AccountEvents
from atms.sandbox.bybit.config import BybitConfig
from atms.sandbox.bybit.rest import BybitRest
from atms.sandbox.bybit.sessions import Session
from atms.sandbox.bybit.streams import Hub
from atms.sandbox.bybit.venue import BybitGrounds, BybitVenue
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.http import web
from atms.sandbox.venue.serving import Serving
from atms.sandbox.venue.threads import ServingThread


class BybitServing(Serving):
    """Serves one kind of market of an account.

    Attributes:
        rest: what answers requests.
    """

    venue: BybitGrounds
    rest: type[BybitRest] = BybitRest

    def __init__(self, config: VenueConfig) -> None:
        super().__init__(config)
        self._hub = Hub(self.venue)
        self._account = self._events()
        self._number = itertools.count(1).__next__

    def _events(self) -> AccountEvents:
        """Return what tells the account of its events."""
        return AccountEvents(self.venue)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.in_background(self._hub.tell_books())
        return self

    def _route(self, app: web.Application) -> None:
        app.router.add_route("GET", f"/v5/public/{self.venue.category}", self._serve_public)
        app.router.add_route("GET", "/v5/private", self._serve_private)
        app.router.add_route("*", "/{path:.*}", self.rest(self.venue).handle)

    async def _serve_public(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, self._hub, private=False)

    async def _serve_private(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, self._account, private=True)

    async def _serve(
        self, request: web.Request, told: Hub | AccountEvents, *, private: bool
    ) -> web.StreamResponse:
        wire = self.wire()
        session = Session(
            self.venue, wire, self._number(), private=private, knows=told.knows,
            joined=told.joined,
        )  # fmt: skip
        self.wires[wire] = session
        try:
            return await wire.run(request, session.hear)
        finally:
            told.left(session)
            del self.wires[wire]


class BybitSandbox(BybitServing):
    """``async with BybitSandbox(config) as sandbox``: serves until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: BybitVenue
    title = "Bybit spot"

    def __init__(self, config: VenueConfig | None = None) -> None:
        given = config or BybitConfig()
        super().__init__(given if isinstance(given, BybitConfig) else BybitConfig(**vars(given)))

    def _make(self, config: BybitConfig) -> BybitVenue:
        return BybitVenue(config)


class BybitThread(ServingThread):
    """``with BybitThread(config) as thread``: serves until the block ends."""

    sandbox: BybitSandbox

    def _make(self, config: Any) -> BybitSandbox:
        return BybitSandbox(config)
