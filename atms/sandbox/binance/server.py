"""A sandbox that serves: the venue on 127.0.0.1, for a command, a test or a benchmark."""

from __future__ import annotations

import asyncio
from types import TracebackType

from atms.errors import ConfigError
from atms.sandbox.binance import events
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.http import web
from atms.sandbox.binance.market import Market
from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance.rest import Rest
from atms.sandbox.binance.streams import Hub, Listener
from atms.sandbox.binance.tape import play
from atms.sandbox.binance.userdata import UserData
from atms.sandbox.binance.venue import Venue
from atms.sandbox.binance.wires import Wire
from atms.sandbox.binance.wsapi import Session

HOST = "127.0.0.1"


class Sandbox:
    """``async with Sandbox(config) as sandbox``: serves until the block ends.

    Attributes:
        venue: everything behind the wires.
        port: where it listens, once it does.
        key, secret: of the account; *withdrawal_key* is the pair that may withdraw, if there is.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        self.venue = Venue(self.config)
        self.port = 0
        first = next(iter(self.venue.keys.values()))
        self.key, self.secret = first.key, first.secret
        spare = [one for one in self.venue.keys.values() if one.may_withdraw]
        self.withdrawal_key = (spare[0].key, spare[0].secret) if spare else None
        self.truth = self.venue.truth
        self.faults = self.venue.faults
        self.clock = self.venue.clock
        self._users = UserData(self.venue.clock)
        self._hub: Hub | None = None
        self._wires: dict[Wire, Listener | None] = {}
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """The address, ``http://127.0.0.1:PORT``; websockets are at the same host and port."""
        return f"http://{HOST}:{self.port}"

    @property
    def market(self) -> Market:
        """The first market: ``sandbox.market.print(price, qty)``."""
        return next(iter(self.venue.markets.values()))

    def market_of(self, symbol: str) -> Market:
        """Return the market of *symbol*; KeyError if there is none."""
        return self.venue.markets[symbol.replace("/", "")]

    async def __aenter__(self) -> Sandbox:
        self._hub = Hub(self.venue)
        self.venue.desk.listeners.append(self._users)
        app = web.Application(client_max_size=2**20)
        app.router.add_route("GET", "/ws-api/v3", self._serve_api)
        for path in ("/ws", "/ws/{name:.*}", "/stream", "/stream/{name:.*}"):
            app.router.add_route("GET", path, self._serve_stream)
        app.router.add_route("*", "/{path:.*}", Rest(self.venue, self._users).handle)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self.config.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"port {self.config.port}: {error.strerror}; choose another, or 0 for a free one"
            ) from error
        self.port = self._runner.addresses[0][1]
        self.truth.note("server", state="started", url=self.url)
        self._tasks.append(asyncio.create_task(self._hub.tell_books()))
        for symbol, tape in self.venue.tapes.items():
            self._tasks.append(asyncio.create_task(self._play(symbol)))
            self.truth.note("market", symbol=symbol, state="moves", bars=len(tape))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.announce_shutdown()
        await asyncio.sleep(0)
        for wire in list(self._wires):
            wire.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self.truth.note("server", state="stopped")
        self.truth.close()

    def announce_shutdown(self) -> None:
        """Tell every websocket connection that the server is about to shut down."""
        now = self.clock.now()
        for wire, listener in self._wires.items():
            if listener is not None:
                listener.shutdown(now)
            else:
                wire.say({"event": events.server_shutdown(now)})

    def disconnect(self) -> None:
        """Cut every websocket connection without a word."""
        for wire in list(self._wires):
            wire.cut()

    async def finished(self) -> None:
        """Wait until every file is played to its end."""
        await asyncio.gather(*self._tasks[1:])

    async def _play(self, symbol: str) -> None:
        await play(self.venue.tapes[symbol], self.venue.markets[symbol], self.config.speed)
        self.truth.note("market", symbol=symbol, state="stands still: the file is over")

    def _wire(self) -> Wire:
        return Wire(self.faults, self.config.ping, self.config.life)

    async def _serve_api(self, request: web.Request) -> web.StreamResponse:
        wire = self._wire()
        session = Session(self.venue, self._users, wire, request)
        try:
            session.connect()
        except Refused as refusal:
            return web.Response(status=refusal.status)
        self._wires[wire] = None
        try:
            return await wire.run(request, session.hear)
        finally:
            self._users.forget(wire)
            del self._wires[wire]

    async def _serve_stream(self, request: web.Request) -> web.StreamResponse:
        assert self._hub is not None
        wire = self._wire()
        combined = request.path.startswith("/stream") and not request.path.startswith("/stream/ws")
        listener = Listener(self._hub, wire, combined, self.config.limits.messages)
        name = request.path.rpartition("/ws")[2].strip("/") if "/ws" in request.path else ""
        wanted = request.query.get("streams", "").split("/")
        self._wires[wire] = listener
        listener.subscribe([one for one in (*name.split("/"), *wanted) if self._hub.knows(one)])
        try:
            return await wire.run(request, listener.hear)
        finally:
            listener.end()
            del self._wires[wire]
