"""A store that reads its account and writes nothing: what would have been sent is told."""

from __future__ import annotations

import logging
from typing import Any

from atms.stores.base import Store
from atms.stores.outcomes import NotSent, Outcome
from atms.stores.requests import Amend, Cancel, Place, Prepared

log = logging.getLogger(__name__)


class ShadowStore:
    """The real account and the real data, and no order ever.

    Args:
        store: what is read.

    Attributes:
        withheld: what would have been sent, in words, the oldest first.
    """

    def __init__(self, store: Store) -> None:
        self.withheld: list[str] = []
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def transmit(self, prepared: Prepared) -> Outcome:
        """Tell what would have been sent, and send nothing."""
        words = _words(prepared)
        self.withheld.append(words)
        log.info("shadow: would have sent %s", words)
        return NotSent(why=f"shadow: {words}")


def _words(prepared: Prepared) -> str:
    match prepared.request:
        case Place(tickets=tickets):
            return " with ".join(
                f"{'buy' if one.side > 0 else 'sell'} {one.qty:f} {one.instrument} {one.kind.value}"
                + (f" limit {one.limit:f}" if one.limit is not None else "")
                + (f" trigger {one.trigger:f}" if one.trigger is not None else "")
                for one in tickets
            )
        case Cancel(key=key):
            return f"cancel {key}"
        case Amend(key=key):
            return f"amend {key}"
