"""A sandbox that serves: USD-M futures on 127.0.0.1."""

from __future__ import annotations

from typing import Any, Self

from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.rest import BinanceRest
from atms.sandbox.binance.serving import BinanceServing
from atms.sandbox.binance_usdm.config import UsdmConfig
from atms.sandbox.binance_usdm.hub import UsdmHub
from atms.sandbox.binance_usdm.routes import with_listen_keys
from atms.sandbox.binance_usdm.users import Users
from atms.sandbox.binance_usdm.venue import UsdmVenue
from atms.sandbox.venue.http import web
from atms.sandbox.venue.threads import ServingThread

_SERVED = ("", "/public", "/market")  # before /ws and /stream


class UsdmSandbox(BinanceServing):
    """``async with UsdmSandbox(config) as sandbox``: serves USD-M futures until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: UsdmVenue
    title = "Binance USD-M futures"

    def __init__(self, config: UsdmConfig | None = None) -> None:
        made = config or UsdmConfig()
        super().__init__(made)
        self.users = Users(self.venue.clock, made.listen_life)
        self.venue.desk.listeners.append(self.users)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.in_background(self.users.expire())
        return self

    def _make(self, config: SandboxConfig) -> UsdmVenue:
        assert isinstance(config, UsdmConfig)
        return UsdmVenue(config)

    def _hub_of(self) -> UsdmHub:
        return UsdmHub(self.venue)

    def _route(self, app: web.Application) -> None:
        for first in _SERVED:
            for path in ("/ws", "/ws/{name:.*}", "/stream", "/stream/{name:.*}"):
                app.router.add_route("GET", first + path, self._serve_stream)
        for path in ("/private/ws", "/private/ws/{key:.*}"):
            app.router.add_route("GET", path, self._serve_user)
        rest = BinanceRest(self.venue, with_listen_keys(self.users))
        app.router.add_route("*", "/{path:.*}", rest.handle)

    async def _serve_user(self, request: web.Request) -> web.StreamResponse:
        key = request.query.get("listenKey") or request.match_info.get("key", "")
        if not self.users.lives(key):
            return web.Response(status=400, text="listenKey")
        wire = self.wire()
        self.wires[wire] = None
        self.users.add(wire)
        try:
            return await wire.run(request, lambda message: None)
        finally:
            self.users.forget(wire)
            del self.wires[wire]


class UsdmThread(ServingThread):
    """``with UsdmThread(config) as thread``: serves from a thread of its own."""

    sandbox: UsdmSandbox

    def _make(self, config: Any) -> Any:
        return UsdmSandbox(config)
