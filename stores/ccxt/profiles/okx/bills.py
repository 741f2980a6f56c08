"""Lists that OKX numbers by bills, the newest first, read in pages from the oldest on.

What was read is remembered by these numbers: a row may show itself a moment after one with a higher
number, so of the last minute each number is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.stamps import moment

Row = Mapping[str, Any]
PAGE = 100  # the most rows that the venue gives
DEPTH = timedelta(days=89)  # of the three months that the long lists reach back
_UNSETTLED = 60_000  # milliseconds in which rows may come out of their order
_REMEMBERED = 300


@dataclass(frozen=True)
class Place:
    """A place in a list: a bill, when it was, and those behind it that were told."""

    bill: int
    at: int  # milliseconds
    told: tuple[int, ...] = ()

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Place:
        """Read what `written` made."""
        return cls(kept["bill"], kept["at"], tuple(kept["told"]))

    def written(self) -> dict[str, Any]:
        """Return the place as JSON may hold it; equal places are equal."""
        return {"bill": self.bill, "at": self.at, "told": list(self.told)}

    def after(self, rows: Sequence[Row]) -> Place:
        """Return the place behind more rows, the oldest first."""
        if not rows:
            return self
        newest = max(int(row["ts"]) for row in rows)
        told = sorted({*self.told, *(int(row["billId"]) for row in rows)})
        settled = [int(row["billId"]) for row in rows if int(row["ts"]) < newest - _UNSETTLED]
        settled += told[:-_REMEMBERED]
        if self.at < newest - _UNSETTLED:
            settled += self.told
        bill = max([self.bill, *settled])
        return Place(bill, newest, tuple(one for one in told if one > bill))


@dataclass(frozen=True)
class Part:
    """Rows behind a place, the oldest first.

    Attributes:
        next: where to go on.
        more: whether there is more already.
        gap: the venue no longer tells what was before this.
    """

    rows: list[Row]
    next: Place
    more: bool
    gap: datetime | None


class Bills:
    """One such list.

    Args:
        asked: with ``quick`` or ``long`` and parameters, the request for a page of the list that
            answers often or of the one that reaches back far.
        recent: how far the first of them can be trusted to reach back.
    """

    def __init__(self, asked: Callable[..., Call], recent: timedelta) -> None:
        self._asked, self._recent = asked, recent
        self._ahead: tuple[Place | None, list[Row]] = (None, [])  # read already, behind a place

    async def newest(self, ask: Ask, at: datetime) -> Place:
        """Return the place behind every row that there is."""
        for days in ("quick", "long"):
            page = (await ask(self._asked(days, limit=1)))["data"]
            if page:
                return Place(int(page[0]["billId"]), int(page[0]["ts"]))
        return Place(0, _stamp(at))

    async def part(self, ask: Ask, place: Place, at: datetime, rows: int) -> Part:
        """Return the next rows behind a place."""
        known, found = self._ahead
        if known != place or not found:
            found = await self._behind(ask, place, at, min(rows, PAGE))
        now, later = found[:rows], found[rows:]
        gap = at - DEPTH if moment(place.at) < at - DEPTH else None
        if gap is not None and not now:
            place = replace(place, at=_stamp(at))  # told once
        following = place.after(now)
        self._ahead = (following, later)
        return Part(now, following, bool(later), gap)

    async def _behind(self, ask: Ask, place: Place, at: datetime, rows: int) -> list[Row]:
        """Return every row behind a place that was not told, the oldest first."""
        found = await self._listed(ask, "quick", place, rows)
        if moment(place.at) < at - self._recent:
            found |= await self._listed(ask, "long", place, rows)
        return [found[bill] for bill in sorted(set(found) - set(place.told))]

    async def _listed(self, ask: Ask, days: str, place: Place, rows: int) -> dict[int, Row]:
        """Return bill -> row, of one of the lists, of what is behind a place."""
        found: dict[int, Row] = {}
        params: dict[str, Any] = {"before": place.bill} if place.bill else {}
        while True:
            page = (await ask(self._asked(days, limit=rows, **params)))["data"]
            fresh = [row for row in page if int(row["billId"]) > place.bill]
            found |= {int(row["billId"]): row for row in fresh}
            if len(page) < rows or len(fresh) < len(page):
                return found
            # `before` alone gives the newest behind it: from here on pages go back
            params = {"after": min(int(row["billId"]) for row in page)}


def _stamp(at: datetime) -> int:
    return round(at.timestamp() * 1000)
