"""What the paper venue charges, and how it fills: the same models as the simulated broker's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

import backtrader as bt

from atms.errors import ConfigError
from atms.simulation import Impact, Margin, Rules, Slippage
from atms.simulation.liquidity import check_share


@dataclass(frozen=True, kw_only=True)
class SimModels:
    """One instrument's models; an account has one for all, or one by symbol.

    Attributes:
        commission: what a Backtrader broker's ``addcommissioninfo`` takes; leverage and a
            future's margin are in it.
        slippage, impact: None: takers fill at the reference price.
        participation: the most of a bar's volume that fills, above 0 and at most 1; None: all.
        latency: an order meets the first bar that began this much after it was made, or later.
        rules: the config's, beside the filters that the source tells.
        session_end: when a session ends, UTC, for orders on the close; None: there are none.

    Raises:
        ConfigError: a model that needs what bars at the seam do not have.
        ValueError: a participation that is no share of a volume.
    """

    commission: Any = field(default_factory=bt.CommissionInfo)
    slippage: Slippage | None = None
    impact: Impact | None = None
    participation: float | None = None
    latency: timedelta = timedelta(0)
    rules: Rules | None = None
    session_end: time | None = None

    def __post_init__(self) -> None:
        if self.participation is not None:
            check_share(self.participation)
        if self.latency < timedelta(0):
            raise ConfigError(f"broker.latency: is {self.latency}, and must not be below 0")
        if self.slippage is not None and self.slippage.half_spread:
            raise ConfigError(
                "broker.slippage.half_spread: a store's bars have no bid and ask; give percent, "
                "fixed or ticks for paper trading"
            )
        conversion = getattr(self.commission.p, "conversion", 1.0)
        if isinstance(conversion, str):
            raise ConfigError(
                f"broker.commission.conversion: {conversion}: is a feed, which the paper venue "
                "does not know; give a number for paper trading"
            )


@dataclass(frozen=True, kw_only=True)
class SimAccount:
    """What holds for the whole account.

    Attributes:
        shortcash: as Backtrader's: whether what a short sale brings is in the cash.
        margin: None: what other positions have lost is not looked at when one is opened.

    Raises:
        ConfigError: a margin below which an account would be liquidated.
    """

    shortcash: bool = True
    margin: Margin | None = None

    def __post_init__(self) -> None:
        if self.margin is not None and self.margin.liquidates:
            raise ConfigError(
                "broker.margin.maintenance: the paper venue does not liquidate; remove it for "
                "paper trading"
            )
