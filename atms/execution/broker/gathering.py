"""Wishes of one moment, before they go down together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from atms.execution.core.events import Wish
from atms.stores.requests import Kind


def free_of_each_other(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """Return wishes so that the order of their arrival matters less.

    ``close()`` and ``sell()`` in one ``next()`` turn a position: the first may not be bound to
    reducing, or the venue refuses it if the second comes before it.
    """
    given = list(wishes)
    orders = [wish.tickets[0].instrument for wish in given if _is_market(wish)]
    return tuple(
        replace(wish, tickets=(replace(wish.tickets[0], reduces=False),))
        if _is_market(wish) and orders.count(wish.tickets[0].instrument) > 1
        else wish
        for wish in given
    )


def _is_market(wish: Wish) -> bool:
    return len(wish.tickets) == 1 and wish.tickets[0].kind is Kind.MARKET
