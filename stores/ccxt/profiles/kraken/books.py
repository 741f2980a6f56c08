"""Order books that are told whole once, and by their changes from then on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profiles.kraken.numbers import number
from atms.stores.market import Book


class OneBook:
    """The levels of one pair, as deep as they are streamed."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}

    def change(self, entry: Mapping[str, Any], depth: int) -> None:
        """Take changed levels; one of no quantity is gone, and so is what is too deep."""
        for side, told in ((self.bids, entry.get("bids", ())), (self.asks, entry.get("asks", ()))):
            for level in told:
                price, qty = number(level["price"]), number(level["qty"])
                if qty:
                    side[price] = qty
                else:
                    side.pop(price, None)
            for price in sorted(side, reverse=side is self.bids)[depth:]:
                del side[price]

    def top(self, instrument: str, depth: int, at: datetime) -> Book:
        """Return the best levels."""
        bids = sorted(self.bids.items(), reverse=True)[:depth]
        return Book(
            at=at, instrument=instrument, bids=tuple(bids),
            asks=tuple(sorted(self.asks.items())[:depth]),
        )  # fmt: skip


class Books:
    """Books by their stream's name."""

    def __init__(self) -> None:
        self._books: dict[str, OneBook] = {}

    def read(self, name: str, depth: int, message: Mapping[str, Any]) -> OneBook:
        """Return a book after a message."""
        if message["type"] == "snapshot" or name not in self._books:
            self._books[name] = OneBook()
        book = self._books[name]
        for entry in message["data"]:
            book.change(entry, depth)
        return book
