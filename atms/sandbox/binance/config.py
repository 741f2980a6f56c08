"""What Binance's sandbox is made with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atms.sandbox.venue.config import VenueConfig


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The venue's limits; the figures are those of its exchangeInfo of November 2024.

    Attributes:
        weight: request weight a minute and address.
        raw: requests in five minutes and address.
        orders_10s, orders_day: unfilled orders an account.
        patience: requests past the weight limit in a minute before the address is banned.
        ban: seconds of a first ban; each further one is twice as long, up to three days.
        open_orders, algo_orders: an account may have open on a symbol, all and stop orders.
        messages: a second that a market stream's client may send.
    """

    weight: int = 6000
    raw: int = 61_000
    orders_10s: int = 100
    orders_day: int = 200_000
    patience: int = 10
    ban: int = 120
    open_orders: int = 200
    algo_orders: int = 5
    messages: int = 5


@dataclass(frozen=True, kw_only=True)
class SandboxConfig(VenueConfig):
    """A sandbox of Binance's.

    Attributes:
        fee_asset: what fees are paid in while there is enough of it, with the venue's discount of
            a quarter; None: what is received.
        fee_price: of the fee asset in quote currency, where no symbol of the sandbox tells it.
        limits: weights, order counts, filters on counts.
    """

    fee_asset: str | None = None
    fee_price: Decimal = Decimal(600)
    limits: Limits = Limits()
