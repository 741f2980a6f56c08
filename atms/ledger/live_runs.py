"""A paper or live run as a row: there from its start on, and again after a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, select

from atms.ledger import schema
from atms.ledger.owners import add_once, local_owner, upsert

Mode = Literal["paper", "live"]
# What every list of runs shows; a run that goes on does not know them all.
_FIGURES = dict.fromkeys(("start", "end", "total_return", "sharpe", "trades"))


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """What is known of a run when it starts.

    Attributes:
        id: unlike every other run's; the same again when it goes on after a restart.
        strategy: ``module:Class``.
        symbols: as the list of runs shows them, with commas between.
        started: aware; of its first start.
        currency: in which equity is told.
        folder: where its files are.
        config: plain values, without secrets.
        audit: what was found in the bars it warmed up with, an entry a feed.
    """

    id: str
    mode: Mode
    strategy: str
    symbols: str
    started: datetime
    currency: str
    folder: str
    label: str | None = None
    seed: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)
    config_hash: str = ""
    code_hash: str = ""
    audit: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Session:
    """Whose a journal's entries are, from an epoch on.

    Attributes:
        venue: what fills and orders are filed under.
        at: when the run took the account.
        run: None: a run that is not kept in the ledger.
    """

    epoch: int
    venue: str
    at: datetime
    run: RunRow | None


def open_run(connection: Connection, run: RunRow, began: datetime) -> None:
    """Have a run's row there, running, and this start of it; a second time changes nothing."""
    strategies = schema.strategies
    named = {"name": run.strategy, "code_hash": run.code_hash}
    add_once(connection, strategies, ["name", "code_hash"], **named)
    same = (strategies.c.name == run.strategy, strategies.c.code_hash == run.code_hash)
    row = {
        "id": run.id, "owner_id": local_owner(connection), "label": run.label, "mode": run.mode,
        "strategy_id": connection.execute(select(strategies.c.id).where(*same)).scalar_one(),
        "status": "running", "symbols": run.symbols, "started": run.started,
        "currency": run.currency, "seed": run.seed, "config": dict(run.config),
        "metrics": _FIGURES, "audit": list(run.audit), "config_hash": run.config_hash,
        "data_hash": "", "code_hash": run.code_hash, "manifest_hash": "", "folder": run.folder,
    }  # fmt: skip
    add_once(connection, schema.runs, ["id"], **row)
    starts = schema.run_starts
    known = connection.execute(
        select(starts.c.epoch, starts.c.started).where(starts.c.run_id == run.id)
    ).all()
    if began in [started for _, started in known]:
        return
    number = max((number for number, _ in known), default=0) + 1
    connection.execute(starts.insert(), {"run_id": run.id, "epoch": number, "started": began})
    again = {"status": "running", "ended": None, "folder": run.folder}
    runs = schema.runs
    connection.execute(runs.update().where(runs.c.id == run.id).values(again))


def close_run(connection: Connection, run_id: str, status: str, ended: datetime) -> None:
    """Say how a run ended, and that its last start did."""
    runs, starts = schema.runs, schema.run_starts
    connection.execute(runs.update().where(runs.c.id == run_id).values(status=status, ended=ended))
    open_ = (starts.c.run_id == run_id, starts.c.ended.is_(None))
    connection.execute(starts.update().where(*open_).values(ended=ended))


def status_of(connection: Connection, run_id: str) -> str | None:
    """Return how a run stands by its row; None: there is no such row."""
    runs = schema.runs
    found: str | None = connection.execute(
        select(runs.c.status).where(runs.c.id == run_id)
    ).scalar()
    return found


def note_equity(
    connection: Connection, run_id: str, points: Sequence[tuple[datetime, float, float]]
) -> None:
    """Keep cash and value: of each UTC day the last that was told, in the order of time.

    Args:
        connection: in a transaction, the run's row there.
        run_id: whose.
        points: (when, cash, value), in the order of time.
    """
    table, runs = schema.equity, schema.runs
    for at, cash, value in points:
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        within = (table.c.run_id == run_id, table.c.ts >= day, table.c.ts < day + timedelta(days=1))
        connection.execute(table.delete().where(*within))
        row = {"run_id": run_id, "ts": at, "cash": cash, "value": value}
        connection.execute(table.insert(), row)
    query = select(runs.c.start_value, runs.c.first_bar, runs.c.metrics).where(runs.c.id == run_id)
    start, first, metrics = connection.execute(query).one()
    at, _, value = points[-1]
    start = Decimal(repr(points[0][2])) if start is None else start
    first = first or points[0][0]
    told = {
        "start": first.isoformat(), "end": at.isoformat(), "start_value": float(start),
        "final_value": value, "total_return": value / float(start) - 1 if start else None,
    }  # fmt: skip
    changed = {
        "start_value": start, "final_value": value, "first_bar": first, "last_bar": at,
        "metrics": {**metrics, **told},
    }  # fmt: skip
    connection.execute(runs.update().where(runs.c.id == run_id).values(changed))


def note_state(
    connection: Connection, run_id: str, at: datetime, values: Mapping[str, Any]
) -> None:
    """Keep what strategies want to find again, by their names."""
    rows = [
        {"run_id": run_id, "key": key, "ts": at, "value": value} for key, value in values.items()
    ]
    upsert(connection, schema.strategy_state, ["run_id", "key"], rows)
