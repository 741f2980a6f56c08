"""What a sandbox of OKX is made with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from atms.sandbox.venue.config import VenueConfig


@dataclass(frozen=True, kw_only=True)
class OkxConfig(VenueConfig):
    """The venue's own beside what every venue has.

    Attributes:
        passphrase: of both keys; None: made at start.
        account_level: the account's mode: 1 spot, 2 futures, 3 and 4 on margin.
        limits_times: every limit of requests so many times as high, for tests.
    """

    commission: Decimal = Decimal("0.001")
    passphrase: str | None = None
    account_level: int = 1
    limits_times: int = 1


def of_okx(config: VenueConfig) -> OkxConfig:
    """Return a config of this venue's, made of one that any venue may have."""
    if isinstance(config, OkxConfig):
        return config
    return OkxConfig(**{one.name: getattr(config, one.name) for one in fields(config)})
