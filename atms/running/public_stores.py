"""A store for its public data alone: one of the config's, or an exchange by its name. No key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atms.config import Config
from atms.errors import UnknownName

if TYPE_CHECKING:
    from atms.stores.ccxt.store import CCXTStore


def public_store(config: Config, name: str) -> CCXTStore:
    """Return the connection, not connected yet, of one of the config's stores or of an exchange.

    Raises:
        UnknownName: neither is called so.
        MissingExtra: the venue's package is not installed.
        ConfigError: the store's address is none, or not set.
    """
    from atms.stores.ccxt.store import CCXTStore  # only here: an optional package

    section = config.stores.get(name)
    if section is not None:
        return CCXTStore(
            section.venue,
            testnet=section.testnet,
            url=section.url.resolve() if section.url else None,
            market_clock=section.market_clock,
        )
    try:
        return CCXTStore(name)
    except UnknownName as error:
        there = ", ".join(config.stores) or "none"
        raise UnknownName(f"{error}; stores in the config: {there}") from None
