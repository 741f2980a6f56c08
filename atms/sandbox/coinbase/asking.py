"""A request as endpoints see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atms.sandbox.coinbase.refusals import invalid
from atms.sandbox.coinbase.venue import CoinbaseVenue
from atms.sandbox.venue.keys import ApiKey


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request.

    Attributes:
        place: the parts of the path that stand for something.
        query: name -> values; a name may be there several times.
        body: what was sent, read as JSON.
        key: whose request it is; None: anybody's.
    """

    venue: CoinbaseVenue
    place: tuple[str, ...] = ()
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    key: ApiKey | None = None

    def all(self, name: str) -> Sequence[str]:
        """Return the values of a name."""
        return self.query.get(name, ())

    def one(self, name: str) -> str:
        """Return the value of a name; empty: it was not sent."""
        return next(iter(self.query.get(name, ())), "")

    def integer(self, name: str) -> int | None:
        """Return a whole number; None: it was not sent.

        Raises:
            Refused: it is none.
        """
        text = self.one(name)
        if not text:
            return None
        if not text.isdigit():
            raise invalid(f"{name}: {text!r} is no number")
        return int(text)
