"""A sandbox that serves: OKX's perpetual swaps on 127.0.0.1."""

from __future__ import annotations

from typing import Any

from atms.sandbox.okx.server import OkxSandbox
from atms.sandbox.okx.sessions import Session
from atms.sandbox.okxlinear.config import OkxLinearConfig, of_okxlinear
from atms.sandbox.okxlinear.rest import SwapRest
from atms.sandbox.okxlinear.streams import SwapHub
from atms.sandbox.okxlinear.users import BusinessSession, SwapUsers, SwapUserSession
from atms.sandbox.okxlinear.venue import OkxLinearVenue
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.threads import ServingThread
from atms.sandbox.venue.wires import Wire


class OkxLinearSandbox(OkxSandbox):
    """``async with OkxLinearSandbox(config) as sandbox``: serves until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: OkxLinearVenue
    _users: SwapUsers
    title = "OKX perpetual swaps"

    def _made_with(self, config: VenueConfig | None) -> VenueConfig:
        return of_okxlinear(config or OkxLinearConfig())

    def _make(self, config: Any) -> OkxLinearVenue:
        return OkxLinearVenue(config)

    def _told(self) -> SwapHub:
        return SwapHub(self.venue)

    def _listening(self) -> SwapUsers:
        return SwapUsers(self.venue)

    def _rest(self) -> SwapRest:
        return SwapRest(self.venue)

    def _session(self, kind: str, wire: Wire) -> Session:
        if kind == "private":
            return SwapUserSession(self._users, wire)
        if kind == "business":
            return BusinessSession(self._hub, wire, self._users)
        return super()._session(kind, wire)


class OkxLinearThread(ServingThread):
    """``with OkxLinearThread(config) as thread``: serves from a thread of its own."""

    sandbox: OkxLinearSandbox

    def _make(self, config: Any) -> OkxLinearSandbox:
        return OkxLinearSandbox(config)
