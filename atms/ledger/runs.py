"""Runs into the ledger and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Connection, select

from atms.config import FeedSection, public_values
from atms.errors import LedgerError
from atms.ledger import schema
from atms.ledger.bulk import insert, new_ids
from atms.ledger.connection import reading, writing
from atms.ledger.engine import exists
from atms.ledger.owners import add_once, local_owner
from atms.report.flows import difference
from atms.report.summary import json_safe

if TYPE_CHECKING:
    from atms.result import Result

_MODE = "backtest"


def file_run(result: Result, folder: Path, manifest_hash: str, url: str | None = None) -> bool:
    """Write a run and everything that hangs on it, in one transaction.

    A run that is filed already is only pointed to where it was saved last.

    Args:
        result: the run.
        folder: where its files are.
        manifest_hash: SHA-256 of its manifest.json, by which the ledger knows the files.
        url: the ledger's; default: that of the run's config.

    Returns:
        Whether it was new.

    Raises:
        LedgerError: the database refused; nothing was written.
        MissingExtra: the database's driver is not installed.
    """
    with writing(url or result.config.ledger.url) as connection:
        here = {"folder": str(folder.resolve()), "manifest_hash": manifest_hash}
        changed = schema.runs.update().where(schema.runs.c.id == result.id).values(here)
        if connection.execute(changed).rowcount:
            return False
        try:
            return _write(connection, result, here)
        except ValueError as error:  # what no column can hold
            raise LedgerError(f"run {result.id}: {error}") from error


def _write(connection: Connection, result: Result, here: dict[str, str]) -> bool:
    """Write a run's rows; return False if another program has just done so."""
    owner = local_owner(connection)
    strategy = _strategy_id(connection, result)
    add_once(connection, schema.accounts, ["id"], id=result.account, owner_id=owner, mode=_MODE)
    for feed in result.config.data.feeds:
        add_once(connection, schema.instruments, ["venue", "symbol"], **_instrument(feed))
    run = {**_run_row(result), **here, "owner_id": owner, "strategy_id": strategy}
    if not add_once(connection, schema.runs, ["id"], **run):
        return False
    starts = {"epoch": 1, "started": result.started, "ended": result.ended}
    connection.execute(schema.run_starts.insert(), {"run_id": result.id, **starts})
    mine = {"run_id": result.id, "account": result.account}
    insert(connection, schema.balances, _balances(result), run_id=result.id)
    insert(connection, schema.orders, result.orders, **mine)
    ids = _fills(connection, result)
    insert(connection, schema.trades, result.trades, run_id=result.id)
    insert(connection, schema.decisions, result.decisions, run_id=result.id)
    insert(connection, schema.gates, result.gates, run_id=result.id)
    links = result.fill_trades.assign(fill_id=result.fill_trades["fill_id"].map(ids))
    insert(connection, schema.fill_trades, links, run_id=result.id)
    insert(connection, schema.positions, result.positions, **mine)
    insert(connection, schema.cash_flows, result.cash_flows, **mine)
    daily = result.equity.groupby(result.equity.index.floor("D")).tail(1)
    insert(connection, schema.equity, daily.rename_axis("ts").reset_index(), run_id=result.id)
    return True


def _fills(connection: Connection, result: Result) -> dict[int, int]:
    """Write fills and their fees; return the run's own counter -> the ledger's id."""
    fills = result.fills
    ids = new_ids(connection, schema.fills, len(fills))
    insert(connection, schema.fills, fills, id=ids, version=0, row="fill", fees_known=True)
    fees = pd.DataFrame({"fill_id": ids, "asset": fills["fee_currency"], "amount": fills["fee"]})
    insert(connection, schema.fill_fees, fees[fees["amount"] != 0])
    return dict(zip(fills["trade_id"], ids, strict=True))


def _balances(result: Result) -> pd.DataFrame:
    missed = [
        difference(
            result.fills[result.fills["account"] == balance.account],
            result.cash_flows[result.cash_flows["account"] == balance.account],
            balance,
        )
        for balance in result.balances.itertuples()
    ]
    return result.balances.assign(difference=missed)


def _strategy_id(connection: Connection, result: Result) -> int:
    table = schema.strategies
    name, code_hash = result.provenance.strategy, result.provenance.hashes["code"]
    add_once(connection, table, ["name", "code_hash"], name=name, code_hash=code_hash)
    known = select(table.c.id).where(table.c.name == name, table.c.code_hash == code_hash)
    return int(connection.execute(known).scalar_one())


def _instrument(feed: FeedSection) -> dict[str, Any]:
    rules = feed.instrument.model_dump(exclude={"max_leverage"})
    return {"venue": feed.venue, "symbol": feed.symbol, "currency": feed.currency, **rules}


def _run_row(result: Result) -> dict[str, Any]:
    figures, hashes, feeds = result.metrics, result.provenance.hashes, result.feeds
    return {
        "id": result.id,
        "label": result.config.run.name,
        "mode": _MODE,
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
        "audit": [audit.as_dict() for audit in result.audit],
        "config_hash": hashes["config"],
        "data_hash": hashes["data"],
        "code_hash": hashes["code"],
    }


def list_runs(url: str) -> list[dict[str, Any]]:
    """Return every run, the newest first, without its config and audit.

    Raises:
        LedgerError: the database cannot be read.
        MissingExtra: the database's driver is not installed.
    """
    if not exists(url):
        return []
    table, strategies = schema.runs, schema.strategies
    columns = [column for column in table.columns if column.name not in ("config", "audit")]
    query = (
        select(*columns, strategies.c.name.label("strategy"))
        .join(strategies)
        .order_by(table.c.started.desc(), table.c.id.desc())
    )
    with reading(url) as connection:
        if connection is None:
            return []
        return [dict(row) for row in connection.execute(query).mappings()]


def delete_runs(url: str, ids: Sequence[str]) -> None:
    """Take runs, their rows and their backtests' accounts out of the ledger.

    Raises:
        LedgerError: the database refused; nothing was taken out.
    """
    with writing(url) as connection:
        connection.execute(schema.runs.delete().where(schema.runs.c.id.in_(ids)))
        accounts = schema.accounts
        own = [f"{_MODE}:{run_id}" for run_id in ids]
        connection.execute(accounts.delete().where(accounts.c.id.in_(own)))
