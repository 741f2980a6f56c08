"""The ledger's database without the code under test: by sqlite3 and psycopg2, in their own types.

What the two databases keep in different types is made equal by the names of the columns, written
down here once more: decimals, times, flags.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg2
import psycopg2.extras

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = frozenset(
    {
        "created", "started", "ended", "first_bar", "last_bar", "created_ts", "updated_ts", "ts",
        "bar_ts", "entry_ts", "exit_ts", "first", "last",
    }
)  # fmt: skip
DECIMALS = frozenset(
    {
        "multiplier", "tick", "step", "min_size", "min_notional", "start_value", "final_value",
        "start", "final", "difference", "size", "price", "limit_price", "filled", "average_price",
        "reference_price", "spread_cost", "slippage_cost", "impact_cost",
        "amount", "entry_price", "exit_price", "pnl", "fee", "net_pnl", "mae",
        "mfe", "cash", "value", "risk_limit", "risk_value",
    }
)  # fmt: skip
FLAGS = frozenset({"fees_known", "finished"})
DOCUMENTS = frozenset({"config", "metrics", "audit"})


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:")


def file_of(url: str) -> str:
    """Return the file that a SQLite URL names."""
    return url.removeprefix("sqlite:///")


def connect(url: str) -> Any:
    """Return a connection of the driver's own."""
    if is_sqlite(url):
        return sqlite3.connect(file_of(url))
    return psycopg2.connect(url.replace("+psycopg2", ""), connect_timeout=20)


def execute(url: str, *statements: str) -> None:
    """Run statements in one transaction, foreign keys not looked at on SQLite."""
    with closing(connect(url)) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def attempt(url: str, statement: str) -> int:
    """Run a statement and take it back; return how many rows it touched."""
    with closing(connect(url)) as connection:
        cursor = connection.cursor()
        if is_sqlite(url):
            cursor.execute("PRAGMA foreign_keys = ON")
        try:
            cursor.execute(statement)
            return int(cursor.rowcount)
        finally:
            connection.rollback()  # SQLite's close alone leaves the lock to a failed statement


def stored(url: str, query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds, exactly as the driver gives it; bytes for binary data."""
    with closing(connect(url)) as connection:
        return _fetched(connection.cursor(), query)


def rows(url: str, query: str) -> list[dict[str, Any]]:
    """Return what a query finds, in types that are the same for both databases."""
    with closing(connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute(query)
        names = [column[0] for column in cursor.description]
        found: Sequence[Sequence[Any]] = cursor.fetchall()
    return [
        {name: _common(name, value) for name, value in zip(names, row, strict=True)}
        for row in found
    ]


def _common(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in TIMES:
        return value if isinstance(value, datetime) else EPOCH + timedelta(microseconds=value)
    if name in DECIMALS:
        return Decimal(value)
    if name in FLAGS:
        return bool(value)
    if name in DOCUMENTS and isinstance(value, str):
        return json.loads(value)
    return value


def count(url: str, table: str) -> int:
    return int(stored(url, f"SELECT count(*) FROM {table}")[0][0])


def tables(url: str) -> list[str]:
    """Return the names of all tables, sorted."""
    if is_sqlite(url):
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    else:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    return [name for (name,) in stored(url, query)]


def counts(url: str) -> dict[str, int]:
    """Return table -> how many rows it has, for every table that is there."""
    names = tables(url)
    if not names:
        return {}
    each = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
    return {name: int(number) for name, number in stored(url, each)}


def contents(url: str, names: Iterable[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Return table -> its rows, exactly as the driver gives them."""
    with closing(connect(url)) as connection:
        cursor = connection.cursor()
        return {name: _fetched(cursor, f"SELECT * FROM {name}") for name in names}


def _fetched(cursor: Any, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in r) for r in cursor]
