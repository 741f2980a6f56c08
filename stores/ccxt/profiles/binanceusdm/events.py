"""What Binance USD-M's streams say: the account's events, and the market's where spot differs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profile import Names
from atms.stores.ccxt.profiles.binance import events as spot
from atms.stores.ccxt.profiles.binance.orders import fees, side
from atms.stores.ccxt.profiles.binanceusdm import orders
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import BalanceFact, BucketFact, Fact, FillFact, HeadFact, OrderFact
from atms.stores.market import Book, Print

_FILLS = ("TRADE", "CALCULATED")  # the second: a liquidation's


def inner(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event, which the venue may have put under its stream's name."""
    found = message.get("data")
    return found if isinstance(found, dict) else message


def account_event(event: Mapping[str, Any], names: Names) -> tuple[Fact, ...]:
    """Return what an event of the account's stream says."""
    match event.get("e"):
        case "ORDER_TRADE_UPDATE":
            return _order(event["o"], names)
        case "ALGO_UPDATE":
            return (_algo(event, names),)
        case "ACCOUNT_UPDATE":
            return _account(event, names)
        case _:
            return ()


def _order(row: Mapping[str, Any], names: Names) -> tuple[Fact, ...]:
    """Return an execution, and the order's state after it."""
    raw, key, at = row["s"], row["c"], moment(row["T"])
    refs = frozenset({order_ref(raw, row["i"]), client_ref(raw, key)})
    facts: list[Fact] = []
    if row["x"] in _FILLS:
        facts.append(
            FillFact(
                at=at, via="stream", exec=f"{raw}:{row['t']}", version=1, key=key, refs=refs,
                instrument=names.id(raw), bucket=orders.bucket(row["ps"]), side=side(row["S"]),
                qty=Decimal(row["l"]), price=Decimal(row["L"]),
                fees=fees(row.get("N"), row.get("n")), cause=orders.cause_of(key),
            )
        )  # fmt: skip
    told = {
        "type": row["o"], "timeInForce": row["f"], "origQty": row["q"], "side": row["S"],
        "price": row["p"], "triggerPrice": row["sp"], "positionSide": row["ps"],
        "reduceOnly": row["R"],
    }  # fmt: skip
    facts.append(
        OrderFact(
            at=at, via="stream", key=key, refs=refs, instrument=names.id(raw),
            state=orders.STATES[row["X"]], filled=Decimal(row["z"]),
            ticket=orders.ticket(told, key, names.id(raw)),
        )
    )  # fmt: skip
    return tuple(facts)


def _algo(event: Mapping[str, Any], names: Names) -> OrderFact:
    row = event["o"]
    raw, key = row["s"], row["caid"]
    told = {
        "type": row["o"], "timeInForce": row["f"], "origQty": row["q"], "side": row["S"],
        "price": row["p"], "triggerPrice": row["tp"], "positionSide": row["ps"],
        "reduceOnly": row["R"],
    }  # fmt: skip
    return orders.algo(
        raw, names, "stream", key=key, number=row["aid"], status=row["X"], at=event["T"],
        order=row["ai"], filled=row["aq"], why=row.get("rm") or "",
        ticket=orders.ticket(told, key, names.id(raw)),
    )  # fmt: skip


def _account(event: Mapping[str, Any], names: Names) -> tuple[Fact, ...]:
    """Return balances and positions; of cash that no trade moved the log tells what it was."""
    at, told = moment(event["T"]), event["a"]
    facts: list[Fact] = [
        BalanceFact(at=at, asset=one["a"], total=Decimal(one["wb"]), free=None)
        for one in told.get("B", ())
    ]
    facts += [
        BucketFact(
            at=at, instrument=names.id(one["s"]), bucket=orders.bucket(one["ps"]),
            qty=Decimal(one["pa"]), price=Decimal(one["ep"]) or None,
        )
        for one in told.get("P", ())
    ]  # fmt: skip
    if told["m"] != "ORDER":
        facts.append(HeadFact(at=at, head=f"{told['m']}:{event['T']}"))
    return tuple(facts)


# ---- the market ----------------------------------------------------------------------------
def depth(message: Mapping[str, Any], at: datetime, instrument: str, levels: int) -> Book:
    """Return the top of an order book."""
    renamed = {"bids": message["b"], "asks": message["a"]}
    return spot.depth(renamed, at, instrument, levels)


def trade(event: Mapping[str, Any], names: Names) -> Print | None:
    """Return a public trade; None: one that was not made in the book."""
    return spot.trade(event, names) if event.get("X", "MARKET") == "MARKET" else None
