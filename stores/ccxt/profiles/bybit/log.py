"""The account's log of executions: by time, for the venue numbers them without an order.

A place in it is, of each symbol, a time and the executions that were told from that time on. What
is listed late, up to `OVERLAP` after newer ones, is still found; what was told is not told again,
equal times or not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.bybit.orders import SPOT, Reads
from atms.stores.ccxt.profiles.bybit.words import call
from atms.stores.ccxt.profiles.stamps import milliseconds
from atms.stores.facts import Cursor, Page

OVERLAP = timedelta(minutes=1)
DEPTH = timedelta(days=729)  # the venue keeps two years
_SPAN = timedelta(days=7) - timedelta(milliseconds=1)  # of one question
_IDLE = timedelta(days=1)  # a place moves on without executions, but seldom
_PAGE = 100  # the most rows that the venue gives
READS = {"account": 1}
_MS = timedelta(milliseconds=1)


@dataclass
class Since:
    """A symbol's place: a time, and the ids that were told from then on, with their times."""

    at: int
    told: dict[str, int] = field(default_factory=dict)

    def move(self, at: int) -> None:
        """Go to a later time; what was told before it need not be known."""
        self.at = max(self.at, at)
        self.told = {name: when for name, when in self.told.items() if when >= self.at}


@dataclass
class Place:
    """A place in the log.

    Attributes:
        since: when the log was begun, ms: a symbol that was never asked for begins there.
    """

    since: int
    symbols: dict[str, Since] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: Cursor) -> Place:
        """Read a cursor of ours."""
        kept = json.loads(cursor)
        return cls(
            kept["since"], {raw: Since(at, dict(told)) for raw, (at, told) in kept["at"].items()}
        )

    def of(self, raw: str) -> Since:
        """Return the place of a symbol."""
        return self.symbols.setdefault(raw, Since(self.since))

    def written(self) -> Cursor:
        """Return the cursor; equal places are equal cursors."""
        symbols = {raw: [one.at, one.told] for raw, one in self.symbols.items()}
        kept = {"since": self.since, "at": symbols}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))


async def log(
    ask: Ask, names: Symbols, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int,
    reads: Reads = SPOT,
) -> Page:  # fmt: skip
    """Return executions after a place."""
    now = milliseconds(at)
    if after is None:
        return Page(facts=(), next=(await _from_now(ask, raws, reads)).written(), more=False)
    place, found, more, gap = Place.read(after), [], False, None
    for raw in raws:
        since = place.of(raw)
        if since.at < now - DEPTH // _MS:
            since.move(now - DEPTH // _MS)
            gap = at - DEPTH
        new, rest = await _next(ask, raw, since, now, rows, reads)
        found += new
        more |= rest
    found.sort(key=_order)
    facts = tuple(reads.fill(row, names, "poll") for row in found)
    return Page(facts=facts, next=place.written(), more=more, gap_until=gap)


async def _from_now(ask: Ask, raws: Sequence[str], reads: Reads) -> Place:
    """Return the place that lies behind everything that the venue lists now, by its own clock."""
    reply = await ask(
        call("privateGetV5ExecutionList", READS, category=reads.category, limit=_PAGE)
    )
    place = Place(int(reply["time"]))
    for row in reply["result"]["list"]:
        if row["symbol"] in raws and int(row["execTime"]) >= place.since:
            place.of(row["symbol"]).told[str(row["execId"])] = int(row["execTime"])
    return place


async def _next(
    ask: Ask, raw: str, since: Since, now: int, rows: int, reads: Reads
) -> tuple[list[Mapping[str, Any]], bool]:
    """Return the oldest executions that were not told, and whether there are more."""
    span = _SPAN // _MS
    last = since.at + span >= now
    # up to now means: no end, so that a clock a little behind the venue's hides nothing
    until = {} if last else {"endTime": since.at + span}
    listed = await executions(
        ask, min(rows, _PAGE), reads, symbol=raw, startTime=since.at, **until
    )  # newest first
    new = sorted((row for row in listed if row["execId"] not in since.told), key=_order)
    told = new[:rows]
    since.told |= {str(row["execId"]): int(row["execTime"]) for row in told}
    if not last and told == new:
        since.move(since.at + span - OVERLAP // _MS)
    elif told:
        since.move(int(told[-1]["execTime"]) - OVERLAP // _MS)
    elif since.at < now - _IDLE // _MS:
        since.move(now - OVERLAP // _MS)
    return told, len(new) > rows or not last


async def executions(ask: Ask, rows: int, reads: Reads, **params: Any) -> list[Mapping[str, Any]]:
    """Return all executions that a question finds, over its pages; each once."""
    found: dict[str, Mapping[str, Any]] = {}
    cursor: dict[str, str] = {}
    while True:
        question = call(
            "privateGetV5ExecutionList",
            READS,
            category=reads.category,
            limit=rows,
            **params,
            **cursor,
        )
        result = (await ask(question))["result"]
        found |= {str(row["execId"]): row for row in result["list"] if is_told(row, reads)}
        if len(result["list"]) < rows or not result.get("nextPageCursor"):
            return list(found.values())
        cursor = {"cursor": result["nextPageCursor"]}


def is_told(row: Mapping[str, Any], reads: Reads) -> bool:
    """Return whether an execution is of a kind that is told."""
    return (row.get("execType") or "Trade") in reads.executed


def _order(row: Mapping[str, Any]) -> tuple[int, str, int, str]:
    """Return what executions are sorted by: numbers as ids grow in length."""
    name = str(row["execId"])
    return int(row["execTime"]), row["symbol"], len(name), name
