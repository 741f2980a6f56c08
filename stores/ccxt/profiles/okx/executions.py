"""The account's log of executions at OKX: one list, the newest first, of which pages are asked.

Its rows are numbered by bills, and what was read is remembered by them: a row may show itself a
moment after one with a higher number, so of the last minute each number is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profile import Ask, Call, Names
from atms.stores.ccxt.profiles.okx import orders
from atms.stores.facts import Cursor, Page

Row = Mapping[str, Any]
_PAGE = 100  # the most rows that the venue gives
_RECENT = timedelta(days=2, hours=12)  # of the three days that the quick list reaches back
DEPTH = timedelta(days=89)  # of the three months of the long one
_UNSETTLED = 60_000  # milliseconds in which rows may come out of their order
_REMEMBERED = 300


def asked(days: str, **params: Any) -> Call:
    """Return the request for a page; *days*: of the ``quick`` list, or of the ``long`` one."""
    quick = days == "quick"
    return Call(
        method="privateGetTradeFills" if quick else "privateGetTradeFillsHistory",
        params={"instType": "SPOT", **params},
        costs={"fills": 1} if quick else {"old_fills": 1},
    )


@dataclass(frozen=True)
class Place:
    """A place in the log: a bill, when it was, and those behind it that were told."""

    bill: int
    at: int  # milliseconds
    told: tuple[int, ...] = ()

    @classmethod
    def read(cls, cursor: Cursor) -> Place:
        """Read a cursor of ours."""
        kept = json.loads(cursor)
        return cls(kept["bill"], kept["at"], tuple(kept["told"]))

    def written(self) -> Cursor:
        """Return the cursor; equal places are equal cursors."""
        kept = {"bill": self.bill, "at": self.at, "told": self.told}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

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


class Log:
    """Reads the log in pages from the oldest on, though the venue gives the newest first."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._ahead: tuple[Cursor, list[Row]] = ("", [])  # read already, behind a place

    async def page(self, ask: Ask, after: Cursor | None, at: datetime, rows: int) -> Page:
        """Return executions after a place; None: begin now."""
        if after is None:
            return Page(facts=(), next=(await _newest(ask, at)).written(), more=False)
        place = Place.read(after)
        known, found = self._ahead
        if known != after or not found:
            found = await self._behind(ask, place, at, min(rows, _PAGE))
        now, later = found[:rows], found[rows:]
        gap = at - DEPTH if orders.moment(place.at) < at - DEPTH else None
        if gap is not None and not now:
            place = replace(place, at=_stamp(at))  # told once
        following = place.after(now).written()
        self._ahead = (following, later)
        return Page(
            facts=tuple(orders.fill(row, self._names, "poll") for row in now),
            next=following, more=bool(later), gap_until=gap,
        )  # fmt: skip

    async def _behind(self, ask: Ask, place: Place, at: datetime, rows: int) -> list[Row]:
        """Return every row behind a place that was not told, the oldest first."""
        found = await self._listed(ask, "quick", place, rows)
        if orders.moment(place.at) < at - _RECENT:
            found |= await self._listed(ask, "long", place, rows)
        return [found[bill] for bill in sorted(set(found) - set(place.told))]

    async def _listed(self, ask: Ask, days: str, place: Place, rows: int) -> dict[int, Row]:
        """Return bill -> row, of one of the lists, of what is behind a place."""
        found: dict[int, Row] = {}
        params: dict[str, Any] = {"before": place.bill} if place.bill else {}
        while True:
            page = (await ask(asked(days, limit=rows, **params)))["data"]
            fresh = [row for row in page if int(row["billId"]) > place.bill]
            found |= {int(row["billId"]): row for row in fresh}
            if len(page) < rows or len(fresh) < len(page):
                return found
            # `before` alone gives the newest behind it: from here on pages go back
            params = {"after": min(int(row["billId"]) for row in page)}


async def _newest(ask: Ask, at: datetime) -> Place:
    """Return the place behind every execution that there is."""
    for days in ("quick", "long"):
        page = (await ask(asked(days, limit=1)))["data"]
        if page:
            return Place(int(page[0]["billId"]), int(page[0]["ts"]))
    return Place(0, _stamp(at))


async def of_order(ask: Ask, row: Row) -> list[Row]:
    """Return the executions of an order, the oldest first."""
    found: list[Row] = []
    for days in ("quick", "long"):
        found = await _all(ask, days, row)
        if sum(Decimal(one["fillSz"]) for one in found) >= Decimal(row["accFillSz"]):
            break
    return found


async def _all(ask: Ask, days: str, row: Row) -> list[Row]:
    found: list[Row] = []
    params: dict[str, Any] = {"instId": row["instId"], "ordId": row["ordId"], "limit": _PAGE}
    while True:
        page = (await ask(asked(days, **params)))["data"]
        found += page
        if len(page) < _PAGE:
            return found[::-1]
        params["after"] = page[-1]["billId"]


def _stamp(at: datetime) -> int:
    return round(at.timestamp() * 1000)
