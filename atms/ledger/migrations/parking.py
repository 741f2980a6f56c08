"""A downgrade deletes nothing: what the older schema cannot hold waits in ``parked_*`` tables."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateTableAs


def park(tables: Sequence[str]) -> None:
    """Move the rows of *tables* to ``parked_*``, and drop them.

    Args:
        tables: in an order in which each stands after what it hangs on.
    """
    connection = op.get_bind()
    for name in reversed(tables):
        everything = sa.select(_as_it_stands(connection, name))
        connection.execute(CreateTableAs(everything, f"parked_{name}"))
        op.drop_table(name)


def unpark(tables: Sequence[str], *, of_runs: bool = False) -> None:
    """Move the rows that an earlier downgrade parked back into *tables*, which are there anew.

    Args:
        tables: in an order in which each stands after what it hangs on.
        of_runs: leave rows out whose run was taken away meanwhile.
    """
    connection = op.get_bind()
    for name in tables:
        parked = f"parked_{name}"
        if not sa.inspect(connection).has_table(parked):
            continue
        kept = _as_it_stands(connection, parked)
        columns = [column.name for column in kept.columns]
        home = _as_it_stands(connection, name)
        rows = sa.select(kept)
        if of_runs:
            runs = sa.table("runs", sa.column("id"))
            rows = rows.where(kept.c.run_id.in_(sa.select(runs.c.id)))
        connection.execute(sa.insert(home).from_select(columns, rows))
        op.drop_table(parked)
        if connection.dialect.name == "postgresql" and "id" in columns:
            _count_on(connection, home)


def _as_it_stands(connection: sa.Connection, name: str) -> sa.TableClause:
    columns = sa.inspect(connection).get_columns(name)
    return sa.table(name, *(sa.column(column["name"]) for column in columns))


def _count_on(connection: sa.Connection, table: sa.TableClause) -> None:
    """Let a table's counter go on after the rows that are in it."""
    counter = connection.execute(
        sa.select(sa.func.pg_get_serial_sequence(table.name, "id"))
    ).scalar()
    if counter:
        last = sa.select(sa.func.max(table.c.id)).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(counter, last)))
