"""What a USD-M account is to be like, checked and never set: position and margin mode, leverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.binance import reads
from atms.stores.ccxt.profiles.wanted import (
    ON_THE_SITE,
    Wanted,
    check_leverage,
    check_margin,
    hedge_mode,
)

MOST = 125  # of the venue's API
_MARGIN = {"CROSSED": "cross", "ISOLATED": "isolated"}


async def check_account(ask: Ask, place: str) -> None:
    """Refuse an account in hedge or in multi-assets mode.

    Raises:
        VenueError: it is in one.
    """
    config = await ask(reads.call("fapiPrivateGetAccountConfig", 5))
    if config["dualSidePosition"]:
        raise hedge_mode(place)
    if config["multiAssetsMargin"]:
        raise VenueError(
            f"{place}: the account is in multi-assets mode, and margin of one asset is counted "
            f"here; set single-asset mode {ON_THE_SITE}"
        )


async def check_symbols(ask: Ask, place: str, raws: Mapping[str, str], wanted: Wanted) -> None:
    """Refuse symbols whose leverage or margin mode is another than wanted.

    Args:
        raws: the venue's symbol -> ours.

    Raises:
        VenueError: one is.
    """
    for raw, symbol in raws.items():
        (row,) = await ask(reads.call("fapiPrivateGetSymbolConfig", 5, symbol=raw))
        check_leverage(place, symbol, wanted, Decimal(row["leverage"]), await _most(ask, raw))
        check_margin(place, symbol, wanted, _MARGIN[row["marginType"]])


async def _most(ask: Ask, raw: str) -> Decimal:
    reply = await ask(reads.call("fapiPrivateGetLeverageBracket", 1, symbol=raw))
    rows: Sequence[Mapping[str, Any]] = [reply] if isinstance(reply, dict) else reply
    return max(Decimal(one["initialLeverage"]) for one in rows[0]["brackets"])
