"""What a futures venue of the sandbox is made with, beyond what one of spot is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from atms.sandbox.venue.config import VenueConfig


@dataclass(frozen=True, kw_only=True)
class FuturesConfig(VenueConfig):
    """A futures venue of the sandbox.

    Attributes:
        balances: asset -> wallet balance at start.
        commission: share of a taker's notional; *maker* of a maker's.
        leverage: of every symbol at start.
        margin_mode: of the account at start.
        hedge: whether it holds a long and a short position of a symbol side by side.
        funding_rate: what longs pay shorts every eight hours of market time, of the notional at
            the mark price; below 0 shorts pay.
        liquidation_fee: share of what is liquidated.
    """

    balances: Mapping[str, Decimal] = field(default_factory=lambda: {"USDT": Decimal(10_000)})
    commission: Decimal = Decimal("0.0005")
    maker: Decimal = Decimal("0.0002")
    leverage: Decimal = Decimal(20)
    margin_mode: Literal["cross", "isolated"] = "cross"
    hedge: bool = False
    funding_rate: Decimal = Decimal("0.0001")
    liquidation_fee: Decimal = Decimal("0.0005")
