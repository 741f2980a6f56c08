"""The config's ``stores`` -> connections, for paper and for live."""

from __future__ import annotations

from pathlib import Path

from atms.config import Config
from atms.errors import ConfigError
from atms.execution.broker.desk import Manner
from atms.running.naming import slug
from atms.running.paper import paper_store
from atms.stores.base import Store
from atms.stores.ccxt.profiles import WITH_PASSPHRASE
from atms.stores.shadow import ShadowStore


def store_names(config: Config) -> tuple[str, ...]:
    """Return the stores that feeds are read from, in their order."""
    return tuple(dict.fromkeys(feed.store for feed in config.data.feeds if feed.store))


def symbols_of(config: Config, store: str) -> list[str]:
    """Return what is traded on a store."""
    named = (feed.symbol or feed.name for feed in config.data.feeds if feed.store == store)
    return list(dict.fromkeys(named))


def make_store(config: Config, name: str, mode: str, state: Path) -> Store:
    """Return the connection to one of the config's stores; nothing is connected yet.

    Args:
        mode: ``paper`` trades a simulated account on the store's bars.
        state: the folder of all accounts' files.

    Raises:
        MissingExtra: the venue's package is not installed.
        ConfigError: its options do not fit.
        UnknownName: there is no such venue.
    """
    store = venue_store(config, name)
    if mode == "paper":
        return paper_store(config, name, store, state, f"paper-{run_name(config)}-{name}")
    return ShadowStore(store) if mode == "shadow" else store


def manner_of(config: Config) -> Manner:
    """Return how the accounts of a config are run."""
    section = config.execution
    return Manner(
        unknown_position=section.unknown_position, emulated_protection=section.emulated_protection
    )


def run_name(config: Config) -> str:
    """Return what a run is called in the names of its files: its label, else its strategy's."""
    return slug(config.run.name or config.strategy.name.rpartition(":")[2])


def venue_store(config: Config, name: str) -> Store:
    """Return the connection to the venue itself, its data and its account.

    Raises:
        ConfigError: the venue's keys have a passphrase, and none is given.
    """
    from atms.stores.ccxt.store import CCXTStore  # only here: an optional package

    section = config.stores[name]
    if section.key and not section.passphrase and section.venue in WITH_PASSPHRASE:
        raise ConfigError(
            f"stores.{name}.passphrase: a key of {section.venue} has one; name it like key and "
            "secret: ${ENV_NAME} or file:PATH"
        )
    paid = (feed.currency for feed in config.data.feeds if feed.store == name)
    currency = next(paid, "USD")  # of a store that no feed names, nothing is told in it
    return CCXTStore(
        section.venue,
        key=section.key.reveal if section.key else None,
        secret=section.secret.reveal if section.secret else None,
        password=section.passphrase.reveal if section.passphrase else None,
        testnet=section.testnet,
        url=section.url.resolve() if section.url else None,
        base=section.base or currency,
        market_clock=section.market_clock,
        options=section.options,
    )
