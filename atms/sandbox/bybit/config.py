"""What a sandbox of Bybit is made with."""

from __future__ import annotations

from dataclasses import dataclass

from atms.sandbox.venue.config import VenueConfig


@dataclass(frozen=True, kw_only=True)
class BybitConfig(VenueConfig):
    """A sandbox of Bybit.

    Attributes:
        unified: whether it is a unified trading account; else it is refused by who needs one.
        orders, cancels: of the account in a second.
        reads: of the account in a second, of each endpoint.
        requests: of an address in five seconds; what is more bars it for *barred* seconds.
        open_orders: that the account may have on a symbol.
    """

    unified: bool = True
    orders: int = 20
    cancels: int = 20
    reads: int = 50
    requests: int = 600
    barred: float = 600.0
    open_orders: int = 500
