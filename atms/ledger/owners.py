"""Whose a run is: one local owner for now, a row like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from atms.ledger import schema

LOCAL = "local"


def local_owner(connection: Connection) -> int:
    """Return the id of the owner of what this installation runs."""
    users = schema.users
    return int(connection.execute(select(users.c.id).where(users.c.name == LOCAL)).scalar_one())


def add_once(connection: Connection, table: Table, key: Sequence[str], **row: Any) -> bool:
    """Insert a row unless one with the same *key* is there; return whether it was inserted.

    Two programs may try at once: one waits until the other is done.
    """
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    added = insert(table).values(row).on_conflict_do_nothing(index_elements=key)
    return bool(connection.execute(added).rowcount)


def upsert(
    connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows; of one whose *key* is there, change the other columns."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(
        statement.on_conflict_do_update(index_elements=key, set_=others), [dict(r) for r in rows]
    )
