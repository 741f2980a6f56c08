"""What the account's stream leaves out of its later messages, and was told in an earlier one.

Of an order's life the venue tells the first message whole, and of the next ones what is new.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profiles.kraken.numbers import exact
from atms.stores.ccxt.profiles.kraken.orders import KINDS
from atms.stores.requests import Key, Kind, Side, Ticket

_FOR_EVER = 1e9  # seconds: of an order whose beginning nobody remembers


@dataclass
class Known:
    """An order, as far as it was told.

    Attributes:
        symbol: as the websocket writes it; empty: not told yet.
        filled: None: not told yet.
        asked: whether the venue was asked for the whole order.
    """

    key: Key | None = None
    symbol: str = ""
    side: Side = 1
    qty: Decimal | None = None
    kind: Kind | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None
    tif: str = "gtc"
    post_only: bool = False
    filled: Decimal | None = None
    asked: bool = False

    def take(self, entry: Mapping[str, Any]) -> None:
        """Take what a message tells."""
        self.key = entry.get("cl_ord_id") or self.key
        self.symbol = entry.get("symbol", self.symbol)
        if "order_qty" in entry:  # the whole order is told
            self.side = 1 if entry["side"] == "buy" else -1
            self.qty = exact(entry["order_qty"])
            self.kind = KINDS.get(entry["order_type"])
            self.tif = str(entry.get("time_in_force", "gtc")).lower()
            self.post_only = bool(entry.get("post_only"))
            self.limit = _price(entry.get("limit_price"))
            self.trigger = _price(entry.get("triggers", {}).get("price") or entry.get("stop_price"))
        if "cum_qty" in entry:
            self.filled = exact(entry["cum_qty"])

    def ticket(self, instrument: str) -> Ticket | None:
        """Return the order as a ticket; None: not enough was told, or it is none of ours."""
        if self.key is None or not self.qty or self.kind is None:
            return None
        if self.tif not in ("gtc", "ioc", "fok"):
            return None
        limited = self.kind in (Kind.LIMIT, Kind.STOP_LIMIT)
        return Ticket(
            key=self.key, instrument=instrument, side=self.side, qty=self.qty, kind=self.kind,
            limit=self.limit if limited else None,
            trigger=self.trigger if self.kind in (Kind.STOP, Kind.STOP_LIMIT) else None,
            tif="gtc" if self.kind is Kind.MARKET else self.tif,  # type: ignore[arg-type]
            post_only=self.post_only,
        )  # fmt: skip


class Memory:
    """Orders by the venue's number, and when ours were sent."""

    def __init__(self) -> None:
        self._orders: dict[str, Known] = {}
        self._sent: dict[Key, float] = {}

    def order(self, number: str) -> Known:
        """Return what is known of an order; it may be changed."""
        return self._orders.setdefault(number, Known())

    def key(self, number: str) -> Key | None:
        """Return our key of an order; None: it is not known."""
        known = self._orders.get(number)
        return known.key if known else None

    def is_named(self, number: str) -> bool:
        """Return whether it is known whose an order is; it may be none of ours."""
        known = self._orders.get(number)
        return known is not None and (known.key is not None or known.asked)

    def name(self, number: str, key: Key | None) -> None:
        """Take whose an order is, as the venue tells of a whole order."""
        known = self.order(number)
        known.key, known.asked = key or known.key, True

    def sent(self, key: Key) -> None:
        """Remember that an order was just sent."""
        self._sent[key] = time.monotonic()

    def age(self, key: Key) -> float:
        """Return how many seconds ago an order was sent, by this process."""
        began = self._sent.get(key)
        return time.monotonic() - began if began is not None else _FOR_EVER

    def over(self, number: str) -> None:
        """Keep of an order that is over no more than whose it was."""
        known = self._orders.get(number)
        if known is not None:
            self._orders[number] = Known(
                key=known.key, symbol=known.symbol, filled=known.filled, asked=known.asked
            )
            self._sent.pop(known.key or "", None)


def _price(value: Any) -> Decimal | None:
    return exact(value) if value else None
