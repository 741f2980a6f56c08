"""What an account of linear contracts is to be like, checked and never set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atms.errors import VenueError
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.bybit.log import READS
from atms.stores.ccxt.profiles.bybit.words import call, number
from atms.stores.ccxt.profiles.bybitlinear.contracts import LINEAR
from atms.stores.ccxt.profiles.wanted import (
    ON_THE_SITE,
    Wanted,
    check_leverage,
    check_margin,
    hedge_mode,
)

MOST = 200  # what an option may be; each contract tells its own bound
_MARGIN = {"REGULAR_MARGIN": "cross", "ISOLATED_MARGIN": "isolated"}


async def check_margin_mode(ask: Ask, place: str, wanted: Wanted) -> None:
    """Refuse an account in another margin mode than wanted, or in one without leverage.

    Raises:
        VenueError: it is in one.
    """
    told = (await ask(call("privateGetV5AccountInfo", READS)))["result"]["marginMode"]
    if told not in _MARGIN:
        raise VenueError(
            f"{place}: the account's margin mode is {told}, in which no leverage counts; set cross "
            f"or isolated margin {ON_THE_SITE}"
        )
    check_margin(place, "the account", wanted, _MARGIN[told])


async def check_symbols(
    ask: Ask, place: str, rows: Mapping[str, Mapping[str, Any]], wanted: Wanted
) -> None:
    """Refuse symbols in hedge mode, or with another leverage than wanted.

    Args:
        rows: symbol -> what the venue says of the contract.

    Raises:
        VenueError: one is.
    """
    for symbol, row in rows.items():
        question = call("privateGetV5PositionList", READS, category=LINEAR, symbol=row["symbol"])
        slots = (await ask(question))["result"]["list"]
        if any(int(one["positionIdx"]) != 0 for one in slots):
            raise hedge_mode(f"{place}: {symbol}")
        most = number(row["leverageFilter"]["maxLeverage"]).normalize()
        for one in slots:
            check_leverage(place, symbol, wanted, number(one["leverage"]).normalize(), most)
