"""Conditional orders that are other things than orders: what both are called, and whose they are.

For venues where one has an endpoint and a number of its own, and makes an order when its price is
met. Both are one order here, under one key; names say which is which: ``order:`` and ``client:`` of
an order, ``algo:`` and ``algoclient:`` of a conditional one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from atms.stores.ccxt.profiles.called import client_ref, split_ref
from atms.stores.facts import OrderFact
from atms.stores.requests import Key, Kind, Place, Refs, Request, Ticket

CONDITIONAL = (Kind.STOP, Kind.STOP_LIMIT)


def algo_ref(raw: str, number: int | str) -> str:
    """Return the name that a conditional order has from the venue."""
    return f"algo:{raw}:{number}"


def algo_client_ref(raw: str, key: Key) -> str:
    """Return the name that a conditional order has from us."""
    return f"algoclient:{raw}:{key}"


def own_ref(ticket: Ticket, raw: str) -> str:
    """Return the name that a ticket's order will have from us."""
    conditional = ticket.kind in CONDITIONAL
    return algo_client_ref(raw, ticket.key) if conditional else client_ref(raw, ticket.key)


def number_of(refs: Refs, kind: str) -> tuple[str, str] | None:
    """Return symbol and name of an order's ref of a kind; None: it has none."""
    for name in sorted(refs):
        own, raw, value = split_ref(name)
        if own == kind:
            return raw, value
    return None


class BothNames:
    """Which names our keys have, of either kind, and whose an order's number is."""

    names: Any  # of the venue: raw(instrument) is its symbol

    def __init__(self) -> None:
        self._named: dict[Key, Refs] = {}  # the names that an order of ours has
        self._keys: dict[str, Key] = {}  # whose key we know though the log tells only its number

    def known(self, request: Request) -> tuple[tuple[Key, str], ...]:
        """Return the names that orders will have: our keys, with their symbols."""
        if not isinstance(request, Place):
            return ()
        found = []
        for one in request.tickets:
            name = own_ref(one, self.names.raw(one.instrument))
            self._named[one.key] = self.named(one.key) | {name}
            found.append((one.key, name))
        return tuple(found)

    def learn(self, names: Collection[str]) -> None:
        """Remember the names that our keys make."""
        for name in names:
            kind, _, value = split_ref(name)
            if kind in ("client", "algoclient"):
                self._named[value] = self.named(value) | {name}

    def named(self, key: Key, refs: Refs = frozenset()) -> Refs:
        """Return *refs* and the names that were heard of for a key."""
        return refs | self._named.get(key, frozenset())

    def remember(self, fact: OrderFact) -> None:
        """Remember what an order of a key is called."""
        assert fact.key is not None
        self._named[fact.key] = self.named(fact.key) | fact.refs
        for name in fact.refs:
            if name.startswith("order:"):
                self._keys[name] = fact.key
