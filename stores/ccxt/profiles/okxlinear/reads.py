"""Reading an OKX account of swaps: one order of either kind, what is open, positions, balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.base import Unreachable
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.conditional import number_of
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.ccxt.profiles.okx import executions
from atms.stores.ccxt.profiles.okx import reads as spot
from atms.stores.ccxt.profiles.okx.bills import PAGE
from atms.stores.ccxt.profiles.okxlinear import account, orders
from atms.stores.ccxt.profiles.okxlinear.contracts import KIND, Row, Swaps
from atms.stores.facts import BalanceFact, BucketFact, Fact, OrderFact, Part, Snapshot
from atms.stores.outcomes import Found, Looked, NotSeen
from atms.stores.requests import Key, Refs


# ---- one order -----------------------------------------------------------------------------
async def lookup(ask: Ask, names: Swaps, key: Key, refs: Refs, known: Refs, at: datetime) -> Looked:
    """Ask for an order, a stop or not, and for its executions.

    Args:
        known: names that an order of this key has, as far as they were heard of.

    Raises:
        Unreachable: nothing tells of which symbol it is.
    """
    named = refs or known
    for kind, field in (("algo", "algoId"), ("algoclient", "algoClOrdId")):
        if (found := number_of(named, kind)) is not None:
            return await _look_at_algo(ask, names, {field: found[1]}, at)
    for kind, field in (("order", "ordId"), ("client", "clOrdId")):
        if (found := number_of(named, kind)) is not None:
            row = await _order(ask, {"instId": found[0], field: found[1]})
            return Found(facts=await _told(ask, names, row)) if row else NotSeen(at=at)
    if not key or not names.all:
        raise Unreachable(f"order {key}: of no known symbol; it cannot be asked for")
    for raw in names.all:  # a key alone may be either kind's, of every symbol
        row = await _order(ask, {"instId": raw, "clOrdId": key})
        if row is not None:
            return Found(facts=await _told(ask, names, row))
    return await _look_at_algo(ask, names, {"algoClOrdId": key}, at)


async def _order(ask: Ask, question: Mapping[str, Any]) -> Row | None:
    return await _asked(ask, "privateGetTradeOrder", "details", question)


async def _asked(ask: Ask, method: str, budget: str, question: Mapping[str, Any]) -> Row | None:
    """Return the row of an order; None: it is not shown."""
    call = Call(method=method, params=dict(question), costs={budget: 1}, expects=spot.UNKNOWN_ORDER)
    try:
        rows: Sequence[Row] = (await ask(call))["data"]
    except Said:
        return None
    return rows[0] if rows else None


async def _look_at_algo(
    ask: Ask, names: Swaps, question: Mapping[str, Any], at: datetime
) -> Looked:
    """Return a stop, and what became of the order that it made."""
    row = await _asked(ask, "privateGetTradeOrderAlgo", "algo_details", question)
    if row is None:
        return NotSeen(at=at)
    fact = orders.conditional(row, names, "poll")
    made = number_of(fact.refs, "order")
    became = await _order(ask, {"instId": made[0], "ordId": made[1]}) if made else None
    if became is None:  # the one is told sooner than the other
        return Found(facts=(fact,))
    *fills, last = await _told(ask, names, became)
    assert isinstance(last, OrderFact)
    return Found(facts=(*fills, replace(last, refs=last.refs | fact.refs, key=fact.key)))


async def _told(ask: Ask, names: Swaps, row: Row) -> tuple[Fact, ...]:
    fact = orders.order(row, names, "poll")
    if not fact.filled:
        return (fact,)
    rows = await executions.of_order(ask, row, KIND)
    return (*(orders.fill(one, names, fact.key) for one in rows), fact)


# ---- the account ---------------------------------------------------------------------------
async def snapshot(
    ask: Ask, names: Swaps, raws: Sequence[str], assets: frozenset[str], at: datetime
) -> Snapshot:
    """Return orders, positions and balances, each left out where it could not be read.

    Args:
        assets: are told though there are none of them.

    Raises:
        RateLimited, AuthFailed, Unreachable: nothing at all could be read, or nothing may be.
    """
    return await gathered(
        at,
        {
            Part.ORDERS: lambda: _open_orders(ask, names, set(raws)),
            Part.BUCKETS: lambda: _positions(ask, names, set(raws), at),
            Part.BALANCES: lambda: _balances(ask, assets, at),
        },
    )


async def _open_orders(ask: Ask, names: Swaps, raws: set[str]) -> tuple[Fact, ...]:
    """Return the orders that stand, and the stops that wait: two lists of the venue."""
    plain, waiting = await spot.pending(ask, KIND), await _waiting(ask)
    return (
        *(orders.order(row, names, "snapshot") for row in plain if row["instId"] in raws),
        *(orders.conditional(row, names, "snapshot") for row in waiting if row["instId"] in raws),
    )


async def _waiting(ask: Ask) -> list[Row]:
    params: dict[str, Any] = {"instType": KIND, "ordType": "conditional", "limit": PAGE}
    rows: list[Row] = []
    while True:
        question = Call(
            method="privateGetTradeOrdersAlgoPending", params=dict(params),
            costs={"algo_pending": 1},
        )  # fmt: skip
        page = (await ask(question))["data"]
        rows += page
        if len(page) < PAGE:
            return rows
        params["after"] = page[-1]["algoId"]


async def _positions(ask: Ask, names: Swaps, raws: set[str], at: datetime) -> tuple[Fact, ...]:
    reply = await ask(account.positions())
    return tuple(
        position(row, names, at)
        for row in reply["data"]
        if row["instId"] in raws and Decimal(row["pos"] or 0)
    )


def position(row: Row, names: Swaps, at: datetime) -> BucketFact:
    """Return what a row says of a position."""
    raw, side = row["instId"], row["posSide"]
    qty = names.units(raw, row["pos"])
    return BucketFact(
        at=at, instrument=names.id(raw), bucket=orders.bucket(side),
        qty=-qty if side == "short" else qty, price=Decimal(row["avgPx"] or 0) or None,
    )  # fmt: skip


async def _balances(ask: Ask, assets: frozenset[str], at: datetime) -> tuple[Fact, ...]:
    """Return cash, which open profits are not in; of *assets* though it is nothing."""
    reply = await ask(Call(method="privateGetAccountBalance", costs={"balance": 1}))
    told = {
        one["ccy"]: BalanceFact(
            at=at, asset=one["ccy"], total=Decimal(one["cashBal"] or 0),
            free=Decimal(one["availEq"] or one["availBal"] or 0),
        )
        for row in reply["data"]
        for one in row["details"]
        if Decimal(one["cashBal"] or 0) or one["ccy"] in assets
    }  # fmt: skip
    for asset in assets - set(told):
        told[asset] = BalanceFact(at=at, asset=asset, total=Decimal(0), free=Decimal(0))
    return tuple(told.values())
