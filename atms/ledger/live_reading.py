"""A paper or live run's rows, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Table, select

from atms.errors import LedgerError
from atms.ledger import schema
from atms.ledger.bulk import insert
from atms.ledger.connection import reading
from atms.ledger.engine import exists

Row = Mapping[str, Any]


@dataclass(frozen=True)
class LiveRows:
    """What the ledger has of a run.

    Attributes:
        run: its row, with ``strategy``, the class's name.
        orders, openings, cash_flows, balances, positions, equity: rows in the order of time.
        fills: in the order of writing, with ``fees``, asset -> amount.
        decisions, gates: what strategies said, by their numbers.
    """

    run: Row
    orders: list[Row]
    fills: list[Row]
    openings: list[Row]
    cash_flows: list[Row]
    balances: list[Row]
    positions: list[Row]
    equity: list[Row]
    decisions: list[Row] = field(default_factory=list)
    gates: list[Row] = field(default_factory=list)


def read_live(url: str, run_id: str) -> LiveRows:
    """Return a run's rows.

    Raises:
        LedgerError: the database cannot be read, or has no such run.
    """
    if exists(url):
        with reading(url) as connection:
            if connection is not None:
                return rows_of(connection, run_id)
    raise LedgerError(f"there is no run {run_id}")


def rows_of(connection: Connection, run_id: str) -> LiveRows:
    """Return a run's rows as a transaction sees them.

    Raises:
        LedgerError: there is no such run.
    """
    runs, strategies = schema.runs, schema.strategies
    query = select(runs, strategies.c.name.label("strategy")).join(strategies)
    run = connection.execute(query.where(runs.c.id == run_id)).mappings().first()
    if run is None:
        raise LedgerError(f"there is no run {run_id}")
    fees: dict[int, dict[str, Decimal]] = {}
    fee, fill = schema.fill_fees.c, schema.fills.c
    query_fees = select(fee.fill_id, fee.asset, fee.amount).join(schema.fills)
    for fill_id, asset, amount in connection.execute(query_fees.where(fill.run_id == run_id)):
        fees.setdefault(fill_id, {})[asset] = amount

    def all_of(table: Table, *order: str) -> list[Row]:
        found = select(table).where(table.c.run_id == run_id)
        found = found.order_by(*(table.c[name] for name in order))
        return [dict(row) for row in connection.execute(found).mappings()]

    return LiveRows(
        run=dict(run),
        orders=all_of(schema.orders, "created_ts", "order_id"),
        fills=[{**row, "fees": fees.get(row["id"], {})} for row in all_of(schema.fills, "id")],
        openings=all_of(schema.openings, "ts", "symbol", "bucket"),
        cash_flows=all_of(schema.cash_flows, "ts", "id"),
        balances=all_of(schema.balances, "account", "currency"),
        positions=all_of(schema.positions, "account", "symbol"),
        equity=all_of(schema.equity, "ts"),
        decisions=all_of(schema.decisions, "number"),
        gates=all_of(schema.gates, "number", "place"),
    )


def replace_trades(
    connection: Connection, run_id: str, trades: pd.DataFrame, links: pd.DataFrame
) -> None:
    """Write a run's round trips in the place of those that are there.

    Args:
        connection: in a transaction.
        run_id: whose.
        trades: the columns of ``trades`` but for run_id.
        links: fill_id (the ledger's), trade_id, size, fee.
    """
    for table in (schema.fill_trades, schema.trades):
        connection.execute(table.delete().where(table.c.run_id == run_id))
    insert(connection, schema.trades, trades, run_id=run_id)
    insert(connection, schema.fill_trades, links, run_id=run_id)


def note_figures(connection: Connection, run_id: str, figures: Mapping[str, Any]) -> None:
    """Keep a run's figures, plain values, beside those that are there."""
    runs = schema.runs
    known = connection.execute(select(runs.c.metrics).where(runs.c.id == run_id)).scalar_one()
    changed = runs.update().where(runs.c.id == run_id).values(metrics={**known, **figures})
    connection.execute(changed)
