"""Prices that a quantity would have, of the levels of an order book."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from decimal import Decimal

from atms.stores.market import Book, Quote

Levels = tuple[tuple[Decimal, Decimal], ...]


def price_of(levels: Levels, qty: Decimal) -> Decimal | None:
    """Return the mean price of taking *qty* from levels, the best first; None: it is not there."""
    left, paid = qty, Decimal(0)
    for price, there in levels:
        taken = min(left, there)
        paid += taken * price
        left -= taken
        if not left:
            return paid / qty
    return None


async def executable(
    books: AsyncGenerator[Book, None], qty: Decimal
) -> AsyncGenerator[Quote, None]:
    """Yield the mean prices for *qty*; nothing while a side of the streamed book has less."""
    async for book in books:
        bid, ask = price_of(book.bids, qty), price_of(book.asks, qty)
        if bid is not None and ask is not None:
            yield Quote(at=book.at, instrument=book.instrument, bid=bid, ask=ask, qty=qty)
