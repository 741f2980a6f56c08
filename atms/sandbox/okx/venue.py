"""OKX's spot market without its wires."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.okx.config import OkxConfig
from atms.sandbox.okx.grounds import OkxExchange, OkxGrounds
from atms.sandbox.venue.spot import SpotVenue


class OkxVenue(OkxGrounds, SpotVenue):
    """The venue behind the wires."""

    config: OkxConfig
    exchange: OkxExchange
    least = Decimal(0)
    places = OkxExchange
