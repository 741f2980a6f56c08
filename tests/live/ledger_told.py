"""What a ledger tells, of SQLite or of PostgreSQL, in plain SQL."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2

from tests.live.told import Told

_OPEN = {"submitted", "accepted", "partial"}
_BALANCES = """SELECT balances.currency, final, difference
               FROM balances JOIN runs ON runs.id = run_id ORDER BY started"""
_POSITIONS = """SELECT positions.symbol, size FROM positions JOIN runs ON runs.id = run_id
                WHERE started = (SELECT max(started) FROM runs)"""


def ledger_told(ledger: Path | str, prefix: str = "") -> Told:
    """Return what a ledger tells, of orders whose keys begin with a prefix.

    Args:
        ledger: a SQLite file, or the URL of a PostgreSQL database.
        prefix: of keys.
    """
    told = Told()
    with closing(_connected(ledger)) as connection:
        cursor = connection.cursor()
        if not _has_tables(cursor, ledger):
            return told
        _take_fills(cursor, told, prefix)
        _take_orders(cursor, told, prefix)
        for currency, final, difference in _rows(cursor, _BALANCES):
            told.balances[currency] = Decimal(str(final))
            assert Decimal(str(difference)) == 0, f"{currency}: the ledger's sums do not add up"
        for symbol, size in _rows(cursor, _POSITIONS):
            told.positions[symbol] = Decimal(str(size))
    told.balances = {asset: units for asset, units in told.balances.items() if units}
    told.positions = {symbol: units for symbol, units in told.positions.items() if units}
    return told


def running(ledger: Path | str) -> list[str]:
    """Return the runs that go on, as the ledger says."""
    with closing(_connected(ledger)) as connection:
        cursor = connection.cursor()
        return [run for (run,) in _rows(cursor, "SELECT id FROM runs WHERE status = 'running'")]


def _connected(ledger: Path | str) -> Any:
    if isinstance(ledger, Path):
        return sqlite3.connect(ledger)
    return psycopg2.connect(ledger.replace("+psycopg2", ""), connect_timeout=20)


def _has_tables(cursor: Any, ledger: Path | str) -> bool:
    """Return whether it was made; a process may die before."""
    names = "sqlite_master WHERE name" if isinstance(ledger, Path) else "pg_class WHERE relname"
    return bool(_rows(cursor, f"SELECT 1 FROM {names} = 'fills'"))


def _rows(cursor: Any, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _take_fills(cursor: Any, told: Told, prefix: str) -> None:
    fees = {
        number: (Decimal(str(amount)), asset)
        for number, asset, amount in _rows(cursor, "SELECT fill_id, asset, amount FROM fill_fees")
    }
    flows = "SELECT external_id, amount, currency FROM cash_flows WHERE kind = 'fee'"
    later = {  # of executions that an earlier run has booked
        name.removeprefix("fee:fee:"): (-Decimal(str(amount)), asset)
        for name, amount, asset in _rows(cursor, flows)
    }
    query = """SELECT id, trade_id, order_id, side, size, price, "row" FROM fills ORDER BY id"""
    names: Counter[str] = Counter()
    for number, name, key, side, size, price, row in _rows(cursor, query):
        key = key or ""  # of no order of ours
        if not key.startswith(prefix):
            continue
        names[f"{name} {row}"] += 1
        told.fills[name] = (
            key, (1 if side == "buy" else -1) * Decimal(str(size)), Decimal(str(price)),
            *(fees.get(number) or later[name]),
        )  # fmt: skip
    told.twice += [f"fill {name}" for name, times in names.items() if times > 1]


def _take_orders(cursor: Any, told: Told, prefix: str) -> None:
    rows = _rows(cursor, "SELECT order_id, status FROM orders")
    mine = [(key, status) for key, status in rows if key.startswith(prefix)]
    told.orders = dict.fromkeys([key for key, _ in mine], False)
    told.ends = {key: "open" if status in _OPEN else status for key, status in mine}
    told.twice += [
        f"order {key}" for key, times in Counter(k for k, _ in mine).items() if times > 1
    ]
