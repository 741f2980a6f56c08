"""What serves a venue on 127.0.0.1: requests, market streams, the files that move its markets."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

from atms.errors import ConfigError
from atms.sandbox.binance import events
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.grounds import Grounds
from atms.sandbox.binance.http import web
from atms.sandbox.binance.market import Market
from atms.sandbox.binance.streams import Hub, Listener
from atms.sandbox.binance.tape import play
from atms.sandbox.binance.wires import Wire

HOST = "127.0.0.1"


class Serving:
    """``async with`` serves until the block ends.

    Attributes:
        venue: everything behind the wires.
        port: where it listens, once it does.
        key, secret: of the account; *withdrawal_key* is the pair that may withdraw, if there is.
        title: what it is called on the screen.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: Grounds
    title = ""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.venue = self._make(config)
        self.port = 0
        first = next(iter(self.venue.keys.values()))
        self.key, self.secret = first.key, first.secret
        spare = [one for one in self.venue.keys.values() if one.may_withdraw]
        self.withdrawal_key = (spare[0].key, spare[0].secret) if spare else None
        self.truth = self.venue.truth
        self.faults = self.venue.faults
        self.clock = self.venue.clock
        self._hub: Hub | None = None
        self._wires: dict[Wire, Listener | None] = {}
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._background: list[asyncio.Task[None]] = []

    # ---- what a kind of venue adds ----------------------------------------------------------
    def _make(self, config: SandboxConfig) -> Any:
        """Return the venue."""
        raise NotImplementedError

    def _hub_of(self) -> Hub:
        """Return what tells the market streams."""
        return Hub(self.venue)

    def _route(self, app: web.Application) -> None:
        """Add what is served; what is not named before goes to REST last."""
        raise NotImplementedError

    def _shutdown_event(self, wire: Wire, now: int) -> None:
        """Tell a connection of the account that the server is about to shut down."""
        wire.say({"event": events.server_shutdown(now)})

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

    async def __aenter__(self) -> Self:
        self._hub = self._hub_of()
        app = web.Application(client_max_size=2**20)
        self._route(app)
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
        tasks = self._tasks + self._background
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
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
                self._shutdown_event(wire, now)

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

    async def _serve_stream(self, request: web.Request) -> web.StreamResponse:
        assert self._hub is not None
        wire = self._wire()
        combined = "/stream" in request.path and not request.path.startswith("/stream/ws")
        listener = Listener(self._hub, wire, combined, request.path, self.config.limits.messages)
        name = request.path.rpartition("/ws")[2].strip("/") if "/ws" in request.path else ""
        wanted = request.query.get("streams", "").split("/")
        self._wires[wire] = listener
        listener.subscribe([one for one in (*name.split("/"), *wanted) if self._hub.knows(one)])
        try:
            return await wire.run(request, listener.hear)
        finally:
            listener.end()
            del self._wires[wire]
