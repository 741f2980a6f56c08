"""A sandbox that serves Bybit's linear contracts on 127.0.0.1."""

from __future__ import annotations

from typing import Any

from atms.sandbox.bybit import private as spot
from atms.sandbox.bybit.rest import ROUTES, BybitRest, Endpoint
from atms.sandbox.bybit.server import BybitServing
from atms.sandbox.bybitlinear import private
from atms.sandbox.bybitlinear.config import BybitLinearConfig
from atms.sandbox.bybitlinear.events import LinearEvents
from atms.sandbox.bybitlinear.venue import BybitLinearVenue
from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.threads import ServingThread


class LinearRest(BybitRest):
    """Answers requests about contracts."""

    routes = ROUTES | {
        ("POST", "/v5/order/create"): Endpoint(private.create),
        ("POST", "/v5/order/cancel"): Endpoint(private.cancel),
        ("GET", "/v5/order/realtime"): Endpoint(spot.realtime),
        ("GET", "/v5/position/list"): Endpoint(private.positions),
        ("GET", "/v5/account/transaction-log"): Endpoint(private.transactions),
        ("GET", "/v5/account/info"): Endpoint(private.account_info),
        ("POST", "/v5/position/set-leverage"): Endpoint(private.set_leverage),
        ("POST", "/v5/position/switch-mode"): Endpoint(private.switch_mode),
        ("POST", "/v5/account/set-margin-mode"): Endpoint(private.set_margin_mode),
    }


class BybitLinearSandbox(BybitServing):
    """``async with BybitLinearSandbox(config) as sandbox``: serves until the block ends.

    Raises:
        ConfigError, DataError, OutputError: in what it is made of, or the port is taken.
    """

    venue: BybitLinearVenue
    title = "Bybit linear contracts"
    rest = LinearRest

    def __init__(self, config: VenueConfig | None = None) -> None:
        given = config or BybitLinearConfig()
        own = isinstance(given, BybitLinearConfig)
        super().__init__(given if own else BybitLinearConfig(**vars(given)))

    def _make(self, config: Any) -> BybitLinearVenue:
        return BybitLinearVenue(config)

    def _events(self) -> LinearEvents:
        return LinearEvents(self.venue)


class BybitLinearThread(ServingThread):
    """``with BybitLinearThread(config) as thread``: serves until the block ends."""

    sandbox: BybitLinearSandbox

    def _make(self, config: Any) -> BybitLinearSandbox:
        return BybitLinearSandbox(config)
