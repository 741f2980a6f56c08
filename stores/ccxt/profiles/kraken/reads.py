"""Reading a Kraken account: one order, orders and balances as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.ccxt.profiles.kraken import orders
from atms.stores.ccxt.profiles.kraken.memory import Memory
from atms.stores.ccxt.profiles.kraken.names import EARNING, KrakenSymbols, asset
from atms.stores.ccxt.profiles.kraken.numbers import at as time_of
from atms.stores.ccxt.profiles.kraken.numbers import number
from atms.stores.facts import BalanceFact, Fact, Part, Snapshot
from atms.stores.outcomes import Found, Looked, NotSeen
from atms.stores.requests import Key, Refs

TURN = "key"  # that requests with a key wait for
_IDS_OF_TRADES = 20  # so many may be asked for at once
_UNKNOWN = ("EOrder:Unknown order", "EOrder:Invalid order")


def call(method: str, cost: int, *expects: str, **params: Any) -> Call:
    """Return a question about the account; *cost* is what the call counter rises by."""
    return Call(
        method=f"privatePost{method}", params=params, costs={"calls": cost} if cost else {},
        expects=frozenset(expects), turn=TURN,
    )  # fmt: skip


def public(method: str, **params: Any) -> Call:
    """Return a question that anybody may ask."""
    return Call(method=f"publicGet{method}", params=params, costs={"public": 1})


# ---- one order -----------------------------------------------------------------------------
async def lookup(
    ask: Ask, names: KrakenSymbols, memory: Memory, key: Key, refs: Refs, at: datetime
) -> Looked:
    """Ask for an order, by the venue's number where it is known, and for its executions."""
    wanted = orders.named(refs, "order")
    mine = key or orders.named(refs, "client")
    found = await (_by_number(ask, wanted) if wanted else _by_key(ask, mine))
    if found is None:
        return NotSeen(at=at)
    txid, row = found
    memory.name(txid, row.get("cl_ord_id"))
    fact = orders.order(txid, row, names, "poll")
    fills = await trades_of(ask, names, row.get("trades", ()), fact.key)
    return Found(facts=(*fills, fact))


async def _by_number(ask: Ask, txid: str) -> tuple[str, Mapping[str, Any]] | None:
    try:
        rows = await ask(call("QueryOrders", 1, *_UNKNOWN, txid=txid, **_WITH_TRADES))
    except Said:
        return None
    return (txid, rows["result"][txid]) if txid in rows["result"] else None


async def _by_key(ask: Ask, key: Key) -> tuple[str, Mapping[str, Any]] | None:
    """Ask the open orders first: one that ends meanwhile is then among the closed ones."""
    opened = await ask(call("OpenOrders", 1, cl_ord_id=key, **_WITH_TRADES))
    closed = {}
    if not opened["result"]["open"]:
        reply = await ask(call("ClosedOrders", 1, cl_ord_id=key, **_WITH_TRADES))
        closed = reply["result"]["closed"]
    rows = opened["result"]["open"] or closed
    mine = [(txid, row) for txid, row in rows.items() if row.get("cl_ord_id") == key]
    return max(mine, key=lambda one: number(one[1]["opentm"]), default=None)


_WITH_TRADES = {"trades": "true", "consolidate_taker": "false"}


async def trades_of(
    ask: Ask, names: KrakenSymbols, ids: Sequence[str], key: Key | None
) -> list[Fact]:
    """Return executions by their ids, the oldest first."""
    rows: dict[str, Mapping[str, Any]] = {}
    for first in range(0, len(ids), _IDS_OF_TRADES):
        asked = ",".join(ids[first : first + _IDS_OF_TRADES])
        rows |= (await ask(call("QueryTrades", 2, txid=asked)))["result"]
    in_order = sorted(rows.items(), key=lambda one: (number(one[1]["time"]), one[1]["trade_id"]))
    return [orders.fill(name, row, names, key, time_of(row["time"])) for name, row in in_order]


# ---- a snapshot ----------------------------------------------------------------------------
async def snapshot(
    ask: Ask, names: KrakenSymbols, memory: Memory, raws: Sequence[str], at: datetime
) -> Snapshot:
    """Return orders and balances, each left out where it could not be read.

    Raises:
        RateLimited, AuthFailed, Unreachable: nothing at all could be read, or nothing may be.
    """
    return await gathered(
        at,
        {
            Part.ORDERS: lambda: _open_orders(ask, names, memory, raws),
            Part.BALANCES: lambda: _balances(ask, names.assets(raws), at),
        },
    )


async def _open_orders(
    ask: Ask, names: KrakenSymbols, memory: Memory, raws: Sequence[str]
) -> tuple[Fact, ...]:
    rows = (await ask(call("OpenOrders", 1)))["result"]["open"]
    wanted = set(raws)
    facts = []
    for txid, row in rows.items():
        if names.of(row["descr"]["pair"]) in wanted:
            memory.name(txid, row.get("cl_ord_id"))
            facts.append(orders.order(txid, row, names, "snapshot"))
    return tuple(facts)


async def _balances(ask: Ask, assets: frozenset[str], at: datetime) -> tuple[Fact, ...]:
    rows = (await ask(call("BalanceEx", 1)))["result"]
    held: dict[str, tuple[Decimal, Decimal]] = {name: (Decimal(0), Decimal(0)) for name in assets}
    for word, row in rows.items():
        name = asset(word).removesuffix(EARNING)
        total, kept = held.get(name, (Decimal(0), Decimal(0)))
        held[name] = (total + number(row["balance"]), kept + number(row.get("hold_trade", 0)))
    return tuple(
        BalanceFact(at=at, asset=name, total=total, free=total - kept)
        for name, (total, kept) in held.items()
        if total or kept or name in assets
    )
