"""The account's own orders on the book and in wait of a trigger, each found without a search."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from decimal import Decimal

from atms.sandbox.venue.orders import Order

_BIPS = Decimal(10_000)


class Queue:
    """Orders by a key, the smallest first, then by rank."""

    def __init__(self) -> None:
        self._rows: list[tuple[Decimal, int, Order]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Order]:
        return (row[2] for row in self._rows)

    def first(self) -> Order | None:
        """Return the first order, if there is one."""
        return self._rows[0][2] if self._rows else None

    def add(self, key: Decimal, order: Order) -> None:
        """Put *order* behind those of the same key."""
        bisect.insort(self._rows, (key, order.rank, order))

    def remove(self, key: Decimal, order: Order) -> None:
        """Take *order* out, if it is there."""
        at = bisect.bisect_left(self._rows, (key, order.rank))
        if at < len(self._rows) and self._rows[at][2] is order:
            del self._rows[at]

    def up_to(self, key: Decimal) -> list[Order]:
        """Return the orders with a key of at most *key*, the first first."""
        found = []
        for own, _, order in self._rows:
            if own > key:
                break
            found.append(order)
        return found


class Resting:
    """Limit orders of the account on one symbol's book, best price first, then oldest."""

    def __init__(self) -> None:
        self.buys = Queue()
        self.sells = Queue()

    def add(self, order: Order) -> None:
        """Put *order* on the book."""
        price = _price(order)
        (self.buys if order.buys else self.sells).add(-price if order.buys else price, order)

    def remove(self, order: Order) -> None:
        """Take *order* off the book."""
        price = _price(order)
        (self.buys if order.buys else self.sells).remove(-price if order.buys else price, order)

    def __iter__(self) -> Iterator[Order]:
        yield from self.buys
        yield from self.sells

    def met(self, price: Decimal) -> list[Order]:
        """Return the orders that a print at *price* reaches."""
        return self.buys.up_to(-price) + self.sells.up_to(price)


class Triggers:
    """Stop, take-profit and trailing orders of one symbol that wait for a price."""

    def __init__(self) -> None:
        self._rising = Queue()  # fires at the key or above it
        self._falling = Queue()  # keys negated
        self._trailing: dict[int, Order] = {}

    def add(self, order: Order) -> None:
        """Let *order* wait."""
        stop = order.wish.stop
        if order.wish.trailing is not None:
            self._trailing[order.id] = order
        elif stop is not None:
            rises = fires_rising(order)
            (self._rising if rises else self._falling).add(stop if rises else -stop, order)

    def remove(self, order: Order) -> None:
        """Let *order* wait no longer."""
        stop = order.wish.stop
        self._trailing.pop(order.id, None)
        if order.wish.trailing is None and stop is not None:
            rises = fires_rising(order)
            (self._rising if rises else self._falling).remove(stop if rises else -stop, order)

    def fired(self, last: Decimal, now: int) -> list[Order]:
        """Return the orders that a last price of *last* triggers; the oldest first."""
        found = self._rising.up_to(last) + self._falling.up_to(-last)
        found += [order for order in self._trailing.values() if _follows(order, last, now)]
        return sorted(found, key=lambda order: order.rank) if len(found) > 1 else found


def fires_rising(order: Order) -> bool:
    """Return whether the stop price lies above the market (rest-api.md, New order)."""
    return order.buys == order.type.startswith("STOP_LOSS")


def reached(order: Order, last: Decimal) -> bool:
    """Return whether *last* meets the order's stop price."""
    stop = order.wish.stop
    assert stop is not None
    return last >= stop if fires_rising(order) else last <= stop


def arm(order: Order, last: Decimal | None, now: int) -> None:
    """Let a trailing order without a stop price follow the market from now on."""
    if order.wish.trailing is not None and order.wish.stop is None and last is not None:
        order.armed_at, order.extreme = now, last


def _follows(order: Order, last: Decimal, now: int) -> bool:
    """Follow the market; tell whether the order is triggered (faqs/trailing-stop-faq.md)."""
    assert order.wish.trailing is not None
    if order.extreme is None:
        if order.wish.stop is None or reached(order, last):
            order.armed_at, order.extreme = now, last
        return False
    share = Decimal(order.wish.trailing) / _BIPS
    if order.buys:
        order.extreme = min(order.extreme, last)
        return last >= order.extreme * (1 + share)
    order.extreme = max(order.extreme, last)
    return last <= order.extreme * (1 - share)


def _price(order: Order) -> Decimal:
    assert order.wish.price is not None
    return order.wish.price
