"""What serves a venue on 127.0.0.1: its wires, and the files that move its markets."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from atms.errors import ConfigError
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.grounds import Grounds
from atms.sandbox.venue.http import web
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.tape import play
from atms.sandbox.venue.wires import Wire

HOST = "127.0.0.1"


class Serving:
    """``async with`` serves until the block ends.

    Attributes:
        venue: everything behind the wires.
        port: where it listens, once it does.
        key, secret, passphrase: of the account; *withdrawal_key* is the pair that may withdraw,
            if there is.
        title: what it is called on the screen.
        wires: the websocket connections that are open.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: Grounds
    title = ""

    def __init__(self, config: VenueConfig) -> None:
        self.config = config
        self.venue = self._make(config)
        self.port = 0
        first = next(iter(self.venue.keys.values()))
        self.key, self.secret, self.passphrase = first.key, first.secret, first.passphrase
        spare = [one for one in self.venue.keys.values() if one.may_withdraw]
        self.withdrawal_key = (spare[0].key, spare[0].secret) if spare else None
        self.truth = self.venue.truth
        self.faults = self.venue.faults
        self.clock = self.venue.clock
        self.wires: dict[Wire, Any] = {}
        self._runner: web.AppRunner | None = None
        self._tapes: list[asyncio.Task[None]] = []
        self._background: list[asyncio.Task[None]] = []

    # ---- what a kind of venue adds ----------------------------------------------------------
    def _make(self, config: Any) -> Any:
        """Return the venue."""
        raise NotImplementedError

    def _route(self, app: web.Application) -> None:
        """Add what is served; what is not named before goes to REST last."""
        raise NotImplementedError

    def announce_shutdown(self) -> None:
        """Tell every websocket connection that the server is about to shut down, if it does."""

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
        for symbol, tape in self.venue.tapes.items():
            self._tapes.append(asyncio.create_task(self._play(symbol)))
            self.truth.note("market", symbol=symbol, state="moves", bars=len(tape))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = self._tapes + self._background
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.announce_shutdown()
        await asyncio.sleep(0)
        for wire in list(self.wires):
            wire.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self.truth.note("server", state="stopped")
        self.truth.close()

    def disconnect(self) -> None:
        """Cut every websocket connection without a word."""
        for wire in list(self.wires):
            wire.cut()

    async def finished(self) -> None:
        """Wait until every file is played to its end."""
        await asyncio.gather(*self._tapes)

    def wire(self) -> Wire:
        """Return a websocket connection that is not open yet."""
        return Wire(self.faults, self.config.ping, self.config.life)

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run *work* for as long as this serves."""
        self._background.append(asyncio.create_task(work))

    async def _play(self, symbol: str) -> None:
        await play(self.venue.tapes[symbol], self.venue.markets[symbol], self.config.speed)
        self.truth.note("market", symbol=symbol, state="stands still: the file is over")
