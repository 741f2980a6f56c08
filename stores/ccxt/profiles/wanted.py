"""What an account of contracts is to be like, checked and never set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from atms.errors import ConfigError, VenueError
from atms.stores.ccxt.options import refuse_others

ON_THE_SITE = "on the venue's site, or by its API"
MARGINS = ("cross", "isolated")


@dataclass(frozen=True)
class Wanted:
    """What the config's ``options`` say of an account.

    Attributes:
        leverage: of each symbol that is traded; None: whatever is set.
        margin_mode: ``cross`` or ``isolated``.
    """

    leverage: int | None = None
    margin_mode: str = "cross"


def wanted(
    exchange: str, options: Mapping[str, Any], most: int, more: Collection[str] = ()
) -> Wanted:
    """Read options.

    Args:
        most: the highest leverage of the venue's API.
        more: names of options that are read elsewhere.

    Raises:
        ConfigError: one is unknown, or has no such value.
    """
    refuse_others(exchange, options, ("leverage", "margin_mode", "position_mode", *more))
    leverage = options.get("leverage")
    whole = isinstance(leverage, int) and not isinstance(leverage, bool)
    if leverage is not None and not (whole and 1 <= leverage <= most):
        raise ConfigError(
            f"options of {exchange}: leverage {leverage!r}: write a whole number from 1 to {most}"
        )
    margin = options.get("margin_mode", "cross")
    if margin not in MARGINS:
        raise ConfigError(f"options of {exchange}: margin_mode {margin!r}: write cross or isolated")
    _check_positions(exchange, options.get("position_mode", "one_way"))
    return Wanted(leverage=leverage, margin_mode=margin)


def _check_positions(exchange: str, mode: Any) -> None:
    if mode == "hedge":
        raise ConfigError(
            f"options of {exchange}: position_mode hedge: two positions of one symbol are not "
            "traded here; write one_way"
        )
    if mode != "one_way":
        raise ConfigError(f"options of {exchange}: position_mode {mode!r}: write one_way")


def hedge_mode(place: str) -> VenueError:
    """Return what is said of an account that holds a long and a short position side by side."""
    return VenueError(
        f"{place}: the account is in hedge mode, and one position a symbol is traded here; "
        f"set one-way mode {ON_THE_SITE} (no position and no order may be open)"
    )


def check_leverage(place: str, symbol: str, wish: Wanted, has: Decimal, most: Decimal) -> None:
    """Refuse a symbol whose leverage is another than wanted.

    Args:
        has: its leverage; *most*: of its highest bracket.

    Raises:
        VenueError: it is, or no bracket goes so high.
    """
    if wish.leverage is None:
        return
    if wish.leverage > most:
        raise VenueError(
            f"{place}: {symbol}: a leverage of {wish.leverage} is above the {most:f} of its "
            f"highest bracket; write {most:f} or less under options.leverage"
        )
    if has != wish.leverage:
        raise VenueError(
            f"{place}: {symbol}: its leverage is {has:f}, and {wish.leverage} is wanted; "
            f"set it {ON_THE_SITE}, or write options.leverage: {has:f}"
        )


def check_margin(place: str, symbol: str, wish: Wanted, has: str) -> None:
    """Refuse a symbol, or an account, whose margin is of another mode than wanted.

    Raises:
        VenueError: it is.
    """
    if has != wish.margin_mode:
        raise VenueError(
            f"{place}: {symbol}: its margin is {has}, and {wish.margin_mode} is wanted; "
            f"set it {ON_THE_SITE}, or write options.margin_mode: {has}"
        )
