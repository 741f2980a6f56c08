"""Reading a Binance spot account: one order, the log of executions, a snapshot, history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.base import Unreachable
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.binance import events, orders
from atms.stores.ccxt.profiles.called import order_ref, split_ref
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.ccxt.profiles.stamps import milliseconds, moment
from atms.stores.facts import BalanceFact, Cursor, Fact, FillFact, Page, Part, Snapshot
from atms.stores.market import Bar
from atms.stores.outcomes import Found, Looked, Never, NotSeen
from atms.stores.requests import Key, Refs

WEIGHT_OF_ALL_OPEN, WEIGHT_OF_OPEN = 80, 6  # openOrders without and with a symbol
_PAGE = 1000  # the most rows that the venue gives
_ONE_BY_ONE = 5  # so many orders are cheaper asked for alone than in a page


def call(method: str, weight: int, *expects: str, **params: Any) -> Call:
    """Return a request that reads."""
    return Call(method=method, params=params, costs={"weight": weight}, expects=frozenset(expects))


# ---- history -------------------------------------------------------------------------------
async def history(
    ask: Ask, names: Names, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
) -> tuple[list[Bar], bool]:
    """Return bars that begin at a time or later, and whether there are more."""
    page = await ask(
        call(
            "publicGetKlines", 2, symbol=raw, interval=timeframe, limit=rows,
            startTime=milliseconds(start), endTime=milliseconds(end) - 1,
        )
    )  # fmt: skip
    return [events.kline(row, names.id(raw)) for row in page], len(page) == rows


async def newest(ask: Ask, raw: str) -> datetime | None:
    """Return when the newest trade was; None: there is none."""
    rows = await ask(call("publicGetTrades", 25, symbol=raw, limit=1))
    return moment(rows[-1]["time"]) if rows else None


# ---- one order -----------------------------------------------------------------------------
async def lookup(
    ask: Ask, names: Names, known: Mapping[Key, str], key: Key, refs: Refs, at: datetime
) -> Looked:
    """Ask for an order, by the venue's number where it is known, and for its executions.

    Raises:
        Unreachable: nothing tells of which symbol it is.
    """
    found = by_name(key, refs, known)
    # a key alone is asked for on every symbol that was ever named here
    places = [found] if found else [(raw, {"origClientOrderId": key}) for raw in names.all]
    if not places or not (found or key):
        raise Unreachable(f"order {key}: of no known symbol; it cannot be asked for")
    for raw, params in places:
        row = await _order(ask, raw, params)
        if isinstance(row, Never):
            return row
        if row is not None:
            return Found(facts=await _told(ask, names, row, key))
    return NotSeen(at=at)


async def _order(ask: Ask, raw: str, params: Mapping[str, Any]) -> Any:
    """Return an order; None: it is not shown; or that it can no longer happen."""
    question = Call(
        method="privateGetOrder", params={"symbol": raw, **params}, costs={"weight": 4},
        expects=frozenset({"-2013", "-2026"}),
    )  # fmt: skip
    try:
        return await ask(question)
    except Said as said:
        return Never(proof=f"the venue: {said.text}") if said.code == "-2026" else None


async def _told(ask: Ask, names: Names, row: Mapping[str, Any], key: Key) -> tuple[Fact, ...]:
    fact = orders.order(row, names, "poll", key or None)
    if not fact.filled:
        return (fact,)
    trades = await ask(call("privateGetMyTrades", 5, symbol=row["symbol"], orderId=row["orderId"]))
    return (*(_trade(names, one, fact.key, "poll") for one in trades), fact)


def by_name(key: Key, refs: Refs, known: Mapping[Key, str]) -> tuple[str, dict[str, Any]] | None:
    named = {kind: (raw, value) for kind, raw, value in map(split_ref, sorted(refs))}
    if "order" in named:
        return named["order"][0], {"orderId": named["order"][1]}
    if "client" in named:
        return named["client"][0], {"origClientOrderId": named["client"][1]}
    if key in known:
        return known[key], {"origClientOrderId": key}
    return None


def _trade(names: Names, row: Mapping[str, Any], key: Key | None, via: Any) -> FillFact:
    return orders.fill(
        row["symbol"], names, row, at=row["time"], number=row["orderId"], client=key,
        buys=row["isBuyer"], exec_=row["id"], via=via,
    )  # fmt: skip


# ---- the log -------------------------------------------------------------------------------
@dataclass
class Place:
    """A place in the log: of each symbol the next trade's id, and when the log was begun.

    A symbol that is not in it yet has lost nothing: its executions since then are found by time.
    """

    since: datetime
    next: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: Cursor) -> Place:
        """Read a cursor of ours."""
        kept = json.loads(cursor)
        return cls(moment(kept["since"]), dict(kept["next"]))

    def written(self) -> Cursor:
        """Return the cursor; equal places are equal cursors."""
        kept = {"next": self.next, "since": milliseconds(self.since)}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))


async def log(
    ask: Ask, names: Names, keys: dict[str, Key], after: Cursor | None, raws: Sequence[str],
    at: datetime, rows: int,
) -> Page:  # fmt: skip
    """Return executions after a place; *keys* gathers ref of an order -> our key."""
    if after is None:
        place = Place(at)
        for raw in raws:
            last = await ask(call("privateGetMyTrades", 20, symbol=raw, limit=1))
            place.next[raw] = last[-1]["id"] + 1 if last else 0
        return Page(facts=(), next=place.written(), more=False)
    place = Place.read(after)
    found: list[Mapping[str, Any]] = []
    more = False
    for raw in raws:
        trades, full = await _after(ask, place, raw, min(rows, _PAGE))
        more |= full
        found += [one for one in trades if moment(one["time"]) >= place.since]
    found.sort(key=lambda one: (one["time"], one["symbol"], one["id"]))
    await _learn_keys(ask, keys, found)
    facts = tuple(
        _trade(names, one, keys[order_ref(one["symbol"], one["orderId"])], "poll") for one in found
    )
    return Page(facts=facts, next=place.written(), more=more)


async def _after(
    ask: Ask, place: Place, raw: str, rows: int
) -> tuple[list[Mapping[str, Any]], bool]:
    """Return a page of a symbol's trades and whether it is full; the place moves on."""
    if raw not in place.next:
        newest = await ask(call("privateGetMyTrades", 20, symbol=raw, limit=rows))
        if len(newest) == rows and moment(newest[0]["time"]) >= place.since:
            place.next[raw] = 0  # there may be older ones: from the first on
            return [], True
        place.next[raw] = newest[-1]["id"] + 1 if newest else 0
        return newest, False
    start = place.next[raw]
    page = await ask(call("privateGetMyTrades", 20, symbol=raw, fromId=start, limit=rows))
    if page:
        place.next[raw] = page[-1]["id"] + 1
    return page, len(page) == rows


async def _learn_keys(ask: Ask, keys: dict[str, Key], trades: Sequence[Mapping[str, Any]]) -> None:
    """Find whose the trades are: the venue tells an order's number with them, and not our key."""
    missing: dict[str, set[int]] = {}
    for one in trades:
        if order_ref(one["symbol"], one["orderId"]) not in keys:
            missing.setdefault(one["symbol"], set()).add(one["orderId"])
    for raw, numbers in missing.items():
        for row in await _orders(ask, raw, sorted(numbers)):
            keys[order_ref(raw, row["orderId"])] = row["clientOrderId"]


async def _orders(ask: Ask, raw: str, numbers: list[int]) -> list[Mapping[str, Any]]:
    if len(numbers) <= _ONE_BY_ONE:
        return [
            await ask(call("privateGetOrder", 4, symbol=raw, orderId=number)) for number in numbers
        ]
    found: list[Mapping[str, Any]] = []
    first = numbers[0]
    while first <= numbers[-1]:
        page = await ask(call("privateGetAllOrders", 20, symbol=raw, orderId=first, limit=_PAGE))
        found += page
        if len(page) < _PAGE:
            break
        first = page[-1]["orderId"] + 1
    return found


# ---- a snapshot ----------------------------------------------------------------------------
async def snapshot(
    ask: Ask, names: Names, raws: Sequence[str], assets: frozenset[str], at: datetime
) -> Snapshot:
    """Return orders and balances, each left out where it could not be read.

    Args:
        assets: are told though there are none of them.

    Raises:
        RateLimited, AuthFailed, Unreachable: nothing at all could be read, or nothing may be.
    """
    return await gathered(
        at,
        {
            Part.ORDERS: lambda: _open_orders(ask, names, raws),
            Part.BALANCES: lambda: _balances(ask, assets, at),
        },
    )


async def _open_orders(ask: Ask, names: Names, raws: Sequence[str]) -> tuple[Fact, ...]:
    rows: list[Mapping[str, Any]] = []
    if len(raws) * WEIGHT_OF_OPEN > WEIGHT_OF_ALL_OPEN:
        every = await ask(call("privateGetOpenOrders", WEIGHT_OF_ALL_OPEN))
        rows = [row for row in every if row["symbol"] in set(raws)]
    else:
        for raw in raws:
            rows += await ask(call("privateGetOpenOrders", WEIGHT_OF_OPEN, symbol=raw))
    return tuple(orders.order(row, names, "snapshot") for row in rows)


async def _balances(ask: Ask, assets: frozenset[str], at: datetime) -> tuple[Fact, ...]:
    account = await ask(call("privateGetAccount", 20))
    told: dict[str, BalanceFact] = {}
    for row in account["balances"]:
        free, locked = Decimal(row["free"]), Decimal(row["locked"])
        if free or locked or row["asset"] in assets:
            told[row["asset"]] = BalanceFact(
                at=at, asset=row["asset"], total=free + locked, free=free
            )
    for asset in assets - set(told):
        told[asset] = BalanceFact(at=at, asset=asset, total=Decimal(0), free=Decimal(0))
    return tuple(told.values())
