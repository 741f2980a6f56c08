"""What serves a venue of Binance's: market streams besides requests."""

from __future__ import annotations

from typing import Self

from atms.sandbox.binance import events
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.grounds import BinanceGrounds
from atms.sandbox.binance.streams import Hub, Listener
from atms.sandbox.venue.http import web
from atms.sandbox.venue.serving import Serving
from atms.sandbox.venue.wires import Wire


class BinanceServing(Serving):
    """``async with`` serves until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: BinanceGrounds
    config: SandboxConfig

    def __init__(self, config: SandboxConfig) -> None:
        super().__init__(config)
        self._hub: Hub | None = None

    async def __aenter__(self) -> Self:
        self._hub = self._hub_of()
        await super().__aenter__()
        self.in_background(self._hub.tell_books())
        return self

    def _hub_of(self) -> Hub:
        """Return what tells the market streams."""
        return Hub(self.venue)

    def announce_shutdown(self) -> None:
        """Tell every websocket connection that the server is about to shut down."""
        now = self.clock.now()
        for wire, listener in self.wires.items():
            if listener is not None:
                listener.shutdown(now)
            else:
                self._shutdown_event(wire, now)

    def _shutdown_event(self, wire: Wire, now: int) -> None:
        """Tell a connection of the account that the server is about to shut down."""
        wire.say({"event": events.server_shutdown(now)})

    async def _serve_stream(self, request: web.Request) -> web.StreamResponse:
        assert self._hub is not None
        wire = self.wire()
        combined = "/stream" in request.path and not request.path.startswith("/stream/ws")
        listener = Listener(self._hub, wire, combined, request.path, self.config.limits.messages)
        name = request.path.rpartition("/ws")[2].strip("/") if "/ws" in request.path else ""
        wanted = request.query.get("streams", "").split("/")
        self.wires[wire] = listener
        listener.subscribe([one for one in (*name.split("/"), *wanted) if self._hub.knows(one)])
        try:
            return await wire.run(request, listener.hear)
        finally:
            listener.end()
            del self.wires[wire]
