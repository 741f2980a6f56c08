"""What a journal tells: SQLite with JSON in it, read without anything of the order path."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.live.told import Told

_NO_FEE = {"amount": "0", "asset": ""}  # it comes later, or there is none
_NOT_THERE = {"refused", "not_placed", "not_sent"}


def journal_told(path: Path) -> tuple[Told, set[str], str]:
    """Return what a journal tells, the orders that it says do not stand, and its id."""
    with closing(sqlite3.connect(path)) as connection:
        prefix = connection.execute("SELECT value FROM about WHERE name = 'id'").fetchone()[0]
        rows = connection.execute("SELECT number, body FROM entry ORDER BY number").fetchall()
    assert [number for number, _ in rows] == list(range(1, len(rows) + 1)), "entries are missing"
    told = Told()
    closed: dict[str, str] = {}
    over: dict[str, bool] = defaultdict(bool)
    balances: dict[str, Decimal] = defaultdict(Decimal)
    effects: dict[str, list[tuple[str, Decimal]]] = {}
    for _, body in rows:
        record = json.loads(body)
        _take(record, told, closed, over, balances, effects)
    refused = {key for key, how in closed.items() if how in _NOT_THERE}
    told.orders = {
        key: key not in closed and not over[key] for key in told.orders if key not in refused
    }
    told.balances = {asset: units for asset, units in balances.items() if units}
    return told, refused, prefix


def _take(
    record: dict[str, Any], told: Told, closed: dict[str, str], over: dict[str, bool],
    balances: dict[str, Decimal], effects: dict[str, list[tuple[str, Decimal]]],
) -> None:  # fmt: skip
    kind = record["is"]
    if kind == "Intended":
        key = record["ticket"]["key"]
        if key in told.orders:
            told.twice.append(f"order {key}")
        told.orders[key] = True
        told.doubted.add(key)
    elif kind == "Planned":
        told.planned.add(record["ticket"]["key"])
    elif kind == "Closed":
        closed[record["key"]] = record["how"]
        told.doubted.discard(record["key"])
    elif kind == "Answered":
        if record["outcome"] == "acked":
            told.doubted.discard(record["key"])
    elif kind == "Stood":
        told.doubted.discard(record["key"])
        over[record["key"]] = record["state"] in ("filled", "canceled", "expired", "refused")
    elif kind == "OpeningCash":
        balances[record["asset"]] += Decimal(record["total"])
    elif kind == "CashBooked":
        balances[record["asset"]] += Decimal(record["amount"])
    elif kind == "Opened" and record.get("asset"):
        balances[record["asset"]] += Decimal(record["qty"])
    elif kind == "Booked":
        if record["exec"] in told.fills:
            told.twice.append(f"fill {record['exec']}")
        (fee,) = record["fees"] or [_NO_FEE]
        sign = record["side"]
        told.fills[record["exec"]] = (
            record["key"], sign * Decimal(record["qty"]), Decimal(record["price"]),
            Decimal(fee["amount"]), fee["asset"],
        )  # fmt: skip
        effects[record["exec"]] = [
            *((move["asset"], Decimal(move["amount"])) for move in record.get("moves", ())),
            (fee["asset"], -Decimal(fee["amount"])),
        ]
        for asset, units in effects[record["exec"]]:
            balances[asset] += units
    elif kind == "FeeBooked":  # of an execution that was told without one
        key, qty, price, paid, _ = told.fills[record["exec"]]
        amount, asset = Decimal(record["amount"]), record["asset"]
        told.fills[record["exec"]] = (key, qty, price, paid + amount, asset)
        effects[record["exec"]].append((asset, -amount))
        balances[asset] -= amount
    elif kind == "Linked":  # whose it is was found out later
        told.fills[record["exec"]] = (record["key"], *told.fills[record["exec"]][1:])
    elif kind == "Reversed":
        del told.fills[record["exec"]]
        for asset, units in effects.pop(record["exec"]):
            balances[asset] -= units
