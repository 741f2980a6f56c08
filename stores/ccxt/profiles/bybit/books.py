"""Order books that are streamed whole once, and then by their changes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.depth import Levels
from atms.stores.ccxt.profiles.bybit.words import number


class StreamedBook:
    """One symbol's book; until its first whole message it is empty."""

    def __init__(self) -> None:
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}

    def take(self, message: Mapping[str, Any]) -> None:
        """Take a message; an update with the number 1 is a new beginning of the venue's."""
        data = message["data"]
        if message["type"] == "snapshot" or data.get("u") == 1:
            self._bids, self._asks = {}, {}
        for side, rows in ((self._bids, data["b"]), (self._asks, data["a"])):
            for price, qty in rows:
                side[number(price)] = number(qty)
                if not number(qty):
                    del side[number(price)]

    def levels(self, depth: int) -> tuple[Levels, Levels]:
        """Return bids and asks, the best first."""
        bids = tuple(sorted(self._bids.items(), reverse=True)[:depth])
        return bids, tuple(sorted(self._asks.items())[:depth])
