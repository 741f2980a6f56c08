"""What an OKX account of swaps is to be like, checked and never set."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atms.errors import ConfigError, VenueError
from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.okxlinear.contracts import KIND, Row
from atms.stores.ccxt.profiles.wanted import ON_THE_SITE, Wanted, check_leverage, hedge_mode, wanted

MOST = 125  # of the venue's API
_FUTURES_MODE = "2"
_MODES = {"1": "spot", "3": "multi-currency margin", "4": "portfolio margin"}
MARGIN = "cross"


def read_options(exchange: str, options: Mapping[str, Any]) -> Wanted:
    """Read options.

    Raises:
        ConfigError: one is unknown, or has no such value, or asks for isolated margin.
    """
    found = wanted(exchange, options, MOST)
    if found.margin_mode != MARGIN:
        raise ConfigError(
            f"options of {exchange}: margin_mode {found.margin_mode}: isolated margin is taken out "
            "of the cash that is compared here; write cross"
        )
    return found


def check_account(config: Row, place: str) -> None:
    """Refuse an account in hedge mode, or in one where margin is not of one asset.

    Args:
        config: what the venue says of the account.

    Raises:
        VenueError: it is in one.
    """
    level = str(config["acctLv"])
    if level != _FUTURES_MODE:
        told = _MODES.get(level, "another")
        raise VenueError(
            f"{place}: the account is in {told} mode (acctLv {level}), and margin of one asset is "
            f"counted here; set futures mode {ON_THE_SITE}"
        )
    if config["posMode"] != "net_mode":
        raise hedge_mode(place)


async def check_symbols(ask: Ask, place: str, rows: Mapping[str, Row], wish: Wanted) -> None:
    """Refuse symbols whose leverage is another than wanted, or that are held on isolated margin.

    Args:
        rows: symbol -> what is said of the swap.

    Raises:
        VenueError: one is.
    """
    held = (await ask(positions()))["data"] if rows else []
    for symbol, row in rows.items():
        raw = row["instId"]
        for one in held:
            if one["instId"] == raw and one["mgnMode"] != MARGIN and Decimal(one["pos"] or 0):
                raise VenueError(
                    f"{place}: {symbol}: a position is held on {one['mgnMode']} margin, and orders "
                    "here are on cross margin, beside it; close it first"
                )
        reply = await ask(
            Call(
                method="privateGetAccountLeverageInfo", costs={"leverage": 1},
                params={"instId": raw, "mgnMode": MARGIN},
            )
        )  # fmt: skip
        for one in reply["data"]:
            check_leverage(place, symbol, wish, Decimal(one["lever"]), Decimal(row["lever"]))


def positions() -> Call:
    """Return the request for what is held."""
    return Call(
        method="privateGetAccountPositions", params={"instType": KIND}, costs={"positions": 1}
    )
