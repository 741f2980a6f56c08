"""The account's log of executions at OKX, of one kind of market."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.okx import orders
from atms.stores.ccxt.profiles.okx.bills import PAGE, Bills, Place, Row
from atms.stores.facts import Cursor, Page

RECENT = timedelta(days=2, hours=12)  # of the three days that the quick list reaches back


def asked(days: str, kind: str = "SPOT", **params: Any) -> Call:
    """Return the request for a page; *days*: of the ``quick`` list, or of the ``long`` one."""
    quick = days == "quick"
    return Call(
        method="privateGetTradeFills" if quick else "privateGetTradeFillsHistory",
        params={"instType": kind, **params}, costs={"fills": 1} if quick else {"old_fills": 1},
    )  # fmt: skip


class Log:
    """Reads the log of the spot market."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._fills = Bills(asked, RECENT)

    async def page(self, ask: Ask, after: Cursor | None, at: datetime, rows: int) -> Page:
        """Return executions after a place; None: begin now."""
        if after is None:
            return Page(facts=(), next=_cursor(await self._fills.newest(ask, at)), more=False)
        part = await self._fills.part(ask, Place.read(json.loads(after)), at, rows)
        return Page(
            facts=tuple(orders.fill(row, self._names, "poll") for row in part.rows),
            next=_cursor(part.next), more=part.more, gap_until=part.gap,
        )  # fmt: skip


def _cursor(place: Place) -> Cursor:
    return json.dumps(place.written(), sort_keys=True, separators=(",", ":"))


async def of_order(ask: Ask, row: Row, kind: str = "SPOT") -> list[Row]:
    """Return the executions of an order, the oldest first."""
    found: list[Row] = []
    for days in ("quick", "long"):
        found = await _all(ask, partial(asked, days, kind), row)
        if sum(Decimal(one["fillSz"]) for one in found) >= Decimal(row["accFillSz"]):
            break
    return found


async def _all(ask: Ask, page_of: partial[Call], row: Row) -> list[Row]:
    found: list[Row] = []
    params: dict[str, Any] = {"instId": row["instId"], "ordId": row["ordId"], "limit": PAGE}
    while True:
        page = (await ask(page_of(**params)))["data"]
        found += page
        if len(page) < PAGE:
            return found[::-1]
        params["after"] = page[-1]["billId"]
