"""What a live account's entries changed, written: whose they are, what is held, how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, select

from atms.ledger import schema
from atms.ledger.live_rows import symbol_of
from atms.ledger.live_runs import Session, open_run
from atms.ledger.owners import add_once, local_owner, upsert

Fund = tuple[Decimal, Decimal]  # at the run's start, and now
Unit = tuple[Decimal, Decimal | None]  # units and their average price


def write_session(
    connection: Connection, account: str, journal: str, epoch: int, session: Session | None
) -> None:
    """Write an account, and the run that took it."""
    run = session.run if session is not None else None
    mode = run.mode if run is not None else "live"
    owner = local_owner(connection)
    add_once(connection, schema.accounts, ["id"], id=account, owner_id=owner, mode=mode)
    if run is None or session is None:
        return
    open_run(connection, run, session.at)
    row = {
        "account": account, "journal": journal, "epoch": epoch, "run_id": run.id,
        "started": session.at,
    }  # fmt: skip
    upsert(connection, schema.live_sessions, ["account", "journal", "epoch"], [row])


def write_balances(
    connection: Connection,
    mine: Mapping[str, Any],
    there: Mapping[str, Fund],
    now: Mapping[str, Fund],
) -> None:
    """Write the balances that are not what is there.

    Args:
        mine: the columns that are the same in all rows: run and account.
    """
    rows = [
        {**mine, "currency": asset, "start": start, "final": final, "difference": Decimal(0)}
        for asset, (start, final) in now.items()
        if there.get(asset) != (start, final)
    ]
    upsert(connection, schema.balances, ["run_id", "account", "currency"], rows)


def write_positions(
    connection: Connection,
    mine: Mapping[str, Any],
    there: Mapping[str, Unit],
    now: Mapping[str, Unit],
) -> None:
    """Write the positions that are not what is there; take those away that are nothing.

    Args:
        mine: the columns that are the same in all rows: run, account, venue and time.
    """
    table = schema.positions
    same = and_(table.c.run_id == mine["run_id"], table.c.account == mine["account"])
    for name in there.keys() - now.keys():
        gone = table.delete().where(same, table.c.symbol == symbol_of(name))
        connection.execute(gone)
    rows = [
        {**mine, "symbol": symbol_of(name), "size": size, "average_price": price}
        for name, (size, price) in now.items()
        if there.get(name) != (size, price)
    ]
    upsert(connection, table, ["run_id", "account", "venue", "symbol"], rows)


def mark_of(connection: Connection, account: str, journal: str) -> int:
    """Return the number of the last entry that is in the ledger; others wait for this transaction.

    Args:
        connection: in a transaction.
        account: whose journal.
        journal: its id.
    """
    table = schema.journal_marks
    same = (table.c.account == account, table.c.journal == journal)
    found = connection.execute(select(table.c.number).where(*same).with_for_update()).scalar()
    return int(found or 0)


def set_mark(connection: Connection, account: str, journal: str, number: int) -> None:
    """Say that everything up to an entry is in the ledger: with what it is."""
    row = {"account": account, "journal": journal, "number": number, "ts": datetime.now(UTC)}
    upsert(connection, schema.journal_marks, ["account", "journal"], [row])
