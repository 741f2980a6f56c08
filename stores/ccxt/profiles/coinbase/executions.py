"""Coinbase's executions: read by a clock, since its stream tells sums of orders and no execution.

The list has the newest first, in pages, and is asked for by time alone. A place in the log is
therefore a time and what was seen around it: what shows up late, and what stands on one instant, is
neither lost nor told twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.called import client_ref, order_ref, split_ref
from atms.stores.ccxt.profiles.coinbase import orders
from atms.stores.facts import Cursor, Fact, Fee, FillFact, OrderFact, Page, Via
from atms.stores.requests import Key

OVERLAP = timedelta(seconds=60)  # so late an execution may show up in the list
_ROWS = 100  # a page of the list
_ORDERS = 50  # so many are asked for at once
_TRIES = 60  # so often an execution that the list does not have is asked for; the log has it
_KEPT = 1000  # orders whose executions are remembered
Row = Mapping[str, Any]


def private(method: str, *expects: str, **params: Any) -> Call:
    """Return a request that reads the account."""
    return Call(method=method, params=params, costs={"private": 1}, expects=frozenset(expects))


async def listed(ask: Ask, **asked: Any) -> list[Row]:
    """Return all executions that a question finds, the oldest first, each once."""
    found: dict[str, Row] = {}
    cursor, before = "", ""
    while True:
        params = asked | ({"cursor": cursor} if cursor else {})
        method = "v3PrivateGetBrokerageOrdersHistoricalFills"
        page = await ask(private(method, limit=_ROWS, **params))
        found |= {row["entry_id"]: row for row in page["fills"]}
        cursor, before = page.get("cursor") or "", cursor
        if not cursor or cursor == before or not page["fills"]:
            return sorted(found.values(), key=_when)


async def of_orders(ask: Ask, numbers: Sequence[str]) -> list[Row]:
    """Return the executions of orders, by the venue's numbers of them."""
    found: list[Row] = []
    for first in range(0, len(numbers), _ORDERS):
        found += await listed(ask, order_ids=list(numbers[first : first + _ORDERS]))
    return found


def fill(row: Row, names: Names, keys: Mapping[str, Key], via: Via) -> FillFact:
    """Return an execution; its commission is paid in what the price is written in."""
    raw, price, qty = row["product_id"], Decimal(row["price"]), Decimal(row["size"])
    ref = order_ref(raw, row["order_id"])
    key = keys.get(ref)
    fee = Decimal(row.get("commission") or 0)
    return FillFact(
        at=orders.moment(row["trade_time"]), via=via, exec=row["entry_id"], version=1, key=key,
        refs=frozenset({ref} | ({client_ref(raw, key)} if key else set())),
        instrument=names.id(raw), bucket="net", side=orders.side(row["side"]),
        qty=qty / price if row.get("size_in_quote") else qty, price=price,
        fees=(Fee(asset=raw.partition("-")[2], amount=fee),) if fee else (),
    )  # fmt: skip


# ---- the log -------------------------------------------------------------------------------
@dataclass
class Reached:
    """How far one product's executions were read: up to a time, and which of those around it."""

    until: datetime
    seen: set[str] = field(default_factory=set)

    def news(self, rows: Sequence[Row], since: datetime) -> list[Row]:
        """Return the executions that were not read before."""
        return [
            row
            for row in rows
            if _mark(row) not in self.seen and orders.moment(row["trade_time"]) >= since
        ]

    def take(self, rows: Sequence[Row], known: Sequence[Row]) -> None:
        """Move on over executions; *known* are all that the list has around."""
        for row in rows:
            self.seen.add(_mark(row))
            self.until = max(self.until, orders.moment(row["trade_time"]))
        around = {
            _mark(row) for row in known if orders.moment(row["trade_time"]) >= self.until - OVERLAP
        }
        self.seen &= around


@dataclass
class Place:
    """A place in the log: of each product how far it was read, and when the log was begun.

    A product that is not in it yet has lost nothing: its executions since then are found by time.
    """

    since: datetime
    reached: dict[str, Reached] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: Cursor) -> Place:
        """Read a cursor of ours."""
        kept = json.loads(cursor)
        reached = {
            raw: Reached(orders.moment(until), set(seen))
            for raw, (until, seen) in kept["reached"].items()
        }
        return cls(orders.moment(kept["since"]), reached)

    def written(self) -> Cursor:
        """Return the cursor; equal places are equal cursors."""
        reached = {
            raw: [orders.written(one.until), sorted(one.seen)] for raw, one in self.reached.items()
        }
        kept = {"reached": reached, "since": orders.written(self.since)}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))


async def log(
    ask: Ask, names: Names, keys: dict[str, Key], after: Cursor | None, raws: Sequence[str],
    at: datetime, rows: int,
) -> Page:  # fmt: skip
    """Return executions after a place; *keys* gathers ref of an order -> our key."""
    if after is None:
        return Page(facts=(), next=(await _beginning(ask, at)).written(), more=False)
    place = Place.read(after)
    found: list[Row] = []
    more = False
    for raw in raws:
        reached = place.reached.setdefault(raw, Reached(place.since))
        start = reached.until - OVERLAP - timedelta(milliseconds=1)  # it is told from behind it on
        known = await listed(ask, product_ids=[raw], start_sequence_timestamp=orders.written(start))
        news = reached.news(known, place.since)
        reached.take(news[:rows], known)
        more |= len(news) > rows
        found += news[:rows]
    await learn_keys(ask, keys, found)
    found.sort(key=_when)
    facts = tuple(fill(row, names, keys, "poll") for row in found)
    return Page(facts=facts, next=place.written(), more=more)


async def _beginning(ask: Ask, at: datetime) -> Place:
    """Return the place *now*; clocks differ, and what is there already is not news."""
    place = Place(at)
    start = orders.written(at - timedelta(milliseconds=1))
    for row in await listed(ask, start_sequence_timestamp=start):
        reached = place.reached.setdefault(row["product_id"], Reached(at))
        reached.seen.add(_mark(row))
    return place


def _when(row: Row) -> tuple[datetime, str]:
    return orders.moment(row["trade_time"]), row["entry_id"]


def _mark(row: Row) -> str:
    """Return an execution's name, short enough for a cursor."""
    return hashlib.blake2s(str(row["entry_id"]).encode(), digest_size=8).hexdigest()


async def learn_keys(ask: Ask, keys: dict[str, Key], rows: Sequence[Row]) -> None:
    """Find whose executions are: the venue tells an order's number with them, and not our key."""
    missing = {
        row["order_id"] for row in rows if order_ref(row["product_id"], row["order_id"]) not in keys
    }
    for row in await by_numbers(ask, missing):
        if row.get("client_order_id"):
            ref = order_ref(row["product_id"], row["order_id"])
            keys[ref] = row["client_order_id"]


async def by_numbers(ask: Ask, numbers: Collection[str]) -> list[Row]:
    """Return orders by the venue's numbers of them; what it does not show is left out."""
    found: list[Row] = []
    wanted = sorted(numbers)
    for first in range(0, len(wanted), _ORDERS):
        part = wanted[first : first + _ORDERS]
        method = "v3PrivateGetBrokerageOrdersHistoricalBatch"
        found += (await ask(private(method, order_ids=part, limit=len(part))))["orders"]
    return found


# ---- what the stream does not say ----------------------------------------------------------
def _merged(fills: Sequence[Fact], facts: Sequence[Fact]) -> list[Fact]:
    """Return executions, by rising times, among facts in their own order."""
    merged, rest = [], list(fills)
    for fact in facts:
        while rest and rest[0].at <= fact.at:
            merged.append(rest.pop(0))
        merged.append(fact)
    return merged + rest


class Missing:
    """Executions that the stream's sums tell of: asked for, and told once before the sums.

    What the list does not have yet is asked for again with the next message; a heartbeat comes
    every second. What was filled before the stream began is the log's to tell: it may be older than
    everything that is in the books.
    """

    def __init__(self, names: Names, keys: dict[str, Key]) -> None:
        self._names, self._keys = names, keys
        self._told: dict[str, dict[str, Decimal]] = {}  # order -> execution -> units
        self._wanted: dict[str, tuple[Decimal, int]] = {}  # order -> its sum, and tries
        self._before: dict[str, Decimal] = {}  # order -> its sum when the stream began

    def begun(self, facts: Sequence[OrderFact]) -> None:
        """Take orders that the stream begins with."""
        self._before |= {_number(fact): fact.filled for fact in facts if fact.filled}

    async def before(self, ask: Ask, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """Return facts with the executions before them that they speak of."""
        for fact in facts:
            if isinstance(fact, OrderFact):
                self._want(fact)
        if not self._wanted:
            return tuple(facts)
        for number, (wanted, tries) in list(self._wanted.items()):
            self._wanted[number] = (wanted, tries + 1)
            if tries == _TRIES:
                del self._wanted[number]
        rows = await of_orders(ask, sorted(self._wanted))
        return tuple(_merged(self._news(rows), facts))

    def _want(self, fact: OrderFact) -> None:
        number, filled = _number(fact), fact.filled or Decimal(0)
        if filled > sum(self._told.get(number, {}).values()):
            self._wanted[number] = (filled, 0)

    def _news(self, rows: Sequence[Row]) -> list[FillFact]:
        found: list[FillFact] = []
        for row in sorted(rows, key=_when):
            told = self._told.setdefault(row["order_id"], {})
            old = self._before.get(row["order_id"], Decimal(0)) > sum(told.values())
            if row["entry_id"] not in told:
                fact = fill(row, self._names, self._keys, "stream")
                told[row["entry_id"]] = fact.qty
                found += [] if old else [fact]
        for number, (wanted, _) in list(self._wanted.items()):
            if sum(self._told.get(number, {}).values()) >= wanted:
                del self._wanted[number]
        while len(self._told) > _KEPT:
            del self._told[next(iter(self._told))]
        return found


def _number(fact: OrderFact) -> str:
    return next(value for kind, _, value in map(split_ref, fact.refs) if kind == "order")
