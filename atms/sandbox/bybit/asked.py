"""A request that passed the gate, and its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import quote

from atms.sandbox.bybit.refusals import Refused, wrong
from atms.sandbox.bybit.venue import BybitGrounds
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.market import Market

_LINK = re.compile(r"[A-Za-z0-9_-]{1,36}")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        given: parameters of the query, or of the body; what is not known is ignored.
        key: whose it is; None: anybody's.
    """

    venue: BybitGrounds
    given: Mapping[str, Any]
    key: ApiKey | None = None

    def text(self, name: str) -> str:
        """Return a parameter; empty: it was not sent."""
        return str(self.given.get(name, ""))

    def category(self) -> str:
        """Return the kind of market.

        Raises:
            Refused: there is none, or an unknown one.
        """
        found = self.text("category")
        if found not in ("spot", "linear", "inverse", "option"):
            raise wrong("category")
        return found

    def own(self) -> str:
        """Return the kind of market that is served; nothing else is.

        Raises:
            Refused: another is asked for.
        """
        if self.category() != self.venue.category:
            raise wrong("category")
        return self.venue.category

    def market(self) -> Market:
        """Return the market of the symbol."""
        self.own()
        return self.venue.market(self.text("symbol"))

    def time(self, name: str) -> int | None:
        """Return a time in milliseconds; None: it was not sent."""
        text = self.text(name)
        if text and not text.isdigit():
            raise wrong(name)
        return int(text) if text else None

    def limit(self, usual: int, most: int) -> int:
        """Return how many rows are wanted."""
        text = self.text("limit") or str(usual)
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise wrong("limit")
        return int(text)

    def number(self, name: str) -> Decimal | None:
        """Return a number above 0; None: it was not sent.

        Raises:
            Refused: it is none.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            found = Decimal(text)
        except InvalidOperation:
            found = Decimal(0)
        if not found.is_finite() or found <= 0:
            raise Refused(170130, f"Data sent for parameter '{name}' is not valid.")
        return found

    def link(self) -> str:
        """Return the client's own id of an order; empty: it has none."""
        found = self.text("orderLinkId")
        if found and not _LINK.fullmatch(found):
            raise wrong("orderLinkId")
        return found

    def page(self, rows: Sequence[tuple[int, Row]], usual: int, most: int) -> tuple[list[Row], str]:
        """Return a page of (id, row), and the token of the next one, as it is sent back."""
        size, token = self.limit(usual, most), self.text("cursor")
        names = [name for name, _ in rows]
        begin = 0
        if token:
            last = token.partition(":")[0]
            if not last.isdigit() or int(last) not in names:
                raise wrong("cursor")
            begin = names.index(int(last)) + 1
        part = rows[begin : begin + size]
        following = quote(f"{part[-1][0]}:{begin + len(part)}", safe="") if part else ""
        return [row for _, row in part], following
