"""The exchanges that are described, by name: a profile is looked up, none registers itself."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from atms.errors import UnknownName, did_you_mean
from atms.stores.ccxt.profile import Profile

# ccxt's id of an exchange -> (module, class)
PROFILES = {
    "binance": ("atms.stores.ccxt.profiles.binance.profile", "BinanceSpot"),
    "coinbase": ("atms.stores.ccxt.profiles.coinbase.profile", "CoinbaseSpot"),
    "binanceusdm": ("atms.stores.ccxt.profiles.binanceusdm.profile", "BinanceUsdm"),
    "kraken": ("atms.stores.ccxt.profiles.kraken.profile", "KrakenSpot"),
    "okx": ("atms.stores.ccxt.profiles.okx.profile", "OkxSpot"),
    "kucoin": ("atms.stores.ccxt.profiles.kucoin.profile", "KucoinSpot"),
}
WITH_PASSPHRASE = frozenset({"kucoin", "okx"})  # where a key is used with a third word of secret

if TYPE_CHECKING:  # so that each is held to the protocol, though it is imported by name
    from atms.stores.ccxt.profiles.binance.profile import BinanceSpot
    from atms.stores.ccxt.profiles.binanceusdm.profile import BinanceUsdm
    from atms.stores.ccxt.profiles.coinbase.profile import CoinbaseSpot
    from atms.stores.ccxt.profiles.kraken.profile import KrakenSpot
    from atms.stores.ccxt.profiles.kucoin.profile import KucoinSpot
    from atms.stores.ccxt.profiles.okx.profile import OkxSpot

    _HELD: tuple[Profile, ...] = (
        BinanceSpot(),
        BinanceUsdm(),
        CoinbaseSpot(),
        KrakenSpot(),
        KucoinSpot(),
        OkxSpot(),
    )


def profile(exchange: str) -> Profile:
    """Return a new profile of an exchange.

    Raises:
        UnknownName: there is none.
    """
    if exchange not in PROFILES:
        known = ", ".join(sorted(PROFILES))
        hint = did_you_mean(exchange, PROFILES)
        raise UnknownName(
            f"CCXTStore: no profile of exchange {exchange!r}{hint}; there are: {known}"
        )
    module, name = PROFILES[exchange]
    made: Profile = getattr(importlib.import_module(module), name)()
    return made
