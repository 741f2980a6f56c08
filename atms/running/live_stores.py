"""The config's ``stores`` -> connections, for paper and for live."""

from __future__ import annotations

from pathlib import Path

from atms.config import Config
from atms.stores.base import Store


def store_names(config: Config) -> tuple[str, ...]:
    """Return the stores that feeds are read from, in their order."""
    return tuple(dict.fromkeys(feed.store for feed in config.data.feeds if feed.store))


def symbols_of(config: Config, store: str) -> list[str]:
    """Return what is traded on a store."""
    named = (feed.symbol or feed.name for feed in config.data.feeds if feed.store == store)
    return list(dict.fromkeys(named))


def make_store(config: Config, name: str, mode: str, state: Path) -> Store:
    """Return the connection to one of the config's stores; nothing is connected yet.

    Raises:
        MissingExtra: the venue's package is not installed.
        ConfigError: its options do not fit.
    """
    raise NotImplementedError
