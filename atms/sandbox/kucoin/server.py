"""A sandbox that serves KuCoin's spot market on 127.0.0.1."""

from __future__ import annotations

from typing import Any

from atms.sandbox.kucoin.config import KucoinConfig
from atms.sandbox.kucoin.rest import KucoinRest
from atms.sandbox.kucoin.session import Session
from atms.sandbox.kucoin.tokens import Tokens
from atms.sandbox.kucoin.topics import Topics
from atms.sandbox.kucoin.users import Users
from atms.sandbox.kucoin.venue import KucoinVenue
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.http import web
from atms.sandbox.venue.orders import Order
from atms.sandbox.venue.serving import HOST, Serving
from atms.sandbox.venue.threads import ServingThread


class KucoinSandbox(Serving):
    """``async with KucoinSandbox(config) as sandbox``: serves until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: KucoinVenue
    title = "KuCoin spot"

    def __init__(self, config: VenueConfig | None = None) -> None:
        super().__init__(KucoinConfig.of(config))
        self._tokens = Tokens(self.venue.clock)
        self._users = Users(self.venue)
        self._topics = Topics(self.venue)
        self.venue.rests.append(self._rests)

    def _make(self, config: KucoinConfig) -> KucoinVenue:
        return KucoinVenue(config)

    def _rests(self, order: Order) -> None:
        self._users.rests(order)

    def _route(self, app: web.Application) -> None:
        app.router.add_route("GET", "/endpoint", self._stream)
        app.router.add_route("*", "/{path:.*}", KucoinRest(self.venue, self._tokens).handle)

    async def __aenter__(self) -> Any:
        entered = await super().__aenter__()
        self._tokens.endpoint = f"ws://{HOST}:{self.port}/endpoint"
        return entered

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        private = self._tokens.opens(request.query.get("token", ""))
        wire = self.wire()
        session = Session(wire, self._topics, self._users, self.clock, private=bool(private))
        if private is None:
            wire.say({"id": "", "type": "error", "code": 401, "data": "token is invalid"})
            wire.close()
        else:
            session.welcome(request.query.get("connectId", "sandbox"))
        self.wires[wire] = None
        try:
            return await wire.run(request, session.hear)
        finally:
            session.leave()
            del self.wires[wire]


class KucoinThread(ServingThread):
    """A KuCoin sandbox in a thread of its own."""

    sandbox: KucoinSandbox

    def _make(self, config: Any) -> KucoinSandbox:
        return KucoinSandbox(config)
