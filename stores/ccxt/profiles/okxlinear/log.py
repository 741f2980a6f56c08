"""The account's log at OKX's swaps: executions, and the bills of cash that no trade moved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.called import order_ref
from atms.stores.ccxt.profiles.okx.bills import Bills, Place, Row
from atms.stores.ccxt.profiles.okx.executions import RECENT, asked
from atms.stores.ccxt.profiles.okx.reads import UNKNOWN_ORDER
from atms.stores.ccxt.profiles.okxlinear import orders
from atms.stores.ccxt.profiles.okxlinear.contracts import KIND, Swaps
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import CashFact, Cursor, Fact, Page
from atms.stores.requests import Key

_WEEK = timedelta(days=6, hours=12)  # of the seven days that the quick list of bills reaches back
# Kinds of bills ("type"). A trade's, a liquidation's, a delivery's are in the list of executions.
_OF_TRADES = frozenset({"2", "3", "5", "9", "14", "24", "32"})
_KINDS: Mapping[str, str] = {  # "": by its sign
    "1": "", "8": "funding", "7": "interest", "4": "conversion", "11": "conversion",
    "27": "conversion", "28": "conversion",
}  # fmt: skip


def asked_bills(days: str, **params: Any) -> Call:
    """Return the request for a page of bills; *days*: as of executions."""
    quick = days == "quick"
    return Call(
        method="privateGetAccountBills" if quick else "privateGetAccountBillsArchive",
        params=params, costs={"bills": 1} if quick else {"old_bills": 1},
    )  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Places in both lists."""

    fills: Place
    bills: Place

    @classmethod
    def read(cls, cursor: Cursor) -> Places:
        """Read a cursor of ours."""
        kept = json.loads(cursor)
        return cls(Place.read(kept["fills"]), Place.read(kept["bills"]))

    def written(self) -> Cursor:
        """Return the cursor; equal places are equal cursors."""
        kept = {"fills": self.fills.written(), "bills": self.bills.written()}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))


class Log:
    """Reads both lists.

    Args:
        keys: ref of an order -> our key, where it is known; more are learned.
    """

    def __init__(self, names: Swaps, keys: dict[str, Key]) -> None:
        self._names, self._keys = names, keys
        self._fills = Bills(partial(asked, kind=KIND), RECENT)
        self._bills = Bills(asked_bills, _WEEK)

    async def page(
        self, ask: Ask, after: Cursor | None, at: datetime, rows: int, *, with_bills: bool
    ) -> Page:
        """Return executions after a place, and cash where it is wanted; None: begin now."""
        if after is None:
            fills, bills = await self._fills.newest(ask, at), await self._bills.newest(ask, at)
            return Page(facts=(), next=Places(fills, bills).written(), more=False)
        places = Places.read(after)
        part = await self._fills.part(ask, places.fills, at, rows)
        own = [row for row in part.rows if self._names.counts(row["instId"])]
        await self._learn_keys(ask, own)
        facts: list[Fact] = [orders.fill(row, self._names, self._key_of(row)) for row in own]
        more, gaps, bills = part.more, [part.gap], places.bills
        if with_bills:
            moved = await self._bills.part(ask, bills, at, rows)
            facts += [cash for row in moved.rows if (cash := _cash(row, self._names)) is not None]
            more, gaps, bills = more or moved.more, [*gaps, moved.gap], moved.next
        return Page(
            facts=tuple(facts), next=Places(part.next, bills).written(), more=more,
            gap_until=max((gap for gap in gaps if gap is not None), default=None),
        )  # fmt: skip

    async def _learn_keys(self, ask: Ask, rows: Sequence[Row]) -> None:
        """Find whose orders bear no key: one that a stop has made is told with the stop's alone."""
        for row in rows:
            name = order_ref(row["instId"], row["ordId"])
            if row.get("clOrdId") or name in self._keys or orders.cause_of(row) != "order":
                continue
            question = Call(
                method="privateGetTradeOrder", costs={"details": 1}, expects=UNKNOWN_ORDER,
                params={"instId": row["instId"], "ordId": row["ordId"]},
            )  # fmt: skip
            try:
                told = (await ask(question))["data"][0]
            except Said:
                told = {}
            self._keys[name] = orders.key_of(told) or ""

    def _key_of(self, row: Row) -> Key | None:
        name = order_ref(row["instId"], row["ordId"])
        return self._keys.get(name) or row.get("clOrdId") or None


def _cash(row: Row, names: Swaps) -> CashFact | None:
    """Return what moved cash; None: a trade, whose own is in its execution, or nothing."""
    amount, raw = Decimal(row["balChg"] or 0), row.get("instId") or ""
    if row["type"] in _OF_TRADES or not amount:
        return None
    kind = _KINDS.get(row["type"], "other")
    return CashFact(
        at=moment(row["ts"]), id=row["billId"], asset=row["ccy"], amount=amount,
        instrument=names.id(raw) if raw.endswith(KIND) else None,
        kind=kind or ("deposit" if amount > 0 else "withdrawal"),  # type: ignore[arg-type]
    )  # fmt: skip
