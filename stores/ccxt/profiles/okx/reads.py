"""Reading an OKX account: one order, what is open, balances."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.base import Unreachable
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.called import split_ref
from atms.stores.ccxt.profiles.okx import executions, orders
from atms.stores.facts import BalanceFact, Fact
from atms.stores.outcomes import Found, Looked, NotSeen
from atms.stores.requests import Key, Refs

UNKNOWN_ORDER = frozenset({"51603"})
_PAGE = 100  # the most rows that the venue gives


async def lookup(
    ask: Ask, names: Names, known: Mapping[Key, str], key: Key, refs: Refs, at: datetime
) -> Looked:
    """Ask for an order, by the venue's number where it is known, and for its executions.

    Of several orders by one key the venue tells the newest. One that was taken back and never
    filled it forgets after two hours.

    Raises:
        Unreachable: nothing tells of which pair it is.
    """
    found = by_name(key, refs, known)
    # a key alone is asked for on every pair that was ever named here
    places = [found] if found else [(raw, {"clOrdId": key}) for raw in names.all]
    if not places or not (found or key):
        raise Unreachable(f"order {key}: of no known symbol; it cannot be asked for")
    for raw, params in places:
        question = Call(
            method="privateGetTradeOrder", params={"instId": raw, **params}, costs={"details": 1},
            expects=UNKNOWN_ORDER,
        )  # fmt: skip
        try:
            row = (await ask(question))["data"][0]
        except Said:
            continue
        return Found(facts=await _told(ask, names, row))
    return NotSeen(at=at)


async def _told(ask: Ask, names: Names, row: Mapping[str, Any]) -> tuple[Fact, ...]:
    fact = orders.order(row, names, "poll")
    if not fact.filled:
        return (fact,)
    rows = await executions.of_order(ask, row)
    return (*(orders.fill(one, names, "poll") for one in rows), fact)


def by_name(key: Key, refs: Refs, known: Mapping[Key, str]) -> tuple[str, dict[str, Any]] | None:
    """Return pair and parameters of an order; None: nothing tells of which pair it is."""
    named = {kind: (raw, value) for kind, raw, value in map(split_ref, sorted(refs))}
    if "order" in named:
        return named["order"][0], {"ordId": named["order"][1]}
    if "client" in named:
        return named["client"][0], {"clOrdId": named["client"][1]}
    return (known[key], {"clOrdId": key}) if key in known else None


async def open_orders(ask: Ask, names: Names, raws: Collection[str]) -> tuple[Fact, ...]:
    """Return what is open of some pairs."""
    rows = await pending(ask, "SPOT")
    return tuple(orders.order(row, names, "snapshot") for row in rows if row["instId"] in raws)


async def pending(ask: Ask, kind: str) -> list[Mapping[str, Any]]:
    """Return the rows of every order that is open in a kind of market."""
    params: dict[str, Any] = {"instType": kind, "limit": _PAGE}
    rows: list[Mapping[str, Any]] = []
    while True:
        question = Call(
            method="privateGetTradeOrdersPending", params=dict(params), costs={"pending": 1}
        )
        page = (await ask(question))["data"]
        rows += page
        if len(page) < _PAGE:
            return rows
        params["after"] = page[-1]["ordId"]


async def balances(ask: Ask, assets: frozenset[str], at: datetime) -> tuple[Fact, ...]:
    """Return what there is of each asset; of *assets* though it is nothing."""
    reply = await ask(Call(method="privateGetAccountBalance", costs={"balance": 1}))
    told = {fact.asset: fact for row in reply["data"] for fact in balances_of(row, at)}
    nothing = {
        asset: BalanceFact(at=at, asset=asset, total=Decimal(0), free=Decimal(0))
        for asset in assets - set(told)
    }
    return (*told.values(), *nothing.values())


def balances_of(row: Mapping[str, Any], at: datetime) -> tuple[BalanceFact, ...]:
    """Return what a row of the account says of each asset."""
    return tuple(
        BalanceFact(
            at=at, asset=one["ccy"], total=Decimal(one["cashBal"] or 0),
            free=Decimal(one["availBal"] or 0),
        )
        for one in row["details"]
    )  # fmt: skip
