"""What orders are called, ``client:SYMBOL:KEY`` and ``order:SYMBOL:NUMBER``, and whose a key is.

For venues that ask for an order by its symbol and one of its names.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from atms.stores.requests import Key, Place, Request


def client_ref(raw: str, key: Key) -> str:
    """Return the name that an order has from us."""
    return f"client:{raw}:{key}"


def order_ref(raw: str, number: int | str) -> str:
    """Return the name that an order has from the venue."""
    return f"order:{raw}:{number}"


def split_ref(name: str) -> tuple[str, str, str]:
    """Return kind, symbol and name of a ref."""
    kind, _, rest = name.partition(":")
    raw, _, value = rest.partition(":")
    return kind, raw, value


class KnownKeys:
    """Of which symbol our keys are, for what is asked for by its key alone."""

    names: Any  # of the venue: raw(instrument) is its symbol

    def __init__(self) -> None:
        self._known: dict[Key, str] = {}

    def known(self, request: Request) -> tuple[tuple[Key, str], ...]:
        """Return the names that orders will have: our keys, with their symbols."""
        if not isinstance(request, Place):
            return ()
        named = [(one.key, self.names.raw(one.instrument)) for one in request.tickets]
        self._known.update(named)
        return tuple((key, client_ref(raw, key)) for key, raw in named)

    def learn(self, names: Collection[str]) -> None:
        """Remember of which symbol a key is."""
        for kind, raw, value in map(split_ref, names):
            if kind == "client":
                self._known[value] = raw
