"""What OKX's streams say of an account of swaps: orders, stops, cash and positions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profiles.okxlinear import orders, reads
from atms.stores.ccxt.profiles.okxlinear.contracts import Row, Swaps
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import BalanceFact, Fact, HeadFact

# Why cash or a position changed ("eventType"), where the order's own event tells all of it.
_TOLD = frozenset({"snapshot", "filled", "set_leverage", "adjust_margin"})


def account_event(message: Mapping[str, Any], names: Swaps) -> tuple[Fact, ...]:
    """Return what an event says."""
    channel = (message.get("arg") or {}).get("channel")
    found: list[Fact] = []
    for row in message.get("data") or ():
        if channel == "balance_and_position":
            found += _account(row, names)
        elif not names.counts(row["instId"]):
            continue  # an account may trade more than this
        elif channel == "orders":
            found += _order(row, names)
        elif channel == "orders-algo":
            found.append(orders.conditional(row, names, "stream"))
    return tuple(found)


def _order(row: Row, names: Swaps) -> list[Fact]:
    """Return an execution, and the order's state after it; of the venue's own the log tells."""
    if row.get("category") in orders.SYSTEM:
        return [HeadFact(at=moment(row["uTime"]), head=f"order:{row['ordId']}:{row['uTime']}")]
    execution = orders.streamed_fill(row, names)
    return [*([execution] if execution is not None else []), orders.order(row, names, "stream")]


def _account(row: Row, names: Swaps) -> list[Fact]:
    """Return balances and positions; what moved cash and was no trade the log tells."""
    at = moment(row["pTime"])
    found: list[Fact] = [
        BalanceFact(at=at, asset=one["ccy"], total=Decimal(one["cashBal"] or 0), free=None)
        for one in row.get("balData") or ()
    ]
    found += [
        reads.position(one, names, at)
        for one in row.get("posData") or ()
        if names.counts(one["instId"])
    ]
    if row["eventType"] not in _TOLD:
        found.append(HeadFact(at=at, head=f"{row['eventType']}:{row['pTime']}"))
    return found
