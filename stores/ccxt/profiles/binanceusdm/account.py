"""What a USD-M account is to be like, checked and never set: position and margin mode, leverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atms.errors import ConfigError, VenueError
from atms.stores.ccxt.options import refuse_others
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.binance import reads

_MOST = 125  # of the venue's API
_MARGIN = {"cross": "CROSSED", "isolated": "ISOLATED"}
_ON_THE_SITE = "on the venue's site, or by its API"


@dataclass(frozen=True)
class Wanted:
    """What the config's ``options`` say of an account.

    Attributes:
        leverage: of each symbol that is traded; None: whatever is set.
        margin_mode: ``cross`` or ``isolated``.
    """

    leverage: int | None = None
    margin_mode: str = "cross"


def wanted(exchange: str, options: Mapping[str, Any]) -> Wanted:
    """Read options.

    Raises:
        ConfigError: one is unknown, or has no such value.
    """
    refuse_others(exchange, options, ("leverage", "margin_mode", "position_mode"))
    leverage = options.get("leverage")
    whole = isinstance(leverage, int) and not isinstance(leverage, bool)
    if leverage is not None and not (whole and 1 <= leverage <= _MOST):
        raise ConfigError(
            f"options of {exchange}: leverage {leverage!r}: write a whole number from 1 to {_MOST}"
        )
    margin = options.get("margin_mode", "cross")
    if margin not in _MARGIN:
        raise ConfigError(f"options of {exchange}: margin_mode {margin!r}: write cross or isolated")
    mode = options.get("position_mode", "one_way")
    if mode == "hedge":
        raise ConfigError(
            f"options of {exchange}: position_mode hedge: two positions of one symbol are not "
            "traded here; write one_way"
        )
    if mode != "one_way":
        raise ConfigError(f"options of {exchange}: position_mode {mode!r}: write one_way")
    return Wanted(leverage=leverage, margin_mode=margin)


async def check_account(ask: Ask, place: str) -> None:
    """Refuse an account in hedge or in multi-assets mode.

    Raises:
        VenueError: it is in one.
    """
    config = await ask(reads.call("fapiPrivateGetAccountConfig", 5))
    if config["dualSidePosition"]:
        raise VenueError(
            f"{place}: the account is in hedge mode, and one position a symbol is traded here; "
            f"set one-way mode {_ON_THE_SITE} (no position and no order may be open)"
        )
    if config["multiAssetsMargin"]:
        raise VenueError(
            f"{place}: the account is in multi-assets mode, and margin of one asset is counted "
            f"here; set single-asset mode {_ON_THE_SITE}"
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
        most = await _most(ask, raw)
        leverage, margin = int(row["leverage"]), row["marginType"]
        if wanted.leverage is not None and wanted.leverage > most:
            raise VenueError(
                f"{place}: {symbol}: a leverage of {wanted.leverage} is above the {most} of its "
                f"highest bracket; write {most} or less under options.leverage"
            )
        if wanted.leverage is not None and leverage != wanted.leverage:
            raise VenueError(
                f"{place}: {symbol}: its leverage is {leverage}, and {wanted.leverage} is wanted; "
                f"set it {_ON_THE_SITE}, or write options.leverage: {leverage}"
            )
        if margin != _MARGIN[wanted.margin_mode]:
            own = next(name for name, word in _MARGIN.items() if word == margin)
            raise VenueError(
                f"{place}: {symbol}: its margin is {own}, and {wanted.margin_mode} is wanted; "
                f"set it {_ON_THE_SITE}, or write options.margin_mode: {own}"
            )


async def _most(ask: Ask, raw: str) -> int:
    reply = await ask(reads.call("fapiPrivateGetLeverageBracket", 1, symbol=raw))
    rows: Sequence[Mapping[str, Any]] = [reply] if isinstance(reply, dict) else reply
    return max(int(one["initialLeverage"]) for one in rows[0]["brackets"])
