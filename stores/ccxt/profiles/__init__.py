"""The exchanges that are described, by name: a profile is looked up, none registers itself.

Every other exchange that ccxt knows has the profile of the unexercised.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from atms.stores.ccxt.profile import Profile

# id of an exchange, ccxt's or ours of one of its markets -> (module, class)
PROFILES = {
    "binance": ("atms.stores.ccxt.profiles.binance.profile", "BinanceSpot"),
    "coinbase": ("atms.stores.ccxt.profiles.coinbase.profile", "CoinbaseSpot"),
    "binanceusdm": ("atms.stores.ccxt.profiles.binanceusdm.profile", "BinanceUsdm"),
    "kraken": ("atms.stores.ccxt.profiles.kraken.profile", "KrakenSpot"),
    "okx": ("atms.stores.ccxt.profiles.okx.profile", "OkxSpot"),
    "okxlinear": ("atms.stores.ccxt.profiles.okxlinear.profile", "OkxLinear"),
    "kucoin": ("atms.stores.ccxt.profiles.kucoin.profile", "KucoinSpot"),
    "bybit": ("atms.stores.ccxt.profiles.bybit.profile", "BybitSpot"),
    "bybitlinear": ("atms.stores.ccxt.profiles.bybitlinear.profile", "BybitLinear"),
}
# where a key is used with a third word of secret
WITH_PASSPHRASE = frozenset({"kucoin", "okx", "okxlinear"})

if TYPE_CHECKING:  # so that each is held to the protocol, though it is imported by name
    from atms.stores.ccxt.profiles.binance.profile import BinanceSpot
    from atms.stores.ccxt.profiles.binanceusdm.profile import BinanceUsdm
    from atms.stores.ccxt.profiles.bybit.profile import BybitSpot
    from atms.stores.ccxt.profiles.bybitlinear.profile import BybitLinear
    from atms.stores.ccxt.profiles.coinbase.profile import CoinbaseSpot
    from atms.stores.ccxt.profiles.kraken.profile import KrakenSpot
    from atms.stores.ccxt.profiles.kucoin.profile import KucoinSpot
    from atms.stores.ccxt.profiles.okx.profile import OkxSpot
    from atms.stores.ccxt.profiles.okxlinear.profile import OkxLinear

    _HELD: tuple[Profile, ...] = (
        BinanceSpot(),
        BinanceUsdm(),
        BybitSpot(),
        BybitLinear(),
        CoinbaseSpot(),
        KrakenSpot(),
        KucoinSpot(),
        OkxLinear(),
        OkxSpot(),
    )


def profile(exchange: str) -> Profile:
    """Return a new profile of an exchange.

    Raises:
        UnknownName: ccxt knows none of that id.
        MissingExtra: it is none of ours, and ccxt, which may know it, is not installed.
    """
    if exchange not in PROFILES:
        from atms.stores.ccxt.profiles.unexercised.profile import Unexercised  # it needs ccxt

        return Unexercised(exchange)
    module, name = PROFILES[exchange]
    made: Profile = getattr(importlib.import_module(module), name)()
    return made
