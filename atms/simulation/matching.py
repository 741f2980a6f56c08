"""Which price a resting order meets on a bar: stock Backtrader's rules, without Backtrader.

A sale is matched as a purchase on the mirrored bar: every price with its sign turned, high and low
exchanged. Turning a sign is exact, so the results are stock's to the last bit.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What an order waits for; a trailing one is matched as what its stop makes it."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop-limit"


class Bar(NamedTuple):
    """What was traded within one bar, or one finer bar of it."""

    open: float
    high: float
    low: float
    close: float
    volume: float = float("nan")


class Place(Enum):
    """Where on its bar an order met its price."""

    OPEN = "open"
    STOP = "stop"
    LIMIT = "limit"
    CLOSE = "close"


class Match(NamedTuple):
    """What a bar does to an order.

    Attributes:
        price: the reference price, before costs; None: it does not fill.
        place: where on the bar that is.
        triggered: whether a stop-limit order is a limit order from now on.
    """

    price: float | None
    place: Place
    triggered: bool = False

    @property
    def maker(self) -> bool:
        """Whether the order rested and was met: only a limit inside the bar is."""
        return self.place is Place.LIMIT


_NOTHING = Match(None, Place.OPEN)


def match(
    kind: Kind, buys: bool, price: float, limit: float | None, triggered: bool, bar: Bar
) -> Match:
    """Return what *bar* does to an order.

    Args:
        kind: what it waits for.
        buys: whether it buys.
        price: of the limit order, or of the stop; not looked at for a market order.
        limit: of a stop-limit order.
        triggered: whether an earlier bar has triggered the stop-limit order.
        bar: the prices.
    """
    if kind is Kind.MARKET:
        return Match(bar.open, Place.OPEN)
    sign = 1.0 if buys else -1.0
    found = _buy(
        kind, sign * price, None if limit is None else sign * limit, triggered, buys,
        bar if buys else Bar(-bar.open, -bar.low, -bar.high, -bar.close),
    )  # fmt: skip
    if found.price is None or buys:
        return found
    return found._replace(price=-found.price)


def _buy(
    kind: Kind, price: float, limit: float | None, triggered: bool, buys: bool, bar: Bar
) -> Match:
    if kind is Kind.LIMIT:
        return _limit(price, bar)
    if kind is Kind.STOP:
        if bar.open >= price:
            return Match(bar.open, Place.OPEN)
        return Match(price, Place.STOP) if bar.high >= price else _NOTHING
    if limit is None:
        raise ValueError("a stop-limit order needs a limit price")
    if triggered or bar.open >= price:
        return _limit(limit, bar)._replace(triggered=True)
    if bar.high >= price:
        return _triggered_inside(price, limit, buys, bar)._replace(triggered=True)
    return _NOTHING


def _limit(limit: float, bar: Bar) -> Match:
    if limit >= bar.open:
        return Match(bar.open, Place.OPEN)
    return Match(limit, Place.LIMIT) if limit >= bar.low else _NOTHING


def _triggered_inside(price: float, limit: float, buys: bool, bar: Bar) -> Match:
    """Return where a stop-limit fills that was triggered after the open."""
    if limit >= price:
        return Match(price, Place.STOP)
    # Only where the bar fell again after it rose to the stop was the limit surely met afterwards.
    # Stock counts a bar that closes at its open as such for sales alone.
    fell = bar.open > bar.close or (not buys and bar.open == bar.close)
    return Match(limit, Place.LIMIT) if fell and limit >= bar.close else _NOTHING
