"""What a sandbox of OKX's swaps is made with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from atms.sandbox.venue.config import VenueConfig
from atms.sandbox.venue.futures.config import FuturesConfig


@dataclass(frozen=True, kw_only=True)
class OkxLinearConfig(FuturesConfig):
    """The venue's own beside what every futures venue has; its fees are a regular user's.

    Attributes:
        passphrase: of both keys; None: made at start.
        account_level: the account's mode: 1 spot, 2 futures, 3 multi-currency, 4 portfolio margin.
        contract: units of the base asset in one contract; the smallest order is a hundredth of it.
        keeps_id: whether the order that a stop becomes has its client id; else it has none. In
            both it has the stop's number and the id that the stop was given.
        limits_times: every limit of requests so many times as high, for tests.
    """

    passphrase: str | None = None
    account_level: int = 2
    contract: Decimal = Decimal("0.01")
    keeps_id: bool = False
    limits_times: int = 1


def of_okxlinear(config: VenueConfig) -> OkxLinearConfig:
    """Return a config of this venue's, made of one that any venue may have."""
    if isinstance(config, OkxLinearConfig):
        return config
    return OkxLinearConfig(**{one.name: getattr(config, one.name) for one in fields(config)})
