"""The account's log of executions: all pairs in one, told the newest first, by times.

The venue gives fifty at a time from its newest end, and takes whole seconds to begin at. So each
reading begins some seconds before the newest that was read, finds the oldest page that has news,
and leaves out what was delivered: an execution that shows late, or at the same moment as another,
is told once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.kraken import orders
from atms.stores.ccxt.profiles.kraken.memory import Memory
from atms.stores.ccxt.profiles.kraken.names import KrakenSymbols
from atms.stores.ccxt.profiles.kraken.numbers import micros, moment
from atms.stores.ccxt.profiles.kraken.reads import call
from atms.stores.facts import Cursor, Page

PAGE = 50  # rows that the venue gives
_LATE = 15_000_000  # microseconds that an execution may show later than one after it
_TRIES = 5
_IDS_OF_ORDERS = 50  # so many may be asked for at once
Row = tuple[int, str, Mapping[str, Any]]  # microseconds, the execution's id, what is told of it


@dataclass(frozen=True)
class Place:
    """A place in the log.

    Attributes:
        at: the newest time that was delivered, in microseconds.
        seen: what was delivered of the last seconds before it: id -> time.
    """

    at: int
    seen: Mapping[str, int]

    @classmethod
    def read(cls, cursor: Cursor) -> Place:
        """Read a cursor of ours."""
        kept = json.loads(cursor)
        return cls(kept["at"], kept["seen"])

    def written(self) -> Cursor:
        """Return the cursor; equal places are equal cursors."""
        kept = {"at": self.at, "seen": dict(self.seen)}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    def after(self, rows: Sequence[Row]) -> Place:
        """Return the place when some rows are delivered too."""
        newest = max([self.at, *(when for when, _, _ in rows)])
        known = {**self.seen, **{name: when for when, name, _ in rows}}
        return Place(newest, {name: at for name, at in known.items() if at > newest - _LATE})

    def is_news(self, row: Row) -> bool:
        """Return whether a row was not delivered yet."""
        return row[1] not in self.seen and row[0] > self.at - _LATE


async def log(
    ask: Ask, names: KrakenSymbols, memory: Memory, after: Cursor | None, limit: int
) -> Page:
    """Return executions after a place; without one the place is where the log ends now."""
    if after is None:
        rows, _ = await _page(ask, 0, 0)
        return Page(facts=(), next=Place(0, {}).after(rows).written(), more=False)
    place = Place.read(after)
    rows, further = await _oldest_news(ask, place)
    news = [row for row in rows if place.is_news(row)]
    given = news[: min(limit, PAGE)]
    await _learn_keys(ask, memory, given)
    facts = tuple(
        orders.fill(name, row, names, memory.key(row["ordertxid"]), moment(when))
        for when, name, row in given
    )
    more = further or len(news) > len(given)
    return Page(facts=facts, next=place.after(given).written(), more=more)


async def _oldest_news(ask: Ask, place: Place) -> tuple[list[Row], bool]:
    """Return the rows up to the oldest page that has news, and whether newer ones follow."""
    start = max(0, (place.at - _LATE) // 1_000_000 - 1)
    for _ in range(_TRIES):
        newest, count = await _page(ask, start, 0)
        if count <= PAGE:
            return newest, False
        found = await _walk(ask, place, start, count)
        if found is not None:
            return found
    return [], True  # the account trades faster than it can be read; the next reading goes on


async def _walk(ask: Ask, place: Place, start: int, count: int) -> tuple[list[Row], bool] | None:
    """Read from the oldest page on; None: executions came meanwhile, and pages moved."""
    rows: list[Row] = []
    for end in range(count, 0, -PAGE):
        page, now = await _page(ask, start, max(0, end - PAGE))
        if now != count:
            return None
        rows = sorted({row[1]: row for row in [*rows, *page]}.values(), key=_order)
        if any(map(place.is_news, page)):
            return rows, end > PAGE
    return rows, False


async def _page(ask: Ask, start: int, offset: int) -> tuple[list[Row], int]:
    """Return up to fifty rows, the oldest first, and how many there are in all."""
    given = {"start": start, "ofs": offset, "consolidate_taker": "false"}
    result = (await ask(call("TradesHistory", 2, **given)))["result"]
    rows = [(micros(row["time"]), name, row) for name, row in result["trades"].items()]
    return sorted(rows, key=_order), int(result["count"])


def _order(row: Row) -> tuple[int, int]:
    return row[0], int(row[2].get("trade_id", 0))


async def _learn_keys(ask: Ask, memory: Memory, rows: Sequence[Row]) -> None:
    """Find whose executions are: the venue tells an order's number with them, and not our key."""
    numbers = {row["ordertxid"] for _, _, row in rows}
    missing = sorted(one for one in numbers if not memory.is_named(one))
    for first in range(0, len(missing), _IDS_OF_ORDERS):
        asked = missing[first : first + _IDS_OF_ORDERS]
        found = (await ask(call("QueryOrders", 1, txid=",".join(asked))))["result"]
        for number in asked:
            if number in found:
                memory.name(number, found[number].get("cl_ord_id"))
