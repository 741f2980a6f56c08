"""The log of a KuCoin account: its executions, and what they cost.

The venue gives a symbol's executions the newest first, a page before the last one's number, and of
the last seven days alone. A place in the log is therefore the time of the newest that was read, and
the numbers of those of half a minute before it: what is shown late is not passed over, and what
has the same time stamp is told once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.called import order_ref
from atms.stores.ccxt.profiles.kucoin import orders
from atms.stores.ccxt.profiles.kucoin.reads import call, order
from atms.stores.ccxt.profiles.stamps import milliseconds, moment
from atms.stores.facts import Cursor, Fact, Page
from atms.stores.requests import Key

DEPTH = timedelta(days=7) - timedelta(minutes=1)  # the last minute is cut off while it is asked for
OVERLAP = 30_000  # ms; as long as an execution may be hidden
_STANDS = 6 * 3_600_000  # ms; how finely is kept until when the log was read
_PAGE = 100  # the most rows that the venue gives
_Row = Mapping[str, Any]


@dataclass
class Place:
    """A place in the log; times in milliseconds.

    A symbol that is not in it yet has lost nothing: its executions since *since* are found by time.

    Attributes:
        since: when the log was begun.
        read: until about when it was read last, for all symbols.
        newest: symbol -> number of an execution -> its time, of the newest ones.
    """

    since: int
    read: int
    newest: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def written_in(cls, cursor: Cursor) -> Place:
        """Read a cursor of ours."""
        kept = json.loads(cursor)
        return cls(kept["since"], kept["read"], kept["newest"])

    def written(self) -> Cursor:
        """Return the cursor; equal places are equal cursors."""
        kept = {"newest": self.newest, "read": self.read, "since": self.since}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    def start(self, raw: str) -> int:
        """Return from when on a symbol's executions are asked for."""
        times = self.newest.get(raw, {}).values()
        return max(self.since, max(times) - OVERLAP) if times else self.since

    def take(self, raw: str, rows: Sequence[_Row]) -> None:
        """Count executions as read."""
        known = self.newest.get(raw, {}) | {str(row["id"]): row["createdAt"] for row in rows}
        if known:
            oldest = max(known.values()) - OVERLAP
            self.newest[raw] = {one: at for one, at in known.items() if at >= oldest}


async def log(
    ask: Ask, names: Names, keys: dict[str, Key], after: Cursor | None, raws: Sequence[str],
    at: datetime, rows: int,
) -> Page:  # fmt: skip
    """Return executions after a place; *keys* gathers ref of an order -> our key."""
    now = milliseconds(at)
    if after is None:
        place = Place(now, now // _STANDS * _STANDS)
        for raw in raws:
            place.take(raw, await _since(ask, raw, now - OVERLAP))
        return Page(facts=(), next=place.written(), more=False)
    place = Place.written_in(after)
    reach = now - DEPTH // timedelta(milliseconds=1)
    gap = moment(reach) if place.read + _STANDS < reach else None
    found: list[_Row] = []
    more = False
    for raw in raws:
        fresh = await _fresh(ask, place, raw, reach)
        more |= len(fresh) > rows
        place.take(raw, fresh[:rows])
        found += fresh[:rows]
    if not more:
        place.read = max(place.read, now // _STANDS * _STANDS)
    facts = await _told(ask, names, keys, sorted(found, key=_order))
    return Page(facts=facts, next=place.written(), more=more, gap_until=gap)


async def _fresh(ask: Ask, place: Place, raw: str, reach: int) -> list[_Row]:
    """Return executions that were not read yet, the oldest first."""
    known = place.newest.get(raw, {})
    page = await _since(ask, raw, max(place.start(raw), reach))
    fresh = [row for row in page if str(row["id"]) not in known]
    return sorted((row for row in fresh if row["createdAt"] >= place.since), key=_order)


async def _since(ask: Ask, raw: str, start: int) -> list[_Row]:
    """Return a symbol's executions from a time on, the newest first."""
    found: dict[str, _Row] = {}
    last: dict[str, Any] = {}
    while True:
        asked = call("privateGetHfFills", "spot", 2, symbol=raw, startAt=start, limit=_PAGE, **last)
        reply = (await ask(asked))["data"]
        new = [row for row in reply["items"] if str(row["id"]) not in found]
        found |= {str(row["id"]): row for row in new}
        if len(reply["items"]) < _PAGE or not new:
            return list(found.values())
        last = {"lastId": reply["lastId"]}


def _order(row: _Row) -> tuple[int, int]:
    return row["createdAt"], int(row["id"])


async def _told(
    ask: Ask, names: Names, keys: dict[str, Key], rows: Sequence[_Row]
) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    for row in rows:
        ref = order_ref(row["symbol"], row["orderId"])
        if ref not in keys:  # the venue tells an order's number with them, and not our key
            shown = await order(ask, row["symbol"], {"orderId": row["orderId"]})
            keys[ref] = (shown or {}).get("clientOid") or ""
        facts += orders.fill(row, names, keys[ref] or None)
    return tuple(facts)
