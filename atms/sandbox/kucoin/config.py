"""What a KuCoin venue of the sandbox is made with."""

from __future__ import annotations

from dataclasses import dataclass, fields

from atms.sandbox.venue.config import VenueConfig

SECONDS = 30  # of a window of the rate limits


@dataclass(frozen=True, kw_only=True)
class KucoinConfig(VenueConfig):
    """A venue that speaks KuCoin's spot dialect.

    Attributes:
        passphrase: of the key; None: made at start.
        unified: whether the account is a unified one, which takes other orders.
        spot, public, management: units of the rate limits in 30 s, those of an account without a
            VIP level.
    """

    passphrase: str | None = None
    unified: bool = False
    spot: int = 4000
    public: int = 2000
    management: int = 2000

    @classmethod
    def of(cls, config: VenueConfig | None) -> KucoinConfig:
        """Return *config* with what else this venue has."""
        if config is None or isinstance(config, KucoinConfig):
            return config or cls()
        return cls(**{one.name: getattr(config, one.name) for one in fields(config)})
