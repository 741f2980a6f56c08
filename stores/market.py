"""What may be traded, and what the market does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from atms.stores.requests import Side


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """One thing that an account can trade.

    Attributes:
        id: ``<account>:<symbol>``, ours and stable.
        multiplier: quote value of one unit at a price of 1.
        price_steps: (from this price on, step).
        cash: whether a fill swaps two assets, or moves only profit in *settle*.
        hours: a calendar's name; None: always open.
    """

    id: str
    base: str
    quote: str
    settle: str
    multiplier: Decimal = Decimal(1)
    qty_step: Decimal
    min_qty: Decimal
    max_qty: Decimal | None = None
    max_market_qty: Decimal | None = None
    price_steps: tuple[tuple[Decimal, Decimal], ...]
    min_notional: Decimal | None = None
    cash: Literal["exchange", "margin"] = "exchange"
    tradable: bool = True
    hours: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar of a store's; a final one is over, a higher revision replaces a lower."""

    instrument: str
    open_at: datetime
    close_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    final: bool
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class Empty:
    """The venue says: nothing was traded."""

    instrument: str
    open_at: datetime
    close_at: datetime


@dataclass(frozen=True, kw_only=True)
class FeedLink:
    """The stream of bars is up or down."""

    at: datetime
    up: bool


BarFact = Bar | Empty | FeedLink


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Prices that can be had for *qty*; None: the top of the book."""

    at: datetime
    instrument: str
    bid: Decimal
    ask: Decimal
    qty: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Book:
    """An order book: (price, qty), the best first."""

    at: datetime
    instrument: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, kw_only=True)
class Print:
    """A public trade."""

    at: datetime
    instrument: str
    id: str
    price: Decimal
    qty: Decimal
    taker: Side | None
