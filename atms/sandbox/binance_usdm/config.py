"""What a sandbox of USD-M futures is made with, beyond what one of spot is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from atms.sandbox.binance.config import Limits, SandboxConfig

_LIMITS = Limits(
    weight=2400, orders_10s=300, orders_day=1200, open_orders=200, algo_orders=200, messages=10
)


@dataclass(frozen=True, kw_only=True)
class UsdmConfig(SandboxConfig):
    """A sandbox of USD-M futures; the limits are those that its documentation shows.

    Attributes:
        balances: asset -> wallet balance at start.
        commission: share of a taker's notional; *maker* of a maker's: those of a regular user.
        leverage: of every symbol at start.
        margin_type: ``CROSSED`` or ``ISOLATED``, of every symbol at start.
        dual_side: hedge mode at start.
        funding_rate: what longs pay shorts every eight hours of market time, of the notional at
            the mark price; below 0 shorts pay.
        liquidation_fee: share of what is liquidated.
        keeps_id: whether the order that a conditional one becomes has its client id; else one of
            the venue's own. Nothing that could be read says which.
        listen_life: seconds that a listen key lives when nobody prolongs it.
    """

    balances: Mapping[str, Decimal] = field(default_factory=lambda: {"USDT": Decimal(10_000)})
    commission: Decimal = Decimal("0.0005")
    maker: Decimal = Decimal("0.0002")
    leverage: int = 20
    margin_type: str = "CROSSED"
    dual_side: bool = False
    funding_rate: Decimal = Decimal("0.0001")
    liquidation_fee: Decimal = Decimal("0.01")
    keeps_id: bool = True
    listen_life: float = 3600.0
    limits: Limits = _LIMITS
