"""What a sandbox of Kraken is made with."""

from __future__ import annotations

from dataclasses import dataclass, fields

from atms.sandbox.venue.config import VenueConfig


@dataclass(frozen=True, kw_only=True)
class KrakenConfig(VenueConfig):
    """A sandbox of Kraken spot.

    Attributes:
        tier: of the account, which says how much it may ask and trade.
        limits_times: how many times as much; 1: as everybody of the tier.
        nonce_window: of the key: how far below the highest a nonce may be that was not used.
    """

    tier: str = "intermediate"
    limits_times: int = 1
    nonce_window: int = 0


def of_kraken(config: VenueConfig) -> KrakenConfig:
    """Return a config with this venue's own fields as they usually are."""
    if isinstance(config, KrakenConfig):
        return config
    return KrakenConfig(**{one.name: getattr(config, one.name) for one in fields(VenueConfig)})
