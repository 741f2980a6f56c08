"""A snapshot of a Binance USD-M account: orders of both kinds, positions, wallets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.binance.reads import call
from atms.stores.ccxt.profiles.binanceusdm import orders
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.facts import BalanceFact, BucketFact, Fact, Part, Snapshot

Row = Mapping[str, Any]
_MANY_SYMBOLS = 40  # so many open orders of one symbol weigh what those of all do


async def snapshot(
    ask: Ask, names: Names, raws: Sequence[str], assets: frozenset[str], at: datetime
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
            Part.ORDERS: lambda: _open_orders(ask, names, raws),
            Part.BUCKETS: lambda: _positions(ask, names, raws, at),
            Part.BALANCES: lambda: _balances(ask, assets, at),
        },
    )


async def _open_orders(ask: Ask, names: Names, raws: Sequence[str]) -> tuple[Fact, ...]:
    """Return the orders that stand, and the conditional ones that wait: two lists of the venue."""
    plain = await _of_all(ask, "fapiPrivateGetOpenOrders", raws)
    waiting = await _of_all(ask, "fapiPrivateGetOpenAlgoOrders", raws)
    return (
        *(orders.order(row, names, "snapshot") for row in plain),
        *(orders.conditional(row, names, "snapshot") for row in waiting),
    )


async def _of_all(ask: Ask, method: str, raws: Sequence[str]) -> list[Row]:
    if len(raws) > _MANY_SYMBOLS:
        every = await ask(call(method, _MANY_SYMBOLS))
        return [row for row in every if row["symbol"] in set(raws)]
    return [row for raw in raws for row in await ask(call(method, 1, symbol=raw))]


async def _positions(ask: Ask, names: Names, raws: Sequence[str], at: datetime) -> tuple[Fact, ...]:
    rows = await ask(call("fapiPrivateV3GetPositionRisk", 5))
    return tuple(
        BucketFact(
            at=at, instrument=names.id(row["symbol"]), bucket=orders.bucket(row["positionSide"]),
            qty=Decimal(row["positionAmt"]), price=Decimal(row["entryPrice"]),
        )
        for row in rows
        if row["symbol"] in set(raws) and Decimal(row["positionAmt"])
    )  # fmt: skip


async def _balances(ask: Ask, assets: frozenset[str], at: datetime) -> tuple[Fact, ...]:
    """Return wallet balances, which open profits are not in."""
    account = await ask(call("fapiPrivateV3GetAccount", 5))
    told = {
        row["asset"]: BalanceFact(
            at=at, asset=row["asset"], total=Decimal(row["walletBalance"]),
            free=Decimal(row["availableBalance"]),
        )
        for row in account["assets"]
        if Decimal(row["walletBalance"]) or row["asset"] in assets
    }  # fmt: skip
    for asset in assets - set(told):
        told[asset] = BalanceFact(at=at, asset=asset, total=Decimal(0), free=Decimal(0))
    return tuple(told.values())
