"""What a sandbox of Coinbase is made with."""

from __future__ import annotations

from dataclasses import dataclass, fields

from atms.sandbox.venue.config import VenueConfig


@dataclass(frozen=True, kw_only=True)
class CoinbaseConfig(VenueConfig):
    """A sandbox of Coinbase.

    Attributes:
        private_limit, public_limit: requests a second: of the account, and of an address.
        refuses_duplicates: a client order id that comes again is refused; else the order that has
            it is told as if it had just been placed.
    """

    private_limit: int = 30
    public_limit: int = 10
    refuses_duplicates: bool = False


def of_coinbase(config: VenueConfig) -> CoinbaseConfig:
    """Return a config with this venue's own fields as they usually are."""
    if isinstance(config, CoinbaseConfig):
        return config
    return CoinbaseConfig(**{one.name: getattr(config, one.name) for one in fields(VenueConfig)})
