"""Runs into the ledger and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Connection, Table, select

from atms.config import public_values
from atms.ledger import schema
from atms.ledger.engine import exists, reading, writing
from atms.report.summary import json_safe

if TYPE_CHECKING:
    from atms.result import Result


def file_run(result: Result, folder: Path, manifest_hash: str) -> None:
    """Write a run and everything that hangs on it, in one transaction.

    Args:
        result: the run.
        folder: where its files are.
        manifest_hash: SHA-256 of its manifest.json, by which the ledger knows the files.

    Raises:
        LedgerError: the database refused; nothing was written.
    """
    with writing(result.config.ledger.url) as connection:
        if _filed(connection, result.id, folder, manifest_hash):
            return
        strategy = _strategy_id(
            connection, result.provenance.strategy, result.provenance.hashes["code"]
        )
        run = _run_row(result, folder, manifest_hash)
        connection.execute(schema.runs.insert(), {**run, "strategy_id": strategy})
        _insert(connection, schema.orders, result.orders, result.id)
        fills = result.fills.assign(version=0, row="fill")
        fills = fills.astype({"trade_id": str, "order_id": str})
        _insert(connection, schema.fills, fills, result.id)
        _insert(connection, schema.trades, result.trades, result.id)
        _insert(connection, schema.fill_trades, result.fill_trades, result.id)
        daily = result.equity.groupby(result.equity.index.floor("D")).tail(1)
        _insert(connection, schema.equity, daily.rename_axis("ts").reset_index(), result.id)


def _filed(connection: Connection, run_id: str, folder: Path, manifest_hash: str) -> bool:
    """Point a run that is filed already to where it was saved last; return whether it was."""
    here = {"folder": str(folder.resolve()), "manifest_hash": manifest_hash}
    changed = schema.runs.update().where(schema.runs.c.id == run_id).values(here)
    return bool(connection.execute(changed).rowcount)


def _strategy_id(connection: Connection, name: str, code_hash: str) -> int:
    table = schema.strategies
    known = select(table.c.id).where(table.c.name == name, table.c.code_hash == code_hash)
    found = connection.execute(known).scalar()
    if found is None:
        added = connection.execute(table.insert(), {"name": name, "code_hash": code_hash})
        found = added.inserted_primary_key[0]  # type: ignore[index]
    return int(found)


def _run_row(result: Result, folder: Path, manifest_hash: str) -> dict[str, Any]:
    figures, hashes, feeds = result.metrics, result.provenance.hashes, result.feeds
    return {
        "id": result.id,
        "label": result.config.run.name,
        "mode": "backtest",
        "account": result.account,
        "status": result.status,
        "symbols": ", ".join(dict.fromkeys(feed.symbol for feed in feeds)),
        "started": result.started,
        "ended": result.ended,
        "first_bar": pd.Timestamp(figures["start"]),
        "last_bar": pd.Timestamp(figures["end"]),
        "start_value": figures["start_value"],
        "final_value": figures["final_value"],
        "currency": feeds[0].currency,
        "seed": result.config.run.seed,
        "config": public_values(result.config),
        "metrics": json_safe(figures),
        "config_hash": hashes["config"],
        "data_hash": hashes["data"],
        "code_hash": hashes["code"],
        "manifest_hash": manifest_hash,
        "folder": str(folder.resolve()),
    }


def _insert(connection: Connection, table: Table, frame: pd.DataFrame, run_id: str) -> None:
    names = [
        column.name for column in table.columns if column.name in frame and column.name != "run_id"
    ]
    columns = [_plain(frame[name]) for name in names]
    rows = [
        {"run_id": run_id, **dict(zip(names, values, strict=True))}
        for values in zip(*columns, strict=True)
    ]
    if rows:
        connection.execute(table.insert(), rows)


def _plain(column: pd.Series) -> list[Any]:
    """Return a column as plain values, what is missing as None."""
    values = column.dt.to_pydatetime() if column.dtype.kind == "M" else column.tolist()
    return [
        None if missing else value for value, missing in zip(values, column.isna(), strict=True)
    ]


def list_runs(url: str) -> list[dict[str, Any]]:
    """Return every run, the newest first, without its config.

    Raises:
        LedgerError: the database cannot be read.
    """
    if not exists(url):
        return []
    table, strategies = schema.runs, schema.strategies
    columns = [column for column in table.columns if column is not table.c.config]
    query = (
        select(*columns, strategies.c.name.label("strategy"))
        .join(strategies)
        .order_by(table.c.started.desc(), table.c.id.desc())
    )
    with reading(url) as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
