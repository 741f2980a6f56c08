"""Backtrader's own slippage: a percentage or a fixed amount, kept inside the bar or not."""

from __future__ import annotations

from typing import NamedTuple

from atms.simulation.matching import Bar, Match, Place


class StockSlippage(NamedTuple):
    """The broker's ``slip_*`` parameters, as Backtrader documents them."""

    percent: float
    fixed: float
    at_open: bool
    match: bool
    limit: bool
    outside: bool


def slipped(
    found: Match, buys: bool, limit: float | None, bar: Bar, settings: StockSlippage
) -> float | None:
    """Return the price after slippage; None: Backtrader lets no price be given.

    Args:
        found: has a price.
        buys: the order's side.
        limit: of a limit or stop-limit order.
        bar: the prices within which the slipped one is kept.
        settings: the broker's.
    """
    price = found.price
    if price is None or not (settings.percent or settings.fixed):
        return price
    slips = found.place is Place.STOP or (found.place is Place.OPEN and settings.at_open)
    if not slips:
        return price
    sign = 1 if buys else -1
    if settings.percent:
        moved = price * (1 + sign * settings.percent)
    else:
        moved = price + sign * settings.fixed
    bound = _bound(found.place, buys, limit, bar)
    if (moved <= bound) if buys else (moved >= bound):
        return moved
    if settings.match or (limit is not None and settings.limit):
        return moved if settings.outside else bound
    return None


def _bound(place: Place, buys: bool, limit: float | None, bar: Bar) -> float:
    if place is Place.OPEN and limit is not None:
        return min(bar.high, limit) if buys else limit  # stock looks at the bar for buys alone
    return bar.high if buys else bar.low
