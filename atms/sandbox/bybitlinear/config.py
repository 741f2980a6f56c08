"""What a sandbox of Bybit's linear contracts is made with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atms.sandbox.venue.futures.config import FuturesConfig


@dataclass(frozen=True, kw_only=True)
class BybitLinearConfig(FuturesConfig):
    """A sandbox of Bybit's linear contracts.

    Attributes:
        unified: whether it is a unified trading account; else it is refused by who needs one.
        portfolio: portfolio margin, in which a leverage has no meaning.
        orders, cancels: of the account in a second.
        reads: of the account in a second, of each endpoint.
        requests: of an address in five seconds; what is more bars it for *barred* seconds.
        open_orders, conditional_orders: that the account may have on a symbol.
    """

    commission: Decimal = Decimal("0.00055")
    unified: bool = True
    portfolio: bool = False
    orders: int = 10
    cancels: int = 10
    reads: int = 50
    requests: int = 600
    barred: float = 600.0
    open_orders: int = 500
    conditional_orders: int = 10
